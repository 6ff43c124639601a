"""Jobs: each once, whatever crashes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from botcrm.core import db
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import BACK_OFF, MOST_ATTEMPTS, DueJob, JobRunner
from tests.reminders.conftest import START, World


class Done:
    """A handler that leaves a mark in the database and notes what it was given."""

    def __init__(self) -> None:
        self.jobs: list[DueJob] = []
        self.errors: list[Exception] = []

    async def __call__(self, work: Work, job: DueJob) -> None:
        self.jobs.append(job)
        await work.send(1, "sendMessage", {"text": job.key})
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
def done() -> Done:
    return Done()


@pytest.fixture
def runner(world: World, done: Done) -> JobRunner:
    return JobRunner(world.work, {"test": done}, world.clock)


async def plan(world: World, key: str, seconds: float = 0, kind: str = "test") -> None:
    async with world.work() as work:
        await work.plan_job(kind, key, work.now + timedelta(seconds=seconds), n=1)


async def test_a_job_runs_when_it_is_due_and_once(world: World, runner: JobRunner, done: Done) -> None:
    await plan(world, "a", 60)
    assert await runner.sweep() == 0
    assert await runner.next_run_at() == START + timedelta(seconds=60)
    assert await runner.oldest_due() is None
    world.clock.move(seconds=60)
    assert await runner.oldest_due() == START + timedelta(seconds=60)
    assert await runner.sweep() == 1
    assert await runner.sweep() == 0
    assert [(job.key, job.payload, job.attempts) for job in done.jobs] == [("a", {"n": 1}, 0)]
    assert (await world.job("a"))["state"] == "done"
    assert await runner.next_run_at() is None


async def test_jobs_run_in_the_order_they_fell_due_and_no_more_than_asked_for(
    world: World, runner: JobRunner, done: Done
) -> None:
    for i in range(45):
        await plan(world, f"{i}", 45 - i)
    world.clock.move(minutes=1)
    assert await runner.sweep(limit=30) == 30
    assert await runner.sweep(limit=30) == 15
    assert [job.key for job in done.jobs] == [str(i) for i in reversed(range(45))]


async def test_two_runners_do_each_job_once(world: World) -> None:
    ran: list[str] = []

    async def handle(_: Work, job: DueJob) -> None:
        ran.append(job.key)
        await asyncio.sleep(0)

    for i in range(60):
        await plan(world, f"{i}")
    runners = [JobRunner(world.work, {"test": handle}, world.clock) for _ in range(2)]
    taken = await asyncio.gather(*(runner.sweep() for runner in runners))
    assert sum(taken) == 60
    assert sorted(ran) == sorted(str(i) for i in range(60))


async def test_a_job_of_a_process_that_died_runs_again_after_the_lease(
    world: World, runner: JobRunner, done: Done
) -> None:
    await plan(world, "a")
    assert len(await runner._claim(10)) == 1  # and then the process is gone
    assert await runner.sweep() == 0
    world.clock.move(seconds=61)
    assert await runner.sweep() == 1
    assert [(job.key, job.attempts) for job in done.jobs] == [("a", 1)]


async def test_a_runner_that_lost_its_claim_does_nothing(world: World, runner: JobRunner, done: Done) -> None:
    await plan(world, "a")
    (stale,) = await runner._claim(10)
    world.clock.move(seconds=61)
    assert await runner.sweep() == 1
    await runner._run(stale)
    assert len(done.jobs) == 1
    assert len(await world.states()) == 1


async def test_a_job_that_was_moved_after_its_claim_waits_for_the_new_time(
    world: World, runner: JobRunner, done: Done
) -> None:
    await plan(world, "a")
    (claimed,) = await runner._claim(10)
    await plan(world, "a", 3600)
    await runner._run(claimed)
    assert done.jobs == []
    assert await runner.next_run_at() == START + timedelta(hours=1)


async def test_the_start_of_an_sqlite_process_frees_what_the_last_one_claimed(
    world: World, runner: JobRunner, done: Done
) -> None:
    await plan(world, "a")
    await runner._claim(10)
    await runner.recover()
    assert await runner.sweep() == (1 if db.dialect() == "sqlite" else 0)


async def test_an_error_takes_the_effect_back_and_the_job_comes_again_later_and_later(
    world: World, runner: JobRunner, done: Done
) -> None:
    await plan(world, "a")
    done.errors = [ValueError("one"), ValueError("two")]
    for wait in BACK_OFF[:2]:
        assert await runner.sweep() == 1
        assert await world.states() == {}
        assert (await world.job("a"))["run_at"] == world.clock() + wait
        world.clock.move(seconds=wait.total_seconds())
    assert await runner.sweep() == 1
    job = await world.job("a")
    assert (job["state"], job["error"], len(await world.states())) == ("done", "", 1)


async def test_after_five_errors_the_administrators_are_told_once(world: World, runner: JobRunner, done: Done) -> None:
    await world.person("Ada", 11, role="admin")
    await db.execute("UPDATE job SET state = 'cancelled'")  # the digest of the person just added
    await plan(world, "a")
    done.errors = [ValueError("broken")] * 9
    for _ in range(10):
        await runner.sweep()
        world.clock.move(hours=3)
    assert len(done.jobs) == MOST_ATTEMPTS
    job = await world.job("a")
    assert (job["state"], job["error"]) == ("failed", "ValueError: broken")
    assert await world.told() == [
        {"chat": 11, "notice": "job_failed", "job_id": job["id"], "kind": "test", "error": "ValueError: broken"}
    ]


async def test_a_job_in_which_the_process_dies_every_time_is_given_up(
    world: World, runner: JobRunner, done: Done
) -> None:
    await plan(world, "a")
    for _ in range(MOST_ATTEMPTS):
        assert len(await runner._claim(10)) == 1
        world.clock.move(seconds=61)
    await runner.sweep()
    assert done.jobs == []
    assert (await world.job("a"))["state"] == "failed"


async def test_one_failing_job_does_not_stop_the_others(world: World, runner: JobRunner, done: Done) -> None:
    for key in ("a", "b", "c"):
        await plan(world, key)
    done.errors = [ValueError("a fails")]
    assert await runner.sweep() == 3
    assert [(await world.job(key))["state"] for key in ("a", "b", "c")] == ["waiting", "done", "done"]


async def test_a_kind_nobody_handles_waits_for_an_hour_and_counts_no_attempt(world: World, runner: JobRunner) -> None:
    await plan(world, "a", kind="plugin.thing")
    for _ in range(8):
        assert await runner.sweep() == 1
        world.clock.move(hours=1)
    job = await world.job("a")
    assert (job["state"], job["attempts"], job["run_at"]) == ("waiting", 0, world.clock())


async def test_a_handler_may_plan_its_own_key_again(world: World) -> None:
    runs: list[int] = []

    async def handle(work: Work, job: DueJob) -> None:
        runs.append(job.payload["n"])
        await work.plan_job(job.kind, job.key, work.now + timedelta(hours=1), n=job.payload["n"] + 1)

    runner = JobRunner(world.work, {"test": handle}, world.clock)
    await plan(world, "a")
    for _ in range(3):
        assert await runner.sweep() == 1
        assert await runner.sweep() == 0
        world.clock.move(hours=1)
    assert runs == [1, 2, 3]
    assert (await world.job("a"))["state"] == "waiting"


async def test_a_handler_that_hangs_is_ended_by_the_end_of_its_lease(world: World) -> None:
    async def hang(_: Work, __: DueJob) -> None:
        await asyncio.Event().wait()

    runner = JobRunner(world.work, {"test": hang}, world.clock, lease=timedelta(milliseconds=50))
    await plan(world, "a")
    assert await runner.sweep() == 1
    job = await world.job("a")
    assert (job["state"], job["attempts"], job["error"]) == ("waiting", 1, "TimeoutError: ")
