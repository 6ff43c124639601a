"""The morning and the evening digest: when each person's next one is, and whether there is something to say."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

from botcrm.core import db
from botcrm.core.domain.events import SettingChanged, UserAdded, UserChanged
from botcrm.core.domain.kinds import Lane
from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.schedules import schedule_of
from botcrm.core.services.day import day_done, team_done
from botcrm.core.services.home import counters
from botcrm.core.services.staff.people import actor_by_id, person_by_id
from botcrm.core.services.staff.team import team
from botcrm.core.services.work import Work
from botcrm.reminders.daily import last_daily, next_daily
from botcrm.reminders.jobs import DueJob

KIND = "digest.morning"
EVENING = "digest.evening"
_SETTINGS = frozenset({"zone", "digest_at", "digest", "evening_at", "evening"})


@dataclass(frozen=True, slots=True)
class _Digest:
    """One of the digests.

    :ivar prefix: how the keys of its jobs and messages begin
    :ivar worth: after that it is of no use any more, and the next one is near
    """

    kind: str
    prefix: str
    notice: str
    worth: timedelta
    at: Callable[[Preferences], time]
    wanted: Callable[[Preferences], bool]
    something: Callable[[Work, date], Awaitable[bool]]


async def _ahead(reader: Work, day: date) -> bool:
    return any(await counters(reader)) or any(row.overdue for row in await team(reader))


async def _done(reader: Work, day: date) -> bool:
    return bool(await day_done(reader, day)) or bool(await team_done(reader, day)) or (await counters(reader))[2] > 0


_MORNING = _Digest(
    KIND, "digest", "digest", timedelta(hours=12), lambda prefs: prefs.digest_time, lambda prefs: prefs.digest, _ahead
)
_EVENING = _Digest(
    EVENING,
    "evening",
    "evening",
    timedelta(hours=5),
    lambda prefs: prefs.evening_time,
    lambda prefs: prefs.evening,
    _done,
)
_DIGESTS = (_MORNING, _EVENING)


def digest_key(user_id: int) -> str:
    """Return the key of a person's job for the morning digest."""
    return f"{_MORNING.prefix}:{user_id}"


def evening_key(user_id: int) -> str:
    """Return the key of a person's job for the evening digest."""
    return f"{_EVENING.prefix}:{user_id}"


async def plan_digest(work: Work, user_id: int) -> None:
    """Plan a person's next digests by their zone and settings; one that is due already is left to run first.

    Doing it again changes nothing.
    """
    person = await person_by_id(work.prefs, user_id)
    if person is None:
        return
    for digest in _DIGESTS:
        key = f"{digest.prefix}:{user_id}"
        job = await db.fetch_one("SELECT id, state, run_at FROM job WHERE key = ?", key)
        pending = job is not None and job["state"] in ("waiting", "running")
        if job and pending and db.moment_needed(job["run_at"]) <= work.now:
            continue
        _, moment = next_daily(work.now, digest.at(person.prefs), person.prefs.zone)
        if job and not pending:
            # A job that ended at this very moment would stay ended (Work.plan_job): it waits again.
            await db.execute("UPDATE job SET state = 'cancelled' WHERE id = ?", job["id"])
        await work.plan_job(digest.kind, key, moment, user_id=user_id)


async def plan_all_digests(work: Work) -> None:
    """Plan the next digests of everybody who is active, at the start of the process."""
    for row in await db.fetch('SELECT id FROM "user" WHERE active ORDER BY id'):
        await plan_digest(work, row["id"])


async def follow_settings(work: Work) -> None:
    """Move the digests of those whose zone, digest times or place in the staff this work has changed."""
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

    Nothing is told to who switched it off, has no chat with the bot, is off that day or away, or has nothing ahead and
    nothing overdue in the team. After the bot was down the latest missed digest comes, if it is not over twelve hours old.
    """
    await _tell(work, job, _MORNING)


async def evening_digest(work: Work, job: DueJob) -> None:
    """Tell a person what they, and who works for them, got done today, once for each date of theirs.

    As in the morning, except that nothing is told where nothing was done and nothing is overdue.
    """
    await _tell(work, job, _EVENING)


async def _tell(work: Work, job: DueJob, digest: _Digest) -> None:
    user_id = int(job.payload["user_id"])
    person = await person_by_id(work.prefs, user_id)
    if person is None:
        return
    if job.payload.get("first"):
        # Somebody new: planned by who knows nothing of times.
        await plan_digest(work, user_id)
    at, zone = digest.at(person.prefs), person.prefs.zone
    _, upcoming = next_daily(work.now, at, zone)
    await work.plan_job(digest.kind, f"{digest.prefix}:{user_id}", upcoming, user_id=user_id)
    if job.payload.get("first") or not digest.wanted(person.prefs) or person.telegram_id is None:
        return
    day, moment = last_daily(work.now, at, zone)
    if work.now - moment > digest.worth or not schedule_of(person.prefs, work.now).is_working_day(day):
        return
    if not await _something_to_say(work, user_id, digest, day):
        return
    await work.tell(
        user_id,
        person.telegram_id,
        digest.notice,
        key=f"{digest.prefix}:{user_id}:{day.isoformat()}",
        lane=Lane.REPORT,
        user_id=user_id,
        date=day.isoformat(),
    )


async def _something_to_say(work: Work, user_id: int, digest: _Digest, day: date) -> bool:
    actor = await actor_by_id(work.prefs, user_id)
    return actor is not None and await digest.something(work.acting_as(actor), day)
