"""Take a merged record out again, at any later time: what people did since stays where it is, and is told.

The record that it went into gives back what it took over by that very merge, as if the merge had never been and all others had;
where that record went into a third one meanwhile, the third gives it back. Docs: docs/decisions/0020-merges.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botcrm.core import db
from botcrm.core.domain import merging as rules
from botcrm.core.domain.errors import NotFound, NothingToUndo
from botcrm.core.domain.events import RecordUnmerged, TagRemoved
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.merging import Returned, Standing, Taken
from botcrm.core.models import Merge
from botcrm.core.services.access import owners, ref
from botcrm.core.services.merging.links import (
    LINKS,
    MODELS,
    REFS,
    created_since,
    distinct_of,
    drop_distinct,
    return_links,
)
from botcrm.core.services.merging.merge import Party, facts, lock, packed, unpacked, write
from botcrm.core.services.merging.typed_along import company_back
from botcrm.core.services.records import tags_of
from botcrm.core.services.undo.standing import taking_back
from botcrm.core.services.work import Work

_INTO = "SELECT merged_into_id FROM {} WHERE id = ? AND merged_into_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A record taken out of another again.

    :ivar main: the record that it had gone into
    :ivar record: the record, as it is on its own
    :ivar kept: units of the main record that somebody changed since, with the values that stay
    :ivar elsewhere: references of what had come along and was moved on since, by table
    :ivar since: how much was made since and stays with the main record, by table
    """

    main: Party
    record: Party
    kept: Mapping[str, list[Any]]
    elsewhere: Mapping[str, list[int]] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Into:
    """A merge that stands, as taking back another one sees it."""

    row: Merge
    taken: Taken
    changed: bool = False


async def unmerge(work: Work, merge_id: int, *, telling: bool = True) -> Unmerged:
    """Take a merged record out again.

    :param telling: count what was made since and stays
    :raises NothingToUndo: it was taken out already, or there is no such merge any more
    :raises NotFound: the actor may not change both records
    """
    row = await _row("id = ?", merge_id)
    if row is not None and db.dialect() == "postgres":
        # Before anything is read that others may be changing: two who take apart what hangs together wait for each other here.
        await _hold(work, row)
        row = await _row("id = ?", merge_id)
    if row is None or row.undone_at is not None or not row.moved:
        raise NothingToUndo
    entity = row.entity
    main, record = await _party(work, entity, row.main_id), await _party(work, entity, row.merged_id)
    if main is None or record is None or record.merged_into_id != main.id:
        raise NothingToUndo
    path = await _path(work, entity, main)
    root = path[-1][0]
    _demand(work, row, root, record)
    with taking_back(work, row.work_id):
        kept = await _give_back(work, row, path)
        elsewhere = await _links_back(work, row, record, path)
        await _undistinguish(row, path)
        await work.change(record, RecordUnmerged, deleted_at=None, merged_into_id=None)
        # Of many merges at once no company goes along.
        company_id: int | None = getattr(record, "company_id", None) if row.operation_id is None else None
        if company_id is not None:
            await company_back(work, row.work_id, company_id)
    await db.execute("UPDATE merge SET undone_at = ? WHERE id = ?", work.now, row.id)
    # It is found by what this one said no more.
    work.touch(root)
    if row.moved.get("group"):
        await db.execute(
            "UPDATE duplicate_group SET state = 'open' WHERE id = ? AND state = 'merged'", row.moved["group"]
        )
    since = await created_since(entity, root.id, row.at) if telling else {}
    return Unmerged(root, record, kept, elsewhere, since)


async def _row(condition: str, *values: Any) -> Merge | None:
    """Return the last merge that meets a condition."""
    row = await db.fetch_one(f"SELECT * FROM merge WHERE {condition} ORDER BY id DESC LIMIT 1", *values)
    return Merge._init_from_db(**row) if row else None


async def _hold(work: Work, row: Merge) -> None:
    """Hold a merge's records, and all that they went on into, until the transaction ends."""
    held = set[int]()
    while True:
        ids, current_id = [row.merged_id, row.main_id], row.main_id
        while (into := await db.column(_INTO.format(row.entity), current_id)) and into[0] not in ids:
            current_id = into[0]
            ids.append(current_id)
        if held.issuperset(ids):
            break
        # What it went on into while this waited is held as well.
        await lock(work, row.entity, ids)
        held.update(ids)


def _demand(work: Work, row: Merge, root: Party, record: Party) -> None:
    """Refuse whoever may not change both records as they are now, be it their own merge: they may have been handed on since."""
    people = owners(work.actor, row.entity, Action.CHANGE)
    if people is not None and not {root.owner_id, record.owner_id} <= people:
        raise NotFound(ref=ref(row.entity, record.id))


