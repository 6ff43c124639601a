"""The morning digest: when each person's next one is, and whether there is something to say."""

from collections.abc import Iterable
from datetime import timedelta

from botcrm.core import db
from botcrm.core.domain.events import SettingChanged, UserAdded, UserChanged
from botcrm.core.domain.kinds import Lane
from botcrm.core.services.home import counters, team
from botcrm.core.services.people import actor_by_id, person_by_id
from botcrm.core.services.work import Work
from botcrm.reminders.daily import last_daily, next_daily
from botcrm.reminders.jobs import DueJob

KIND = "digest.morning"
# After that it is no morning digest any more, and the next one is near.
_WORTH_TELLING = timedelta(hours=12)
_SETTINGS = frozenset({"zone", "digest_at", "digest"})


def digest_key(user_id: int) -> str:
    """Return the key of a person's digest job."""
    return f"digest:{user_id}"


async def plan_digest(work: Work, user_id: int) -> None:
    """Plan a person's next digest by their zone and settings; one that is due already is left to run first.

    Doing it again changes nothing.
    """
    person = await person_by_id(work.prefs, user_id)
    if person is None:
        return
    job = await db.fetch_one("SELECT id, state, run_at FROM job WHERE key = ?", digest_key(user_id))
    pending = job is not None and job["state"] in ("waiting", "running")
    if job and pending and db.moment_needed(job["run_at"]) <= work.now:
        return
    _, moment = next_daily(work.now, person.prefs.digest_time, person.prefs.zone)
    if job and not pending:
        # A job that ended at this very moment would stay ended (Work.plan_job): it waits again.
        await db.execute("UPDATE job SET state = 'cancelled' WHERE id = ?", job["id"])
    await work.plan_job(KIND, digest_key(user_id), moment, user_id=user_id)


async def plan_all_digests(work: Work) -> None:
    """Plan the next digest of everybody who is active, at the start of the process."""
    for row in await db.fetch('SELECT id FROM "user" WHERE active ORDER BY id'):
        await plan_digest(work, row["id"])


async def follow_settings(work: Work) -> None:
    """Move the digests of those whose zone, digest time or place in the staff this work has changed."""
    people: set[int] = set()
    for event in work.events:
        if isinstance(event, UserAdded | UserChanged):
            people.add(event.record_id)
        elif isinstance(event, SettingChanged) and event.after.get("key") in _SETTINGS:
            if event.record_id == 0:
                await plan_all_digests(work)
                return
            people.add(event.record_id)
    await _plan(work, sorted(people))


async def _plan(work: Work, people: Iterable[int]) -> None:
    for user_id in people:
        await plan_digest(work, user_id)


async def morning_digest(work: Work, job: DueJob) -> None:
    """Tell a person how their day looks, once for each date of theirs, and plan the next digest.

    Nothing is told to who switched it off, has no chat with the bot, or has nothing ahead and nothing overdue in the
    team. After the bot was down the latest missed digest comes, if it is not over twelve hours old.
    """
    user_id = int(job.payload["user_id"])
    person = await person_by_id(work.prefs, user_id)
    if person is None:
        return
    at, zone = person.prefs.digest_time, person.prefs.zone
    _, upcoming = next_daily(work.now, at, zone)
    await work.plan_job(KIND, digest_key(user_id), upcoming, user_id=user_id)
    if job.payload.get("first") or not person.prefs.digest or person.telegram_id is None:
        return
    day, moment = last_daily(work.now, at, zone)
    if work.now - moment > _WORTH_TELLING or not await _something_to_say(work, user_id):
        return
    await work.tell(
        user_id,
        person.telegram_id,
        "digest",
        key=f"digest:{user_id}:{day.isoformat()}",
        lane=Lane.REPORT,
        user_id=user_id,
        date=day.isoformat(),
    )


async def _something_to_say(work: Work, user_id: int) -> bool:
    actor = await actor_by_id(work.prefs, user_id)
    if actor is None:
        return False
    reader = work.acting_as(actor)
    return any(await counters(reader)) or any(row.overdue for row in await team(reader))
