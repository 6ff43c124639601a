"""Merge the groups that a search for duplicates found, by a rule: rehearsed first, then a piece at a time, and taken back as a whole.

A group whose only evidence is a name is never merged by a rule: a person looks at it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain import merging as rules
from botcrm.core.domain.errors import CrmError, InvalidValue, NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Operation
from botcrm.core.services.access import demand, owners
from botcrm.core.services.merging import merge
from botcrm.core.services.operations import advance, operation_of, start
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
    """A group as it stands now: the records that are still there, the main one first.

    :ivar by_name: nothing but names speaks for it
    :ivar reasons: what speaks for it: phone, email, address …
    """

    id: int
    number: int
    score: float
    ids: tuple[int, ...]
    by_name: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What merging by a rule would do; nothing was changed.

    :ivar groups: how many groups would be merged
    :ivar records: how many records would go into another one
    :ivar by_name: groups left because only a name speaks for them
    :ivar refused: groups left because the actor may not change all of them
    :ivar owners: groups whose records belong to several people: some of them lose sight of theirs
    :ivar sample: some of the groups, with the records' names in their order
    """

    entity: str
    groups: int
    records: int
    by_name: int
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
    merged = records = by_name = refused = shared = 0
    sample: list[Group] = []
    async for group, owned in _groups(entity, rule):
        if group.by_name:
            by_name += 1
        elif people is not None and not set(owned) <= people:
            refused += 1
        else:
            merged += 1
            records += len(group.ids) - 1
            shared += len(set(owned)) > 1
            if len(sample) < _SAMPLE:
                sample.append(group)
    names = await _names(entity, [one for group in sample for one in group.ids])
    shown = tuple((group, tuple(names.get(one, "?") for one in group.ids)) for group in sample)
    return BulkPlan(entity, merged, records, by_name, refused, shared, shown)


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
    counts = {name: operation.counts.get(name, 0) for name in ("merged", "left", "seen")}
    try:
        async with work.savepoint():
            merged = [await _merge_group(work, operation, rule, row) for row in rows]
    except CrmError:
        # One of them may not be merged: each by itself, then.
        merged = [await _merged_apart(work, operation, rule, row) for row in rows]
    counts["merged"] += sum(merged)
    counts["left"] += merged.count(0)
    counts["seen"] += len(rows)
    if rows:
        progress["after"] = rows[-1]["id"]
    await advance(work, operation, progress=progress, counts={"total": progress["total"], **counts})
    return len(rows) < _GROUPS_AT_ONCE


async def _merge_group(work: Work, operation: Operation, rule: Rule, row: dict[str, Any]) -> int:
    """Merge one group, in a work of its own, so that it is a merge like any other; returns how many records went into another."""
    group = (await _as_they_stand(operation.entity, [row]))[0][0]
    if len(group.ids) < 2 or group.by_name or await _said_distinct(operation.entity, group.ids):
        return 0
    main_id, *others = group.ids
    choices = await _newest(operation.entity, group.ids) if rule.conflicts == NEWEST else {}
    one = work.acting_as(work.actor)
    await merge(one, operation.entity, main_id, others, choices, operation_id=operation.id)
    await db.execute("UPDATE duplicate_group SET state = 'merged' WHERE id = ?", group.id)
    return len(others)


async def _merged_apart(work: Work, operation: Operation, rule: Rule, row: dict[str, Any]) -> int:
    """Merge one group apart from the others; what may not be merged is left."""
    try:
        async with work.savepoint():
            return await _merge_group(work, operation, rule, row)
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


def only_name(reasons: Sequence[Any]) -> bool:
    """Tell whether nothing but names speaks for a record."""
    return all(_what(reason).startswith("name") for reason in reasons)


def _what(reason: Any) -> str:
    if isinstance(reason, dict):
        return str(reason.get("what", ""))
    return str(reason[0]) if isinstance(reason, list | tuple) and reason else str(reason)


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


async def _groups(entity: str, rule: Rule) -> AsyncIterator[tuple[Group, list[int]]]:
    """Yield the groups that a rule is about, with the owners of their records."""
    after = 0
    while rows := await _page(rule, after, _PAGE):
        for group, owned in await _as_they_stand(entity, rows):
            if len(group.ids) > 1:
                yield group, owned
        after = rows[-1]["id"]


async def _as_they_stand(entity: str, rows: Sequence[dict[str, Any]]) -> list[tuple[Group, list[int]]]:
    """Return groups without the records that are gone, and whose the others are (0: nobody's)."""
    members = {row["id"]: db.from_json(row["members"]) for row in rows}
    ids = [_id(member) for found in members.values() for member in found]
    here: dict[int, int] = {}
    for place in range(0, len(ids), _PAGE):
        marks = _marks(ids[place : place + _PAGE])
        for row in await db.fetch(f"SELECT id, owner_id FROM {entity} WHERE id IN ({marks}) AND deleted_at IS NULL"):
            here[row["id"]] = row["owner_id"] or 0
    found = []
    for row in rows:
        standing = [member for member in members[row["id"]] if _id(member) in here]
        # Whoever is in it by name alone is left out, whatever speaks for the others.
        sure = [one for one in standing if not only_name(_reasons(one)) or (one is standing[0] and not _reasons(one))]
        by_name = len(standing) > 1 and len(sure) < 2
        chosen = tuple(map(_id, standing if by_name else sure))
        why = tuple(dict.fromkeys(_what(reason) for member in sure for reason in _reasons(member)))
        group = Group(row["id"], row["number"], row["score"], chosen, by_name, () if by_name else why)
        found.append((group, [here[one] for one in chosen]))
    return found


def _id(member: dict[str, Any]) -> int:
    return int(member["id"])


def _reasons(member: dict[str, Any]) -> Sequence[Any]:
    return member.get("reasons") or ()


async def _said_distinct(entity: str, ids: Sequence[int]) -> bool:
    row = await db.fetch_one(
        f"SELECT 1 AS y FROM distinct_pair WHERE entity = ? AND low_id IN ({_marks(ids)}) AND high_id IN ({_marks(ids)}) LIMIT 1",
        entity,
    )
    return row is not None


async def _names(entity: str, ids: Sequence[int]) -> dict[int, str]:
    column = "title" if entity == "lead" else "name"
    rows = await db.fetch(f"SELECT id, {column} AS name FROM {entity} WHERE id IN ({_marks(ids)})") if ids else []
    return {row["id"]: str(row["name"]) for row in rows}


def _marks(ids: Sequence[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "0"
