"""The action that calls a URL: what it sends is decided in the rule's run, a job sends it and tries again, the run says what came of it."""

import hmac
import json
import secrets
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field, field_validator

from botcrm import CrmError, Event, Job, Plugin, RuleAction, Words, Work, models, services
from botcrm.plugins.rules.addresses import NotCalled, demand_callable, parsed
from botcrm.plugins.rules.wording import person_name, stage_name, words_of

KIND = "rules.call"
# After the first try; a receiver that is down for half a day still hears of it.
BACK_OFF = tuple(timedelta(minutes=1) * times for times in (1, 5, 30, 120, 600))
_LONGEST_WAIT = timedelta(hours=12)
# Answers after which it is worth trying again: too slow, too early, too much, and what is wrong on their side.
_AGAIN = frozenset({408, 425, 429})

_REACHED = ("phone", "email", "street", "city", "postcode", "region", "country")
_SOLD = ("status", "amount", "currency", "source", "lost_reason")
# What of each record is sent; links and names come on top.
FIELDS: dict[str, tuple[str, ...]] = {
    "deal": ("title", *_SOLD, "expected_close", "waiting_until", "waiting_for", "stage_entered_at", "closed_at"),
    "lead": ("title", "name", "company_name", *_SOLD, *_REACHED),
    "contact": ("name", "job_title", *_REACHED),
    "company": ("name", "tax_id", "website", *_REACHED),
    "activity": ("kind", "title", "status", "due_at", "done_at", "duration_minutes", "direction", "result"),
    "message": ("channel", "direction", "text"),
}
_LINKS = ("deal", "contact", "company", "lead")
_ALWAYS = ("id", "created_at", "updated_at")


class CallUrl(RuleAction):
    """Send the record to another system, signed."""

    name = "call_url"
    title = "Call a URL"
    signs = True

    url: str = Field(
        title="URL",
        max_length=1000,
        description="https address that gets the record as JSON; the rule's card has the key it is signed with",
    )

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parsed(url)
        return url

    async def run(self, work: Work, record: models.Record) -> str:
        """Have it called at once.

        :raises NotCalled: the address is none that may be called
        """
        demand_callable(self.url, services.plugin_of(work).settings)
        run = services.rule_run(work)
        if run is not None and run.run_id is not None:
            delivery = f"{run.run_id}-{secrets.token_hex(8)}"
            facts = {
                "id": delivery,
                "at": work.now,
                "rule": {"id": run.rule_id, "name": run.rule},
                "entity": record._meta.db_table,
                "record": await _facts(work, record),
                "event": await _event(work, run.event, record),
            }
            body = json.dumps(facts, default=_plain, ensure_ascii=False)
            payload = {"rule_id": run.rule_id, "run_id": run.run_id, "url": self.url, "body": body, "tries": 0}
            await work.plan_job(KIND, delivery, work.now, delivery=delivery, **payload)
        return words_of(work).t("calls {host}", host=_host(self.url))

    async def say(self, work: Work) -> str:
        """Name the host; the rest of an address is often a secret."""
        return words_of(work).t("call {host}", host=_host(self.url))


def _host(url: str) -> str:
    return parsed(url).netloc


# --- what is sent --------------------------------------------------------------------------------------------------------


async def _facts(work: Work, record: models.Record) -> dict[str, Any]:
    """Return a record's fields, with the names of what it hangs on as far as the rule's owner may see that."""
    entity = record._meta.db_table
    found = {name: getattr(record, name, None) for name in (*_ALWAYS, *FIELDS.get(entity, ()))}
    found["ref"] = services.ref(entity, record.id)
    owner_id = getattr(record, "owner_id", None)
    found["owner"] = {"id": owner_id, "name": await person_name(work, owner_id)} if owner_id else None
    stage_id = getattr(record, "stage_id", None)
    if stage_id:
        found["stage"] = {"id": stage_id, "name": await stage_name(stage_id)}
    if entity in ("deal", "lead", "contact", "company"):
        found["tags"] = await services.tags_of(entity, record.id)
    for link in _LINKS:
        linked_id = getattr(record, f"{link}_id", None)
        if linked_id and link != entity:
            found[link] = await _named(work, link, linked_id)
    return found


