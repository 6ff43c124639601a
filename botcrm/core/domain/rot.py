"""When a deal has been quiet for too long: nobody spoke with the client, and nothing is planned."""

from collections.abc import Collection
from datetime import datetime

from botcrm.core.domain.schedules import business_days_since
from botcrm.core.domain.worktime import Schedule

# Stages where nothing else was chosen; 0 is never.
ROT_DAYS = 5
MOST_ROT_DAYS = 365
_TALKS: Collection[str] = ("call", "meeting")
_NOBODY_THERE: Collection[str] = ("no", "busy")

# The same as `is_contact`, of an activity `a` that was done.
CONTACT_SQL = (
    "a.status = 'done' AND a.deleted_at IS NULL AND COALESCE(a.direction, '') <> 'missed' "
    "AND COALESCE(a.result, '') NOT IN ('no', 'busy') AND (a.kind IN ('call', 'meeting') OR a.direction = 'in' "
    "OR a.result = 'ok' OR COALESCE(a.duration_minutes, 0) > 0)"
)


def is_contact(kind: str, direction: str | None, result: str | None, duration: int | None) -> bool:
    """Tell whether the client took part in what was done: a call nobody answered is no contact, nor is a task of our own."""
    if direction == "missed" or result in _NOBODY_THERE:
        return False
    return kind in _TALKS or direction == "in" or result == "ok" or bool(duration and duration > 0)


def rotten_days(
    week: Schedule,
    now: datetime,
    *,
    limit: int,
    last_contact_at: datetime | None,
    created_at: datetime,
    next_deadline_at: datetime | None,
    waiting_until: datetime | None,
) -> int:
    """Return for how many business days an open deal has been quiet, if that is its stage's limit or more; else 0.

    An activity or a wait that lies ahead is respected: somebody knows when it goes on.

    :param limit: business days; 0 is no limit
    """
    if not limit or any(ahead is not None and ahead > now for ahead in (next_deadline_at, waiting_until)):
        return 0
    days = business_days_since(week, max(last_contact_at or created_at, created_at), now)
    return days if days >= limit else 0