async def _party(work: Work, entity: str, record_id: int) -> Party | None:
    """Return a record whatever became of it."""
    kept = work.kept(entity, record_id)
    if kept is not None:
        return kept  # type: ignore[return-value]
    model: Any = MODELS[entity]
    row = await db.fetch_one(f"SELECT * FROM {entity} WHERE id = ?", record_id)
    if row is None:
        return None
    party: Party = model._init_from_db(**row)
    work.keep(party)
    return party


async def _path(work: Work, entity: str, main: Party) -> list[tuple[Party, _Into | None]]:
    """Return where a record went, itself first: each with the merge by which it went on, None for the last."""
    path: list[tuple[Party, _Into | None]] = []
    current = main
    while current.merged_into_id is not None:
        row = await _row("entity = ? AND merged_id = ? AND undone_at IS NULL", entity, current.id)
        into = await _party(work, entity, current.merged_into_id)
        if row is None or into is None or any(into.id == one.id for one, _ in path):
            break
        path.append((current, _Into(row, unpacked(row.moved))))
        current = into
    return [*path, (current, None)]


# --- values --------------------------------------------------------------------------------------------------------------


async def _give_back(work: Work, row: Merge, path: Sequence[tuple[Party, _Into | None]]) -> dict[str, list[Any]]:
    """Have the main record, and whatever that went into, give back what it took over; returns what people changed since."""
    taken, kept = unpacked(row.moved), dict[str, list[Any]]()
    after = row.id
    for party, further in path:
        if not (taken.set or taken.added):
            break
        others = await _later(row.entity, party.id, after)
        standing = [await _offer(work, row.entity, one) for one in others]
        before = [packed(one.taken) for one in standing]
        tags = await tags_of(row.entity, party.id) if taken.added.get("tag") else []
        returned = rules.give_back(row.entity, facts(party), tags, taken, standing)
        kept |= returned.kept
        await _apply(work, row.entity, party, returned)
        for one, was, now in zip(others, before, standing, strict=True):
            if packed(now.taken) != was:
                await _remember(one.row, now.taken)
        if further is None:
            break
        taken = await _onward(further, returned)
        after = further.row.id
    return kept


async def _later(entity: str, record_id: int, after: int) -> list[_Into]:
    """Return the merges into a record that stand and came after another one."""
    rows = await db.fetch(
        "SELECT * FROM merge WHERE entity = ? AND main_id = ? AND undone_at IS NULL AND id > ? ORDER BY id",
        entity,
        record_id,
        after,
    )
    found: list[Merge] = [Merge._init_from_db(**row) for row in rows]
    return [_Into(row, unpacked(row.moved)) for row in found]


async def _offer(work: Work, entity: str, into: _Into) -> Standing:
    party = await _party(work, entity, into.row.merged_id)
    assert party is not None
    return Standing(facts(party), into.taken, await tags_of(entity, party.id))


async def _apply(work: Work, entity: str, party: Party, returned: Returned) -> None:
    await write(work, entity, party, returned.values)
    for tag in returned.withdrawn.get("tag", ()):
        await db.execute("DELETE FROM tag WHERE entity = ? AND record_id = ? AND tag = ?", entity, party.id, tag)
        work.remember(TagRemoved, party, before={"tag": tag})


async def _onward(further: _Into, returned: Returned) -> Taken:
    """Return what the next record has to give back of what it took of this one, and strike it off that merge's account."""
    part = Taken()
    account = further.taken
    for unit, (old, new) in returned.units.items():
        pair = account.set.get(unit)
        if pair is not None and pair[1] == old:
            part.set[unit] = account.set.pop(unit)
            if any(value is not None for value in new):
                # What stands here now is offered to the next one in its place.
                account.set[unit] = (pair[0], new)
                part.set[unit] = (new, pair[1])
    for name, elements in returned.withdrawn.items():
        gone = [one for one in elements if one in account.added.get(name, ())]
        if gone:
            part.added[name] = gone
            account.added[name] = [one for one in account.added[name] if one not in gone]
    if part.set or part.added:
        await _remember(further.row, account)
    return part


async def _remember(row: Merge, taken: Taken) -> None:
    rest = {name: value for name, value in row.moved.items() if name not in ("set", "added")}
    account = Taken(taken.set, {name: elements for name, elements in taken.added.items() if elements})
    row.moved = packed(account) | rest
    await db.execute("UPDATE merge SET moved = ? WHERE id = ?", db.to_json(row.moved), row.id)


