"""Groups that a search for duplicates found, one after another, as somebody goes through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.matching import Reason
from botcrm.core.models import Company, Contact, Lead, Operation
from botcrm.core.services.access import owned_sql, owners, reach
from botcrm.core.services.duplicates.distinct import say_distinct, take_back_distinct
from botcrm.core.services.duplicates.finding import KIND
from botcrm.core.services.duplicates.keys import ENTITIES
from botcrm.core.services.operations.operations import operation_of, operations
from botcrm.core.services.work import MODELS, Work

_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record of a group: how likely it is the same as another one of it, and why."""

    record: Contact | Company | Lead
    score: float
    reasons: tuple[Reason, ...]
    company: str = ""


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group of those still open, its main record first.

    :ivar number: its place among all that the search found, from 1
    :ivar left: how many groups are open, this one included
    """

    operation_id: int
    entity: str
    number: int
    score: float
    left: int
    candidates: tuple[Candidate, ...]


def demand_search(work: Work, entity: str) -> None:
    """Refuse whoever may not clean up other people's records: it takes the right to change a department's, or everybody's.

    :raises NotFound: there are no such records to search
    :raises NotAllowed: the actor's reach is less
    """
    if entity not in ENTITIES:
        raise NotFound(ref=entity)
    for action in (Action.READ, Action.CHANGE):
        if reach(work.actor, entity, action) not in (Reach.DEPARTMENT, Reach.ALL):
            raise NotAllowed(entity=entity, action=action)


def may_search(work: Work) -> list[str]:
    """Return the entities whose duplicates the actor may look for."""
    return [entity for entity in ENTITIES if reach(work.actor, entity, Action.CHANGE) in (Reach.DEPARTMENT, Reach.ALL)]


async def search_of(work: Work, operation_id: int) -> Operation:
    """Return a search that the actor may go through.

    :raises NotFound: there is none within reach
    :raises NotAllowed: the actor may no longer
    """
    operation = await operation_of(work, operation_id)
    if operation.kind != KIND:
        raise NotFound(ref=f"#{operation_id}")
    demand_search(work, operation.entity)
    return operation


async def latest_searches(work: Work) -> list[tuple[Operation, int]]:
    """Return the actor's last search of each entity that has groups left, with how many."""
    found: dict[str, tuple[Operation, int]] = {}
    for operation in await operations(work, limit=_LOOKED_AT):
        if operation.kind != KIND or operation.state != "done" or operation.entity in found:
            continue
        found[operation.entity] = (operation, await _left(operation.id))
    return [(operation, left) for operation, left in found.values() if left]


async def next_group(work: Work, operation_id: int, number: int = 1) -> GroupShown | None:
    """Return the first open group from a number on; None where none is left. Groups that have fallen apart are passed over.

    :raises NotFound: no such search within the actor's reach
    """
    operation = await search_of(work, operation_id)
    while True:
        rows = await db.fetch(
            "SELECT id, number, score, members FROM duplicate_group WHERE operation_id = ? AND state = 'open' AND number >= ? "
            "ORDER BY number LIMIT 1",
            operation_id,
            number,
        )
        if not rows:
            return None
        row = rows[0]
        candidates = await _candidates(work, operation.entity, db.from_json(row["members"]))
        if len(candidates) > 1 and not await _all_distinct(operation.entity, [one.record.id for one in candidates]):
            left = await _left(operation_id)
            return GroupShown(operation_id, operation.entity, row["number"], row["score"], left, tuple(candidates))
        # Merged, deleted or told apart meanwhile; what is only out of reach stays for others.
        number = row["number"] + 1
        if not await _still_there(operation.entity, db.from_json(row["members"])):
            await db.execute("UPDATE duplicate_group SET state = 'skipped' WHERE id = ?", row["id"])


async def tell_apart(work: Work, operation_id: int, number: int) -> None:
    """Note down that the records of a group are not the same, for the whole team.

    :raises NotFound: there is no such group, or its records are out of reach
    """
    operation, row = await _group(work, operation_id, number)
    ids = [one.record.id for one in await _candidates(work, operation.entity, db.from_json(row["members"]))]
    if len(ids) < 2:
        raise NotFound(ref=f"#{number}")
    for one, other in combinations(ids, 2):
        await say_distinct(work, operation.entity, one, [other])
    await db.execute("UPDATE duplicate_group SET state = 'skipped' WHERE id = ?", row["id"])


async def put_together_again(work: Work, operation_id: int, number: int) -> None:
    """Take back that the records of a group are not the same.

    :raises NotFound: there is no such group, or its records are out of reach
    """
    operation, row = await _group(work, operation_id, number)
    ids = [one.record.id for one in await _candidates(work, operation.entity, db.from_json(row["members"]))]
    for one, other in combinations(ids, 2):
        await take_back_distinct(work, operation.entity, one, [other])
    await db.execute("UPDATE duplicate_group SET state = 'open' WHERE id = ? AND state = 'skipped'", row["id"])


async def _group(work: Work, operation_id: int, number: int) -> tuple[Operation, dict[str, Any]]:
    operation = await search_of(work, operation_id)
    row = await db.fetch_one(
        "SELECT id, members FROM duplicate_group WHERE operation_id = ? AND number = ?", operation_id, number
    )
    if row is None:
        raise NotFound(ref=f"#{number}")
    return operation, row


async def _candidates(work: Work, entity: str, members: Sequence[dict[str, Any]]) -> list[Candidate]:
    """Return the members that are still there and within the actor's reach."""
    model = MODELS[entity]
    among = ", ".join(str(int(member["id"])) for member in members)
    reached = owned_sql("owner_id", owners(work.actor, entity))
    ids = await db.column(f"SELECT id FROM {entity} WHERE id IN ({among}) AND deleted_at IS NULL AND {reached}")
    records = {record.id: record for record in await model.filter(id__in=ids)}
    companies = await _companies([record.company_id for record in records.values() if isinstance(record, Contact)])
    found = []
    for member in members:
        record = records.get(member["id"])
        if isinstance(record, Contact | Company | Lead):
            reasons = tuple(Reason(reason["what"], reason["percent"]) for reason in member["reasons"])
            firm = record.company_name if isinstance(record, Lead) else ""
            if isinstance(record, Contact):
                firm = companies.get(record.company_id or 0, "")
            found.append(Candidate(record, member["score"], reasons, firm))
    return found


async def _companies(ids: Sequence[int | None]) -> dict[int, str]:
    asked = [company_id for company_id in ids if company_id]
    return {company.id: company.name for company in await Company.filter(id__in=asked)} if asked else {}


async def _all_distinct(entity: str, ids: Sequence[int]) -> bool:
    among = ", ".join(map(str, ids))
    row = await db.fetch_one(
        f"SELECT count(*) AS n FROM distinct_pair WHERE entity = ? AND low_id IN ({among}) AND high_id IN ({among})",
        entity,
    )
    return bool(row) and int(row["n"] if row else 0) >= len(ids) * (len(ids) - 1) // 2


async def _still_there(entity: str, members: Sequence[dict[str, Any]]) -> bool:
    """Tell whether two of the members are there, whoever may see them, and nobody told them apart."""
    among = ", ".join(str(int(member["id"])) for member in members)
    ids = await db.column(f"SELECT id FROM {entity} WHERE id IN ({among}) AND deleted_at IS NULL")
    return len(ids) > 1 and not await _all_distinct(entity, ids)


async def _left(operation_id: int) -> int:
    row = await db.fetch_one(
        "SELECT count(*) AS n FROM duplicate_group WHERE operation_id = ? AND state = 'open'", operation_id
    )
    return int(row["n"]) if row else 0
