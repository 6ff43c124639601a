"""Hand over all that somebody answers for to one colleague: counted first, done by a few statements, taken back alike.

Somebody who is ill or leaves has thousands of records. Each keeps an event of its own, so that timelines and undo know of it.
Hooks and rules hear of the whole at once, as `WorkHandedOver`, and then of each record, as `OwnerChanged`, a bite at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botcrm.core import db, lease
from botcrm.core.domain.errors import CrmError, NotAllowed, NotFound
from botcrm.core.domain.events import OwnerChanged, WorkHandedOver
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.models import User
from botcrm.core.services.access import owners
from botcrm.core.services.derived.counters import counters_follow
from botcrm.core.services.rows import EVENT_SQL
from botcrm.core.services.search.index import SAID_IN, texts_follow
from botcrm.core.services.staff.reporting_lines import give_back_reports, move_reports, reports_to_move
from botcrm.core.services.undo.standing import taking_back
from botcrm.core.services.work import Work

# What of each table goes over: while it is worked on, and what is closed. What was done and written stays with who did it.
_OPEN: dict[str, str] = {
    "deal": "status = 'open'",
    "lead": "status IN ('new', 'working')",
    "contact": "1 = 1",
    "company": "1 = 1",
    # Of what was done only a missed call that still counts: nothing else is counted without a deadline.
    "activity": "(status = 'planned' OR (status = 'done' AND counts_own IS NOT NULL))",
    "message": "direction = 'in' AND NOT answered",
}
_CLOSED: dict[str, str] = {"deal": "status <> 'open'", "lead": "status NOT IN ('new', 'working')"}
ENTITIES = tuple(_OPEN)
_GRANTED = ("deal", "lead", "contact", "company", "activity")
_SEARCHED = ("deal", "lead", "contact", "company")
_HOLDERS = ("deal", "contact", "company", "lead")
_LINKS = {
    "deal": ("contact_id", "company_id"),
    "lead": ("deal_id", "contact_id"),
    "contact": ("company_id",),
    "company": (),
    "activity": ("deal_id", "contact_id", "company_id", "lead_id"),
    "message": ("deal_id", "contact_id", "lead_id"),
}
_BITE = 2000
TELL = "records.handed"


class SamePerson(CrmError):
    """Somebody is to hand over to themselves."""

    message = "{name} has it already. Name somebody else."


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How much of each entity would go over; `closed` counts closed deals and leads, `people` who reports to the former owner."""

    counts: Mapping[str, int]
    closed: int
    people: int = 0

    @property
    def total(self) -> int:
        """Return how many records go over without the closed ones."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What went over from whom to whom, by entity; `user` are people who reported to the one and report to the other.

    `stayed` counts what had gone on to somebody else before it was taken back.
    """

    from_id: int
    to_id: int
    counts: Mapping[str, int] = field(default_factory=dict)
    stayed: int = 0

    @property
    def total(self) -> int:
        """Return how many records it were."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class RuleDid:
    """What a rule did about one record because that changed hands, each deed in words."""

    entity: str
    record_id: int
    did: tuple[str, ...]


def _demand(work: Work, *people: int) -> None:
    """Refuse whoever does not reach all that these people answer for.

    :raises NotAllowed: the actor's grants do not go that far
    """
    for entity in _GRANTED:
        reached = owners(work.actor, entity, Action.CHANGE)
        if reached is not None and not reached.issuperset(people):
            raise NotAllowed(entity=entity, action=Action.CHANGE)


async def _people(work: Work, from_id: int, to_id: int) -> None:
    for user_id, gone in ((from_id, True), (to_id, False)):
        reached = owners(work.actor, "deal", Action.CHANGE)
        found = await User.filter(id=user_id).first()
        if found is None or not (found.active or gone) or (reached is not None and user_id not in reached):
            raise NotFound(ref=f"u{user_id}")
        if from_id == to_id:
            raise SamePerson(name=found.name)


async def rehearse_handover(work: Work, from_id: int, to_id: int) -> Rehearsal:
    """Count what would go over from somebody, who may have left, to a colleague; nothing is changed.

    :raises NotAllowed: the actor may not change all that is theirs
    :raises NotFound: one of them is nobody within reach, or the colleague has left
    :raises SamePerson: it is one person
    """
    _demand(work, from_id, to_id)
    await _people(work, from_id, to_id)
    closed = [await _count(entity, condition, from_id) for entity, condition in _CLOSED.items()]
    return Rehearsal(await open_work(from_id), sum(closed), len(await reports_to_move(work, from_id, to_id)))


async def open_work(user_id: int) -> dict[str, int]:
    """Count what somebody answers for, of each entity they have any of."""
    counts = {entity: await _count(entity, condition, user_id) for entity, condition in _OPEN.items()}
    return {entity: count for entity, count in counts.items() if count}


async def _count(entity: str, condition: str, owner_id: int) -> int:
    row = await db.fetch_one(
        f"SELECT count(*) AS n FROM {entity} WHERE owner_id = ? AND deleted_at IS NULL AND {condition}", owner_id
    )
    return int(row["n"]) if row else 0


async def hand_over_all(
    work: Work, from_id: int, to_id: int, *, closed: bool = False, people: bool = False
) -> HandedOver:
    """Give a colleague all that somebody answers for: open deals and leads, contacts, companies, planned activities, messages.

    :param closed: closed deals and leads go along
    :param people: who reports to the one reports to the other then
    :raises NotAllowed: the actor may not change all that is theirs
    :raises NotFound: one of them is nobody within reach, or the colleague has left
    :raises SamePerson: it is one person
    """
    _demand(work, from_id, to_id)
    await _people(work, from_id, to_id)
    await work.flush()
    counts: dict[str, int] = {}
    for entity, condition in _OPEN.items():
        where = f"({condition} OR {_CLOSED[entity]})" if closed and entity in _CLOSED else condition
        moved = await _move(work, entity, from_id, to_id, f"owner_id = ? AND deleted_at IS NULL AND {where}", [from_id])
        if moved:
            counts[entity] = moved
    if people and (moved := await move_reports(work, from_id, to_id)):
        counts["user"] = moved
    return await _finish(work, from_id, to_id, counts)


async def _move(
    work: Work, entity: str, from_id: int, to_id: int, where: str, values: list[Any], undoes: int | None = None
) -> int:
    """Change the owner of all rows that meet a condition, and write an event for each."""
    lease.check()
    links = _LINKS[entity]
    rows = await db.fetch(
        f"UPDATE {entity} SET owner_id = ?, version = version + 1, updated_at = ? WHERE {where} "
        f"RETURNING {', '.join(('id', 'version', *links))}",
        to_id,
        work.now,
        *values,
    )
    before, after = db.to_json({"owner_id": from_id}), db.to_json({"owner_id": to_id})
    await db.execute_many(
        EVENT_SQL,
        (
            (
                work.now,
                work.id,
                work.actor.id,
                OwnerChanged.__name__,
                entity,
                row["id"],
                row["version"],
                *(row["id"] if holder == entity else row.get(f"{holder}_id") for holder in _HOLDERS),
                before,
                after,
                undoes,
            )
            for row in rows
        ),
    )
    if entity in _SEARCHED:
        await _search_follows(entity, [row["id"] for row in rows], to_id)
    if entity in SAID_IN:
        await texts_follow(entity, [row["id"] for row in rows], to_id)
    work.forget_all(entity)
    return len(rows)


async def _search_follows(entity: str, ids: list[int], to_id: int) -> None:
    """Have search find the records as the new owner's."""
    for start in range(0, len(ids), _BITE):
        marks = ", ".join(str(int(one)) for one in ids[start : start + _BITE])
        entries = f"SELECT id FROM search_entry WHERE entity = '{entity}' AND record_id IN ({marks})"
        await db.execute(f"UPDATE search_term SET owner_id = ? WHERE entry_id IN ({entries})", to_id)
        await db.execute(f"UPDATE search_entry SET owner_id = ? WHERE id IN ({entries})", to_id)


