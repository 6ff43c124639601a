"""What comes again, and how early people are reminded of it: what is stored, and when it ends."""

from collections.abc import Iterable

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.recurrence import WrongRule, read_rule
from botcrm.core.domain.reminding import MOST_EARLY, MOST_MINUTES, stored_minutes
from botcrm.core.models import Activity


def checked_rule(rule: str) -> str:
    """Return a rule as it is stored.

    :raises InvalidValue: it is none
    """
    try:
        return read_rule(rule)
    except WrongRule:
        raise InvalidValue(what="repeat", value=rule[:60], how="For example: every mon 9:00.") from None


def checked_reminders(minutes: Iterable[int] | None) -> str | None:
    """Return reminders as they are stored.

    :raises InvalidValue: they are too many, or too long before
    """
    if minutes is None:
        return None
    found = {int(one) for one in minutes if one}
    if len(found) > MOST_EARLY or any(not 0 < one <= MOST_MINUTES for one in found):
        raise InvalidValue(
            what="reminders", value=", ".join(map(str, found)), how="Five at most, 14 days before at most."
        )
    return stored_minutes(found)


async def is_closed(activity: Activity) -> bool:
    """Tell whether nobody works any more on what an activity is about."""
    row = await db.fetch_one(
        "SELECT (SELECT 1 FROM deal WHERE id = ? AND (status <> 'open' OR deleted_at IS NOT NULL)) AS deal, "
        "(SELECT 1 FROM lead WHERE id = ? AND (status = 'lost' OR deleted_at IS NOT NULL)) AS lead",
        activity.deal_id or 0,
        activity.lead_id or 0,
    )
    return bool(row and (row["deal"] or (row["lead"] and not activity.deal_id)))
