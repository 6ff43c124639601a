"""Reminders of what is planned, and the word to a manager about what stays undone."""

from datetime import datetime, timedelta

from botcrm.core import db
from botcrm.core.domain.kinds import ActivityStatus
from botcrm.core.models import Activity
from botcrm.core.services.activities import schedule
from botcrm.core.services.derive import reminder_keys
from botcrm.core.services.people import person_by_id, system
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob

# A reminder within this is on time; anything later was held up, and says so.
_ON_TIME = timedelta(minutes=2)


async def _unchanged(work: Work, job: DueJob) -> Activity | None:
    """Return the job's activity if it is still to be done by the deadline the job was planned for."""
    activity = await Activity.filter(id=int(job.payload["activity_id"]), deleted_at=None).first()
    if activity is None or activity.status != ActivityStatus.PLANNED:
        return None
    return activity if activity.deadline_at == datetime.fromisoformat(job.payload["deadline"]) else None


async def remind(work: Work, job: DueJob) -> None:
    """Remind the owner of an activity; after the bot was down the message says how late it is.

    An early reminder that could not come before the time itself is left out: the one at the time says it.
    """
    activity = await _unchanged(work, job)
    if activity is None or activity.due_at is None or activity.owner_id is None:
        return
    early = bool(job.payload.get("early"))
    if early and work.now >= activity.due_at:
        return
    owner = await person_by_id(work.prefs, activity.owner_id)
    if owner is None:
        return
    late = work.now - (job.run_at if early else activity.due_at)
    await work.tell(
        owner.id,
        owner.telegram_id,
        "activity_due",
        key=f"due:{activity.id}:{job.payload['deadline']}:{early}",
        about=("activity", activity.id),
        activity_id=activity.id,
        early=early,
        minutes_late=int(late / timedelta(minutes=1)) if late > _ON_TIME else 0,
    )


async def overdue(work: Work, job: DueJob) -> None:
    """Tell the manager, once, of an activity that stays undone longer than the company's limit of working hours.

    The person responsible is the deal's owner, or the activity's own where there is no deal; the time counts by that
    person's zone. Who has no manager, or one without a chat, has nobody told; their own digest shows it.
    """
    activity = await _unchanged(work, job)
    if activity is None or activity.deadline_at is None or await _deal_closed(activity):
        return
    row = await db.fetch_one(
        'SELECT u.id, u.manager_id FROM "user" u WHERE u.id = COALESCE((SELECT owner_id FROM deal WHERE id = ?), ?)',
        activity.deal_id,
        activity.owner_id,
    )
    if row is None:
        return
    person = await person_by_id(work.prefs, row["id"])
    prefs = person.prefs if person else work.prefs
    limit = timedelta(hours=work.prefs.overdue_hours)
    moment = schedule(work.acting_as(system(prefs))).add_working(activity.deadline_at, limit)
    if work.now < moment:
        await work.plan_job(job.kind, reminder_keys(activity.id)[2], moment, **job.payload)
        return
    manager = await person_by_id(work.prefs, row["manager_id"]) if row["manager_id"] else None
    if manager is None:
        return
    await work.tell(
        manager.id,
        manager.telegram_id,
        "activity_overdue",
        key=f"overdue:{activity.id}:{job.payload['deadline']}",
        about=("activity", activity.id),
        activity_id=activity.id,
        user_id=row["id"],
    )


async def _deal_closed(activity: Activity) -> bool:
    """Tell whether an activity hangs on a deal that is won or lost: nobody waits for it any more."""
    if activity.deal_id is None:
        return False
    return bool(await db.fetch_one("SELECT 1 AS y FROM deal WHERE id = ? AND status <> 'open'", activity.deal_id))


async def overdue_again(work: Work, job: DueJob) -> None:
    """Tell a manager once more of an activity they snoozed, if it is still to be done and overdue."""
    activity = await Activity.filter(id=int(job.payload["activity_id"]), deleted_at=None).first()
    if activity is None or activity.status != ActivityStatus.PLANNED or activity.deadline_at is None:
        return
    if activity.deadline_at > work.now or await _deal_closed(activity):
        return
    manager = await person_by_id(work.prefs, int(job.payload["user_id"]))
    row = await db.fetch_one(
        "SELECT COALESCE((SELECT owner_id FROM deal WHERE id = ?), ?) AS id", activity.deal_id, activity.owner_id
    )
    if manager is None or row is None or row["id"] is None:
        return
    await work.tell(
        manager.id,
        manager.telegram_id,
        "activity_overdue",
        key=f"overdue-again:{activity.id}:{manager.id}:{job.run_at.isoformat()}",
        about=("activity", activity.id),
        activity_id=activity.id,
        user_id=row["id"],
    )
