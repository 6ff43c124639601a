"""What stays undone: each step once, gathered by person, never in quiet hours, whatever is done meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.models import Activity, OverduePing, User
from botcrm.core.services.activities import Due, complete_activity, plan_activity
from botcrm.core.services.staff.leave import take_leave
from botcrm.core.services.staff.people import change_setting
from botcrm.reminders.handlers import HANDLERS
from botcrm.reminders.jobs import JobRunner
from tests.reminders.conftest import World

NOON = datetime(2026, 3, 4, 12)  # a Wednesday; START is eleven in Warsaw


@pytest.fixture
def runner(world: World) -> JobRunner:
    return JobRunner(world.work, HANDLERS, world.clock)


@pytest.fixture
async def head(world: World) -> User:
    return await world.person("Hedy", 30, role="manager")


@pytest.fixture
async def boss(world: World, head: User) -> User:
    return await world.person("Maria", 20, role="manager", manager=head.id)


@pytest.fixture
async def rep(world: World, boss: User) -> User:
    return await world.person("Jan", 10, manager=boss.id)


async def plan(world: World, owner: User, wall: datetime = NOON, **values: Any) -> Activity:
    async with world.work(await world.acting(owner)) as work:
        return await plan_activity(work, "task", "order nails", Due(wall), **values)


async def run(world: World, runner: JobRunner, **length: float) -> None:
    end = world.clock() + timedelta(**length)
    while world.clock() < end:
        world.clock.move(minutes=5)
        while await runner.sweep():
            pass


async def told(world: World, *notices: str) -> list[tuple[int, str]]:
    return [(one["chat"], one["notice"]) for one in await world.told() if one["notice"] in notices]


LATE = ("activity_late", "activity_overdue", "overdue_group")


async def test_each_step_is_told_once(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep)
    await run(world, runner, days=4)
    assert await told(world, *LATE) == [
        (10, "activity_late"),
        (20, "activity_overdue"),
        (30, "activity_overdue"),
    ]


async def test_a_storm_is_one_message_for_each_person(world: World, runner: JobRunner, rep: User) -> None:
    for _ in range(50):
        await plan(world, rep)
    await run(world, runner, days=2)
    assert await told(world, *LATE) == [(10, "overdue_group"), (20, "overdue_group"), (30, "overdue_group")]
    group = (await world.told("overdue_group"))[0]
    assert (len(group["activity_ids"]), group["counts"]) == (30, [[rep.id, 50]])


async def test_what_comes_up_within_some_minutes_goes_together(
    world: World, runner: JobRunner, rep: User, boss: User
) -> None:
    async with world.work(await world.acting(boss)) as work:
        await change_setting(work, "ping_minutes", "30", for_company=False)
    for minute in (0, 5, 10, 15):
        await plan(world, rep, NOON.replace(minute=minute))
    await run(world, runner, hours=4)
    of_boss = [one for one in await told(world, *LATE) if one[0] == 20]
    assert of_boss == [(20, "activity_overdue"), (20, "overdue_group")]
    assert len((await world.told("overdue_group"))[-1]["activity_ids"]) == 3


async def test_what_is_done_while_it_waits_is_not_told(world: World, runner: JobRunner, rep: User, boss: User) -> None:
    async with world.work(await world.acting(boss)) as work:
        await change_setting(work, "quiet_hours", "12:00-16:00", for_company=False)
    first, second = await plan(world, rep), await plan(world, rep)
    await run(world, runner, hours=4)
    assert [one for one in await told(world, *LATE) if one[0] == 20] == []
    async with world.work(await world.acting(rep)) as work:
        await complete_activity(work, first.id)
    await run(world, runner, hours=2)
    assert [one for one in await told(world, *LATE) if one[0] == 20] == [(20, "activity_overdue")]
    assert (await world.told("activity_overdue"))[-1]["activity_id"] == second.id


async def test_who_has_no_chat_or_has_left_is_passed_over(
    world: World, runner: JobRunner, rep: User, boss: User
) -> None:
    await User.filter(id=boss.id).update(telegram_id=None)
    await plan(world, rep)
    await run(world, runner, days=3)
    assert await told(world, *LATE) == [(10, "activity_late"), (30, "activity_overdue")]
    await User.filter(id=boss.id).update(telegram_id=20, active=False)
    await plan(world, rep, NOON + timedelta(days=5))
    await run(world, runner, days=7)
    assert (await told(world, *LATE))[2:] == [(10, "activity_late"), (30, "activity_overdue")]


async def test_a_rep_who_is_away_is_left_in_peace_and_a_boss_who_is_away_is_passed_over(
    world: World, runner: JobRunner, rep: User, boss: User
) -> None:
    await plan(world, rep)
    async with world.work(await world.acting(rep)) as work:
        await take_leave(work, rep.id, "4.3-6.3")
    await run(world, runner, hours=5)
    assert await told(world, *LATE) == [(20, "activity_overdue")]
    async with world.work(await world.acting(boss)) as work:
        await take_leave(work, boss.id, "9.3-20.3")
    await run(world, runner, days=5)
    assert (await told(world, *LATE))[1:3] == [(30, "activity_overdue"), (10, "activity_late")]
    await plan(world, rep, NOON.replace(day=10))
    await run(world, runner, days=2)
    assert (await told(world, *LATE))[3:] == [(10, "activity_late"), (30, "activity_overdue")]


async def test_people_who_manage_each_other_end_the_climb(world: World, runner: JobRunner, rep: User) -> None:
    await User.filter(id=rep.manager_id).update(manager_id=rep.id)
    await plan(world, rep)
    await run(world, runner, days=3)
    assert await told(world, *LATE) == [(10, "activity_late"), (20, "activity_overdue")]


async def test_after_the_bot_was_down_each_is_told_in_one_message(world: World, runner: JobRunner, rep: User) -> None:
    for _ in range(3):
        await plan(world, rep)
    world.clock.move(days=3)
    await run(world, runner, minutes=10)
    assert await told(world, *LATE) == [(10, "overdue_group"), (20, "overdue_group"), (30, "overdue_group")]


async def test_a_reminder_that_repeats_itself_stands_for_the_owners_ping(
    world: World, runner: JobRunner, rep: User
) -> None:
    await plan(world, rep, repeat_minutes=60)
    await run(world, runner, days=2)
    assert await told(world, *LATE) == [(20, "activity_overdue"), (30, "activity_overdue")]


async def test_a_ping_is_told_once_however_often_its_job_runs(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep)
    await run(world, runner, hours=4)
    before = await told(world, *LATE)
    await db.execute("UPDATE job SET state = 'waiting', run_at = ? WHERE kind LIKE '%overdue%'", world.clock())
    await run(world, runner, hours=1)
    assert await told(world, *LATE) == before
    assert await OverduePing.filter(told_at=None).count() == 0
