"""Deals that lie still, and moments counted in the company's working time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from botcrm.core import db
from botcrm.core.domain.zones import to_utc, to_wall
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.activities import Due, schedule
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class QuietDeal:
    """An open deal that nobody does anything about: nothing is planned, and nothing happened since a moment."""

    deal_id: int
    since: datetime


async def quiet_deals(
    work: Work, before: datetime, *, stage_id: int | None = None, after_id: int = 0, limit: int = 100
) -> list[QuietDeal]:
    """Return the open deals within reach that were last touched at `before` or earlier, by id above `after_id`.

    Touched is: it came to its stage, an activity was done, a note was kept, a message came or went.
    """
    last = (
        "SELECT max(a.done_at) FROM activity a WHERE a.deal_id = d.id AND a.deleted_at IS NULL",
        "SELECT max(n.created_at) FROM note n WHERE n.deal_id = d.id AND n.deleted_at IS NULL",
        "SELECT max(m.created_at) FROM message m WHERE m.deal_id = d.id AND m.deleted_at IS NULL",
    )
    stage = "d.stage_id = ?" if stage_id is not None else "? IS NULL"
    if stage_id is None and db.dialect() == "postgres":
        stage = "CAST(? AS bigint) IS NULL"
    untouched = " AND ".join(f"COALESCE(({sql}), d.stage_entered_at) <= ?" for sql in last)
    rows = await db.fetch(
        f"SELECT d.id, d.stage_entered_at, ({last[0]}) AS done, ({last[1]}) AS noted, ({last[2]}) AS said FROM deal d "
        f"WHERE d.id > ? AND d.status = 'open' AND d.deleted_at IS NULL AND {stage} AND d.next_activity_id IS NULL "
        f"AND d.stage_entered_at <= ? AND {untouched} AND {owned_sql('d.owner_id', owners(work.actor, 'deal'))} "
        "ORDER BY d.id LIMIT ?",
        after_id,
        stage_id,
        before,
        before,
        before,
        before,
        limit,
    )
    names = ("stage_entered_at", "done", "noted", "said")
    return [QuietDeal(row["id"], max(db.moment_needed(row[name]) for name in names if row[name])) for row in rows]


def days_ago(work: Work, days: int, *, business: bool = True) -> datetime:
    """Return the moment so many days before now; business days by the company's work schedule."""
    if not business:
        return work.now - timedelta(days=days)
    week = schedule(work)
    wall = to_wall(work.now, week.zone)
    day, left = wall.date(), days
    while left > 0:
        left -= week.is_working_day(day)
        day -= timedelta(days=1)
    # Counted from a day off, the days begin at the working day before it.
    while not week.is_working_day(day):
        day -= timedelta(days=1)
    return to_utc(datetime.combine(day, wall.time()), week.zone)


def working_due(work: Work, length: timedelta) -> Due:
    """Return when so much working time has passed from now: whole days are business days, the rest is hours worked.

    A moment outside of the working hours moves to the start of the next shift.
    """
    week = schedule(work)
    moment = work.now
    if length.days:
        moment = week.add_business_days(moment, length.days)
    rest = length - timedelta(days=length.days)
    moment = week.add_working(moment, rest) if rest else week.next_working_moment(moment)
    return Due(to_wall(moment, work.prefs.zone).replace(second=0, microsecond=0))
