"""Take an operation back a piece at a time: what nobody touched since goes back, what somebody did since stays and is listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botcrm.core import db
from botcrm.core.domain import merging as rules
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.events import EVENTS, Created, Event, RecordDeleted, RecordRestored, TagAdded, TagRemoved
from botcrm.core.models import Merge, Operation, Record, Tag
from botcrm.core.services.access import MERGED, current
from botcrm.core.services.custom.back import own_back
from botcrm.core.services.merging.merge import lock, merge
from botcrm.core.services.merging.unmerge import Unmerged, unmerge
from botcrm.core.services.operations.operations import UNDO, advance, claimed
from botcrm.core.services.undo.later_use import in_use, stay
from botcrm.core.services.undo.rights import takeable
from botcrm.core.services.work import MODELS, Work

# So many events, and so many merges, are taken back in one piece.
EVENTS_AT_ONCE = 200
MERGES_AT_ONCE = 40
_END = 2**62
# What hangs on something is taken away before what it hangs on.
_ORDER = ("note", "file", "activity", "deal", "lead", "contact", "company")
# What went out to somebody does not come back.
_GONE_OUT = frozenset({"MessageSent", "MessageReceived"})


@dataclass(slots=True)
class _Tally:
    """What one piece came to."""

    back: int = 0
    kept: list[tuple[str, int, str, list[str]]] = field(default_factory=list)

    def keep(self, entity: str, record_id: int, reason: str, what: Iterable[str] = ()) -> None:
        self.kept.append((entity, record_id, reason, list(what)))


async def undo_piece(work: Work, operation: Operation) -> bool:
    """Do one piece of taking another operation back; True when nothing is left."""
    target = await claimed(int(operation.params["operation_id"]))
    if target is None:
        return True
    progress = dict(operation.progress) or {"phase": "merges", "before": _END, "total": await _total(target)}
    tally = _Tally()
    seen, left = await _PHASES[progress["phase"]](work, target, progress, tally)
    await _note(operation, tally)
    counts = {name: operation.counts.get(name, 0) for name in ("back", "kept", "seen")}
    counts = {
        "total": progress["total"],
        "seen": counts["seen"] + seen,
        "back": counts["back"] + tally.back,
        "kept": counts["kept"] + len(tally.kept),
    }
    if not left:
        phases = list(_PHASES)
        place = phases.index(progress["phase"]) + 1
        if place == len(phases):
            await advance(work, operation, progress=progress, counts=counts)
            await _ended(work, target)
            return True
        progress |= {"phase": phases[place], "before": _END}
    await advance(work, operation, progress=progress, counts=counts)
    return False


async def _total(target: Operation) -> int:
    row = await db.fetch_one(
        "SELECT (SELECT count(*) FROM event WHERE work_id = ? AND type <> 'OperationEnded') + "
        "(SELECT count(*) FROM merge WHERE operation_id = ? AND undone_at IS NULL) AS n",
        target.work_id,
        target.id,
    )
    return int(row["n"]) if row else 0


async def _ended(work: Work, target: Operation) -> None:
    target.state, target.updated_at = "undone", work.now
    await target.save(update_fields=["state", "updated_at"])
    if target.kind == UNDO:
        # What had been taken back stands again.
        await Operation.filter(id=int(target.params["operation_id"]), state="undone").update(state="done")


async def _note(operation: Operation, tally: _Tally) -> None:
    await db.execute_many(
        "INSERT INTO kept_change (operation_id, entity, record_id, reason, what) VALUES (?, ?, ?, ?, ?)",
        [(operation.id, entity, record_id, reason, db.to_json(what)) for entity, record_id, reason, what in tally.kept],
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that taking an operation back left as it was.

    :ivar reason: changed, used, moved, sent or refused
    :ivar what: the fields that were changed, or what hangs on it
    """

    entity: str
    record_id: int
    reason: str
    what: tuple[str, ...]


async def kept_changes(operation_id: int, *, after: int = 0, limit: int = 10) -> list[tuple[int, Kept]]:
    """List what an operation that took another one back left as it was, by place in the list."""
    rows = await db.fetch(
        "SELECT * FROM kept_change WHERE operation_id = ? AND id > ? ORDER BY id LIMIT ?", operation_id, after, limit
    )
    return [
        (row["id"], Kept(row["entity"], row["record_id"], row["reason"], tuple(db.from_json(row["what"]))))
        for row in rows
    ]


