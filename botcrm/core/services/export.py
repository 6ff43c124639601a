"""Everything out again: records and events as rows, in the order they came, whatever their number."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotAllowed
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.zones import zone_info
from botcrm.core.services.access import activity_sql, demand, owned_sql, owners, reach
from botcrm.core.services.work import Actor, Work

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class _Export:
    """How one kind is read: its columns as (name, SQL, how the value is read), its tables, what limits it."""

    columns: tuple[tuple[str, str, str], ...]
    tables: str
    scope: Callable[[Actor], str]


def _columns(text: str) -> tuple[tuple[str, str, str], ...]:
    """Read lines of `name SQL [time|date|money|json]`; a plain value needs no third word."""
    parts = (line.split() for line in text.strip().splitlines())
    return tuple((part[0], part[1], part[2] if len(part) > 2 else "") for part in parts)


def _owned(entity: str) -> Callable[[Actor], str]:
    return lambda actor: f"t.deleted_at IS NULL AND {owned_sql('t.owner_id', owners(actor, entity, Action.EXPORT))}"


_EXPORTS = {
    "deals": _Export(
        _columns(
            """
            id t.id
            title t.title
            amount t.amount money
            currency t.currency
            pipeline pipeline.name
            stage stage.name
            status t.status
            owner owner.name
            company company.name
            contact contact.name
            source t.source
            created_at t.created_at time
            expected_close t.expected_close date
            next_activity_at upcoming.due_at time
            lost_reason t.lost_reason
            """
        ),
        "deal t LEFT JOIN pipeline ON pipeline.id = t.pipeline_id LEFT JOIN stage ON stage.id = t.stage_id "
        'LEFT JOIN "user" owner ON owner.id = t.owner_id LEFT JOIN company ON company.id = t.company_id '
        "LEFT JOIN contact ON contact.id = t.contact_id "
        "LEFT JOIN activity upcoming ON upcoming.id = t.next_activity_id",
        _owned("deal"),
    ),
    "activities": _Export(
        _columns(
            """
            id t.id
            kind t.kind
            title t.title
            status t.status
            due_at t.due_at time
            done_at t.done_at time
            duration_minutes t.duration_minutes
            direction t.direction
            result t.result
            owner owner.name
            deal_id t.deal_id
            contact contact.name
            company company.name
            """
        ),
        'activity t LEFT JOIN "user" owner ON owner.id = t.owner_id '
        "LEFT JOIN contact ON contact.id = t.contact_id LEFT JOIN company ON company.id = t.company_id",
        lambda actor: f"t.deleted_at IS NULL AND {activity_sql(actor, 't', Action.EXPORT)}",
    ),
    "contacts": _Export(
        _columns(
            """
            id t.id
            name t.name
            company company.name
            phone t.phone
            email t.email
            telegram_id t.telegram_id
            owner owner.name
            created_at t.created_at time
            """
        ),
        'contact t LEFT JOIN "user" owner ON owner.id = t.owner_id LEFT JOIN company ON company.id = t.company_id',
        _owned("contact"),
    ),
    "companies": _Export(
        _columns(
            """
            id t.id
            name t.name
            phone t.phone
            email t.email
            owner owner.name
            created_at t.created_at time
            """
        ),
        'company t LEFT JOIN "user" owner ON owner.id = t.owner_id',
        _owned("company"),
    ),
    "events": _Export(
        _columns(
            """
            id t.id
            at t.at time
            actor actor.name
            type t.type
            entity t.entity
            record_id t.record_id
            version t.version
            work_id t.work_id
            deal_id t.deal_id
            contact_id t.contact_id
            company_id t.company_id
            lead_id t.lead_id
            before t.before json
            after t.after json
            undoes t.undoes
            """
        ),
        'event t LEFT JOIN "user" actor ON actor.id = t.actor_id',
        lambda _: "1 = 1",
    ),
}
KINDS = tuple(_EXPORTS)
_OF = {"deals": "deal", "activities": "activity", "contacts": "contact", "companies": "company"}


def columns(kind: str) -> tuple[str, ...]:
    """Return the columns of an export, in order."""
    return tuple(name for name, _, _ in _EXPORTS[kind].columns)


async def export_rows(work: Work, kind: str, *, zone: str | None = None) -> AsyncIterator[dict[str, Any]]:
    """Yield every record of a kind that the actor may take out, oldest first, without the deleted ones; or every event.

    It reads page after page, so it does not hold the base in memory. Call it outside a transaction: inside one, nobody
    else could write to SQLite for as long as it runs.

    :param kind: one of `KINDS`
    :param zone: IANA name of the zone that times are given in; the actor's where None
    :returns: dicts of `columns(kind)`: times and dates as ISO 8601 text (times with their offset), amounts as int where
        they are whole and as Decimal where not, `before` and `after` of events as dicts
    :raises InvalidValue: no such kind
    :raises NotAllowed: the actor may not export these; events are for those who may export everything
    """
    export = _EXPORTS.get(kind)
    if export is None:
        raise InvalidValue(what="export", value=kind, how="Kinds: " + ", ".join(KINDS) + ".")
    _demand(work, kind)
    readers = _readers(zone or work.prefs.zone)
    chosen = ", ".join(f'{source} AS "{name}"' for name, source, _ in export.columns)
    sql = (
        f"SELECT {chosen} FROM {export.tables} WHERE t.id > ? AND {export.scope(work.actor)} ORDER BY t.id LIMIT {PAGE}"
    )
    last = 0
    while True:
        page = await db.fetch(sql, last)
        for row in page:
            yield {name: readers[how](row[name]) for name, _, how in export.columns}
        if len(page) < PAGE:
            return
        last = page[-1]["id"]


def _demand(work: Work, kind: str) -> None:
    if kind in _OF:
        demand(work, _OF[kind], Action.EXPORT)
    elif any(reach(work.actor, entity, Action.EXPORT) != Reach.ALL for entity in (*_OF.values(), "lead")):
        raise NotAllowed(entity="event", action=Action.EXPORT)


# --- values ----------------------------------------------------------------------------------------------------------


def _readers(zone: str) -> dict[str, Callable[[Any], Any]]:
    info = zone_info(zone)

    def time(value: Any) -> str | None:
        moment = db.moment(value)
        return moment.astimezone(info).isoformat(timespec="seconds") if moment else None

    return {"": lambda value: value, "time": time, "date": _date, "money": _money, "json": db.from_json}


def _date(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value)[:10]


def _money(value: Any) -> int | Decimal | None:
    if value is None:
        return None
    amount = Decimal(str(value))
    return int(amount) if amount == amount.to_integral_value() else amount.quantize(Decimal("0.01"))


# --- formats ---------------------------------------------------------------------------------------------------------


def _json_value(value: Any) -> str:
    # A Decimal goes out digit by digit: as a float a large amount would lose its cents.
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


async def json_text(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    """Write rows as a JSON list, one row a line, piece by piece; `[]` where there are none."""
    before = "[\n"
    async for row in rows:
        yield before + "{" + ", ".join(f"{json.dumps(name)}: {_json_value(value)}" for name, value in row.items()) + "}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


# What a spreadsheet takes for a formula when a cell starts with it (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PHONE = re.compile(r"\+\d{5,15}")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    if not isinstance(value, str) or not text.startswith(_FORMULA):
        return text
    # E.164 holds nothing that could be calculated, and has to come back in as it went out.
    return text if name == "phone" and _PHONE.fullmatch(text) else f"'{text}"


async def csv_text(rows: AsyncIterator[dict[str, Any]], names: tuple[str, ...]) -> AsyncIterator[str]:
    """Write rows as CSV (RFC 4180) under a line of column names, piece by piece.

    A text that a spreadsheet would run as a formula gets an apostrophe in front; a phone number stays as it is.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(names)
    async for row in rows:
        writer.writerow([_cell(name, row[name]) for name in names])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
