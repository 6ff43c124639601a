"""What stays undone: who hears of it and when, gathered so that nobody is told twice within a few minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.reminding import read_quiet
from botcrm.core.domain.schedules import schedule_of
from botcrm.core.models import Activity
from botcrm.core.services.attention import became_overdue
from botcrm.core.services.derived.derive import reminder_keys
from botcrm.core.services.staff.people import Person, person_by_id
from botcrm.core.services.staff.superiors import in_charge, superiors
from botcrm.core.services.work import Work
from botcrm.reminders.activities import deal_closed, still_planned, unchanged
from botcrm.reminders.jobs import DueJob

TELL = "overdue.tell"
AGAIN = "overdue.again"
# A message carries so many items at most; the rest is counted.
_SHOWN = 30
# A job that ended at a moment cannot be planned for that very moment again (Work.plan_job).
_SHORTEST = timedelta(seconds=1)


async def overdue(work: Work, job: DueJob) -> None:
    """Climb the steps of what stays undone: its owner, the manager of whoever is responsible, that manager's own manager.

    Each is told once for a deadline, after the company's working hours, by the zone of the person responsible: the deal's owner,
    or the activity's own where there is no deal. Who has left, is away or has no chat is passed over for the next one above;
    where nobody is above, the administrators hear of it.
    """
    activity = await unchanged(work, job)
    if activity is None or activity.deadline_at is None or await deal_closed(activity):
        return
    if activity.deal_id:
        await became_overdue(activity.deal_id)
    late_id = await _responsible(activity)
    if late_id is None:
        return
    late = await person_by_id(work.prefs, late_id)
    prefs, done, later = late.prefs if late else work.prefs, set(job.payload.get("done", ())), []
    for after, who in _steps(work, activity):
        # Whoever is away is left in peace; their clients are not left alone.
        hours = schedule_of(prefs, work.now, leave=who == 0)
        moment = hours.add_working(activity.deadline_at, timedelta(hours=after))
        if who in done:
            continue
        if work.now < moment:
            later.append(moment)
            continue
        done.add(who)
        for person in await _told_at(work, who, activity, late_id):
            # On a colleague's deal one is late with one's own part.
            whose = late_id if who else person.id
            await _ping(work, person, activity, whose, f"{activity.id}:{job.payload['deadline']}:{who}")
    if later:
        payload = {**job.payload, "done": sorted(done)}
        await work.plan_job(job.kind, reminder_keys(activity.id)[2], min(later), **payload)


def _steps(work: Work, activity: Activity) -> list[tuple[float, int]]:
    """Return after how many working hours who is told: 0 the owner, 1 the manager, 2 the manager's manager; earliest first."""
    prefs = work.company
    steps = [(prefs.overdue_hours, 1)]
    # Who is reminded again and again by a reminder of its own needs no other.
    if prefs.overdue_owner_hours and not activity.repeat_minutes:
        steps.append((prefs.overdue_owner_hours, 0))
    if prefs.overdue_head_hours:
        steps.append((max(prefs.overdue_head_hours, prefs.overdue_hours), 2))
    return sorted(steps)


async def _told_at(work: Work, step: int, activity: Activity, late_id: int) -> list[Person]:
    if step == 0:
        owner = await person_by_id(work.prefs, activity.owner_id) if activity.owner_id else None
        return [owner] if owner and owner.telegram_id is not None else []
    if step == 1:
        return await in_charge(work, late_id)
    return (await superiors(work, late_id, step))[step - 1 :]


async def _responsible(activity: Activity) -> int | None:
    """Return whose an activity is: the deal's owner's, or its own owner's where there is no deal."""
    row = await db.fetch_one(
        "SELECT COALESCE((SELECT owner_id FROM deal WHERE id = ?), ?) AS id", activity.deal_id, activity.owner_id
    )
    return row["id"] if row else None


async def overdue_again(work: Work, job: DueJob) -> None:
    """Tell a manager once more of an activity they snoozed, if it is still to be done and overdue."""
    activity = await still_planned(job)
    if activity is None or activity.deadline_at is None or activity.deadline_at > work.now:
        return
    late_id = await _responsible(activity)
    person = await person_by_id(work.prefs, int(job.payload["user_id"]))
    if late_id is None or person is None or person.telegram_id is None or await deal_closed(activity):
        return
    await _ping(work, person, activity, late_id, f"{activity.id}:again:{job.run_at.isoformat()}")


async def put_off(work: Work, user_id: int, last_id: int, until: datetime) -> None:
    """Tell somebody again later of all that one message told them of.

    :param last_id: of the last ping that the message told of
    """
    await work.plan_job(AGAIN, f"overdue-again:{user_id}:{last_id}", until, user_id=user_id, last_id=last_id)


