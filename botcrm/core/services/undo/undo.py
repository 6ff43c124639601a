"""Taking back what was done: the change's own events, read backwards, written as new ones."""

from collections.abc import Sequence
from typing import Any

from tortoise.expressions import Q

from botcrm.core import db
from botcrm.core.domain.errors import NewerChange, NotAllowed, NotFound, NothingToUndo
from botcrm.core.domain.events import (
    EVENTS,
    Created,
    Event,
    RecordDeleted,
    RecordRestored,
    RoleChanged,
    SettingChanged,
    TagAdded,
    TagRemoved,
)
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Merge, Record, Tag, User
from botcrm.core.services.access import MERGED, current, ref, within
from botcrm.core.services.custom.back import changed_keys, own_back
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.staff.handover import handed_over_by, take_back_handover
from botcrm.core.services.staff.role_log import take_back_roles
from botcrm.core.services.undo.rights import needed, takeable
from botcrm.core.services.undo.settings import take_back_settings
from botcrm.core.services.undo.standing import is_undone, parted_since, taking_back
from botcrm.core.services.work import MODELS, Work

# Records that others hang on, as columns of the event table.
_HOLDERS = ("deal", "contact", "company", "lead")
# So many works back `/undo` looks for one that still stands.
_LOOK_BACK = 100
_UNDOABLE = (
    "(entity <> 'user' OR type IN ('WorkHandedOver', 'RoleChanged')) AND (entity <> 'setting' OR type = 'SettingChanged') "
    "AND undoes IS NULL AND type NOT IN ('MessageReceived', 'MessageEdited', 'MessageSent', 'MessageAnswered', "
    "'ClientTaken', 'OperationEnded', 'RecordErased')"
)


async def last_work(work: Work, before_work: int | None = None) -> int:
    """Return the id of the actor's last work that was not taken back yet.

    :param before_work: look further back than this work of theirs
    :raises NothingToUndo: there is none
    """
    before = 2**62
    if before_work is not None:
        before = await _first_event(before_work)
    for _ in range(_LOOK_BACK):
        row = await db.fetch_one(
            f"SELECT id, work_id FROM event WHERE actor_id = ? AND id < ? AND {_UNDOABLE} ORDER BY id DESC LIMIT 1",
            work.actor.id,
            before,
        )
        if row is None:
            break
        if not await is_undone(row["work_id"]):
            return int(row["work_id"])
        before = await _first_event(row["work_id"])
    raise NothingToUndo


async def _first_event(work_id: int) -> int:
    row = await db.fetch_one("SELECT min(id) AS id FROM event WHERE work_id = ?", work_id)
    return int(row["id"] or 0) if row else 0


async def undo(work: Work, work_id: int) -> list[Record]:
    """Take back all that one work changed, and return the records as they stand now.

    Taking back an undo brings back what that took away. Works may be taken back one after the other, the last one first.
    Where all of a person's work was handed over no records are returned: they are too many. Merged records come apart again,
    whatever was done since (see `unmerge`). Settings, roles and departments are set back too; they are no records.

    :raises NothingToUndo: it was taken back already, or there was nothing
    :raises NotFound: the actor does not reach what was changed
    :raises NotAllowed: they see it, yet may not change it any more
    :raises NewerChange: a record was changed since by something else, or something newer hangs on a record that would
        vanish; then nothing is taken back
    """
    await work.flush()
    works = [work_id, *await _set_off_by(work_id)]
    marks = ", ".join("?" * len(works))
    rows = await db.fetch(f"SELECT * FROM event WHERE work_id IN ({marks}) ORDER BY id DESC", *works)
    settings = [row for row in rows if row["type"] == SettingChanged.__name__]
    placed = [row for row in rows if row["type"] == RoleChanged.__name__]
    rows = [row for row in rows if row["entity"] in MODELS]
    handed = await handed_over_by(work_id)
    if not (rows or settings or handed or placed) or await is_undone(work_id):
        raise NothingToUndo
    await take_back_settings(work, settings)
    await take_back_roles(work, placed)
    if handed:
        await take_back_handover(work, work_id)
        return []
    parted, rows = await _part(work, rows)
    records = await _reached(work, rows)
    await _refuse_if_newer(rows, works)
    for row in rows:
        with taking_back(work, row["work_id"]):
            await _take_back(work, row, records[(row["entity"], row["record_id"])])
    return [*parted, *reversed(records.values())]


async def _part(work: Work, rows: list[dict[str, Any]]) -> tuple[list[Record], list[dict[str, Any]]]:
    """Take apart what a work merged, or merge again what it took apart; returns the records, and the work's other events."""
    apart: list[Record] = []
    parties = set[tuple[str, int]]()
    for row in rows:
        entity, record_id = row["entity"], row["record_id"]
        if row["type"] == "RecordMerged":
            if await parted_since(row["work_id"], entity, record_id):
                # Taken out by itself before; wherever it went since is another merge.
                parties |= {(entity, record_id), (entity, db.from_json(row["after"])["merged_into_id"])}
                continue
            standing = await Merge.filter(entity=entity, merged_id=record_id, undone_at=None).order_by("-id").first()
            if standing is None:
                raise NothingToUndo
            done = await unmerge(work, standing.id)
            apart += [done.record, done.main]
            parties |= {(entity, record_id), (entity, standing.main_id)}
        elif row["type"] == "RecordUnmerged":
            former = (
                await Merge.filter(entity=entity, merged_id=record_id).exclude(undone_at=None).order_by("-id").first()
            )
            if former is None or not former.moved:
                raise NothingToUndo
            with taking_back(work, row["work_id"]):
                main_id = await current(entity, former.main_id)
                again = await merge(work, entity, main_id, [record_id], former.moved.get("choices"))
            apart.append(again.main)
            parties |= {(entity, record_id), (entity, former.main_id)}
    # What a merge changes of its two records goes back with it.
    left = [row for row in rows if (row["entity"], row["record_id"]) not in parties]
    return list({(type(one), one.id): one for one in apart}.values()), left if parties else rows


