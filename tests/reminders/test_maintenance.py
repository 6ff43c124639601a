"""Old rows go, young ones stay, and no bite is too big."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from botcrm.core import db
from botcrm.core.services.staff.people import change_setting
from botcrm.reminders import maintenance
from botcrm.reminders.handlers import HANDLERS, plan_recurring
from botcrm.reminders.jobs import JobRunner
from tests.reminders.conftest import START, World


@pytest.fixture
def runner(world: World) -> JobRunner:
    return JobRunner(world.work, HANDLERS, world.clock)


async def count(table: str, condition: str = "1 = 1") -> int:
    row = await db.fetch_one(f"SELECT count(*) AS n FROM {table} WHERE {condition}")
    assert row
    return int(row["n"])


async def fill(world: World, days: float, n: int = 1) -> None:
    """Write rows of every kind that ended so many days ago."""
    at = world.clock() - timedelta(days=days)
    for i in range(n):
        for state in ("done", "quarantined"):
            await db.insert(
                "inbox", bot_id=1, update_id=await count("inbox"), chat_key="1", body=b"x", state=state, attempts=0,
                error="", received_at=at, done_at=at,
            )  # fmt: skip
        await db.insert("press", key=f"{days}:{i}", at=at)
        sent = await world.post(7, "text")
        await db.execute(
            "UPDATE outbox SET state = 'sent', message_id = id, created_at = ?, sent_at = ? WHERE id = ?", at, at, sent
        )
        async with world.work() as work:
            await work.plan_job("test", f"{days}:{i}", at)
        await db.execute("UPDATE job SET state = 'done', done_at = ? WHERE key = ?", at, f"{days}:{i}")


async def run(world: World, runner: JobRunner) -> int:
    """Run one night's maintenance to its end; return how many bites it took."""
    bites = 0
    world.clock.time = (await world.job(maintenance.KEY))["run_at"]
    while True:
        await runner.sweep()
        bites += 1
        due = (await world.job(maintenance.KEY))["run_at"]
        if due - world.clock() > timedelta(minutes=1):
            return bites
        world.clock.time = due


async def test_old_rows_go_and_young_ones_stay(world: World, runner: JobRunner) -> None:
    async with world.work() as work:
        await plan_recurring(work)
        await plan_recurring(work)
    job = await world.job(maintenance.KEY)
    assert job["run_at"] == datetime(2026, 3, 5, 2, tzinfo=UTC)  # 3:00 in Warsaw
    for days in (200, 40, 10, 1):
        await fill(world, days)
    await run(world, runner)
    assert await count("inbox", "state = 'done'") == 2
    assert await count("inbox", "state = 'quarantined'") == 2, "there is nobody who could be told of them before"
    assert await count("press") == 1
    assert await count("job", "kind = 'test'") == 2
    rows = await db.fetch("SELECT message_id, payload FROM outbox ORDER BY id")
    assert [db.from_json(row["payload"]) for row in rows] == [{}, {"text": "text"}, {"text": "text"}]
    assert all(row["message_id"] for row in rows)
    assert (await world.job(maintenance.KEY))["run_at"] == datetime(2026, 3, 6, 2, tzinfo=UTC)


async def test_much_is_done_in_bites(world: World, runner: JobRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "BITE", 4)
    async with world.work() as work:
        await plan_recurring(work)
    await fill(world, 40, 10)
    await fill(world, 1, 3)
    assert await run(world, runner) >= 3
    assert await count("press") == 3
    assert await count("inbox", "state = 'done'") == 3
    rows = await db.fetch("SELECT payload FROM outbox ORDER BY id")
    assert [bool(db.from_json(row["payload"])) for row in rows] == [False] * 10 + [True] * 3
    assert (await world.job(maintenance.KEY))["payload"]["emptied_to"] == 10


async def test_what_still_waits_is_never_deleted(world: World, runner: JobRunner) -> None:
    async with world.work() as work:
        await plan_recurring(work)
    await world.post(7, "text")
    await db.execute("UPDATE outbox SET created_at = ?", START - timedelta(days=400))
    await run(world, runner)
    assert await world.states() == {1: "waiting"}


async def test_updates_set_aside_are_told_of_before_they_go(world: World, runner: JobRunner) -> None:
    async with world.work() as work:
        await plan_recurring(work)
    await world.person("Ada", 5, role="admin")
    for days in (40, 24, 10):
        await fill(world, days)
    await run(world, runner)
    told = await db.fetch("SELECT args FROM outbox WHERE notice = 'quarantine_old'")
    assert [db.from_json(row["args"]) for row in told] == [{"count": 2, "days": 7}]
    assert await count("inbox", "state = 'quarantined'") == 3
    for _ in range(6):
        await run(world, runner)
    assert await count("inbox", "state = 'quarantined'") == 3, "told, but not for a week"
    for _ in range(2):
        await run(world, runner)
    assert await count("inbox", "state = 'quarantined'") == 1
    assert await count("outbox", "notice = 'quarantine_old'") == 1, "each is told of once"


async def test_how_long_updates_are_kept_is_the_companys_choice(world: World, runner: JobRunner) -> None:
    async with world.work() as work:
        await plan_recurring(work)
        await change_setting(work, "keep_updates_days", "5", for_company=True)
    for days in (6, 4):
        await fill(world, days)
    await run(world, runner)
    assert await count("inbox", "state = 'done'") == 1
