"""One change to all records that a query finds: rehearsed first, frozen when confirmed, then done a piece at a time.

Each record is changed by the very service that changes a single one, so rights, events, rules and undo are the same. What was
changed meanwhile so that the query no longer finds it is left alone and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import Query, parse_query
from botcrm.core.models import Operation, Stage
from botcrm.core.services.access import demand
from botcrm.core.services.custom.fields import fields_of
from botcrm.core.services.hanging import hanging_on
from botcrm.core.services.operations.bulk_changes import CHANGES, DAY_FIELDS, Change, demand_value, plain_text
from botcrm.core.services.operations.operations import advance, start
from botcrm.core.services.queries import queries
from botcrm.core.services.queries.sql import Compiled
from botcrm.core.services.work import Work

KIND = "bulk"
SAMPLE = 10
_AT_ONCE = 20
_COUNTS = ("changed", "sent", "same", "left", "gone", "seen")


class NothingToDo(CrmError):
    """A bulk change would change nothing."""

    message = "Nothing would change: {why}."


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What a bulk change would do; nothing was changed.

    :ivar found: how many records the query finds
    :ivar going: how many would be changed
    :ivar left: why others would not be, with how many: refused (out of reach), same (so already), pipeline, silent (no way to
        write to them), stop (they want no such messages)
    :ivar sample: some of those that would be changed
    :ivar hang: of what is to be deleted, how much hangs on it and stays, by table
    """

    found: int
    going: int
    left: Mapping[str, int] = field(default_factory=dict)
    sample: tuple[queries.Item, ...] = ()
    hang: Mapping[str, int] = field(default_factory=dict)


async def rehearse_bulk(work: Work, query: Query, change: Change) -> BulkPlan:
    """Tell what a change would do to all that a query finds.

    :raises NotAllowed: the actor may do this to nothing at all
    :raises InvalidValue: there is no such change for these records, or its value is none
    """
    await demand_change(work, query.entity, change)
    found = await queries.compiled(work, query)
    why, bound = await _why_sql(work, found, change)
    table, within = query.entity, queries.where(work, found)
    rows = await db.fetch(
        f"SELECT why, count(*) AS n FROM (SELECT {why} AS why FROM {table} t WHERE {within}) AS p GROUP BY why",
        *bound,
        *found.values,
    )
    counts = {row["why"]: int(row["n"]) for row in rows}
    going = counts.pop("go", 0)
    ids = f"SELECT id FROM (SELECT t.id, {why} AS why FROM {table} t WHERE {within}) AS p WHERE why = 'go'"
    sample = await db.column(f"{ids} ORDER BY id DESC LIMIT {SAMPLE}", *bound, *found.values)
    shown = await queries.items(table, sample)
    hang = await hanging_on(work, table, ids, [*bound, *found.values]) if change.kind == "delete" else {}
    return BulkPlan(going + sum(counts.values()), going, counts, tuple(shown), hang)


async def demand_change(work: Work, entity: str, change: Change) -> None:
    """Refuse a change that there is not, that the actor may make to nothing, or whose value means nothing.

    :raises NotAllowed: so it is
    :raises InvalidValue: so it is
    """
    kind = CHANGES.get(change.kind)
    if kind is None or entity not in kind.entities:
        raise InvalidValue(what="change", value=change.kind, how=f"One of: {', '.join(changes_of(entity))}.")
    demand(work, entity, kind.action)
    if change.kind in ("task", "message"):
        demand(work, "activity", Action.ADD)
    await demand_value(work, entity, change)


def changes_of(entity: str) -> list[str]:
    """Return the changes that records of an entity can have, in the order people see them."""
    return [name for name, kind in CHANGES.items() if entity in kind.entities]


async def _why_sql(work: Work, found: Compiled, change: Change) -> tuple[str, list[Any]]:
    """Return an SQL expression for why a record would be left alone; 'go' where it would not."""
    kind = CHANGES[change.kind]
    entity = found.query.entity
    cases = [f"WHEN NOT ({queries.scope_sql(work, entity, kind.action)}) THEN 'refused'"]
    bound: list[Any] = []
    match change.kind:
        case "owner":
            cases.append("WHEN t.owner_id = ? THEN 'same'")
            bound.append(int(change.value))
        case "stage":
            stage = await Stage.get(id=int(change.value))
            cases += ["WHEN t.stage_id = ? THEN 'same'", "WHEN t.pipeline_id <> ? THEN 'pipeline'"]
            bound += [stage.id, stage.pipeline_id]
        case "tag" | "untag":
            there = f"EXISTS (SELECT 1 FROM tag g WHERE g.entity = '{entity}' AND g.record_id = t.id AND g.tag = ?)"
            cases.append(f"WHEN {there if change.kind == 'tag' else f'NOT {there}'} THEN 'same'")
            bound.append(str(change.value))
        case "field":
            more, values = await _field_cases(entity, change)
            cases += more
            bound += values
        case "message":
            client = "t.id" if entity in ("contact", "lead") else "t.contact_id"
            whose = "lead" if entity == "lead" else "contact"
            stop = (
                f"EXISTS (SELECT 1 FROM tag g WHERE g.entity = '{whose}' AND g.record_id = {client} AND g.tag = 'stop')"
            )
            wrote = (
                f"EXISTS (SELECT 1 FROM message m WHERE m.{whose}_id = {client} AND m.direction = 'in' "
                "AND m.answerable AND m.deleted_at IS NULL)"
            )
            cases += [f"WHEN {stop} THEN 'stop'", f"WHEN NOT {wrote} THEN 'silent'"]
        case _:
            pass
    return f"CASE {' '.join(cases)} ELSE 'go' END", bound


