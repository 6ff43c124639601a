"""Plugins' jobs: what they have happen again and again is planned here, and all of them run outside of a transaction."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from botcrm.contract.plugin import Job
from botcrm.core import db
from botcrm.core.services.doctor import NOBODY
from botcrm.core.services.work import Work
from botcrm.hooks import Registry
from botcrm.reminders.daily import next_daily

# How long a job is put off that nobody handles: its plugin may come back.
UNKNOWN_KIND_WAITS = timedelta(hours=1)
_OPEN = ("waiting", "running")


def key_of(job: Job) -> str:
    """Return the key of a job that is planned by the product itself."""
    return f"plugin:{job.kind}"


def next_run(job: Job, now: datetime, zone: str) -> datetime | None:
    """Return when a job runs next; None where it only runs when planned.

    :param zone: the company's
    """
    if job.every is not None:
        return now + timedelta(seconds=job.every)
    if job.daily_at is not None:
        return next_daily(now, time.fromisoformat(job.daily_at), zone)[1]
    return None


async def follow(work: Work, registry: Registry, taken: Sequence[Job]) -> None:
    """Plan what plugins that are on have happen again and again, and call off what those just switched off had."""
    if taken:
        await work.cancel_jobs(*(key_of(job) for job in taken))
    for owned in registry.jobs.values():
        await plan_again(work, owned.value)
    if registry.jobs:
        marks = ", ".join("?" * len(registry.jobs))
        # What waited for its plugin need not wait any longer.
        await db.execute(
            f"UPDATE job SET run_at = ?, error = '' WHERE state = 'waiting' AND run_at <= ? AND error = ? AND kind IN ({marks})",
            work.now,
            work.now + UNKNOWN_KIND_WAITS,
            NOBODY,
            *registry.jobs,
        )


async def plan_again(work: Work, job: Job) -> None:
    """Plan a job's next run, unless it is planned."""
    key = key_of(job)
    run_at = next_run(job, work.now, work.company.zone)
    row = await db.fetch_one("SELECT state, run_at FROM job WHERE key = ?", key)
    if run_at is None or (row and row["state"] in _OPEN and (db.moment_needed(row["run_at"]) <= run_at)):
        return
    if row and row["state"] not in _OPEN:
        await db.execute("UPDATE job SET state = 'cancelled' WHERE key = ?", key)
    if not row or row["state"] != "running":
        await work.plan_job(job.kind, key, run_at)
