"""No open deal without a next step: the deals that wait until a day, and those that have neither."""

from datetime import date, datetime, timedelta

from botcrm.core.domain.errors import AlreadyClosed, InvalidValue, NotFound
from botcrm.core.domain.events import DealWaits
from botcrm.core.domain.kinds import Action, DealStatus
from botcrm.core.domain.schedules import schedule_of
from botcrm.core.domain.zones import start_of_day, to_wall
from botcrm.core.models import Deal
from botcrm.core.services.access import load, owners
from botcrm.core.services.activities import Due, due_values, shortened
from botcrm.core.services.home import DealRow, deal_rows
from botcrm.core.services.staff.people import person_by_id
from botcrm.core.services.violations import VIOLATION
from botcrm.core.services.work import Work

# Nothing waits longer than this; a later day is a slip of the year.
LONGEST_WAIT = timedelta(days=3 * 366)
_LONGEST_REASON = 300


async def wait_deal(work: Work, deal_id: int, until: Due, reason: str = "") -> Deal:
    """Have an open deal wait: nothing is to be done before a day; on that day it asks again.

    Without a time of day it asks at the start of its owner's work on that day, or on the next working day.

    :raises AlreadyClosed: it is won or lost
    :raises InvalidValue: the day is no day ahead, or years away
    """
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    if deal.status != DealStatus.OPEN:
        raise AlreadyClosed(title=deal.title, status=deal.status)
    if until.has_time:
        moment: datetime = due_values(work, until)["due_at"]
    else:
        moment = await _opening(work, deal, until.wall.date())
    if not work.now < moment < work.now + LONGEST_WAIT:
        raise InvalidValue(what="day", value=f"{until.wall:%d.%m.%Y}", how="Choose a day ahead.")
    kept = await shortened(work, reason, {"deal_id": deal_id}, _LONGEST_REASON)
    return await work.change(deal, DealWaits, waiting_until=moment, waiting_for=kept or None)


async def _opening(work: Work, deal: Deal, day: date) -> datetime:
    person = await person_by_id(work.company, deal.owner_id) if deal.owner_id else None
    week = schedule_of(person.prefs if person else work.prefs, work.now)
    return week.next_working_moment(start_of_day(day, week.zone))


async def explain_waiting(work: Work, deal_id: int, reason: str) -> Deal:
    """Say what a deal waits for.

    :raises InvalidValue: it does not wait
    """
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    if deal.waiting_until is None:
        raise InvalidValue(what="reason", value=reason, how="The deal does not wait any more.")
    kept = await shortened(work, reason, {"deal_id": deal_id}, _LONGEST_REASON)
    return await work.change(deal, DealWaits, waiting_for=kept or None)


async def stop_waiting(work: Work, deal_id: int) -> Deal:
    """Have a deal wait no longer."""
    deal = await load(work, Deal, deal_id, Action.CHANGE)
    return await work.change(deal, DealWaits, waiting_until=None, waiting_for=None)


def waits(deal: Deal, now: datetime) -> bool:
    """Tell whether a deal waits for a day that has not come."""
    return deal.waiting_until is not None and deal.waiting_until > now


def in_a_while(work: Work, *, days: int = 0, months: int = 0) -> Due:
    """Return a day some days or months ahead, without a time."""
    day = to_wall(work.now, work.prefs.zone).date() + timedelta(days=days)
    for _ in range(months):
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        last = ((following + timedelta(days=32)).replace(day=1) - timedelta(days=1)).day
        day = following.replace(day=min(day.day, last))
    return Due(datetime.combine(day, datetime.min.time()), has_time=False)


async def violating_deals(work: Work, owner_id: int, *, page: int = 0, size: int = 8) -> list[DealRow]:
    """Return a person's open deals with neither a next step nor a day to wait for, the oldest first; one more than a page.

    :raises NotFound: that person's deals are out of reach
    """
    people = owners(work.actor, "deal")
    if people is not None and owner_id not in people:
        raise NotFound(ref=f"u{owner_id}")
    condition, values = f"d.owner_id = ? AND {VIOLATION}", [owner_id, work.now]
    return await deal_rows(condition, values, "d.id", limit=size + 1, offset=max(0, page) * size)
