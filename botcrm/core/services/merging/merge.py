"""Make several records of one person or company one: planned first, so that people see what would happen, then done.

The main record takes over what it lacks and all that hangs on the others, which are deleted softly and remember where they
went. What each merge moved is kept beside it (the table `merge`): that is what taking it back goes by (unmerging.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain import merging
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.events import (
    CompanyChanged,
    ContactChanged,
    Event,
    LeadChanged,
    OwnerChanged,
    RecordMerged,
    TagAdded,
)
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.merging import Taken
from botcrm.core.models import Company, Contact, Lead, Merge
from botcrm.core.services.access import load, owners
from botcrm.core.services.merging.links import MODELS, count_links, inherit_distinct, move_links
from botcrm.core.services.records import tags_of
from botcrm.core.services.staff.people import actor_by_id
from botcrm.core.services.work import Work

Party = Company | Contact | Lead
CHANGED: dict[str, type[Event]] = {"company": CompanyChanged, "contact": ContactChanged, "lead": LeadChanged}
_MOST_WATCHERS = 200


class NotMergeable(CrmError):
    """A merge names no two records of one kind."""

    message = "Name at least two records of one kind, like: merge c12 c15."


class NeverMerged(CrmError):
    """Records of a kind that are not merged."""

    message = "Only contacts, companies and leads can be merged."


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that the records say differently and only one can keep.

    :ivar unit: what it is, e.g. name or address, see domain/merging.py
    :ivar values: (record id, its values as JSON holds them), the main record first
    :ivar chosen: the record whose values stand
    """

    unit: str
    values: tuple[tuple[int, list[Any]], ...]
    chosen: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What merging would do; nothing was changed.

    :ivar filled: units that the main record lacks and gets
    :ivar joined: how many phones, e-mails, tags and elements of lists it gets, by their name
    :ivar moved: how much of each kind comes over
    :ivar losing: the names of people who reach one of the records and would not reach the one that stays
    """

    entity: str
    main: Party
    others: tuple[Party, ...]
    conflicts: tuple[Conflict, ...]
    filled: tuple[str, ...]
    joined: Mapping[str, int]
    moved: Mapping[str, int]
    losing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that was done: the record that stays, and the rows that remember what moved, one for each that went into it."""

    main: Party
    merges: tuple[Merge, ...]


async def parties(work: Work, entity: str, main_id: int, other_ids: Sequence[int]) -> tuple[Party, list[Party]]:
    """Return the records that are to be merged, each of which the actor may change.

    :raises NotFound: one is out of reach, or there is none
    :raises NotAllowed: the actor sees one and may not change it
    :raises NotMergeable: they are no two records
    """
    others = list(dict.fromkeys(other_id for other_id in other_ids if other_id != main_id))
    if entity not in merging.ENTITIES or not others:
        raise NotMergeable
    await lock(work, entity, [main_id, *others])
    model: Any = MODELS[entity]
    main = await load(work, model, main_id, Action.CHANGE)
    return main, [await load(work, model, other_id, Action.CHANGE) for other_id in others]


async def lock(work: Work, entity: str, ids: Sequence[int]) -> None:
    """Hold these records until the transaction ends: on PostgreSQL others might hang something on one that goes.

    All at once and in order, so that two who want the same ones never wait for each other; what was read before is read again.
    """
    if db.dialect() != "postgres" or not ids:
        return
    marks = ", ".join(str(int(record_id)) for record_id in ids)
    await db.fetch(f"SELECT id FROM {entity} WHERE id IN ({marks}) ORDER BY id FOR UPDATE")
    for record_id in ids:
        kept = work.kept(entity, record_id)
        if kept is not None:
            work.forget(kept)


# --- planning ------------------------------------------------------------------------------------------------------------


async def rehearse_merge(
    work: Work, entity: str, main_id: int, other_ids: Sequence[int], choices: Mapping[str, int] | None = None
) -> Plan:
    """Tell what merging these records into the main one would do.

    :param choices: unit -> the record whose value is to stand; the main record's where nothing is said
    :raises NotFound: one is out of reach, or there is none
    :raises NotAllowed: the actor sees one and may not change it
    :raises NotMergeable: they are no two records
    """
    main, others = await parties(work, entity, main_id, other_ids)
    conflicts = _conflicts(entity, main, others, choices or {})
    filled, joined = dict[str, None](), dict[str, int]()
    final = facts(main)
    tags = set(await tags_of(entity, main.id))
    owner_id = main.owner_id
    for other in others:
        taken = merging.take(entity, final, facts(other), _chosen(choices or {}, other.id))
        final |= merging.filled(entity, final, taken)
        owner_id = final["owner_id"]
        contested = {conflict.unit for conflict in conflicts}
        filled |= dict.fromkeys(unit for unit in taken.set if unit not in contested)
        new = [tag for tag in await tags_of(entity, other.id) if tag not in tags]
        tags.update(new)
        for name, elements in (taken.added | ({"tag": new} if new else {})).items():
            joined[name] = joined.get(name, 0) + len(elements)
    moved = await count_links(entity, [other.id for other in others])
    losing = await _losing(work, entity, (main, *others), owner_id)
    return Plan(entity, main, tuple(others), conflicts, tuple(filled), joined, moved, losing)


