"""Merge the groups that a search for duplicates found, by a rule: rehearsed first, then a piece at a time, and taken back as a whole.

A group whose only evidence is a name is never merged by a rule: a person looks at it. Nor is one of which anything that the search
compared was changed since: what was found then says nothing about now.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from botcrm.core import db
from botcrm.core.domain import merging as rules
from botcrm.core.domain.errors import CrmError, InvalidValue, NotFound
from botcrm.core.domain.facts import facts_of
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.whole_base import facts_mark
from botcrm.core.models import Operation
from botcrm.core.services.access import demand, owners
from botcrm.core.services.duplicates.finding import condition
from botcrm.core.services.duplicates.keys import pages
from botcrm.core.services.merging.merge import lock, merge
from botcrm.core.services.operations.operations import advance, operation_of, start
from botcrm.core.services.work import Work

KIND = "merge"
MAIN, NEWEST = "main", "newest"
# Whose value stands where the records of a group differ.
CONFLICTS = (MAIN, NEWEST)
_PAGE = 1000
_GROUPS_AT_ONCE = 20
_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """By which rule groups are merged.

    :ivar groups: the operation that found them
    :ivar least: the least score of a group, 0 to 1
    :ivar conflicts: whose value stands where records differ: the main record's, or the newest one's; never the owner
    """

    groups: int
    least: float
    conflicts: str = MAIN

    def params(self) -> dict[str, Any]:
        """Return the rule as an operation keeps it."""
        return {"groups": self.groups, "least": self.least, "conflicts": self.conflicts}


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are surely the same, the one that stays first: a group that a search found, or a part of one.

    :ivar reasons: what speaks for it: phone, email, address …
    :ivar owners: whose the records are, 0: nobody's
    :ivar whole: it is all that the search found to be one
    """

    id: int
    number: int
    score: float
    ids: tuple[int, ...]
    reasons: tuple[str, ...]
    owners: frozenset[int]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Stands:
    """What is to be merged of a group that a search found, and why nothing is: "name", "stale", "gone" or "distinct"."""

    parts: tuple[Group, ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What merging by a rule would do; nothing was changed.

    :ivar groups: how many groups would be merged
    :ivar records: how many records would go into another one
    :ivar by_name: groups left because only a name speaks for them
    :ivar stale: groups left because something of them was changed since the search
    :ivar refused: groups left because the actor may not change all of them
    :ivar owners: groups whose records belong to several people: some of them lose sight of theirs
    :ivar sample: some of the groups, with the records' names in their order
    """

    entity: str
    groups: int
    records: int
    by_name: int
    stale: int
    refused: int
    owners: int
    sample: tuple[tuple[Group, tuple[str, ...]], ...]


async def rehearse_bulk_merge(work: Work, rule: Rule) -> BulkPlan:
    """Tell what merging groups by a rule would do.

    :raises NotFound: no such search within the actor's reach
    :raises NotAllowed: the actor may change no such record
    :raises InvalidValue: no such rule
    """
    entity = (await _search(work, rule)).entity
    people = owners(work.actor, entity, Action.CHANGE)
    left = dict.fromkeys(("name", "stale", "gone", "distinct"), 0)
    merged = records = refused = shared = 0
    sample: list[Group] = []
    async for found in _groups(entity, rule):
        if found.why_not:
            left[found.why_not] += 1
        for group in found.parts:
            if people is not None and not group.owners <= people:
                refused += 1
                continue
            merged += 1
            records += len(group.ids) - 1
            shared += len(group.owners) > 1
            if len(sample) < _SAMPLE:
                sample.append(group)
    names = await _names(entity, [one for group in sample for one in group.ids])
    shown = tuple((group, tuple(names.get(one, "?") for one in group.ids)) for group in sample)
    return BulkPlan(entity, merged, records, left["name"], left["stale"], refused, shared, shown)


async def start_bulk_merge(
    work: Work, rule: Rule, title: str, *, chat_id: int | None = None, message_id: int | None = None
) -> Operation:
    """Note down that groups are to be merged by a rule; `run` of operations.py begins.

    :raises NotFound: no such search within the actor's reach
    :raises NotAllowed: the actor may change no such record
    """
    entity = (await _search(work, rule)).entity
    return await start(work, KIND, entity, title, params=rule.params(), chat_id=chat_id, message_id=message_id)


async def _search(work: Work, rule: Rule) -> Operation:
    if rule.conflicts not in CONFLICTS:
        raise InvalidValue(what="conflicts", value=rule.conflicts, how=f"One of: {', '.join(CONFLICTS)}.")
    found = await operation_of(work, rule.groups)
    if found.kind != "duplicates":
        raise NotFound(ref=f"#{rule.groups}")
    demand(work, found.entity, Action.CHANGE)
    return found


async def last_search(work: Work, entity: str) -> int | None:
    """Return the actor's last search for duplicates among these records that ended."""
    row = await db.fetch_one(
        "SELECT id FROM operation WHERE kind = 'duplicates' AND entity = ? AND state = 'done' AND "
        f"{'1 = 1' if work.actor.is_system else f'actor_id = {int(work.actor.id or 0)}'} ORDER BY id DESC LIMIT 1",
        entity,
    )
    return int(row["id"]) if row else None


async def open_search(work: Work, entity: str) -> int | None:
    """Return the actor's last search for duplicates that ended, where groups of it are still open."""
    search_id = await last_search(work, entity)
    if search_id is None or not await _count(Rule(search_id, 0.0)):
        return None
    return search_id


async def bulk_merge_piece(work: Work, operation: Operation) -> bool:
    """Merge some groups; True when nothing is left."""
    params, progress = operation.params, dict(operation.progress)
    rule = Rule(int(params["groups"]), float(params["least"]), str(params["conflicts"]))
    if not progress:
        progress = {"after": 0, "total": await _count(rule)}
    rows = await _page(rule, progress["after"], _GROUPS_AT_ONCE)
    counts = {name: operation.counts.get(name, 0) for name in ("merged", "left", "stale", "seen")}
    # Nobody changes them between looking whether they are as the search found them and merging them.
    await lock(work, operation.entity, [_id(member) for row in rows for member in db.from_json(row["members"])])
    stands = await _as_they_stand(operation.entity, rows, rule.least)
    try:
        async with work.savepoint():
            merged = [[await _merge_group(work, operation, rule, group) for group in one.parts] for one in stands]
    except CrmError:
        # One of them may not be merged: each by itself, then.
        merged = [[await _merged_apart(work, operation, rule, group) for group in one.parts] for one in stands]
    counts["merged"] += sum(map(sum, merged))
    counts["stale"] += sum(one.why_not == "stale" for one in stands)
    counts["left"] += sum(one.why_not != "stale" and not sum(done) for one, done in zip(stands, merged, strict=True))
    counts["seen"] += len(rows)
    if rows:
        progress["after"] = rows[-1]["id"]
    await advance(work, operation, progress=progress, counts={"total": progress["total"], **counts})
    return len(rows) < _GROUPS_AT_ONCE


async def _merge_group(work: Work, operation: Operation, rule: Rule, group: Group) -> int:
    """Merge one group, in a work of its own, so that it is a merge like any other; returns how many records went into another."""
    main_id, *others = group.ids
    choices = await _newest(operation.entity, group.ids) if rule.conflicts == NEWEST else {}
    one = work.acting_as(work.actor)
    # What is left of a group stays open, for a person to look at.
    group_id = group.id if group.whole else None
    await merge(one, operation.entity, main_id, others, choices, operation_id=operation.id, group_id=group_id)
    return len(others)


async def _merged_apart(work: Work, operation: Operation, rule: Rule, group: Group) -> int:
    """Merge one group apart from the others; what may not be merged is left."""
    try:
        async with work.savepoint():
            return await _merge_group(work, operation, rule, group)
    except CrmError:
        return 0


async def _newest(entity: str, ids: Sequence[int]) -> dict[str, int]:
    """Return, for every unit but the owner, the record that was changed last."""
    row = await db.fetch_one(
        f"SELECT id FROM {entity} WHERE id IN ({_marks(ids)}) ORDER BY updated_at DESC, id DESC LIMIT 1"
    )
    newest = int(row["id"]) if row else ids[0]
    custom = await db.column("SELECT id FROM custom_field WHERE entity = ? AND deleted_at IS NULL", entity)
    units = [*rules.UNITS[entity], *(f"{rules.CUSTOM}{field_id}" for field_id in custom)]
    return {} if newest == ids[0] else {unit: newest for unit in units if unit != "owner"}


# --- reading -------------------------------------------------------------------------------------------------------------


async def _count(rule: Rule) -> int:
    row = await db.fetch_one(
        "SELECT count(*) AS n FROM duplicate_group WHERE operation_id = ? AND state = 'open' AND score >= ?",
        rule.groups,
        rule.least,
    )
    return int(row["n"]) if row else 0


async def _page(rule: Rule, after: int, limit: int) -> list[dict[str, Any]]:
    return await db.fetch(
        "SELECT * FROM duplicate_group WHERE operation_id = ? AND state = 'open' AND score >= ? AND id > ? "
        "ORDER BY id LIMIT ?",
        rule.groups,
        rule.least,
        after,
        limit,
    )


async def _groups(entity: str, rule: Rule) -> AsyncIterator[_Stands]:
    """Yield the groups that a rule is about, as they stand."""
    after = 0
    while rows := await _page(rule, after, _PAGE):
        for found in await _as_they_stand(entity, rows, rule.least):
            yield found
        after = rows[-1]["id"]


async def _as_they_stand(entity: str, rows: Sequence[dict[str, Any]], least: float) -> list[_Stands]:
    """Return what is to be merged of these groups, where all that was compared is as it was."""
    members: list[list[dict[str, Any]]] = [db.from_json(row["members"]) for row in rows]
    ids = [_id(member) for found in members for member in found]
    here = await _owners(entity, ids)
    marks = await marks_now(entity, ids)
    apart = await _said_distinct(entity, ids)
    found = []
    for row, group in zip(rows, members, strict=True):
        if sum(_id(member) in here for member in group) < 2:
            found.append(_Stands((), "gone"))
        elif any(marks.get(_id(member), "gone") != member.get("mark") for member in group):
            found.append(_Stands((), "stale"))
        else:
            parts = [_group(row, part, here, len(group)) for part in _parts(group, least) if len(part) > 1]
            told = [part for part in parts if apart.isdisjoint(combinations(sorted(part.ids), 2))]
            found.append(_Stands(tuple(told), "" if told else "distinct" if parts else "name"))
    return found


async def marks_now(entity: str, ids: Sequence[int]) -> dict[int, str]:
    """Return what tells whether records are as a search found them, of those that a search would look at."""
    found: dict[int, str] = {}
    for place in range(0, len(ids), _PAGE):
        among = f"{condition(entity, None)} AND r.id IN ({_marks(ids[place : place + _PAGE])})"
        async for rows in pages(entity, among):
            found |= {row["id"]: facts_mark(facts_of(entity, row)) for row in rows}
    return found


async def _owners(entity: str, ids: Sequence[int]) -> dict[int, int]:
    """Return whose records are, 0: nobody's, of those that are still there."""
    here: dict[int, int] = {}
    for place in range(0, len(ids), _PAGE):
        marks = _marks(ids[place : place + _PAGE])
        for row in await db.fetch(f"SELECT id, owner_id FROM {entity} WHERE id IN ({marks}) AND deleted_at IS NULL"):
            here[row["id"]] = row["owner_id"] or 0
    return here


async def _said_distinct(entity: str, ids: Sequence[int]) -> set[tuple[int, int]]:
    """Return the pairs among records of which somebody said that they are not the same."""
    found: set[tuple[int, int]] = set()
    for place in range(0, len(ids), _PAGE):
        marks = _marks(ids[place : place + _PAGE])
        rows = await db.fetch(
            f"SELECT low_id, high_id FROM distinct_pair WHERE entity = ? AND low_id IN ({marks})", entity
        )
        found |= {(row["low_id"], row["high_id"]) for row in rows}
    return found


def _parts(members: Sequence[dict[str, Any]], least: float) -> list[list[dict[str, Any]]]:
    """Return which members of a group more than a name, and no less than so much of it, holds together."""
    part = {_id(member): [member] for member in members}
    for member in members:
        for other, score in member.get("links", ()):
            one, two = part[_id(member)], part[other]
            if score >= least and one is not two:
                one += two
                part |= {_id(moved): one for moved in two}
    order = [_id(member) for member in members]
    return [
        sorted(one, key=lambda member: order.index(_id(member)))
        for one in {id(one): one for one in part.values()}.values()
    ]


def _group(row: dict[str, Any], part: Sequence[dict[str, Any]], here: dict[int, int], size: int) -> Group:
    why = dict.fromkeys(str(reason["what"]) for member in part for reason in member["reasons"])
    ids = tuple(_id(member) for member in part)
    whose = frozenset(here[one] for one in ids)
    return Group(row["id"], row["number"], row["score"], ids, tuple(why), whose, len(part) == size)


def _id(member: dict[str, Any]) -> int:
    return int(member["id"])


async def _names(entity: str, ids: Sequence[int]) -> dict[int, str]:
    column = "title" if entity == "lead" else "name"
    rows = await db.fetch(f"SELECT id, {column} AS name FROM {entity} WHERE id IN ({_marks(ids)})") if ids else []
    return {row["id"]: str(row["name"]) for row in rows}


def _marks(ids: Sequence[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "0"
