"""Overdue activities as a message about several of them lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from botcrm.core import db
from botcrm.core.domain.findable import deal_name
from botcrm.core.services.access import activity_sql
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class LateActivity:
    """One of them: `about` is its deal or contact, `late_id` the person responsible, the reader where they are to do it."""

    id: int
    kind: str
    title: str
    due_at: datetime | None
    has_time: bool
    about: str
    late_id: int
    late: str


async def late_activities(work: Work, ids: Sequence[int]) -> list[LateActivity]:
    """Return those of these activities that are still overdue and within reach, the latest-standing first."""
    if not ids:
        return []
    rows = await db.fetch(
        "SELECT a.id, a.kind, a.title, a.due_at, a.has_time, d.title AS deal, o.name AS company, c.name AS contact, "
        "u.id AS late_id, u.name AS late FROM activity a LEFT JOIN deal d ON d.id = a.deal_id "
        "LEFT JOIN company o ON o.id = COALESCE(d.company_id, a.company_id) AND o.deleted_at IS NULL "
        "LEFT JOIN contact c ON c.id = a.contact_id AND c.deleted_at IS NULL "
        'LEFT JOIN "user" u ON u.id = CASE WHEN a.owner_id = ? THEN a.owner_id '
        "ELSE COALESCE(d.owner_id, a.owner_id) END "
        f"WHERE a.id IN ({', '.join(str(int(one)) for one in ids)}) AND a.status = 'planned' AND a.deleted_at IS NULL "
        f"AND a.deadline_at < ? AND (d.id IS NULL OR d.status = 'open') AND {activity_sql(work.actor, 'a')} "
        "ORDER BY a.deadline_at, a.id",
        work.actor.id or 0,
        work.now,
    )
    return [
        LateActivity(
            row["id"],
            row["kind"],
            row["title"],
            db.moment(row["due_at"]),
            bool(row["has_time"]),
            deal_name(row["deal"], row["company"] or "") if row["deal"] else row["contact"] or row["company"] or "",
            row["late_id"] or 0,
            row["late"] or "?",
        )
        for row in rows
    ]