async def _set_off_by(work_id: int) -> list[int]:
    """Return the works in which rules acted because of this one, and because of those: they are taken back along with it."""
    found: list[int] = []
    waiting = [work_id]
    while waiting:
        marks = ", ".join("?" * len(waiting))
        rows = await db.fetch(
            f"SELECT work_id FROM rule_run WHERE cause IN ({marks}) AND work_id IS NOT NULL ORDER BY id", *waiting
        )
        waiting = [row["work_id"] for row in rows if row["work_id"] not in found]
        found += waiting
    return found


async def _reached(work: Work, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, int], Record]:
    """Return the records of these events, all of which the actor may take back.

    :raises NotFound: one of them is out of reach by now
    :raises NotAllowed: one may be seen, yet not be changed (brought back) by them any more
    """
    records: dict[tuple[str, int], Record] = {}
    for row in rows:
        key = (row["entity"], row["record_id"])
        record = records.get(key) or await MODELS[row["entity"]].filter(id=row["record_id"]).first()
        if record is None:
            raise NotFound(ref=ref(*key))
        records[key] = record
    allowed = await takeable(work, rows, records)
    for row in rows:
        if row["id"] not in allowed:
            key, action = (row["entity"], row["record_id"]), needed(row)
            seen = await within(work.actor, records[key], Action.READ)
            if seen and not await within(work.actor, records[key], action):
                raise NotAllowed(entity=row["entity"], action=action)
            raise NotFound(ref=ref(*key))
    return records


async def _refuse_if_newer(rows: Sequence[dict[str, Any]], works: Sequence[int]) -> None:
    last: dict[tuple[str, int], int] = {}
    own: dict[tuple[str, int], frozenset[str]] = {}
    created: dict[tuple[str, int], int] = {}
    for row in rows:
        key = (row["entity"], row["record_id"])
        last[key] = max(last.get(key, 0), row["id"])
        own[key] = own.get(key, frozenset()) | changed_keys(row)
        if issubclass(EVENTS.get(row["type"], Event), Created):
            created[key] = row["id"]
    # What only tells that a rule ran changes nothing.
    others = f"work_id NOT IN ({', '.join('?' * len(works))}) AND type <> 'RuleRan'"
    for (entity, record_id), event_id in last.items():
        newer = await db.fetch(
            "SELECT id, work_id, actor_id, type, undoes, before, after FROM event "
            "WHERE entity = ? AND record_id = ? AND id > ? "
            f"AND {others} ORDER BY id DESC",
            entity,
            record_id,
            event_id,
            *works,
        )
        if (entity, record_id) not in created:
            # Somebody's change of other own fields alone stays, and stands in no way.
            mine = own.get((entity, record_id), frozenset())
            newer = [one for one in newer if not (keys := changed_keys(one, alone=True)) or keys & mine]
        if (entity, record_id) in created and entity in _HOLDERS:
            newer += await db.fetch(
                f"SELECT id, work_id, actor_id, type, undoes FROM event WHERE {entity}_id = ? AND entity <> ? AND id > ? "
                f"AND {others} ORDER BY id DESC",
                record_id,
                entity,
                created[(entity, record_id)],
                *works,
            )
        if (entity, record_id) in created and entity in MERGED:
            await _refuse_merged(entity, record_id)
        await _refuse_standing(newer, entity, record_id)


async def _refuse_merged(entity: str, record_id: int) -> None:
    """Refuse to take away a record that another one went into, or that went into another one itself."""
    standing = (
        await Merge.filter(Q(main_id=record_id) | Q(merged_id=record_id), entity=entity, undone_at=None)
        .order_by("-id")
        .first()
    )
    if standing is not None:
        who = await User.filter(id=standing.user_id).first() if standing.user_id else None
        raise NewerChange(who=who.name if who else "botcrm", what="RecordMerged", entity=entity, record_id=record_id)


async def _refuse_standing(newer: Sequence[dict[str, Any]], entity: str, record_id: int) -> None:
    """Refuse if one of these events still stands: it was not taken back, and does not take back another of them."""
    works = {row["work_id"] for row in newer}
    undone = {work_id: await is_undone(work_id) for work_id in works}
    for row in newer:
        if undone[row["work_id"]] or row["undoes"] in works:
            continue
        who = await User.filter(id=row["actor_id"]).first() if row["actor_id"] else None
        raise NewerChange(who=who.name if who else "botcrm", what=row["type"], entity=entity, record_id=record_id)


async def _take_back(work: Work, row: dict[str, Any], record: Record) -> None:
    event = EVENTS.get(row["type"], Event)
    if event in (TagAdded, TagRemoved):
        await _take_back_tag(work, row, record, added=event is TagAdded)
    elif issubclass(event, Created):
        await work.change(record, RecordDeleted, deleted_at=work.now)
    else:
        was = db.from_json(row["before"])
        before = {name: _value(record, name, value) for name, value in was.items()}
        if "custom" in before:
            before["custom"], _ = own_back(record, was, db.from_json(row["after"]))
        for entity in MERGED:
            if before.get(f"{entity}_id"):
                # It may have been merged into another one since.
                before[f"{entity}_id"] = await current(entity, before[f"{entity}_id"])
        back = {RecordDeleted: RecordRestored, RecordRestored: RecordDeleted}.get(event, event)
        await work.change(record, back, **before)


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
