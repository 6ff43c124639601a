"""Round robin: who gets a lead that came in by itself. Who got what before is read from the CRM's own memory."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field

from botcrm import Manifest, PersonId, Plugin, Settings, Work, hookimpl, models, services
from botcrm_round_robin.turns import Share, fewest, first_of, next_after

manifest = Manifest(
    title="Round robin",
    about="Leads that come in by themselves go round the team, evenly or strictly, to whoever is at work.",
)

# Leads that nobody typed in: they came over a channel or a form, or a plugin made them.
_CAME_IN = "e.type = 'LeadCreated' AND e.actor_id IS NULL"


class RoundRobin(Settings):
    """What an administrator can choose."""

    people: tuple[PersonId, ...] = Field(
        (), title="People", description="Who gets leads, in this order; nobody chosen: every sales rep"
    )
    mode: Literal["evenly", "strictly"] = Field(
        "evenly", description="Evenly: everybody gets as many. Strictly: the first in the list who is at work"
    )
    days: int = Field(
        30, ge=0, le=365, title="Count days", description="Evenly by the leads of so many days; 0: simply turn by turn"
    )
    only_at_work: bool = Field(True, title="Only at work", description="Whoever is off work now is passed over")
    nobody_at_work: Literal["everybody", "nobody"] = Field(
        "everybody",
        title="Nobody at work",
        description="Everybody: the lead goes round all of them as usual. Nobody: it stays with whoever gets it without this",
    )


@hookimpl
def register_settings() -> type[Settings]:
    """Name the settings."""
    return RoundRobin


@hookimpl
async def assign_owner(work: Work, entity: str, plugin: Plugin) -> int | None:
    """Choose whose turn it is; contacts stay with whoever gets them anyway."""
    if entity != "lead":
        return None
    chosen: RoundRobin = plugin.settings
    order = await team(chosen)
    on = [person for person in order if not chosen.only_at_work or await services.at_work(work, person)]
    if not on and chosen.nobody_at_work == "everybody":
        on = order
    if chosen.mode == "strictly":
        return first_of(order, on)
    if chosen.days == 0:
        return next_after(order, on, await last_turn(work, order))
    return fewest(order, on, await shares(work, chosen.days))


async def team(chosen: RoundRobin) -> list[int]:
    """Return who takes part, in order; whoever has left does not."""
    if not chosen.people:
        return [user.id for user in await models.User.filter(role__key="rep", active=True).order_by("id")]
    here = {user.id for user in await models.User.filter(id__in=chosen.people, active=True)}
    return [person for person in dict.fromkeys(chosen.people) if person in here]


def _owner() -> str:
    return f"CAST({services.json_sql('e.after', 'owner_id')} AS INTEGER)"


async def shares(work: Work, days: int) -> dict[int, Share]:
    """Return how many leads that came in by themselves everybody was given in the last days; later hand-overs count nothing."""
    rows = await services.fetch(
        work,
        f"SELECT {_owner()} AS person, count(*) AS leads, max(e.id) AS last FROM event e "
        f"WHERE {_CAME_IN} AND e.at >= ? GROUP BY {_owner()}",
        work.now - timedelta(days=days),
    )
    return {int(row["person"]): Share(int(row["leads"]), int(row["last"])) for row in rows if row["person"] is not None}


async def last_turn(work: Work, order: Sequence[int]) -> int | None:
    """Return who of the list got the newest lead that came in by itself."""
    rows = await services.fetch(
        work,
        f"SELECT {_owner()} AS person FROM event e WHERE {_CAME_IN} AND {services.owned_sql(_owner(), order)} "
        "ORDER BY e.at DESC, e.id DESC LIMIT 1",
    )
    return int(rows[0]["person"]) if rows else None
