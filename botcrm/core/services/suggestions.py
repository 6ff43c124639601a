"""Whether somebody wants the smart activity's suggestions now: switched on, in the deal's stage too, and not sent away for a while."""

from datetime import date, timedelta

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.zones import to_wall
from botcrm.core.services.staff.people import change_setting
from botcrm.core.services.stored import set_value, stored
from botcrm.core.services.undo.standing import taking_back
from botcrm.core.services.work import Work

QUIET = "smart_quiet_until"
PERIODS = ("today", "week", "month", "ever")
# How "for ever" is remembered of a deal, for undo.
_EVER = "ever"


async def suggestions_wanted(work: Work, deal_id: int = 0) -> bool:
    """Tell whether to suggest next steps to the actor now.

    :param deal_id: for this deal, in its stage and pipeline; 0: for what is no deal
    """
    if not work.prefs.smart_activity:
        return False
    today, user_id = to_wall(work.now, work.prefs.zone).date(), work.actor.id or 0
    until = await stored(QUIET, user_id)
    if until and today < date.fromisoformat(until):
        return False
    if not deal_id:
        return True
    return not await db.fetch_one(
        "SELECT 1 AS y FROM deal d JOIN stage s ON s.id = d.stage_id JOIN pipeline p ON p.id = d.pipeline_id "
        "WHERE d.id = ? AND (NOT s.suggests OR NOT p.suggests OR EXISTS (SELECT 1 FROM smart_quiet q WHERE q.user_id = ? "
        "AND q.deal_id = d.id AND (q.until IS NULL OR q.until > ?)))",
        deal_id,
        user_id,
        today.isoformat(),
    )


async def stop_suggestions(work: Work, period: str, deal_id: int = 0) -> date | None:
    """Suggest nothing to the actor for the rest of today, this week or this month, or for ever.

    :param deal_id: for this deal alone; 0: for all of them
    :returns: the day on which suggestions begin again; None for ever
    :raises InvalidValue: the period is none of `PERIODS`
    """
    until = _until(work, period)
    if deal_id:
        await quiet_deal(work, deal_id, until.isoformat() if until else _EVER)
    elif until is None:
        await change_setting(work, "smart_activity", "off", for_company=False)
    else:
        await _keep(work, until.isoformat())
    return until


def _until(work: Work, period: str) -> date | None:
    today = to_wall(work.now, work.prefs.zone).date()
    match period:
        case "today":
            return today + timedelta(days=1)
        case "week":
            return today + timedelta(days=7 - today.weekday())
        case "month":
            return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        case "ever":
            return None
    raise InvalidValue(what="period", value=period, how="Periods: " + ", ".join(PERIODS) + ".")


async def resume_suggestions(work: Work) -> None:
    """Forget that the actor asked to be left alone, about all deals and about each."""
    await _keep(work, None)
    for row in await db.fetch("SELECT deal_id FROM smart_quiet WHERE user_id = ? ORDER BY deal_id", work.actor.id or 0):
        await quiet_deal(work, row["deal_id"], None)


async def quiet_deal(work: Work, deal_id: int, until: str | None, *, undoes: int | None = None) -> None:
    """Suggest nothing to the actor for one deal until a day, `ever`, or no more (None).

    :param undoes: the work that this takes back
    """
    user_id = work.actor.id or 0
    row = await db.fetch_one("SELECT until FROM smart_quiet WHERE user_id = ? AND deal_id = ?", user_id, deal_id)
    before = (row["until"] or _EVER) if row else None
    if before == until:
        return
    if until is None:
        await db.execute("DELETE FROM smart_quiet WHERE user_id = ? AND deal_id = ?", user_id, deal_id)
    else:
        await db.execute(
            "INSERT INTO smart_quiet (user_id, deal_id, until) VALUES (?, ?, ?) "
            "ON CONFLICT (user_id, deal_id) DO UPDATE SET until = excluded.until",
            user_id,
            deal_id,
            None if until == _EVER else until,
        )
    with taking_back(work, undoes):
        work.remember_plain(SettingChanged, "setting", user_id, key=f"{QUIET}:{deal_id}", before=before, value=until)


async def _keep(work: Work, until: str | None) -> None:
    user_id = work.actor.id or 0
    if await stored(QUIET, user_id) != until:
        await set_value(work, QUIET, user_id, until)
