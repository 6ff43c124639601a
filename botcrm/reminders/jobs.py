"""Run what has fallen due: claim with a lease, do it and mark it done in one transaction, once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botcrm.contract.plugin import Job
from botcrm.core import db
from botcrm.core.services.doctor import NOBODY
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work
from botcrm.hooks import Owned, PluginManager, PluginOff
from botcrm.reminders.plugin_jobs import UNKNOWN_KIND_WAITS, plan_again

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
MOST_ATTEMPTS = len(BACK_OFF) + 1
# So many of one plugin's jobs run side by side; the others wait a moment.
_AT_ONCE = 4
_MOMENT = timedelta(seconds=1)
# Few are claimed at a time: what a dying process leaves claimed counts as an attempt.
_CHUNK = 20


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job as its handler gets it; `attempts` failed before this one, `token` fences this run off from any other."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    run_at: datetime
    attempts: int
    token: int


OpenWork = Callable[[], AbstractAsyncContextManager[Work]]
Handler = Callable[[Work, DueJob], Awaitable[None]]


class JobRunner:
    """Runs jobs as they fall due, each in a work of its own.

    A handler may plan its own key again; the job then waits for its new time instead of being done.

    :param handlers: kind of job -> what does it; looked up at every run, so that it may grow
    :param plugins: whose jobs run beside these, outside of any work
    :param given_up: told of each job that is not tried again: error, "job", and facts by name
    """

    def __init__(
        self,
        open_work: OpenWork,
        handlers: Mapping[str, Handler],
        now: Callable[[], datetime],
        *,
        plugins: PluginManager | None = None,
        given_up: Callable[..., None] = lambda error, where, **facts: None,
        lease: timedelta = LEASE,
    ) -> None:
        self._open_work = open_work
        self._handlers = handlers
        self._now = now
        self._plugins = plugins
        self._given_up = given_up
        self._lease = lease
        # The plugins' jobs under way, with their plugin.
        self._beside: dict[asyncio.Task[None], str] = {}

    async def recover(self) -> None:
        """Free what a process that died left claimed, at the start of the only process of an SQLite file.

        On PostgreSQL others may be at it: there the lease decides.
        """
        if db.dialect() == "sqlite":
            await db.execute(
                "UPDATE job SET state = 'waiting', lease_until = NULL, attempts = attempts + 1 WHERE state = 'running'"
            )

    async def sweep(self, limit: int = 200) -> int:
        """Run up to `limit` jobs that are due and return how many were taken; with fewer than `limit` none is left."""
        taken = 0
        while taken < limit:
            jobs = await self._claim(min(_CHUNK, limit - taken))
            for job in jobs:
                await self._run(job)
            taken += len(jobs)
            if len(jobs) < _CHUNK:
                break
        return taken

    async def next_run_at(self) -> datetime | None:
        """Return when the next waiting job falls due, a moment in the past when one is due already."""
        row = await db.fetch_one("SELECT run_at FROM job WHERE state = 'waiting' ORDER BY run_at LIMIT 1")
        return db.moment(row["run_at"]) if row else None

    async def oldest_due(self) -> datetime | None:
        """Return since when the oldest job waits that is due."""
        moment = await self.next_run_at()
        return moment if moment and moment <= self._now() else None

    async def _claim(self, limit: int) -> list[DueJob]:
        now = self._now()
        # A read costs far less than a transaction, and most sweeps find nothing.
        anything = await db.fetch_one(
            "SELECT (SELECT 1 FROM job WHERE state = 'waiting' AND run_at <= ? LIMIT 1) AS due, "
            "(SELECT 1 FROM job WHERE state = 'running' AND lease_until < ? LIMIT 1) AS lost",
            now,
            now,
        )
        if not anything or not (anything["due"] or anything["lost"]):
            return []
        # PostgreSQL may run an IN subquery more than once and so claim more than the limit: an array is made once.
        within, skip = (
            ("= ANY(ARRAY({}))", " FOR UPDATE SKIP LOCKED") if db.dialect() == "postgres" else ("IN ({})", "")
        )
        lost = within.format(f"SELECT id FROM job WHERE state = 'running' AND lease_until < ?{skip}")
        due = within.format(
            f"SELECT id FROM job WHERE state = 'waiting' AND run_at <= ? ORDER BY run_at, id LIMIT {int(limit)}{skip}"
        )
        async with db.transaction():
            if anything["lost"]:
                # Whoever held it died, perhaps of this very job: that counts as an attempt.
                await db.execute(
                    f"UPDATE job SET state = 'waiting', lease_until = NULL, attempts = attempts + 1 WHERE id {lost}",
                    now,
                )
            rows = await db.fetch(
                f"UPDATE job SET state = 'running', lease_until = ?, token = token + 1 WHERE id {due} "
                "RETURNING id, kind, key, payload, run_at, attempts, token",
                now + self._lease,
                now,
            )
        jobs = [
            DueJob(
                id=row["id"],
                kind=row["kind"],
                key=row["key"],
                payload=db.from_json(row["payload"]),
                run_at=db.moment_needed(row["run_at"]),
                attempts=row["attempts"],
                token=row["token"],
            )
            for row in rows
        ]
        return sorted(jobs, key=lambda job: (job.run_at, job.id))

    async def _run(self, job: DueJob) -> None:
        handler = self._handlers.get(job.kind)
        owned = self._plugins.registry.jobs.get(job.kind) if self._plugins and handler is None else None
        if handler is None and owned is None:
            log.warning("nobody handles jobs of kind %s: job %s waits", job.kind, job.id)
            await self._put_back(job, self._now() + UNKNOWN_KIND_WAITS, job.attempts, NOBODY)
            return
        if job.attempts >= MOST_ATTEMPTS:
            await self._fail(job, job.attempts, RuntimeError("the process ended in the middle of it, every time"))
            return
        if owned is not None:
            await self._begin_beside(job, owned)
            return
        assert handler is not None
        try:
            async with asyncio.timeout(self._lease.total_seconds()), self._open_work() as work:
                if not await self._is_ours(job):
                    return
                await handler(work, job)
                await work.flush()
                # No row matches where the handler planned its own key again: that moved the token on.
                await db.execute(
                    "UPDATE job SET state = 'done', done_at = ?, lease_until = NULL, error = '' "
                    "WHERE id = ? AND token = ?",
                    work.now,
                    job.id,
                    job.token,
                )
        except Exception as exc:
            log.exception("job %s (%s) failed", job.id, job.kind)
            await self._failed(job, exc)

    # --- plugins' jobs: nobody waits for them ------------------------------------------------------------------------

    async def _begin_beside(self, job: DueJob, owned: Owned[Job]) -> None:
        if list(self._beside.values()).count(owned.plugin) >= _AT_ONCE:
            await self._put_back(job, self._now() + _MOMENT, job.attempts, "")
            return
        assert self._plugins is not None
        task = self._plugins.beside(self._run_beside(job, owned))
        self._beside[task] = owned.plugin
        task.add_done_callback(self._beside.pop)

    async def _run_beside(self, job: DueJob, owned: Owned[Job]) -> None:
        assert self._plugins is not None
        plugin, found = owned.plugin, owned.value
        try:
            if not await self._held_until(job, self._now() + timedelta(seconds=found.deadline) + self._lease):
                return
            await self._plugins.call(
                plugin,
                f"job {job.kind}",
                found.run,
                self._plugins.plugin(plugin),
                dict(job.payload),
                deadline=found.deadline,
            )
            async with self._open_work() as work:
                await work.flush()
                await db.execute(
                    "UPDATE job SET state = 'done', done_at = ?, lease_until = NULL, error = '' "
                    "WHERE id = ? AND token = ?",
                    work.now,
                    job.id,
                    job.token,
                )
                if self._plugins.registry.jobs.get(job.kind) == owned:
                    await plan_again(work, found)
        except PluginOff:
            await self._put_back(job, self._now() + UNKNOWN_KIND_WAITS, job.attempts, NOBODY)
        except Exception as exc:
            log.exception("job %s (%s) failed", job.id, job.kind)
            await self._failed(job, exc)

    async def _held_until(self, job: DueJob, until: datetime) -> bool:
        """Lengthen a claim; returns whether it is still ours."""
        return bool(
            await db.execute(
                "UPDATE job SET lease_until = ? WHERE id = ? AND token = ? AND state = 'running'",
                until,
                job.id,
                job.token,
            )
        )

    async def stop(self, patience: float = 5.0) -> None:
        """Let the plugins' jobs in hand end; one that does not is taken up by the next process."""
        if self._beside:
            await asyncio.wait(set(self._beside), timeout=patience)
        left = list(self._beside)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # --- ends --------------------------------------------------------------------------------------------------------

    async def _is_ours(self, job: DueJob) -> bool:
        """Check, and on PostgreSQL hold, the claim: it may have run out, or the job may have been moved meanwhile."""
        hold = " FOR UPDATE" if db.dialect() == "postgres" else ""
        return bool(
            await db.fetch_one(
                f"SELECT 1 AS y FROM job WHERE id = ? AND token = ? AND state = 'running'{hold}", job.id, job.token
            )
        )

    async def _put_back(self, job: DueJob, run_at: datetime, attempts: int, error: str) -> None:
        async with db.transaction():
            await db.execute(
                "UPDATE job SET state = 'waiting', run_at = ?, lease_until = NULL, attempts = ?, error = ? "
                "WHERE id = ? AND token = ?",
                run_at,
                attempts,
                error,
                job.id,
                job.token,
            )

    async def _failed(self, job: DueJob, exc: Exception) -> None:
        attempts = job.attempts + 1
        error = f"{type(exc).__name__}: {exc}"[:2000]
        if attempts >= MOST_ATTEMPTS:
            await self._fail(job, attempts, exc)
        else:
            await self._put_back(job, self._now() + BACK_OFF[attempts - 1], attempts, error)

    async def _fail(self, job: DueJob, attempts: int, exc: Exception) -> None:
        error = f"{type(exc).__name__}: {exc}"[:2000]
        async with self._open_work() as work:
            if not await self._is_ours(job):
                return
            await db.execute(
                "UPDATE job SET state = 'failed', lease_until = NULL, attempts = ?, error = ?, done_at = ? "
                "WHERE id = ?",
                attempts,
                error,
                work.now,
                job.id,
            )
            for user_id, chat_id in await administrators():
                await work.tell(
                    user_id,
                    chat_id,
                    "job_failed",
                    key=f"job_failed:{job.id}:{job.token}:{user_id}",
                    job_id=job.id,
                    kind=job.kind,
                    error=error[:300],
                )
        self._given_up(exc, "job", job_id=job.id, kind=job.kind)
