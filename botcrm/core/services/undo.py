"""Taking back what was done: the change's own events, read backwards, written as new ones."""

from collections.abc import Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NewerChange, NotFound, NothingToUndo
from botcrm.core.domain.events import EVENTS, Created, Event, RecordDeleted, RecordRestored, TagAdded, TagRemoved
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Record, Tag, User
from botcrm.core.services.access import owners
from botcrm.core.services.work import MODELS, Work

_UNDOABLE = "entity NOT IN ('user', 'setting') AND undoes IS NULL AND type NOT IN ('MessageReceived', 'MessageSent', 'MessageAnswered')"


async def last_work(work: Work) -> int:
    """Return the id of the actor's last work that can still be taken back.

    :raises NothingToUndo: there is none
    """
    row = await db.fetch_one(
        f"SELECT e.work_id FROM event e WHERE e.actor_id = ? AND {_UNDOABLE} AND NOT EXISTS "
        "(SELECT 1 FROM event u WHERE u.actor_id = e.actor_id AND u.undoes = e.work_id) ORDER BY e.id DESC LIMIT 1",
        work.actor.id,
    )
    if row is None:
        raise NothingToUndo
    return int(row["work_id"])


async def undo(work: Work, work_id: int) -> list[Record]:
    """Take back all that one work changed, and return the records as they stand now.

    :raises NothingToUndo: it was taken back already, or there was nothing
    :raises NotFound: the actor does not reach what was changed
    :raises NewerChange: a record was changed since by something else; then nothing is taken back
    """
    rows = await db.fetch("SELECT * FROM event WHERE work_id = ? ORDER BY id DESC", work_id)
    rows = [row for row in rows if row["entity"] in MODELS]
    if not rows or await db.fetch_one("SELECT 1 AS y FROM event WHERE undoes = ? LIMIT 1", work_id):
        raise NothingToUndo
    await _refuse_if_newer(rows)
    work.undoes = work_id
    done: dict[tuple[str, int], Record] = {}
    try:
        for row in rows:
            record = await _take_back(work, row, done.get((row["entity"], row["record_id"])))
            done[(row["entity"], row["record_id"])] = record
    finally:
        work.undoes = None
    return list(reversed(done.values()))


async def _refuse_if_newer(rows: Sequence[dict[str, Any]]) -> None:
    latest: dict[tuple[str, int], int] = {}
    for row in rows:
        key = (row["entity"], row["record_id"])
        latest[key] = max(latest.get(key, 0), row["version"])
    for (entity, record_id), version in latest.items():
        newer = await db.fetch_one(
            "SELECT actor_id, type FROM event WHERE entity = ? AND record_id = ? AND version > ? ORDER BY id DESC LIMIT 1",
            entity,
            record_id,
            version,
        )
        if newer:
            who = await User.filter(id=newer["actor_id"]).first() if newer["actor_id"] else None
            raise NewerChange(who=who.name if who else "botcrm", what=newer["type"], entity=entity, record_id=record_id)


async def _take_back(work: Work, row: dict[str, Any], record: Record | None) -> Record:
    event = EVENTS.get(row["type"], Event)
    if record is None:
        people = owners(work.actor, row["entity"], Action.CHANGE)
        record = await MODELS[row["entity"]].filter(id=row["record_id"]).first()
        mine = row["actor_id"] == work.actor.id
        if record is None or not (mine or people is None or getattr(record, "owner_id", None) in people):
            raise NotFound(ref=f"{row['entity']} {row['record_id']}")
    if event in (TagAdded, TagRemoved):
        await _take_back_tag(work, row, record, added=event is TagAdded)
    elif issubclass(event, Created):
        await work.change(record, RecordDeleted, deleted_at=work.now)
    else:
        before = {name: _value(record, name, value) for name, value in db.from_json(row["before"]).items()}
        await work.change(record, RecordRestored if event is RecordDeleted else event, **before)
    return record


async def _take_back_tag(work: Work, row: dict[str, Any], record: Record, *, added: bool) -> None:
    if added:
        tag = db.from_json(row["after"])["tag"]
        await Tag.filter(entity=row["entity"], record_id=record.id, tag=tag).delete()
        work.remember(TagRemoved, record, before={"tag": tag})
    else:
        tag = db.from_json(row["before"])["tag"]
        await Tag.get_or_create(entity=row["entity"], record_id=record.id, tag=tag)
        work.remember(TagAdded, record, after={"tag": tag})


def _value(record: Record, name: str, value: Any) -> Any:
    """Return a stored value as the column's Python type."""
    field = record._meta.fields_map[name]
    return field.to_python_value(value) if value is not None else None