async def _finish(work: Work, from_id: int, to_id: int, counts: dict[str, int], stayed: int = 0) -> HandedOver:
    done = HandedOver(from_id, to_id, counts, stayed)
    if not counts and work.undoes is None:
        return done
    await counters_follow(from_id)
    # Taken back without anything to give back it is still taken back: what was done before it comes next.
    work.remember_plain(WorkHandedOver, "user", from_id, to_id=to_id, counts=counts)
    await work.plan_job(TELL, f"handed:{work.id}", work.now, work_id=work.id)
    return done


async def find_former(work: Work, name: str) -> User | None:
    """Return the one person within the actor's reach, gone or not, of that name or the start of one; None where it is not clear."""
    wanted = fold(name.lstrip("@"))
    reached = owners(work.actor, "deal", Action.CHANGE)
    near = [user for user in await User.all() if reached is None or user.id in reached]
    exact = [user for user in near if wanted in (fold(user.name), fold(user.username or "-"))]
    starts = [user for user in near if any(word.startswith(wanted) for word in fold(user.name).split())]
    for found in (exact, [user for user in exact if user.active], starts, [user for user in starts if user.active]):
        if len(found) == 1:
            return found[0]
    return None


# --- back ----------------------------------------------------------------------------------------------------------------


async def handed_over_by(work_id: int) -> HandedOver | None:
    """Return what a work handed over as a whole; None where it did something else."""
    row = await db.fetch_one(
        "SELECT record_id, after FROM event WHERE work_id = ? AND type = 'WorkHandedOver' ORDER BY id LIMIT 1", work_id
    )
    if row is None:
        return None
    after = db.from_json(row["after"])
    return HandedOver(row["record_id"], after["to_id"], after["counts"])