async def _named(work: Work, entity: str, record_id: int) -> dict[str, Any] | None:
    try:
        record = await services.load_any(work, entity, record_id)
    except CrmError:
        return None  # gone, or not the owner's to see
    name = str(getattr(record, "title", "") or getattr(record, "name", ""))
    return {"id": record_id, "ref": services.ref(entity, record_id), "name": name}


async def _event(work: Work, event: Event | None, record: models.Record) -> dict[str, Any] | None:
    """Return what set the rule off; of another record's change only what the rule's owner may see."""
    if event is None:
        return None
    told: dict[str, Any] = {"type": event.type, "at": event.at, "entity": event.entity, "record_id": event.record_id}
    if (event.entity, event.record_id) != (record._meta.db_table, record.id):
        try:
            await services.load_any(work, event.entity, event.record_id)
        except CrmError:
            return told
    allowed = {*FIELDS.get(event.entity, ()), "stage_id", "owner_id"}
    for side in ("before", "after"):
        told[side] = {name: value for name, value in getattr(event, side).items() if name in allowed}
    return told


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def signed(key: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that prove who sent a body and when: HMAC-SHA256 over the time, a dot and the body."""
    moment = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), moment.encode() + b"." + body, "sha256").hexdigest()
    return {"X-Botcrm-Timestamp": moment, "X-Botcrm-Signature": f"sha256={digest}"}


# --- sending ---------------------------------------------------------------------------------------------------------------


async def call(plugin: Plugin, payload: dict[str, Any]) -> None:
    """Call a URL once; where that was no success, plan the next try, or note that it failed.

    Nothing of it is a failure of the plugin's: other rules go on.
    """
    # It takes a third of a second to import, and most bases have no such rule.
    from botcrm.plugins.rules.client import post

    url, body = str(payload["url"]), str(payload["body"]).encode()
    try:
        async with plugin.work() as work:
            key = await services.rule_key(work, int(payload["rule_id"]))
    except CrmError:
        return  # the rule is gone, and whoever signed by its key with it
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "botcrm",
        "X-Botcrm-Delivery": str(payload["delivery"]),
    } | signed(key, body, plugin.now())
    try:
        demand_callable(url, plugin.settings)
        status, wait = await post(url, body, headers, plugin.settings)
    except NotCalled as exc:
        await _ended(plugin, payload, str(exc), failed=True)
        return
    except TimeoutError:
        await _again(plugin, payload, "no answer in time", "")
        return
    except (OSError, ValueError) as exc:
        await _again(plugin, payload, str(exc)[:200] or type(exc).__name__, "")
        return
    if 200 <= status < 300:
        await _ended(plugin, payload, status)
    elif status in _AGAIN or status >= 500:
        await _again(plugin, payload, status, wait)
    else:
        await _ended(plugin, payload, status, failed=True)


async def _again(plugin: Plugin, payload: dict[str, Any], what: int | str, wait: str) -> None:
    """Plan the next try, later than the receiver asks for; after the last one it has failed."""
    tries = int(payload["tries"])
    if tries >= len(BACK_OFF):
        await _ended(plugin, payload, what, failed=True)
        return
    asked = timedelta(seconds=int(wait)) if wait.isdecimal() and len(wait) < 8 else timedelta()
    pause = max(BACK_OFF[tries], min(asked, _LONGEST_WAIT))
    async with plugin.work() as work:
        await work.plan_job(KIND, str(payload["delivery"]), work.now + pause, **payload | {"tries": tries + 1})
    plugin.log.info("%s: %s; it is tried again in %s", _host(str(payload["url"])), what, pause)


async def _ended(plugin: Plugin, payload: dict[str, Any], what: int | str, *, failed: bool = False) -> None:
    """Note in the rule's history and the record's timeline what came of it."""
    async with plugin.work() as work:
        words = Words(work.prefs, work.now)
        host = _host(str(payload["url"]))
        if isinstance(what, int):
            text = words.t("{host} answered {status}", host=host, status=what)
            if 300 <= what < 400:
                text = words.t("{host} sends us on elsewhere ({status}), which is not followed", host=host, status=what)
        else:
            text = (
                what if what.startswith(host) else words.t("{host} was not reached: {reason}", host=host, reason=what)
            )
        try:
            await services.note_run(work, int(payload["run_id"]), text, failed=failed)
        except CrmError:
            return  # the rule, or its history, is gone


JOB = Job(kind=KIND, run=call, deadline=30.0)
