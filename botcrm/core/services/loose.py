"""What somebody has to do beside their own deals: planned activities that hang on no deal, or on a colleague's.

Each is found by a range of an index: those without a deal by their owner, those on a colleague's deal by the two counters
they are in (docs/decisions/0018-counters.md), so that it costs the same however much is planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import deal_name
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.work import Work

# A condition on an activity's deadline as `a.deadline_at`, and its values.
Dated = tuple[str, list[Any]]
UNDATED: Dated = ("a.deadline_at IS NULL", [])

_PLANNED = "a.status = 'planned' AND a.deleted_at IS NULL"
_OF_NO_DEAL = f"activity a WHERE a.owner_id = ? AND {_PLANNED} AND a.deal_id IS NULL"
# Counted for somebody else by the deal, for this person by the activity: what has a deadline and is in both counters is planned.
# The limit keeps SQLite from reading all of a person's deadlines instead: it would take the condition on them into the query.
_OF_OTHERS = tuple(
    "(SELECT o.id, o.deadline_at FROM activity o "
    f"WHERE o.counts_own = ? AND o.counts_for {than} ? LIMIT 100000) AS a WHERE a.deadline_at IS NOT NULL"
    for than in ("<", ">")
)


@dataclass(frozen=True, slots=True)
class LooseRow:
    """An activity as a list of deals shows it.

    :ivar about: whom or what it is about; empty where it is about nothing
    :ivar deal_id: the colleague's deal it hangs on
    :ivar deal_owner: whose that deal is
    """

    id: int
    version: int
    kind: str
    title: str
    due_at: datetime | None
    has_time: bool
    deadline_at: datetime | None
    about: str
    deal_id: int | None = None
    deal_owner: str = ""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.title or self.about or self.kind


def sees_loose(work: Work, owner_id: int) -> bool:
    """Tell whether the actor reaches what somebody has to do."""
    people = owners(work.actor, "activity")
    return people is None or owner_id in people


def _ranges(owner_id: int, dated: Dated) -> list[tuple[str, list[Any]]]:
    """Return where to look, each as what stands behind FROM, and its values."""
    condition, values = dated
    found = [(f"{_OF_NO_DEAL} AND {condition}", [owner_id, *values])]
    if dated != UNDATED:
        found += [(f"{one} AND {condition}", [owner_id, owner_id, *values]) for one in _OF_OTHERS]
    return found


async def count_loose(owner_id: int, columns: Sequence[Dated], most: int) -> list[int]:
    """Return how much a person has to do beside their own deals by each of these conditions, all in one query."""
    parts, values = list[str](), list[Any]()
    for place, column in enumerate(columns):
        counts: list[str] = []
        for found, own in _ranges(owner_id, column):
            counts.append(f"(SELECT count(*) FROM (SELECT 1 FROM {found} LIMIT {int(most)}) AS counted)")
            values += own
        parts.append(f"{' + '.join(counts)} AS n{place}")
    row = await db.fetch_one(f"SELECT {', '.join(parts)}", *values)
    return [min(most, int(row[f"n{place}"])) if row else 0 for place in range(len(parts))]


async def loose_rows(
    owner_id: int, dated: Dated, *, limit: int, offset: int = 0, latest_first: bool = False
) -> list[LooseRow]:
    """Return what a person has to do beside their own deals, by deadline; one query, whatever the page."""
    way = " DESC" if latest_first else ""
    order = f"a.deadline_at{way}, a.id{way}"
    ranges = _ranges(owner_id, dated)
    # Each range ends where the page does: what is behind it is not even read.
    each = " UNION ALL ".join(
        f"SELECT * FROM (SELECT a.id, a.deadline_at FROM {found} "
        f"ORDER BY {order} LIMIT {int(limit + offset)}) AS r{place}"
        for place, (found, _) in enumerate(ranges)
    )
    return await _read(
        f"SELECT a.id FROM ({each}) AS a ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}",
        [value for _, values in ranges for value in values],
        order,
    )


async def loose_of_team(ids: frozenset[int], dated: Dated, most: int, shown: int) -> tuple[int, list[LooseRow]]:
    """Return how much these people have to do that hangs on no deal, up to `most`, and the first few by deadline.

    What hangs on a colleague's deal is left out: that deal is among theirs.
    """
    condition, values = dated
    row = await db.fetch_one(
        f"SELECT count(*) AS n FROM (SELECT 1 FROM activity a WHERE {owned_sql('a.owner_id', ids)} AND {_PLANNED} "
        f"AND a.deal_id IS NULL AND {condition} LIMIT {int(most)}) AS c",
        *values,
    )
    if row is None or not row["n"]:
        return 0, []
    # Person by person, so that each one's first are found through the index that holds them in order.
    one = (
        f"SELECT a.id, a.deadline_at FROM activity a WHERE a.owner_id = u.id AND {_PLANNED} AND a.deal_id IS NULL "
        f"AND {condition} ORDER BY a.deadline_at, a.id LIMIT {int(shown)}"
    )
    people = owned_sql("u.id", ids)
    each = (
        'SELECT p.id, p.deadline_at FROM "user" u CROSS JOIN activity p '
        f"WHERE {people} AND p.id IN (SELECT id FROM ({one}))"
        if db.dialect() == "sqlite"
        else f'SELECT p.id, p.deadline_at FROM "user" u CROSS JOIN LATERAL ({one}) AS p WHERE {people}'
    )
    order = "a.deadline_at, a.id"
    rows = await _read(f"SELECT a.id FROM ({each}) AS a ORDER BY {order} LIMIT {int(shown)}", values, order)
    return int(row["n"]), rows


async def _read(ids: str, values: list[Any], order: str) -> list[LooseRow]:
    rows = await db.fetch(
        "SELECT a.id, a.version, a.kind, a.title, a.due_at, a.has_time, a.deadline_at, a.deal_id, d.title AS deal, "
        "o.name AS company, c.name AS contact, l.title AS lead, u.name AS deal_owner FROM activity a "
        'LEFT JOIN deal d ON d.id = a.deal_id LEFT JOIN "user" u ON u.id = d.owner_id '
        "LEFT JOIN company o ON o.id = COALESCE(d.company_id, a.company_id) AND o.deleted_at IS NULL "
        "LEFT JOIN contact c ON c.id = a.contact_id AND c.deleted_at IS NULL "
        f"LEFT JOIN lead l ON l.id = a.lead_id AND l.deleted_at IS NULL WHERE a.id IN ({ids}) ORDER BY {order}",
        *values,
    )
    return [
        LooseRow(
            row["id"],
            row["version"],
            row["kind"],
            row["title"],
            db.moment(row["due_at"]),
            bool(row["has_time"]),
            db.moment(row["deadline_at"]),
            deal_name(row["deal"], row["company"] or "")
            if row["deal"]
            else row["contact"] or row["lead"] or row["company"] or "",
            row["deal_id"],
            row["deal_owner"] or "",
        )
        for row in rows
    ]
