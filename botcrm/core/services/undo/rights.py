"""Who may take back what: whoever may change the record today, be it their own doing or a colleague's."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import EVENTS, Created, Event, OwnerChanged, RecordDeleted, RecordRestored
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Record
from botcrm.core.services.access import owners, within
from botcrm.core.services.work import Work

Key = tuple[str, int]
_NOT_TOLD = object()


def needed(row: Mapping[str, Any]) -> Action:
    """Return what taking an event back does to its record: bringing back and deleting anew need more than a change does."""
    return Action.DELETE if EVENTS.get(row["type"]) in (RecordDeleted, RecordRestored) else Action.CHANGE


async def takeable(work: Work, rows: Sequence[dict[str, Any]], records: Mapping[Key, Record]) -> frozenset[int]:
    """Return the ids of those events that the actor may take back as things stand; an event of no such record is none.

    The record must be one that they may change now, or one that they handed over or made for somebody in that very work and
    nobody touched since. A hand-over is not taken back by who got the record, but by who could have made it.

    :param rows: of the event table, of one work or several that are taken back together
    """
    found, away = set[int](), list[dict[str, Any]]()
    reached: dict[tuple[Key, Action], bool] = {}
    for row in rows:
        key, action = (row["entity"], row["record_id"]), needed(row)
        record = records.get(key)
        if record is None or not _could(work, row, action):
            continue
        if (key, action) not in reached:
            reached[key, action] = await within(work.actor, record, action)
        if reached[key, action]:
            found.add(row["id"])
        elif _is_own(work, row):
            away.append(row)
    return frozenset(found | await _given_away(work, rows, away))


def _is_own(work: Work, row: Mapping[str, Any]) -> bool:
    return row["actor_id"] is not None and row["actor_id"] == work.actor.id


def _could(work: Work, row: Mapping[str, Any], action: Action) -> bool:
    """Tell whether the actor, as they are today, could have changed the record before this event."""
    people = owners(work.actor, row["entity"], action)
    former = db.from_json(row["before"]).get("owner_id", _NOT_TOLD)
    if people is None or former is _NOT_TOLD or former in people:
        return True
    # Nobody's before; or an undo of one's own, which is to be taken back itself.
    return _is_own(work, row) and bool(people) and (former is None or row["undoes"] is not None)


async def _given_away(work: Work, rows: Sequence[dict[str, Any]], away: Sequence[dict[str, Any]]) -> set[int]:
    """Return those of the actor's own events whose record went to somebody else in the same work, and stayed as it was since."""
    if not away:
        return set()
    works = ", ".join(str(int(one)) for one in {row["work_id"] for row in rows})
    wanted: dict[str, set[int]] = {}
    for row in away:
        wanted.setdefault(row["entity"], set()).add(row["record_id"])
    first: dict[tuple[str, int, int], dict[str, Any]] = {}
    touched = set[Key]()
    for entity, ids in wanted.items():
        these = f"e.entity = ? AND e.record_id IN ({', '.join(str(int(one)) for one in sorted(ids))})"
        kinds = ", ".join(f"'{name}'" for name, kind in EVENTS.items() if issubclass(kind, Created | OwnerChanged))
        for row in await db.fetch(
            f"SELECT e.record_id, e.work_id, e.type, e.before FROM event e WHERE {these} AND e.work_id IN ({works}) "
            f"AND e.actor_id = ? AND e.type IN ({kinds}) ORDER BY e.id",
            entity,
            work.actor.id,
        ):
            first.setdefault((entity, row["record_id"], row["work_id"]), row)
        touched |= {
            (entity, record_id)
            for record_id in await db.column(
                f"SELECT DISTINCT e.record_id FROM event e WHERE {these} AND e.work_id NOT IN ({works}) "
                "AND e.undoes IS NULL AND e.type <> 'RuleRan' AND NOT EXISTS "
                "(SELECT 1 FROM event u WHERE u.undoes = e.work_id) AND e.id > (SELECT min(o.id) FROM event o "
                f"WHERE o.entity = e.entity AND o.record_id = e.record_id AND o.work_id IN ({works}))",
                entity,
            )
        }
    found = set[int]()
    for row in away:
        people = owners(work.actor, row["entity"], needed(row)) or frozenset()
        begun = first.get((row["entity"], row["record_id"], row["work_id"]))
        if begun is None or (row["entity"], row["record_id"]) in touched:
            continue
        made = issubclass(EVENTS.get(begun["type"], Event), Created)
        former = db.from_json(begun["before"]).get("owner_id")
        if (made and people) or former in people:
            found.add(row["id"])
    return found
