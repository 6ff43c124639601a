"""Whether somebody wants the smart activity's suggestions now: switched on, and not asked to be left alone for a while."""

from datetime import date, timedelta

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.zones import to_wall
from botcrm.core.services.people import change_setting
from botcrm.core.services.work import Work

QUIET = "smart_quiet_until"
PERIODS = ("today", "week", "month", "ever")


async def suggestions_wanted(work: Work) -> bool:
    """Tell whether to suggest next steps to the actor now."""
    if not work.prefs.smart_activity:
        return False
    row = await db.fetch_one("SELECT value FROM setting WHERE key = ? AND user_id = ?", QUIET, work.actor.id or 0)
    until = db.from_json(row["value"]) if row else None
    return not until or to_wall(work.now, work.prefs.zone).date() >= date.fromisoformat(until)


async def stop_suggestions(work: Work, period: str) -> date | None:
    """Suggest nothing to the actor for the rest of today, this week or this month, or for ever.

    :returns: the day on which suggestions begin again; None for ever
    :raises InvalidValue: the period is none of `PERIODS`
    """
    today = to_wall(work.now, work.prefs.zone).date()
    match period:
        case "today":
            until = today + timedelta(days=1)
        case "week":
            until = today + timedelta(days=7 - today.weekday())
        case "month":
            until = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        case "ever":
            await change_setting(work, "smart_activity", "off", for_company=False)
            return None
        case _:
            raise InvalidValue(what="period", value=period, how="Periods: " + ", ".join(PERIODS) + ".")
    await _keep(work, until.isoformat())
    return until


async def resume_suggestions(work: Work) -> None:
    """Forget that the actor asked to be left alone."""
    await _keep(work, None)


async def _keep(work: Work, until: str | None) -> None:
    user_id = work.actor.id or 0
    row = await db.fetch_one("SELECT value FROM setting WHERE key = ? AND user_id = ?", QUIET, user_id)
    before = db.from_json(row["value"]) if row else None
    if before == until:
        return
    await db.execute(
        "INSERT INTO setting (key, user_id, value) VALUES (?, ?, ?) "
        "ON CONFLICT (key, user_id) DO UPDATE SET value = excluded.value",
        QUIET,
        user_id,
        db.to_json(until),
    )
    work.remember_plain(SettingChanged, "setting", user_id, key=QUIET, before=before, value=until)