async def overdue_all_again(work: Work, job: DueJob) -> None:
    """Gather anew what was put off together, of what is still to be done and overdue; it is told in one message."""
    person = await person_by_id(work.prefs, int(job.payload["user_id"]))
    if person is None or person.telegram_id is None:
        return
    rows = await db.fetch(
        "SELECT p.activity_id, max(p.late_id) AS late_id, max(a.deadline_at) AS deadline FROM overdue_ping p "
        "JOIN activity a ON a.id = p.activity_id LEFT JOIN deal d ON d.id = a.deal_id WHERE p.user_id = ? "
        "AND p.told_at = (SELECT told_at FROM overdue_ping WHERE id = ? AND user_id = ?) AND a.status = 'planned' "
        "AND a.deleted_at IS NULL AND a.deadline_at < ? AND (d.id IS NULL OR (d.status = 'open' AND d.deleted_at IS NULL)) "
        "GROUP BY p.activity_id ORDER BY p.activity_id",
        person.id,
        int(job.payload["last_id"]),
        person.id,
        work.now,
    )
    if not rows:
        return
    await db.execute_many(
        "INSERT INTO overdue_ping (key, user_id, activity_id, late_id, deadline, created_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (key) DO NOTHING",
        [
            (
                f"{person.id}:{row['activity_id']}:all:{job.run_at.isoformat()}",
                person.id,
                row["activity_id"],
                row["late_id"],
                db.moment(row["deadline"]),
                work.now,
            )
            for row in rows
        ],
    )
    await work.plan_job(TELL, telling_key(person.id), await _next_telling(work, person), user_id=person.id)


# --- gathering ---------------------------------------------------------------------------------------------------------


def telling_key(user_id: int) -> str:
    """Return the key of the job that tells somebody of what was gathered."""
    return f"overdue-tell:{user_id}"


async def _ping(work: Work, person: Person, activity: Activity, late_id: int, key: str) -> None:
    made = await db.fetch_one(
        "INSERT INTO overdue_ping (key, user_id, activity_id, late_id, deadline, created_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (key) DO NOTHING RETURNING id",
        f"{person.id}:{key}",
        person.id,
        activity.id,
        late_id,
        activity.deadline_at,
        work.now,
    )
    if made:
        await work.plan_job(TELL, telling_key(person.id), await _next_telling(work, person), user_id=person.id)


async def _next_telling(work: Work, person: Person) -> datetime:
    """Return when somebody may be told next: some minutes after the last time, and not in their quiet hours."""
    row = await db.fetch_one("SELECT max(told_at) AS at FROM overdue_ping WHERE user_id = ?", person.id)
    last = db.moment(row["at"]) if row else None
    pause = max(timedelta(minutes=person.prefs.ping_minutes), _SHORTEST)
    moment = max(work.now, last + pause) if last else work.now
    quiet = read_quiet(person.prefs.quiet_hours)
    period = quiet.period(moment, person.prefs.zone) if quiet else None
    return period[1] if period else moment


async def tell_overdue(work: Work, job: DueJob) -> None:
    """Tell somebody in one message of all that was gathered for them and is still to be done."""
    person = await person_by_id(work.prefs, int(job.payload["user_id"]))
    if person is None or person.telegram_id is None:
        return
    moment = await _next_telling(work, person)
    if moment > work.now:
        await work.plan_job(TELL, telling_key(person.id), moment, user_id=person.id)
        return
    # Marked before they are read: what another process adds meanwhile is not counted as told.
    marked = await db.fetch(
        "UPDATE overdue_ping SET told_at = ? WHERE user_id = ? AND told_at IS NULL RETURNING id", work.now, person.id
    )
    if not marked:
        return
    items = await db.fetch(
        "SELECT DISTINCT a.id, a.deadline_at, p.late_id FROM overdue_ping p JOIN activity a ON a.id = p.activity_id "
        "LEFT JOIN deal d ON d.id = a.deal_id WHERE p.user_id = ? AND p.told_at = ? AND a.status = 'planned' "
        "AND a.deleted_at IS NULL AND a.deadline_at = p.deadline "
        "AND (d.id IS NULL OR (d.status = 'open' AND d.deleted_at IS NULL)) ORDER BY a.deadline_at, a.id",
        person.id,
        work.now,
    )
    if items:
        await _tell(work, person, person.telegram_id, items, max(row["id"] for row in marked))


async def _tell(work: Work, person: Person, chat_id: int, items: Sequence[dict[str, Any]], last_id: int) -> None:
    key = f"overdue-told:{person.id}:{last_id}"
    if len(items) > 1:
        counts: dict[int, int] = {}
        for row in items:
            counts[row["late_id"]] = counts.get(row["late_id"], 0) + 1
        shown = [row["id"] for row in items[:_SHOWN]]
        await work.tell(
            person.id,
            chat_id,
            "overdue_group",
            key=key,
            activity_ids=shown,
            counts=sorted(counts.items()),
            last_id=last_id,
        )
        return
    activity_id, late_id = items[0]["id"], items[0]["late_id"]
    notice = "activity_late" if late_id == person.id else "activity_overdue"
    about = ("activity", activity_id)
    await work.tell(person.id, chat_id, notice, key=key, about=about, activity_id=activity_id, user_id=late_id)