# --- links ---------------------------------------------------------------------------------------------------------------


async def _links_back(
    work: Work, row: Merge, record: Party, path: Sequence[tuple[Party, _Into | None]]
) -> dict[str, list[int]]:
    """Hang on the record again what came along with it; returns what was moved on since."""
    links: dict[str, list[int]] = row.moved.get("links", {})
    wanted = {table: set(ids) for table, ids in links.items()}
    after = row.id
    for party, further in path:
        if not wanted:
            break
        # What somebody moved to a third record, which then went into this one too, is that one's.
        for other in await _later(row.entity, party.id, after):
            _strike(wanted, other.row.moved.get("links", {}))
        if further is not None:
            came = further.row.moved.get("links", {})
            wanted = {table: ids & set(came.get(table, ())) for table, ids in wanted.items()}
            after = further.row.id
    root = path[-1][0]
    returned = await return_links(work, row.entity, {t: ids for t, ids in wanted.items() if ids}, root.id, record.id)
    for _, further in path:
        if further is not None and returned:
            came = {table: set(ids) for table, ids in further.row.moved.get("links", {}).items()}
            _strike(came, returned)
            left = {table: sorted(ids) for table, ids in came.items() if ids}
            further.row.moved = further.row.moved | {"links": left}
            await db.execute("UPDATE merge SET moved = ? WHERE id = ?", db.to_json(further.row.moved), further.row.id)
    return await _elsewhere(row.entity, links, returned, record.id)


def _strike(wanted: dict[str, set[int]], links: Mapping[str, Sequence[int]]) -> None:
    for table, ids in links.items():
        if table in wanted:
            wanted[table] -= set(ids)


async def _elsewhere(
    entity: str, links: Mapping[str, Sequence[int]], returned: Mapping[str, Sequence[int]], record_id: int
) -> dict[str, list[int]]:
    """Return what did not come back because somebody moved it on, what was deleted meanwhile left out."""
    found = {}
    for table, ids in links.items():
        left = sorted(set(ids) - set(returned.get(table, ())))
        if not left or table == REFS:
            continue
        column = LINKS[entity][table]
        marks = ", ".join(str(int(one)) for one in left[:1000])
        rows = await db.fetch(
            f"SELECT id FROM {table} WHERE id IN ({marks}) AND deleted_at IS NULL AND ({column} IS NULL OR {column} <> ?) "
            "ORDER BY id",
            record_id,
        )
        if rows:
            found[table] = [row["id"] for row in rows]
    return found


async def _undistinguish(row: Merge, path: Sequence[tuple[Party, _Into | None]]) -> None:
    """Take back that the main record, and whatever that went into, inherited who it is not.

    What one that went into it later says as well stays, to the account of that merge.
    """
    inherited: list[int] = list(row.moved.get("distinct", ()))
    after = row.id
    for party, further in path:
        if not inherited:
            break
        for other in await _later(row.entity, party.id, after):
            said = await distinct_of(row.entity, other.row.merged_id)
            shared = [one for one in inherited if one in said]
            if shared:
                await _account_distinct(other.row, {*other.row.moved.get("distinct", ()), *shared})
                inherited = [one for one in inherited if one not in shared]
        await drop_distinct(row.entity, party.id, inherited)
        if further is None:
            break
        came = set(further.row.moved.get("distinct", ()))
        inherited = [one for one in inherited if one in came]
        if inherited:
            await _account_distinct(further.row, came - set(inherited))
        after = further.row.id


async def _account_distinct(row: Merge, others: set[int]) -> None:
    row.moved = row.moved | {"distinct": sorted(others)}
    await db.execute("UPDATE merge SET moved = ? WHERE id = ?", db.to_json(row.moved), row.id)


# --- which ---------------------------------------------------------------------------------------------------------------


async def merges_of(work_id: int) -> list[Merge]:
    """Return the merges that a work made and that still stand, the last one first."""
    return await Merge.filter(work_id=work_id, undone_at=None).order_by("-id")


async def merge_of(entity: str, record_id: int) -> Merge | None:
    """Return the merge that stands by which a record went into another one."""
    return await _row("entity = ? AND merged_id = ? AND undone_at IS NULL", entity, record_id)


async def forget_merges(entity: str, ids: Sequence[int]) -> None:
    """Have the merges of erased records forget what they moved: they hold personal data, and cannot be taken back any more."""
    marks = ", ".join(str(int(one)) for one in ids) or "0"
    await db.execute(
        f"UPDATE merge SET moved = ? WHERE entity = ? AND (main_id IN ({marks}) OR merged_id IN ({marks}))",
        "{}",
        entity,
    )