async def take_back_handover(work: Work, work_id: int) -> HandedOver:
    """Give back what a work handed over as a whole; whatever else was done about the records since stays.

    What went on to somebody else meanwhile stays with them. What rules did because of it stays too (`done_by_rules`): it is done
    about each record, and may be worked on already. Taken back itself, it goes over once more.

    :raises NotFound: the work handed nothing over, or the actor, be it their own doing, does not reach what both answer for by now
    """
    done = await handed_over_by(work_id)
    if done is None:
        raise NotFound(ref="undo")
    try:
        _demand(work, done.from_id, done.to_id)
    except NotAllowed:
        raise NotFound(ref="undo") from None
    counts: dict[str, int] = {}
    for entity in done.counts:
        if entity == "user":
            continue
        moved = await _move(work, entity, done.to_id, done.from_id, _STILL, [done.to_id, work_id, entity], work_id)
        if moved:
            counts[entity] = moved
    with taking_back(work, work_id):
        if "user" in done.counts and (moved := await give_back_reports(work, work_id)):
            counts["user"] = moved
        return await _finish(work, done.to_id, done.from_id, counts, max(0, done.total - sum(counts.values())))


# A later change of owner leaves a record where it is, also one that came back to the same person by another way.
_STILL = (
    "owner_id = ? AND deleted_at IS NULL AND id IN (SELECT e.record_id FROM event e WHERE e.work_id = ? AND e.entity = ? "
    "AND e.type = 'OwnerChanged' AND NOT EXISTS (SELECT 1 FROM event later WHERE later.entity = e.entity "
    "AND later.record_id = e.record_id AND later.id > e.id AND later.type IN ('OwnerChanged', 'ClientTaken')))"
)


async def done_by_rules(work_id: int, limit: int) -> tuple[int, list[RuleDid]]:
    """Return how often rules did something because a work handed records over, and what they did the first times."""
    runs = (
        "FROM rule_run r WHERE r.cause = ? AND r.state = 'done' AND NOT EXISTS "
        "(SELECT 1 FROM event e WHERE e.undoes = r.work_id)"
    )
    row = await db.fetch_one(f"SELECT count(*) AS n {runs}", work_id)
    if not row or not row["n"]:
        return 0, []
    rows = await db.fetch(f"SELECT r.entity, r.record_id, r.did {runs} ORDER BY r.id LIMIT {int(limit)}", work_id)
    return int(row["n"]), [RuleDid(one["entity"], one["record_id"], tuple(db.from_json(one["did"]))) for one in rows]


async def events_handed(work_id: int, after: int, limit: int) -> list[dict[str, Any]]:
    """Return the rows of the events by which a work handed over its records, by id above `after`."""
    return await db.fetch(
        f"SELECT * FROM event WHERE work_id = ? AND id > ? AND type = '{OwnerChanged.__name__}' ORDER BY id LIMIT {int(limit)}",
        work_id,
        after,
    )
