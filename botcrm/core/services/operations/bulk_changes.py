"""The changes that can be made to many records at once, each by the service that makes it to one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.custom_errors import TooLong
from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Company, Contact, Deal, Lead, Operation, Record, Stage, User
from botcrm.core.services.access import facts_of, load, owners
from botcrm.core.services.activities import Due, plan_activity
from botcrm.core.services.clients.writing import write_client
from botcrm.core.services.custom.fields import fields_of, set_values
from botcrm.core.services.deals import change_deal, move_deal
from botcrm.core.services.records import add_tags, change_record, delete_record, hand_over, remove_tag, tags_of
from botcrm.core.services.work import MODELS, Work

# What of the built-in fields can be set for many at once.
PLAIN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "deal": ("source", "expected_close"),
    "lead": ("source", "city", "region", "country"),
    "contact": ("city", "region", "country", "job_title"),
    "company": ("city", "region", "country"),
}
# Of these one holds a day; a change has it as JSON does.
DAY_FIELDS = frozenset({"expected_close"})
_LONGEST = 100
# Of a message, in UTF-16 units: core.telegram.org/bots/api#sendmessage
_MOST_UNITS = 4096


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to each record.

    :ivar kind: owner, stage, tag, untag, task, field, message or delete
    :ivar value: a person's or stage's id, a tag, a text; of a field what it is to hold, JSON of its type, None to empty it
    :ivar more: of a task its kind and time, of a field its name or id, of a stage the reason
    """

    kind: str
    value: Any = None
    more: Mapping[str, Any] | None = None

    def params(self) -> dict[str, Any]:
        """Return it as an operation keeps it."""
        return {"kind": self.kind, "value": self.value, "more": dict(self.more or {})}

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Change":
        """Return the change that an operation keeps."""
        return cls(str(params["kind"]), params.get("value"), params.get("more") or {})


def due_params(due: Due | None) -> dict[str, Any]:
    """Return a due time as a change keeps it."""
    if due is None:
        return {}
    return {"wall": due.wall.isoformat(), "has_time": due.has_time, "zone": due.zone}


def _due(more: Mapping[str, Any]) -> Due | None:
    if "wall" not in more:
        return None
    return Due(datetime.fromisoformat(str(more["wall"])), bool(more["has_time"]), zone=str(more.get("zone", "")))


async def takers(work: Work, entity: str) -> list[User]:
    """Return whom records can be handed over to: those whose records the actor may change, and the own manager."""
    people = owners(work.actor, entity, Action.CHANGE)
    everybody = await User.filter(active=True).order_by("name", "id")
    me = next((user for user in everybody if user.id == work.actor.id), None)
    manager = me.manager_id if me else None
    return [user for user in everybody if people is None or user.id in people or user.id == manager]


async def demand_value(work: Work, entity: str, change: Change) -> None:
    """Refuse a change whose value means nothing.

    :raises NotFound: there is no such person, stage or field for the actor
    :raises InvalidValue: a text is empty, or a tag has a space in it
    :raises TooLong: a text is longer than what can be kept or sent
    """
    match change.kind:
        case "owner":
            if int(change.value) not in {user.id for user in await takers(work, entity)}:
                raise NotFound(ref=f"u{change.value}")
        case "stage":
            if not await Stage.filter(id=int(change.value)).exists():
                raise NotFound(ref=f"stage {change.value}")
        case "field":
            name = (change.more or {}).get("field")
            known = {one.id for one in await fields_of(entity)}
            if name not in PLAIN_FIELDS.get(entity, ()) and name not in known:
                raise NotFound(ref=f"field {name}")
            if name not in known:
                _demand_short(str(name), plain_text(change.value) or "", _LONGEST)
                plain_value(str(name), change.value)
        case "tag" | "untag" | "task" | "message":
            text = str(change.value or "")
            if not text.strip():
                raise InvalidValue(what=change.kind, value="", how="Write a text.")
            if change.kind in ("tag", "untag") and text.split() != [text]:
                raise InvalidValue(what=change.kind, value=text[:40], how="One word, like: hot")
            if change.kind == "message":
                # As it can be at most: the longest name there is stands for each client's.
                longest = "x" * await _longest_name(entity) if "{name}" in text else ""
                _demand_short("message", text.replace("{name}", longest), _MOST_UNITS)
        case _:
            pass


def _demand_short(what: str, text: str, most: int) -> None:
    if len(text.encode("utf-16-le")) // 2 > most:
        raise TooLong(what=what.replace("_", " "), value=text[:30], most=most)


async def _longest_name(entity: str) -> int:
    """Return how long a client's name is at most."""
    name, table = ("COALESCE(name, title)", "lead") if entity == "lead" else ("name", "contact")
    row = await db.fetch_one(f"SELECT max(length({name})) AS n FROM {table} WHERE deleted_at IS NULL")
    return int(row["n"] or 0) if row else 0