async def _field_cases(entity: str, change: Change) -> tuple[list[str], list[Any]]:
    """Return the cases in which a field is left alone: it is not on deals of that pipeline, or holds the value already."""
    name = (change.more or {})["field"]
    if not isinstance(name, int):
        value = plain_text(change.value)
        if name in DAY_FIELDS:
            marks = "CAST(CAST(? AS text) AS date)" if db.dialect() == "postgres" else "?"
            return (
                ([f"WHEN t.{name} = {marks} THEN 'same'"], [value])
                if value
                else ([f"WHEN t.{name} IS NULL THEN 'same'"], [])
            )
        if value is None:
            return [f"WHEN COALESCE(t.{name}, '') = '' THEN 'same'"], []
        return [f"WHEN t.{name} = ? THEN 'same'"], [value]
    one = next(field for field in await fields_of(entity) if field.id == name)
    there = f"t.custom -> '{one.id}'" if db.dialect() == "postgres" else f"json_extract(t.custom, '$.\"{one.id}\"')"
    if change.value is None:
        return [f"WHEN ({there}) IS NULL THEN 'same'"], []
    cases, bound = list[str](), list[Any]()
    if one.pipeline_id is not None:
        cases.append(f"WHEN t.pipeline_id <> {int(one.pipeline_id)} THEN 'pipeline'")
    if db.dialect() == "postgres":
        cases.append(f"WHEN ({there}) = CAST(CAST(? AS text) AS jsonb) THEN 'same'")
        bound.append(db.to_json(change.value))
    elif isinstance(change.value, dict | list):
        cases.append(f"WHEN {there} = json(?) THEN 'same'")
        bound.append(db.to_json(change.value))
    else:
        cases.append(f"WHEN {there} = ? THEN 'same'")
        bound.append(change.value)
    return cases, bound


async def start_bulk(
    work: Work,
    query: Query,
    change: Change,
    title: str,
    *,
    chat_id: int | None = None,
    message_id: int | None = None,
) -> Operation:
    """Note down a change to all that a query finds now, each record of it; `run` of operations.py begins.

    :raises NotAllowed: the actor may do this to nothing at all
    :raises NothingToDo: the query finds nothing
    """
    await demand_change(work, query.entity, change)
    found = await queries.compiled(work, query)
    params = {"query": str(query), "change": change.params()}
    operation = await start(work, KIND, query.entity, title, params=params, chat_id=chat_id, message_id=message_id)
    await db.execute(
        f"INSERT INTO operation_record (operation_id, record_id) SELECT {int(operation.id)}, t.id "
        f"FROM {query.entity} t WHERE {queries.where(work, found)}",
        *found.values,
    )
    total = await _left(operation.id)
    if not total:
        raise NothingToDo(why="the filter finds nothing any more")
    await advance(work, operation, progress={"total": total}, counts={"total": total})
    return operation


async def _left(operation_id: int) -> int:
    row = await db.fetch_one("SELECT count(*) AS n FROM operation_record WHERE operation_id = ?", operation_id)
    return int(row["n"]) if row else 0


async def bulk_piece(work: Work, operation: Operation) -> bool:
    """Change some records; True when nothing is left."""
    query = parse_query(str(operation.params["query"]), operation.entity)
    change = Change.of(operation.params["change"])
    ids = await db.column(
        f"SELECT record_id FROM operation_record WHERE operation_id = ? ORDER BY record_id LIMIT {_AT_ONCE}",
        operation.id,
    )
    counts = {name: operation.counts.get(name, 0) for name in _COUNTS}
    found = await queries.compiled(work, query)
    still = await queries.matches(work, found, ids)
    counts["gone"] += len(ids) - len(still)
    for came_of_it in await _all_or_each(work, operation, change, [one for one in ids if one in still]):
        counts[came_of_it] += 1
    counts["seen"] += len(ids)
    if ids:
        await db.execute(
            "DELETE FROM operation_record WHERE operation_id = ? AND record_id <= ?", operation.id, ids[-1]
        )
    total = int(operation.progress.get("total", counts["seen"]))
    await advance(work, operation, progress=operation.progress, counts={"total": total, **counts})
    if len(ids) == _AT_ONCE:
        return False
    await CHANGES[change.kind].finish(work, operation, change, counts)
    return True


async def _all_or_each(work: Work, operation: Operation, change: Change, ids: list[int]) -> list[str]:
    """Change records at one go; where one of them may not be changed, each by itself."""
    kind = CHANGES[change.kind]
    try:
        async with work.savepoint():
            return [await kind.apply(work, operation, change, record_id) for record_id in ids]
    except CrmError:
        return [await _apart(work, operation, change, record_id) for record_id in ids]


async def _apart(work: Work, operation: Operation, change: Change, record_id: int) -> str:
    try:
        async with work.savepoint():
            return await CHANGES[change.kind].apply(work, operation, change, record_id)
    except CrmError:
        return "left"
