"""Who may see and do what: every read and write of a record passes here.

A record that exists out of reach and one that does not exist are answered alike, with NotFound.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import LETTERS, Action, Entity, Reach
from botcrm.core.models import Activity, Company, Contact, Deal, File, Lead, Message, Note, Record
from botcrm.core.services.actor import Actor, Hooks
from botcrm.core.services.rows import record_in
from botcrm.core.services.work import ENTITIES, MODELS, Work

R = TypeVar("R", bound=Record)

_RANK = {Reach.NONE: 0, Reach.OWN: 1, Reach.DEPARTMENT: 2, Reach.ALL: 3}
MERGED = frozenset({"contact", "company", "lead"})
# Notes, files and messages go with what they hang on; activities have grants of their own.
_GRANT_OF = {"note": "activity", "file": "activity", "message": "activity"}


_REACHES = {str(one): one for one in Reach}


@functools.lru_cache(maxsize=256)
def _grant(entity: str, action: Action) -> str:
    return f"{_GRANT_OF.get(entity, entity)}.{action}"


def reach(actor: Actor, entity: str, action: Action = Action.READ) -> Reach:
    """Return how far an actor's grant for an action on an entity goes."""
    if actor.is_system:
        return Reach.ALL
    granted = _REACHES[actor.grants.get(_grant(entity, action), "none")]
    if actor.gate is not None and granted != Reach.NONE:
        return actor.gate(entity, str(action), granted)
    return granted


def owners(actor: Actor, entity: str, action: Action = Action.READ) -> frozenset[int] | None:
    """Return the people whose records an actor reaches; None stands for everybody's."""
    match reach(actor, entity, action):
        case Reach.ALL:
            return None
        case Reach.DEPARTMENT:
            return actor.team
        case Reach.OWN if actor.id is not None:
            return frozenset({actor.id})
        case _:
            return frozenset()


# Conditions that hold for every row, and for none.
EVERYTHING, NOTHING = "1 = 1", "1 = 0"


def owned_sql(column: str, people: Iterable[int] | None) -> str:
    """Return an SQL condition that a column holds one of these people (ids are integers, so they stand in the text)."""
    if people is None:
        return EVERYTHING
    ids = ", ".join(str(int(person)) for person in sorted(people))
    return f"{column} IN ({ids})" if ids else NOTHING


def may(actor: Actor, entity: str, action: Action) -> bool:
    """Tell whether an actor may do this to anything at all."""
    return _RANK[reach(actor, entity, action)] > 0


def demand(work: Work, entity: str, action: Action) -> None:
    """Refuse an actor without any grant for an action.

    :raises NotAllowed: the grant is none
    """
    if not may(work.actor, entity, action):
        raise NotAllowed(entity=entity, action=action)


def own_reach(hooks: Hooks, actor: Actor, permission: str) -> Reach:
    """Return how far an actor's permission of a plugin's own goes: as the role says, else as the plugin means it for the role."""
    if actor.is_system:
        return Reach.ALL
    return Reach(actor.grants.get(permission) or hooks.default_reach(permission, actor.role))


def demand_permission(work: Work, permission: str) -> Reach:
    """Refuse an actor without a permission of a plugin's own ("visits.see"); return how far it goes.

    :raises NotAllowed: the actor does not have it
    """
    found = own_reach(work.hooks, work.actor, permission)
    if found == Reach.NONE:
        plugin, _, action = permission.partition(".")
        raise NotAllowed(entity=plugin, action=action)
    return found


def ref(entity: str, record_id: int) -> str:
    """Return how people write a record's reference, e.g. d12."""
    return f"{LETTERS.get(Entity(entity), entity[0])}{record_id}"


async def load(work: Work, model: type[R], record_id: int, action: Action = Action.READ) -> R:
    """Return a record that the actor reaches.

    :raises NotFound: there is none, or it is out of reach
    :raises NotAllowed: it may be seen, yet not for this action
    """
    entity = ENTITIES[model]
    kept = work.kept(entity, record_id)
    record = kept if isinstance(kept, model) and kept.deleted_at is None else None
    if kept is None and 0 < record_id < 2**31:
        record = await _read(work, model, record_id)
    if record is None or not await within(work.actor, record, Action.READ):
        raise NotFound(ref=ref(entity, record_id))
    if action != Action.READ and not await within(work.actor, record, action):
        raise NotAllowed(entity=entity, action=action)
    return record


