"""When somebody is away: days that their own next steps, delays and pings leave out."""

from datetime import date, timedelta

from botcrm.core import db
from botcrm.core.domain.days_off import Span, joined_spans, read_leave, read_spans, show_spans, without_spans
from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.zones import start_of_day, to_wall
from botcrm.core.services.access import owners
from botcrm.core.services.stored import set_value, stored
from botcrm.core.services.work import Work

_KEY = "leave"
# What is longer over is forgotten.
_KEPT = timedelta(days=400)
# More days than these together are no leave: whoever left is handed over and shut out instead.
MOST_DAYS = 500


async def leave_of(work: Work, user_id: int) -> tuple[Span, ...]:
    """Return when somebody within reach is away, first and last days, the past 400 days included.

    :raises NotFound: that person is out of reach
    """
    _demand(work, user_id)
    spans = await stored(_KEY, user_id)
    return read_spans(str(spans)) if spans is not None else ()


async def take_leave(work: Work, user_id: int, text: str) -> tuple[Span, ...]:
    """Add days to somebody's leave, `1.12-7.12, 24.12`; returns the days added.

    :raises NotFound: that person is out of reach
    :raises InvalidValue: no such days, or more than a person can be away
    """
    known = await leave_of(work, user_id)
    try:
        added = read_days(work, text)
    except ValueError:
        raise InvalidValue(what="leave", value=text, how="For example: 1.12-7.12, 24.12.") from None
    if not added:
        raise InvalidValue(what="leave", value=text, how="For example: 1.12-7.12, 24.12.")
    joined = joined_spans((*known, *added))
    if sum((last - first).days + 1 for first, last in joined) > MOST_DAYS:
        raise InvalidValue(what="leave", value=text, how=f"At most {MOST_DAYS} days in all.")
    await _keep(work, user_id, joined)
    return added


def read_days(work: Work, text: str) -> tuple[Span, ...]:
    """Read days as the actor writes them.

    :raises ValueError: something in it is no day
    """
    return read_leave(text, to_wall(work.now, work.prefs.zone).date(), work.prefs.language)


async def cancel_leave(work: Work, user_id: int, first: date, last: date) -> None:
    """Take days out of somebody's leave.

    :raises NotFound: that person is out of reach
    """
    await _keep(work, user_id, without_spans(await leave_of(work, user_id), first, last))


async def planned_in(work: Work, user_id: int, spans: tuple[Span, ...]) -> int:
    """Count what somebody has planned for days they are away."""
    found = 0
    for first, last in spans:
        row = await db.fetch_one(
            "SELECT count(*) AS n FROM activity WHERE owner_id = ? AND status = 'planned' AND deleted_at IS NULL "
            "AND deadline_at >= ? AND deadline_at < ?",
            user_id,
            start_of_day(first, work.prefs.zone),
            start_of_day(last + timedelta(days=1), work.prefs.zone),
        )
        found += int(row["n"]) if row else 0
    return found


def _demand(work: Work, user_id: int) -> None:
    people = owners(work.actor, "activity", Action.CHANGE)
    if user_id != work.actor.id and people is not None and user_id not in people:
        raise NotFound(ref=f"u{user_id}")


async def _keep(work: Work, user_id: int, spans: tuple[Span, ...]) -> None:
    oldest = to_wall(work.now, work.prefs.zone).date() - _KEPT
    value = show_spans((first, last) for first, last in spans if last >= oldest)
    await set_value(work, _KEY, user_id, value)
