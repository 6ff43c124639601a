"""Filters that people gave a name: their own, and those shared with everybody.

What a shared one finds is still within the rights of whoever looks.
"""

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue, NotFound
from botcrm.core.domain.events import FilterChanged, FilterSaved, RecordDeleted
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import LONGEST, MOST_TERMS, Query, QueryTooLong
from botcrm.core.domain.text import fold
from botcrm.core.models import SavedFilter
from botcrm.core.services.access import demand, load, may
from botcrm.core.services.work import Work

MOST = 60
_LONGEST = 60


class NameTaken(CrmError):
    """Another filter of the same person, or a shared one, goes by that name."""

    message = "There is a filter “{name}” already. Choose another name."


class TooManyFilters(CrmError):
    message = "{most} filters are the most one can have. Delete one first."


def clean_name(text: str) -> str:
    """Return a filter's name as it is kept: one line, no colon, so that it is not read as a query.

    :raises InvalidValue: nothing is left, or it reads like a query
    """
    name = " ".join(text.split())
    if not name or len(name) > _LONGEST or any(mark in name for mark in ':<>="#@'):
        how = f"Up to {_LONGEST} characters, without : < > = # @."
        raise InvalidValue(what="name", value=name[:40], how=how)
    return name


def _demand_short(query: Query) -> None:
    # Quotes and marks before them make what is kept longer than what was typed.
    if len(str(query)) > LONGEST:
        raise QueryTooLong(what="", most=LONGEST, terms=MOST_TERMS)


async def saved_filters(work: Work, entity: str | None = None) -> list[SavedFilter]:
    """Return the actor's own filters and the shared ones, by name."""
    if not may(work.actor, "filter", Action.READ):
        return []
    rows = await db.column(
        "SELECT id FROM saved_filter WHERE deleted_at IS NULL AND (owner_id = ? OR shared)", work.actor.id or 0
    )
    found = await SavedFilter.filter(id__in=rows)
    return sorted(
        (one for one in found if entity in (None, one.entity)),
        key=lambda one: (one.owner_id != work.actor.id, fold(one.name), one.id),
    )


async def find_saved(work: Work, name: str, entity: str | None = None) -> SavedFilter | None:
    """Return the filter of a name that the actor can use: an own one before a shared one; None where there is none."""
    wanted = fold(name)
    if not wanted or any(mark in wanted for mark in ':<>="#@'):
        return None
    key = wanted.replace("_", " ").replace("-", " ")
    found = [
        one for one in await saved_filters(work, entity) if fold(one.name).replace("_", " ").replace("-", " ") == key
    ]
    return found[0] if found else None


async def filter_of(work: Work, filter_id: int, action: Action = Action.READ) -> SavedFilter:
    """Return a filter that the actor can use; a shared one is changed by whoever may change those of its owner.

    :raises NotFound: there is none for the actor
    :raises NotAllowed: it may be used only
    """
    found = await SavedFilter.filter(id=filter_id, deleted_at=None).first() if 0 < filter_id < 2**31 else None
    if found is None or not may(work.actor, "filter", Action.READ):
        raise NotFound(ref=f"filter {filter_id}")
    if action == Action.READ and (found.shared or found.owner_id == work.actor.id):
        return found
    if not found.shared and found.owner_id != work.actor.id:
        # Another person's own filter is nobody else's business, however far their grants go.
        raise NotFound(ref=f"filter {filter_id}")
    if found.owner_id == work.actor.id:
        demand(work, "filter", action)
        return found
    return await load(work, SavedFilter, filter_id, action)


async def save_filter(work: Work, name: str, query: Query, *, shared: bool = False) -> SavedFilter:
    """Give a query a name; saving under the name of an own filter changes that one.

    :raises InvalidValue: it cannot be a name
    :raises TooManyFilters: as many as one can have
    :raises QueryTooLong: it is longer than what can be kept
    """
    demand(work, "filter", Action.ADD)
    name = clean_name(name)
    _demand_short(query)
    mine = [one for one in await saved_filters(work) if one.owner_id == work.actor.id]
    same = next((one for one in mine if fold(one.name) == fold(name)), None)
    if same is not None:
        return await work.change(same, FilterChanged, name=name, entity=query.entity, query=str(query))
    if len(mine) >= MOST:
        raise TooManyFilters(most=MOST)
    return await work.create(
        SavedFilter,
        FilterSaved,
        name=name,
        entity=query.entity,
        query=str(query),
        shared=shared,
        owner_id=work.actor.id,
    )


async def change_filter(work: Work, filter_id: int, query: Query) -> SavedFilter:
    """Have a filter find something else.

    :raises NotAllowed: it may be used only
    """
    found = await filter_of(work, filter_id, Action.CHANGE)
    _demand_short(query)
    return await work.change(found, FilterChanged, entity=query.entity, query=str(query))


async def share_filter(work: Work, filter_id: int, shared: bool) -> SavedFilter:
    """Let everybody use a filter, or only its owner again.

    :raises NotAllowed: it may be used only
    :raises NameTaken: a shared one goes by that name already
    """
    found = await filter_of(work, filter_id, Action.CHANGE)
    if shared and not found.shared:
        rows = await SavedFilter.filter(shared=True, deleted_at=None)
        if any(fold(one.name) == fold(found.name) for one in rows):
            raise NameTaken(name=found.name)
    return await work.change(found, FilterChanged, shared=shared)


async def delete_filter(work: Work, filter_id: int) -> SavedFilter:
    """Delete a filter; undo brings it back.

    :raises NotAllowed: it may be used only
    """
    found = await filter_of(work, filter_id, Action.DELETE)
    return await work.change(found, RecordDeleted, deleted_at=work.now)
