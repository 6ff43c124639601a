"""What a manager sees of everybody who works for them, and of who has left and still holds open work."""

from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.kinds import Reach
from botcrm.core.services.access import owned_sql, owners, reach
from botcrm.core.services.derived.counters import Counters, counters_of
from botcrm.core.services.home import MOST
from botcrm.core.services.violations import violations
from botcrm.core.services.work import Work

_MOST_PEOPLE = 1000
# What somebody who has left is still listed for: it waits for a hand-over.
_HOLDS_WORK = " OR ".join(
    f"EXISTS (SELECT 1 FROM {entity} x WHERE x.owner_id = u.id AND x.deleted_at IS NULL AND x.{condition})"
    for entity, condition in (
        ("deal", "status = 'open'"),
        ("lead", "status IN ('new', 'working')"),
        ("activity", "status = 'planned'"),
        ("message", "counts_own IS NOT NULL"),
    )
)


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One person's counters as their manager sees them; `gone` where they have left, and their open work is still theirs."""

    user_id: int
    name: str
    incoming: int
    planned: int
    overdue: int
    violations: int = 0
    gone: bool = False


async def team(work: Work, limit: int = 50) -> list[TeamRow]:
    """Return the counters of everybody within the actor's reach but the actor, the most overdue first; who has left stands last.

    Violations are open deals with neither a next step nor a day to wait for.
    """
    if reach(work.actor, "deal") in (Reach.NONE, Reach.OWN):
        return []
    people = owners(work.actor, "deal")
    rows = await db.fetch(
        'SELECT u.id, u.name, u.zone, u.active, s.value AS own_zone FROM "user" u '
        "LEFT JOIN setting s ON s.user_id = u.id AND s.key = 'zone' "
        f"WHERE (u.active OR {_HOLDS_WORK}) AND u.id <> ? AND {owned_sql('u.id', people)} ORDER BY u.name LIMIT {_MOST_PEOPLE}",
        work.actor.id,
    )
    zones = {row["id"]: _own_zone(row) or work.company.zone for row in rows}
    counted = await counters_of(work.company, work.now, zones)
    without = await violations(work.now, zones, MOST)
    found: list[TeamRow] = []
    for row in rows:
        own, open_ended = counted.get(row["id"], Counters()), without.get(row["id"], 0)
        gone = not row["active"]
        found.append(TeamRow(row["id"], row["name"], own.incoming, own.planned, own.overdue, open_ended, gone))
    found.sort(key=lambda row: (row.gone, -row.overdue, -row.planned, row.name))
    return found[:limit]


def _own_zone(row: dict[str, Any]) -> str | None:
    chosen = db.from_json(row["own_zone"]) if row["own_zone"] is not None else row["zone"]
    return str(chosen) if chosen else None