def _conflicts(entity: str, main: Party, others: Sequence[Party], choices: Mapping[str, int]) -> tuple[Conflict, ...]:
    found = []
    units = {party.id: merging.units_of(entity, facts(party)) for party in (main, *others)}
    names = dict.fromkeys(unit for values in units.values() for unit in values)
    for unit in names:
        said = [(party_id, values[unit]) for party_id, values in units.items() if unit in values]
        said = [one for one in said if not merging.is_empty(entity, unit, one[1])]
        differing = said[:1]
        for one in said[1:]:
            if all(merging.is_conflict(entity, unit, known[1], one[1]) for known in differing):
                differing.append(one)
        if len(differing) > 1:
            chosen = choices.get(unit, differing[0][0])
            shown = tuple(differing)
            found.append(Conflict(unit, shown, chosen if chosen in dict(shown) else shown[0][0]))
    return tuple(found)


def _chosen(choices: Mapping[str, int], record_id: int) -> list[str]:
    return [unit for unit, chosen in choices.items() if chosen == record_id]


async def _losing(work: Work, entity: str, before: Sequence[Party], owner_id: int | None) -> tuple[str, ...]:
    """Return who reaches one of these records and would not reach one of this owner, by name."""
    former = {party.owner_id for party in before if party.owner_id not in (None, owner_id)}
    if not former:
        return ()
    wide = await db.fetch(
        'SELECT u.id, u.name FROM "user" u JOIN role r ON r.id = u.role_id WHERE u.active AND (u.id IN '
        f'({", ".join(str(int(one)) for one in former)}) OR u.id IN (SELECT manager_id FROM "user") '
        f"OR u.department_id IS NOT NULL) ORDER BY u.name, u.id LIMIT {_MOST_WATCHERS}"
    )
    found = []
    for row in wide:
        if row["id"] in (owner_id, work.actor.id):
            continue
        actor = await actor_by_id(work.company, row["id"])
        reached = owners(work.acting_as(actor).actor, entity) if actor else frozenset[int]()
        if reached is not None and reached & former and owner_id not in reached:
            found.append(str(row["name"]))
    return tuple(found)


# --- doing ---------------------------------------------------------------------------------------------------------------


async def merge(
    work: Work,
    entity: str,
    main_id: int,
    other_ids: Sequence[int],
    choices: Mapping[str, int] | None = None,
    *,
    operation_id: int | None = None,
    group_id: int | None = None,
) -> Merged:
    """Make several records one: the main one stays, the others go into it, and can be taken out again (`unmerge`).

    :param choices: unit -> the record whose value is to stand where they differ; the main record's where nothing is said
    :param group_id: the group of duplicates whose records these are, all of them: it is open again when one is taken out
    :raises NotFound: one is out of reach, or there is none
    :raises NotAllowed: the actor sees one and may not change it
    :raises NotMergeable: they are no two records
    """
    main, others = await parties(work, entity, main_id, other_ids)
    about: dict[str, Any] = {"choices": dict(choices)} if choices else {}
    if group_id:
        about["group"] = group_id
    rows = [await _merge_one(work, entity, main, other, about, operation_id) for other in others]
    if group_id:
        await db.execute("UPDATE duplicate_group SET state = 'merged' WHERE id = ?", group_id)
    return Merged(main, tuple(rows))


async def _merge_one(
    work: Work, entity: str, main: Party, other: Party, about: dict[str, Any], operation_id: int | None
) -> Merge:
    taken = merging.take(entity, facts(main), facts(other), _chosen(about.get("choices", {}), other.id))
    await write(work, entity, main, merging.filled(entity, facts(main), taken))
    if tags := await add_tags(work, entity, main, await tags_of(entity, other.id)):
        taken.added["tag"] = tags
    moved: dict[str, Any] = packed(taken) | {"links": await move_links(work, entity, other.id, main.id)} | about
    if distinct := await inherit_distinct(entity, other.id, main.id):
        moved["distinct"] = distinct
    await work.change(other, RecordMerged, deleted_at=work.now, merged_into_id=main.id)
    values = {
        "entity": entity,
        "main_id": main.id,
        "merged_id": other.id,
        "work_id": work.id,
        "operation_id": operation_id,
        "moved": db.to_json(moved),
        "at": work.now,
        "user_id": work.actor.id,
    }
    return Merge(**values | {"id": await db.insert("merge", **values), "moved": moved})


async def add_tags(work: Work, entity: str, record: Party, tags: Sequence[str]) -> list[str]:
    """Hang tags on a record and return those that were new to it."""
    if not tags:
        return []
    known = set(await tags_of(entity, record.id))
    new = [tag for tag in tags if tag not in known]
    for tag in new:
        await db.insert("tag", entity=entity, record_id=record.id, tag=tag)
        work.remember(TagAdded, record, after={"tag": tag})
    return new


async def write(work: Work, entity: str, record: Party, values: Mapping[str, Any]) -> None:
    """Change a record's fields to values as JSON holds them; that its owner changes is an event of its own."""
    fields = record._meta.fields_map
    ready = {
        name: fields[name].to_python_value(value) if name != "custom" and isinstance(value, str) else value
        for name, value in values.items()
    }
    owner = {"owner_id": ready.pop("owner_id")} if "owner_id" in ready else {}
    if ready:
        await work.change(record, CHANGED[entity], **ready)
    if owner:
        await work.change(record, OwnerChanged, **owner)


def facts(record: Party) -> dict[str, Any]:
    """Return a record's fields by name."""
    return {name: getattr(record, name) for name in record._meta.fields_db_projection}


def packed(taken: Taken) -> dict[str, Any]:
    """Return what was taken over as the row of a merge keeps it."""
    return {name: value for name, value in asdict(taken).items() if value}


def unpacked(moved: Mapping[str, Any]) -> Taken:
    """Return what a merge's row says was taken over."""
    taken = {unit: (list(pair[0]), list(pair[1])) for unit, pair in moved.get("set", {}).items()}
    return Taken(taken, {name: list(elements) for name, elements in moved.get("added", {}).items()})