# --- merges --------------------------------------------------------------------------------------------------------------


async def _merges(work: Work, target: Operation, progress: dict[str, Any], tally: _Tally) -> tuple[int, bool]:
    rows = await db.fetch(
        "SELECT id, entity, main_id, merged_id FROM merge WHERE operation_id = ? AND undone_at IS NULL AND id < ? "
        "ORDER BY id DESC LIMIT ?",
        target.id,
        progress["before"],
        MERGES_AT_ONCE,
    )
    # All of them before the first one: whoever takes one out by hand meanwhile waits, or this does.
    await lock(work, target.entity, [row[name] for row in rows for name in ("main_id", "merged_id")])
    try:
        async with work.savepoint():
            done = [await unmerge(work, row["id"], telling=False) for row in rows]
    except CrmError:
        done = [one for row in rows if (one := await _unmerged(work, row, tally))]
    tally.back += len(done)
    for one in done:
        if one.kept:
            tally.keep(target.entity, one.main.id, "changed", one.kept)
        for table, ids in one.elsewhere.items():
            for record_id in ids:
                tally.keep(table, record_id, "moved")
    if rows:
        progress["before"] = rows[-1]["id"]
    return len(rows), len(rows) == MERGES_AT_ONCE


async def _unmerged(work: Work, row: dict[str, Any], tally: _Tally) -> Unmerged | None:
    """Take one record out of another, apart from the others; what may not be taken out is kept."""
    try:
        async with work.savepoint():
            return await unmerge(work, row["id"], telling=False)
    except CrmError:
        tally.keep(row["entity"], row["merged_id"], "refused")
        return None


# --- what rules did because of it ------------------------------------------------------------------------------------------


async def _rules(work: Work, target: Operation, progress: dict[str, Any], tally: _Tally) -> tuple[int, bool]:
    """Take back what rules did because of the operation, and because of that."""
    rows = await db.fetch(
        "WITH RECURSIVE run(id, work_id) AS (SELECT id, work_id FROM rule_run WHERE cause = ? AND work_id IS NOT NULL "
        "UNION SELECT r.id, r.work_id FROM rule_run r JOIN run ON r.cause = run.work_id WHERE r.work_id IS NOT NULL) "
        "SELECT id, work_id FROM run WHERE id < ? ORDER BY id DESC LIMIT ?",
        target.work_id,
        progress["before"],
        MERGES_AT_ONCE,
    )
    for row in rows:
        events = await db.fetch("SELECT * FROM event WHERE work_id = ? ORDER BY id DESC", row["work_id"])
        await _take_back(work, row["work_id"], events, tally)
    if rows:
        progress["before"] = rows[-1]["id"]
    return 0, len(rows) == MERGES_AT_ONCE


# --- events --------------------------------------------------------------------------------------------------------------


async def _events(work: Work, target: Operation, progress: dict[str, Any], tally: _Tally) -> tuple[int, bool]:
    rows = await db.fetch(
        "SELECT * FROM event WHERE work_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
        target.work_id,
        progress["before"],
        EVENTS_AT_ONCE,
    )
    await _take_back(work, target.work_id, rows, tally)
    if rows:
        progress["before"] = rows[-1]["id"]
    return sum(row["type"] != "OperationEnded" for row in rows), len(rows) == EVENTS_AT_ONCE


_PHASES = {"merges": _merges, "rules": _rules, "events": _events}


async def _take_back(work: Work, work_id: int, rows: Sequence[dict[str, Any]], tally: _Tally) -> None:
    """Take events back, the last first, then away what came to be, what hangs on something before that.

    What came to be and was used since stays as it is, with its tags, notes and files.
    """
    known = await _records(work, rows)
    stays = await stay(work_id, known)
    allowed = await takeable(work, rows, known)
    made: dict[str, list[Record]] = {}
    work.undoes = work_id
    try:
        for row in rows:
            record = known.get((row["entity"], row["record_id"]))
            kind = EVENTS.get(row["type"], Event)
            if record is None or row["type"] == "RuleRan":
                continue
            created = issubclass(kind, Created)
            if stays.holds(row["entity"], record, itself=not created):
                continue
            if row["type"] in _GONE_OUT:
                tally.keep(row["entity"], record.id, "sent")
            elif row["id"] not in allowed:
                tally.keep(row["entity"], record.id, "refused")
            elif row["type"] == "RecordUnmerged":
                await _merge_again(work, row, tally)
            elif kind in (TagAdded, TagRemoved):
                await _tag_back(work, row, record, tally, added=kind is TagAdded)
            elif created:
                made.setdefault(row["entity"], []).append(record)
            else:
                await _fields_back(work, row, record, kind, tally)
        for entity in (*_ORDER, *(name for name in made if name not in _ORDER)):
            if entity in made:
                await work.flush()
                await _take_away(work, work_id, entity, made[entity], stays.why.get(entity, {}), tally)
    finally:
        work.undoes = None