Apply = Callable[[Work, Operation, Change, int], Awaitable[str]]
"""Change one record; returns the count it goes under: changed, sent, same or left."""


async def _owner(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    record = await _loaded(work, operation.entity, record_id, Action.CHANGE)
    if getattr(record, "owner_id", None) == int(change.value):
        return "same"
    await hand_over(work, record, int(change.value))
    return "changed"


async def _stage(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    deal = await load(work, Deal, record_id, Action.CHANGE)
    if deal.stage_id == int(change.value):
        return "same"
    await move_deal(work, record_id, int(change.value), reason=(change.more or {}).get("reason"))
    return "changed"


async def _tag(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    record = await _loaded(work, operation.entity, record_id, Action.CHANGE)
    if str(change.value) in await tags_of(operation.entity, record_id):
        return "same"
    await add_tags(work, record, [str(change.value)])
    return "changed"


async def _untag(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    record = await _loaded(work, operation.entity, record_id, Action.CHANGE)
    if str(change.value) not in await tags_of(operation.entity, record_id):
        return "same"
    await remove_tag(work, record, str(change.value))
    return "changed"


async def _task(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    """Plan something for whoever answers for the record."""
    more = change.more or {}
    record = await _loaded(work, operation.entity, record_id, Action.READ)
    links = facts_of(record)
    kind, owner_id = str(more.get("kind", "task")), getattr(record, "owner_id", None)
    await plan_activity(work, kind, str(change.value), _due(more), owner_id=owner_id, **links)
    return "changed"


async def _field(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    entity, name = operation.entity, (change.more or {})["field"]
    record = await _loaded(work, entity, record_id, Action.CHANGE)
    version = record.version
    if isinstance(name, int):
        record = await set_values(work, entity, record_id, {name: change.value})
    elif entity == "deal":
        record = await change_deal(work, record_id, **{name: plain_value(name, change.value)})
    else:
        models: dict[str, Any] = {"lead": Lead, "contact": Contact, "company": Company}
        record = await change_record(work, models[entity], record_id, **{name: plain_text(change.value)})
    return "changed" if record.version > version else "same"


def plain_text(value: Any) -> str | None:
    """Return the value of a built-in field as it is kept."""
    return " ".join(str(value).split()) or None if value else None


def plain_value(name: str, value: Any) -> str | date | None:
    """Return the value of a built-in field as its column takes it.

    :raises InvalidValue: the field holds a day, and the value is none
    """
    text = plain_text(value)
    if text is None or name not in DAY_FIELDS:
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(what=name.replace("_", " "), value=text, how="Write it like 2027-03-31.") from None


async def _message(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    record = await _loaded(work, operation.entity, record_id, Action.CHANGE)
    sent = await write_client(work, record, str(change.value), once_in=operation.work_id)
    return "sent" if sent else "same"


async def _delete(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    await delete_record(work, await _loaded(work, operation.entity, record_id, Action.DELETE))
    return "changed"


async def _loaded(work: Work, entity: str, record_id: int, action: Action) -> Record:
    return await load(work, MODELS[entity], record_id, action)


async def _nothing_more(work: Work, operation: Operation, change: Change, counts: Mapping[str, int]) -> None:
    """Leave it at that."""


async def _tell_owner(work: Work, operation: Operation, change: Change, counts: Mapping[str, int]) -> None:
    """Tell whom the records went to, once for all of them."""
    target = await User.filter(id=int(change.value), active=True).first()
    if target is not None and target.id != work.actor.id and counts.get("changed"):
        await work.tell(
            target.id,
            target.telegram_id,
            "bulk_given",
            key=f"bulk_given:{operation.id}",
            entity=operation.entity,
            count=counts["changed"],
            by=work.actor.id,
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of change: which records can have it, what the actor must be allowed, and how it is done to one.

    :ivar finish: what is done once at the end
    """

    entities: tuple[str, ...]
    action: Action
    apply: Apply
    finish: Callable[[Work, Operation, Change, Mapping[str, int]], Awaitable[None]] = _nothing_more


_CLIENTS = ("deal", "contact", "lead")
_TAGGED = ("deal", "contact", "company", "lead")
CHANGES: Mapping[str, Kind] = {
    "owner": Kind((*_TAGGED, "activity"), Action.CHANGE, _owner, _tell_owner),
    "stage": Kind(("deal",), Action.CHANGE, _stage),
    "tag": Kind(_TAGGED, Action.CHANGE, _tag),
    "untag": Kind(_TAGGED, Action.CHANGE, _untag),
    "task": Kind(_TAGGED, Action.READ, _task),
    "field": Kind(_TAGGED, Action.CHANGE, _field),
    "message": Kind(_CLIENTS, Action.CHANGE, _message),
    "delete": Kind((*_TAGGED, "activity"), Action.DELETE, _delete),
}


def tidy_tag(text: str) -> str:
    """Return a tag as it is kept."""
    return text.strip().strip("#").casefold()[:64]
