"""When the owner of an activity is to be reminded of it, by what they, the company and the activity itself say."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.reminding import Telling, minutes_in, read_by_kind, read_quiet, tellings
from botcrm.core.domain.zones import valid_zone
from botcrm.core.models import Activity

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

_ASKED = ("reminder_minutes", "reminder_kinds", "repeat_kinds", "quiet_hours", "zone")
# So many reminders before its time an activity has at most; each has a job of its own.
EARLY_KEYS = 5


def early_keys(activity_id: int) -> tuple[str, ...]:
    """Return the keys of the jobs that remind before an activity's time."""
    first = f"remind-before:{activity_id}"
    return (first, *(f"{first}:{n}" for n in range(2, EARLY_KEYS + 1)))


async def owner_prefs(work: "Work", owner_id: int | None) -> Preferences:
    """Return the settings about reminders of whoever an activity is given to, whoever plans it for them."""
    if owner_id is None or owner_id == work.actor.id:
        return work.prefs
    marks = ", ".join("?" * len(_ASKED))
    rows = await db.fetch(
        f"SELECT key, CAST(value AS TEXT) AS value FROM setting WHERE user_id = ? AND key IN ({marks}) "
        "UNION ALL SELECT '', zone FROM \"user\" WHERE id = ?",
        owner_id,
        *_ASKED,
        owner_id,
    )
    own = {row["key"]: row["value"] for row in rows}
    zone = own.pop("", None)
    chosen = {key: db.from_json(value) for key, value in own.items()}
    if zone and valid_zone(zone):
        chosen.setdefault("zone", zone)
    return replace(work.company, **chosen)


def minutes_before(prefs: Preferences, activity: Activity) -> tuple[int, ...]:
    """Return how long before an activity its owner is reminded: by the activity's own choice, by its kind, or as always."""
    if activity.reminders is not None:
        return minutes_in(activity.reminders)
    by_kind = read_by_kind(prefs.reminder_kinds)
    return by_kind.get(activity.kind, (prefs.reminder_minutes,) if prefs.reminder_minutes else ())


def again_after(work: "Work", prefs: Preferences, kind: str) -> int | None:
    """Return after how many working minutes somebody is reminded again of what is not done, None for never."""
    by_kind = read_by_kind(prefs.repeat_kinds)
    if kind in by_kind:
        return by_kind[kind][0] if by_kind[kind] else None
    known = work.hooks.activity_kinds.get(kind)
    return known.repeat_minutes if known else None


async def tellings_of(work: "Work", activity: Activity, since: datetime | None = None) -> tuple[Telling, ...]:
    """Return the reminders of a planned activity that are still to come, or were since a moment; none where it has no time of day."""
    if activity.due_at is None or not activity.has_time:
        return ()
    prefs = await owner_prefs(work, activity.owner_id)
    return tellings(
        activity.due_at,
        minutes_before(prefs, activity),
        now=since or work.now,
        zone=prefs.zone,
        quiet=read_quiet(prefs.quiet_hours),
    )