async def _records(work: Work, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, int], Record]:
    wanted: dict[str, set[int]] = {}
    for row in rows:
        if row["entity"] in MODELS:
            wanted.setdefault(row["entity"], set()).add(row["record_id"])
    found: dict[tuple[str, int], Record] = {}
    for entity, ids in wanted.items():
        for record in await MODELS[entity].filter(id__in=ids):
            known = work.kept(entity, record.id) or record
            work.keep(known)
            found[(entity, record.id)] = known
    return found


async def _fields_back(work: Work, row: dict[str, Any], record: Record, kind: type[Event], tally: _Tally) -> None:
    """Put fields back that are still as the event left them; one that somebody changed since stays."""
    before, after = db.from_json(row["before"]), db.from_json(row["after"])
    values: dict[str, Any] = {}
    stays: list[str] = []
    fields = record._meta.fields_map
    if "custom" in before:
        own, kept = own_back(record, before, after)
        if own != (getattr(record, "custom", None) or None):
            values["custom"] = own
        if kept:
            stays.append("custom")
    for name, old in before.items():
        if name not in fields or name == "custom":
            continue
        now = rules.plain(getattr(record, name))
        was, left = (
            rules.plain(fields[name].to_python_value(value)) if value is not None else None
            for value in (old, after.get(name))
        )
        if now == was:
            continue
        if now != left:
            stays.append(name)
            continue
        values[name] = fields[name].to_python_value(old) if old is not None else None
        holder = name.removesuffix("_id")
        if holder in MERGED and old is not None:
            values[name] = await current(holder, int(old))
    if values:
        back = {RecordDeleted: RecordRestored, RecordRestored: RecordDeleted}.get(kind, kind)
        await work.change(record, back, **values)
        tally.back += 1
    if stays:
        tally.keep(row["entity"], record.id, "changed", stays)


async def _tag_back(work: Work, row: dict[str, Any], record: Record, tally: _Tally, *, added: bool) -> None:
    tag = db.from_json(row["after"] if added else row["before"])["tag"]
    there = await Tag.filter(entity=row["entity"], record_id=record.id, tag=tag).first()
    if added and there:
        await there.delete()
        work.remember(TagRemoved, record, before={"tag": tag})
        tally.back += 1
    elif not added and there is None:
        await Tag.create(entity=row["entity"], record_id=record.id, tag=tag)
        work.remember(TagAdded, record, after={"tag": tag})
        tally.back += 1


async def _merge_again(work: Work, row: dict[str, Any], tally: _Tally) -> None:
    """Merge again what an operation took apart."""
    entity, record_id = row["entity"], row["record_id"]
    former = await Merge.filter(entity=entity, merged_id=record_id).exclude(undone_at=None).order_by("-id").first()
    if former is None or not former.moved:
        tally.keep(entity, record_id, "refused")
        return
    try:
        async with work.savepoint():
            main_id = await current(entity, former.main_id)
            choices = former.moved.get("choices")
            group_id = former.moved.get("group")
            await merge(
                work, entity, main_id, [record_id], choices, operation_id=former.operation_id, group_id=group_id
            )
        tally.back += 1
    except CrmError:
        tally.keep(entity, record_id, "refused")


async def _take_away(
    work: Work,
    work_id: int,
    entity: str,
    records: Sequence[Record],
    stays: Mapping[int, Sequence[str]],
    tally: _Tally,
) -> None:
    """Delete what came to be, unless it was used since."""
    ids = [record.id for record in records if record.deleted_at is None]
    used = {**await in_use(entity, ids, work_id), **stays}
    for record in records:
        into = getattr(record, "merged_into_id", None)
        if record.id in used:
            tally.keep(entity, record.id, "used", used[record.id])
        elif into is not None:
            tally.keep(entity, record.id, "used", ["merge"])
        elif record.deleted_at is None:
            await work.change(record, RecordDeleted, deleted_at=work.now)
            tally.back += 1
