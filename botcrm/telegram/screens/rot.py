"""How a deal is said to wait, or to have been quiet for too long."""

from datetime import datetime

from botcrm.core.domain.rot import rotten_days
from botcrm.core.domain.schedules import schedule_of
from botcrm.core.domain.zones import start_of_day
from botcrm.core.models import Deal
from botcrm.core.services.home import DealRow
from botcrm.telegram.screens.base import clip, esc
from botcrm.words import Words

_MOST = 100


def waits_line(words: Words, until: datetime | None, reason: str | None) -> str:
    """Write until when a deal waits and what for; empty where it does not wait, or not any more."""
    if until is None or until <= words.now:
        return ""
    day = words.date(words.wall(until))
    text = "⏳ " + words.t(
        "Waits until {day}", day=day if _opens(words, until) else f"{day} {words.clock(words.wall(until))}"
    )
    return f"{text} — {esc(clip(reason, 150))}" if reason else text


def _opens(words: Words, moment: datetime) -> bool:
    """Tell whether a moment is when work begins on its day: when a day without a time of day comes (`wait_deal`)."""
    week = schedule_of(words.prefs, words.now, leave=False)
    return week.next_working_moment(start_of_day(words.wall(moment).date(), week.zone)) == moment


def quiet_row(words: Words, row: DealRow) -> str:
    """Write for how many business days a deal in a list has been quiet; empty where that is no matter."""
    return _quiet(words, row, row.rot_days)


def quiet_deal(words: Words, deal: Deal, rot_days: int) -> str:
    """Write for how many business days a deal has been quiet; empty where that is no matter."""
    return _quiet(words, deal, rot_days)


def _quiet(words: Words, deal: Deal | DealRow, rot_days: int) -> str:
    if deal.status != "open" or not rot_days or deal.created_at is None:
        return ""
    deadline = deal.deadline_at if isinstance(deal, DealRow) else deal.next_deadline_at
    days = rotten_days(
        schedule_of(words.prefs, words.now, leave=False),
        words.now,
        limit=rot_days,
        last_contact_at=deal.last_contact_at,
        created_at=deal.created_at,
        next_deadline_at=deadline,
        waiting_until=deal.waiting_until,
    )
    if days >= _MOST:
        return "🥀 " + words.t("over {n} days quiet", n=_MOST - 1)
    return "🥀 " + words.n("{n} day quiet", "{n} days quiet", days) if days else ""
