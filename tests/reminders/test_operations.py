"""Long changes: each piece once, whatever ends the process between two of them, stopped, and shown to whoever asked."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.models import Company, Operation
from botcrm.core.services import records
from botcrm.core.services.operations import operations
from botcrm.core.services.work import Work
from botcrm.reminders import operations as running
from botcrm.reminders.jobs import BACK_OFF, MOST_ATTEMPTS, JobRunner
from tests.reminders.conftest import World


class Killed(BaseException):
    """The process ended."""


class Toy:
    """Adds companies, two a piece; breaks where it is told to."""

    def __init__(self) -> None:
        self.broken: dict[int, BaseException] = {}

    async def __call__(self, work: Work, operation: Operation) -> bool:
        done = operation.progress.get("done", 0)
        for number in range(done, done + 2):
            await records.add_company(work, f"Acme {number}")
            if number in self.broken:
                raise self.broken.pop(number)
        done += 2
        total = operation.params["total"]
        await operations.advance(
            work, operation, progress={"done": done}, counts={"created": done, "seen": done, "total": total}
        )
        return bool(done >= total)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    toy = Toy()
    monkeypatch.setitem(running.STEPS, "toy", toy)
    return toy


@pytest.fixture
def runner(world: World, toy: Toy) -> JobRunner:
    handlers = {
        operations.JOB: running.run_piece,
        running.SHOW: running.show_progress,
        running.SHOW_END: running.show_end,
    }
    return JobRunner(world.work, handlers, world.clock)


async def begin(world: World, name: str = "Anna", total: int = 6, chat: int | None = None) -> Operation:
    user = await world.person(name, chat)
    await db.execute("DELETE FROM job")  # the new colleague's digest
    async with world.work(await world.acting(user)) as work:
        operation = await operations.start(work, "toy", "company", "Toys", params={"total": total}, chat_id=chat)
        await operations.run(work, operation)
    return operation


async def drain(runner: JobRunner) -> None:
    while await runner.sweep():
        pass


async def names() -> list[str]:
    return [company.name for company in await Company.all().order_by("id")]


async def test_pieces_are_done_as_whoever_began_it_under_one_work_id(world: World, runner: JobRunner) -> None:
    operation = await begin(world)
    assert await runner.sweep(1) == 1
    assert await names() == ["Acme 0", "Acme 1"]
    await drain(runner)
    await operation.refresh_from_db()
    assert (operation.state, operation.counts) == ("done", {"created": 6, "seen": 6, "total": 6})
    assert await names() == [f"Acme {number}" for number in range(6)]
    events = await db.fetch("SELECT work_id, actor_id, type FROM event WHERE entity IN ('company', 'operation')")
    assert {(row["work_id"], row["actor_id"]) for row in events} == {(operation.work_id, operation.actor_id)}
    assert [row["type"] for row in events].count("OperationEnded") == 1
    assert (await world.job(f"operation:{operation.id}"))["state"] == "done"


@pytest.mark.parametrize("at", range(6))
async def test_killed_in_any_piece_and_taken_up_nothing_is_doubled_or_missing(
    world: World, runner: JobRunner, toy: Toy, at: int
) -> None:
    operation = await begin(world)
    toy.broken[at] = Killed()
    with pytest.raises(Killed):
        await drain(runner)
    assert await names() == [f"Acme {number}" for number in range(at // 2 * 2)]
    fresh = JobRunner(world.work, runner._handlers, world.clock)
    world.clock.move(minutes=2)  # PostgreSQL: the lease of the dead process runs out
    await fresh.recover()
    await drain(fresh)
    await operation.refresh_from_db()
    assert operation.state == "done"
    assert await names() == [f"Acme {number}" for number in range(6)]


async def test_a_piece_that_fails_is_tried_again_later(world: World, runner: JobRunner, toy: Toy) -> None:
    operation = await begin(world)
    toy.broken[3] = RuntimeError("the disk is full")
    await drain(runner)
    assert await names() == ["Acme 0", "Acme 1"]
    world.clock.move(seconds=BACK_OFF[0].total_seconds())
    await drain(runner)
    await operation.refresh_from_db()
    assert (operation.state, len(await names())) == ("done", 6)


async def test_a_piece_that_always_fails_ends_it_and_it_can_go_on(world: World, runner: JobRunner, toy: Toy) -> None:
    operation = await begin(world)
    for attempt in range(MOST_ATTEMPTS):
        toy.broken[3] = RuntimeError("the disk is full")
        await drain(runner)
        await operation.refresh_from_db()
        assert operation.state == ("failed" if attempt == MOST_ATTEMPTS - 1 else "running")
        world.clock.move(hours=3)
    assert await names() == ["Acme 0", "Acme 1"]
    async with world.work() as work:
        await operations.run(work, operation)
    await drain(runner)
    await operation.refresh_from_db()
    assert (operation.state, operation.error, len(await names())) == ("done", "", 6)


async def test_what_people_can_mend_ends_it_at_once_with_what_was_done(
    world: World, runner: JobRunner, toy: Toy
) -> None:
    operation = await begin(world)
    toy.broken[2] = InvalidValue(what="row 3", value="x", how="Write a name.")
    await drain(runner)
    await operation.refresh_from_db()
    assert operation.state == "failed"
    assert operation.error == "row 3: “x” is not understood. Write a name."
    assert operation.counts == {"created": 2, "seen": 2, "total": 6}
    assert await names() == ["Acme 0", "Acme 1"]


async def test_stopped_it_goes_no_further_until_it_is_told_to(world: World, runner: JobRunner) -> None:
    operation = await begin(world)
    await runner.sweep(1)
    async with world.work() as work:
        assert (await operations.stop(work, operation.id)).state == "stopped"
    await drain(runner)
    assert len(await names()) == 2
    async with world.work() as work:
        await operation.refresh_from_db()
        await operations.run(work, operation)
    await drain(runner)
    assert len(await names()) == 6


async def test_who_left_does_nothing_any_more(world: World, runner: JobRunner) -> None:
    operation = await begin(world)
    await db.execute('UPDATE "user" SET active = ? WHERE id = ?', False, operation.actor_id)
    await drain(runner)
    await operation.refresh_from_db()
    assert (operation.state, await names()) == ("failed", [])


async def test_in_the_foreground_the_same_pieces_are_done(world: World, toy: Toy) -> None:
    seen: list[int] = []
    async with world.work() as work:
        operation = await operations.start(work, "toy", "company", "Toys", params={"total": 6})
        await operations.run(work, operation, here=True)
    toy.broken[3] = RuntimeError("the disk is full")
    with pytest.raises(RuntimeError):
        await running.run_here(world, operation.id)
    ended = await running.run_here(world, operation.id, lambda now: seen.append(now.counts["seen"]))
    assert (ended.state, seen) == ("done", [4, 6])
    assert len(await names()) == 6


async def test_the_message_with_its_progress_changes_every_three_seconds_at_most(
    world: World, runner: JobRunner
) -> None:
    operation = await begin(world, total=8, chat=7)
    await runner.sweep(1)
    assert await world.told("operation") == []
    world.clock.move(seconds=3)
    await runner.sweep(2)  # the next piece, and the message
    assert await world.told("operation") == [{"chat": 7, "notice": "operation", "operation_id": operation.id}]
    await db.execute("UPDATE outbox SET message_id = 55, state = 'sent'")
    await drain(runner)
    told = (await world.told("operation"))[1:]
    assert told == [{"chat": 7, "notice": "operation", "operation_id": operation.id, "message_id": 55}]


async def test_colleagues_see_each_others_operations_as_far_as_they_reach(world: World, runner: JobRunner) -> None:
    operation = await begin(world)
    for name, role, sees in (("Ada", "admin", True), ("Marek", "manager", False), ("Zofia", "rep", False)):
        user = await world.person(name, None, role=role)
        async with world.work(await world.acting(user)) as work:
            assert [one.id for one in await operations.operations(work)] == ([operation.id] if sees else [])
            if not sees:
                with pytest.raises(NotFound):
                    await operations.stop(work, operation.id)
