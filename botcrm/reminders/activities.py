"""Reminders of what is planned."""

from datetime import datetime, timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.kinds import ActivityStatus
from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.reminding import read_quiet
from botcrm.core.models import Activity
from botcrm.core.services.activities import schedule
from botcrm.core.services.attention import REMINDER, raise_attention
from botcrm.core.services.derived.derive import again_key, reminder_keys
from botcrm.core.services.staff.people import Person, person_by_id, system
from botcrm.core.services.staff.superiors import stand_in
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob

# A reminder within this is on time; anything later was held up, and says so.
_ON_TIME = timedelta(minutes=2)


async def still_planned(job: DueJob) -> Activity | None:
    """Return the job's activity if it is still to be done."""
    activity = await Activity.filter(id=int(job.payload["activity_id"]), deleted_at=None).first()
    return activity if activity and activity.status == ActivityStatus.PLANNED else None


async def unchanged(work: Work, job: DueJob) -> Activity | None:
    """Return the job's activity if it is still to be done by the deadline the job was planned for."""
    activity = await still_planned(job)
    return activity if activity and activity.deadline_at == datetime.fromisoformat(job.payload["deadline"]) else None


async def remind(work: Work, job: DueJob) -> None:
    """Remind the owner of an activity, or whoever is in charge of an owner who has left; how late it is after the bot was down.

    An early reminder that could not come before the next one is left out: that one tells more. In quiet hours one waits until
    their end, unless the time itself lies in them.
    """
    activity = await unchanged(work, job)
    if activity is None or activity.due_at is None or activity.owner_id is None:
        return
    early = bool(job.payload.get("early"))
    until = job.payload.get("until")
    if early and work.now >= (datetime.fromisoformat(until) if until else activity.due_at):
        return
    owner = await person_by_id(work.prefs, activity.owner_id) or await stand_in(work, activity.owner_id)
    if owner is None:
        return
    if await _held_back(work, job, owner.prefs, activity.due_at):
        return
    if activity.deal_id and activity.deadline_at and work.now < activity.deadline_at:
        await raise_attention(work, activity.deal_id, REMINDER)
    late = work.now - (job.run_at if early else activity.due_at)
    await work.tell(
        owner.id,
        owner.telegram_id,
        "activity_due",
        key=f"due:{activity.id}:{job.payload['deadline']}:{job.payload.get('minutes', early)}",
        about=("activity", activity.id),
        activity_id=activity.id,
        early=early,
        minutes_late=int(late / timedelta(minutes=1)) if late > _ON_TIME else 0,
        **_of(activity, owner),
    )
    if activity.repeat_minutes and job.key == reminder_keys(activity.id)[1]:
        await _plan_again(work, activity, owner.prefs, job.payload)


def _of(activity: Activity, reader: Person) -> dict[str, Any]:
    """Say whose an activity is where somebody else is told of it."""
    return {"of": activity.owner_id} if reader.id != activity.owner_id else {}


async def _held_back(work: Work, job: DueJob, prefs: Preferences, due_at: datetime | None = None) -> bool:
    """Have a reminder wait for the end of its reader's quiet hours; what is due within them does not wait."""
    quiet = read_quiet(prefs.quiet_hours)
    period = quiet.period(work.now, prefs.zone) if quiet else None
    if period is None or (due_at and period[0] <= due_at < period[1]):
        return False
    await work.plan_job(job.kind, job.key, period[1], **job.payload)
    return True


async def remind_again(work: Work, job: DueJob) -> None:
    """Remind the owner of what was to be done and is not, and plan the next time; no more once nobody waits for it."""
    activity = await unchanged(work, job)
    if activity is None or not activity.repeat_minutes or activity.owner_id is None:
        return
    if await deal_closed(activity) or await _lead_lost(activity):
        return
    owner = await person_by_id(work.prefs, activity.owner_id) or await stand_in(work, activity.owner_id)
    if owner is None or await _held_back(work, job, owner.prefs):
        return
    await work.tell(
        owner.id,
        owner.telegram_id,
        "activity_due",
        key=f"again:{activity.id}:{job.run_at.isoformat()}",
        about=("activity", activity.id),
        activity_id=activity.id,
        early=False,
        again=True,
        **_of(activity, owner),
    )
    await _plan_again(work, activity, owner.prefs, job.payload)


async def _plan_again(work: Work, activity: Activity, prefs: Preferences, payload: dict[str, Any]) -> None:
    """Plan the next reminder: by working time, so that nobody is woken at night."""
    length = timedelta(minutes=activity.repeat_minutes or 0)
    # What was told when the quiet hours began is to be done in them or after them.
    start = max(work.now, activity.due_at) if activity.due_at else work.now
    moment = schedule(work.acting_as(system(prefs))).add_working(start, length)
    await work.plan_job("activity.remind.again", again_key(activity.id), moment, **payload)


async def remind_snoozed(work: Work, job: DueJob) -> None:
    """Remind somebody once more who asked for it, if it is still to be done; they said when, so it does not wait."""
    activity = await still_planned(job)
    person = await person_by_id(work.prefs, int(job.payload["user_id"]))
    if activity is None or person is None or await deal_closed(activity) or await _lead_lost(activity):
        return
    await work.tell(
        person.id,
        person.telegram_id,
        "activity_due",
        key=f"snoozed:{activity.id}:{person.id}:{job.run_at.isoformat()}",
        about=("activity", activity.id),
        activity_id=activity.id,
        early=activity.due_at is not None and activity.due_at > work.now,
        again=True,
    )


async def deal_closed(activity: Activity) -> bool:
    """Tell whether an activity hangs on a deal that is won or lost: nobody waits for it any more."""
    if activity.deal_id is None:
        return False
    return bool(await db.fetch_one("SELECT 1 AS y FROM deal WHERE id = ? AND status <> 'open'", activity.deal_id))


async def _lead_lost(activity: Activity) -> bool:
    """Tell whether an activity hangs on nothing but a lead that was given up or deleted."""
    if activity.lead_id is None or activity.deal_id is not None:
        return False
    sql = "SELECT 1 AS y FROM lead WHERE id = ? AND (status = 'lost' OR deleted_at IS NOT NULL)"
    return bool(await db.fetch_one(sql, activity.lead_id))