async def _read(work: Work, model: type[R], record_id: int) -> R | None:
    """Read one record by plain SQL: the library takes four times as long to put the same statement together."""
    row = await db.fetch_one(f'SELECT * FROM "{model._meta.db_table}" WHERE id = ? AND deleted_at IS NULL', record_id)
    return record_of(work, model, row) if row else None


def record_of(work: Work, model: type[R], row: dict[str, Any]) -> R:
    """Return the record that a whole row is, as this work sees it: once for each."""
    kept = work.kept(ENTITIES[model], row["id"])
    if isinstance(kept, model):
        return kept
    record = record_in(model, row)
    work.keep(record)
    return record


async def load_any(work: Work, entity: str, record_id: int, action: Action = Action.READ) -> Record:
    """Return a record of an entity given by name, or what it was merged into; see `load`."""
    model = MODELS.get(entity)
    if model is None:
        raise NotFound(ref=f"{entity} {record_id}")
    try:
        return await load(work, model, record_id, action)
    except NotFound:
        main_id = await current(entity, record_id)
        if main_id == record_id:
            raise
    try:
        return await load(work, model, main_id, action)
    except NotFound:
        # What it went into is not told to whoever does not reach that.
        raise NotFound(ref=ref(entity, record_id)) from None


async def current(entity: str, record_id: int) -> int:
    """Return the record that this one was merged into, as far as that goes; itself where it was not."""
    while entity in MERGED and 0 < record_id < 2**31:
        row = await db.fetch_one(
            f"SELECT merged_into_id FROM {entity} WHERE id = ? AND merged_into_id IS NOT NULL", record_id
        )
        if row is None:
            break
        record_id = int(row["merged_into_id"])
    return record_id


async def merged_into(entity: str, record_id: int) -> list[int]:
    """Return the records that went into this one, those that had gone into them included."""
    return await db.column(
        "WITH RECURSIVE went(id) AS (SELECT merged_id FROM merge WHERE entity = ? AND main_id = ? AND undone_at IS NULL "
        "UNION SELECT m.merged_id FROM merge m JOIN went ON m.main_id = went.id "
        "WHERE m.entity = ? AND m.undone_at IS NULL) SELECT id FROM went ORDER BY id",
        entity,
        record_id,
        entity,
    )


async def within(actor: Actor, record: Record, action: Action) -> bool:
    """Tell whether an actor's grant for an action takes in a record, deleted or not."""
    people = owners(actor, ENTITIES[type(record)], action)
    if people is None or getattr(record, "owner_id", None) in people:
        return True
    if not isinstance(record, Activity | Note | File | Message) or not people:
        return False
    row = await db.fetch_one(
        f"SELECT 1 AS y FROM {record._meta.db_table} a WHERE a.id = ? AND {activity_sql(actor, 'a', action)}", record.id
    )
    return row is not None


def activity_sql(actor: Actor, alias: str, action: Action = Action.READ) -> str:
    """Return an SQL condition for the activities (notes, files, messages) within reach: own ones, and those of reached deals.

    What hangs on no deal goes with its lead or contact, so that it is there for whoever the client was handed to.
    """
    people = owners(actor, "activity", action)
    if people is None:
        return EVERYTHING
    if not people:
        return NOTHING
    deals, leads, contacts = (
        f"EXISTS (SELECT 1 FROM {entity} r WHERE r.id = {alias}.{entity}_id AND r.deleted_at IS NULL "
        f"AND {owned_sql('r.owner_id', owners(actor, entity, action))})"
        for entity in ("deal", "lead", "contact")
    )
    return f"({owned_sql(f'{alias}.owner_id', people)} OR {deals} OR ({alias}.deal_id IS NULL AND ({leads} OR {contacts})))"


async def load_links(work: Work, links: Mapping[str, int | None]) -> None:
    """Check that the actor reaches what something is to hang on: its deal, else its lead, contact or company.

    A deal decides alone: its company and contact may be a colleague's.

    :raises NotFound: it is out of reach
    """
    for model in (Deal, Lead, Contact, Company):
        record_id = links.get(f"{ENTITIES[model]}_id")
        if record_id is not None:
            await load(work, model, record_id)
            return


def facts_of(record: Record) -> dict[str, Any]:
    """Return the links a follow-up inherits from a record: deal, contact, company, lead."""
    links = {f"{name}_id": getattr(record, f"{name}_id", None) for name in ("deal", "contact", "company", "lead")}
    own = f"{ENTITIES[type(record)]}_id"
    if own in links:
        links[own] = record.id
    return links
