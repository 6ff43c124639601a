"""Reminders of activities and the word to the manager."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from botcrm.core.models import Activity, User
from botcrm.core.services.activities import (
    Due,
    cancel_activity,
    change_activity,
    complete_activity,
    due_values,
    later_by,
    plan_activity,
    reschedule_activity,
)
from botcrm.core.services.deals import add_deal
from botcrm.core.services.staff.people import change_setting, system
from botcrm.reminders.handlers import HANDLERS
from botcrm.reminders.jobs import JobRunner
from tests.reminders.conftest import START, World

# START is Wednesday 11:00 in Warsaw, the company's zone; working hours are 9 to 18.
NOON = datetime(2026, 3, 4, 12)


@pytest.fixture
def runner(world: World) -> JobRunner:
    return JobRunner(world.work, HANDLERS, world.clock)


@pytest.fixture
async def boss(world: World) -> User:
    return await world.person("Maria", 20, role="manager")


@pytest.fixture
async def rep(world: World, boss: User) -> User:
    return await world.person("Jan", 10, manager=boss.id)


async def plan(world: World, owner: User, wall: datetime = NOON, **values: Any) -> Activity:
    async with world.work(await world.acting(owner)) as work:
        return await plan_activity(work, "call", "send offer", Due(wall, values.pop("has_time", True)), **values)


async def run_until(world: World, runner: JobRunner, wall: datetime) -> None:
    """Sweep every five minutes until it is that time in Warsaw (winter)."""
    until = wall.replace(tzinfo=UTC) - timedelta(hours=1)
    while world.clock() < until:
        world.clock.move(minutes=5)
        while await runner.sweep():
            pass  # what tells a person of several things is a job of its own


async def test_the_owner_is_reminded_before_and_at_the_time(world: World, runner: JobRunner, rep: User) -> None:
    activity = await plan(world, rep)
    await run_until(world, runner, NOON.replace(minute=30))
    told = await world.told("activity_due")
    assert told == [
        {"chat": 10, "notice": "activity_due", "activity_id": activity.id, "early": early, "minutes_late": 0}
        for early in (True, False)
    ]


async def test_reminders_come_exactly_at_their_times(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep)
    await runner.sweep()
    assert await runner.next_run_at() == START + timedelta(minutes=45)
    world.clock.move(minutes=45, microseconds=-1)
    await runner.sweep()
    assert await world.told("activity_due") == []
    world.clock.move(microseconds=1)
    await runner.sweep()
    assert len(await world.told("activity_due")) == 1


@pytest.mark.parametrize("change", ["done", "cancelled", "moved", "deleted"])
async def test_nobody_is_reminded_of_what_is_done_called_off_moved_or_deleted(
    world: World, runner: JobRunner, rep: User, change: str
) -> None:
    activity = await plan(world, rep)
    world.clock.move(minutes=1)
    async with world.work(await world.acting(rep)) as work:
        if change == "done":
            await complete_activity(work, activity.id)
        elif change == "cancelled":
            await cancel_activity(work, activity.id)
        elif change == "moved":
            await reschedule_activity(work, activity.id, Due(datetime(2026, 3, 9, 12)))
        else:
            await Activity.filter(id=activity.id).update(deleted_at=work.now)
    await run_until(world, runner, NOON.replace(hour=17))
    assert await world.told() == []


async def test_a_reminder_claimed_before_the_activity_was_moved_says_nothing(
    world: World, runner: JobRunner, rep: User
) -> None:
    activity = await plan(world, rep)
    world.clock.move(hours=1)
    claimed = await runner._claim(100)
    async with world.work(await world.acting(rep)) as work:
        moved = due_values(work, Due(NOON.replace(hour=16)))
    await Activity.filter(id=activity.id).update(**moved)  # before the job's own transaction sees it
    for job in claimed:
        await runner._run(job)
    assert await world.told("activity_due") == []


async def test_a_late_reminder_comes_once_and_says_how_late(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep)
    world.clock.move(hours=1, minutes=40)  # down for longer than both reminders
    await runner.sweep()
    await runner.sweep()
    (told,) = await world.told("activity_due")
    assert (told["early"], told["minutes_late"]) == (False, 40)


async def test_an_early_reminder_held_up_for_a_while_still_comes(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep)
    world.clock.move(minutes=50)
    await runner.sweep()
    (told,) = await world.told("activity_due")
    assert (told["early"], told["minutes_late"]) == (True, 5)


async def test_a_change_of_the_title_reminds_nobody_again(world: World, runner: JobRunner, rep: User) -> None:
    activity = await plan(world, rep)
    await run_until(world, runner, NOON.replace(minute=10))
    async with world.work(await world.acting(rep)) as work:
        await change_activity(work, activity.id, title="send the offer")
    await run_until(world, runner, NOON.replace(hour=17))
    assert len(await world.told("activity_due")) == 2
    assert len(await world.told("activity_overdue")) == 1


async def test_a_moved_activity_is_reminded_of_at_its_new_time(world: World, runner: JobRunner, rep: User) -> None:
    activity = await plan(world, rep)
    await run_until(world, runner, NOON.replace(minute=5))
    async with world.work(await world.acting(rep)) as work:
        await reschedule_activity(work, activity.id, Due(NOON.replace(hour=15)))
    await run_until(world, runner, NOON.replace(hour=16))
    assert [told["early"] for told in await world.told("activity_due")] == [True, False, True, False]


async def test_the_manager_hears_once_after_two_working_hours(
    world: World, runner: JobRunner, rep: User, boss: User
) -> None:
    activity = await plan(world, rep)
    await run_until(world, runner, NOON.replace(hour=13, minute=55))
    assert await world.told("activity_overdue") == []
    await run_until(world, runner, NOON.replace(hour=14))
    assert await world.told("activity_overdue") == [
        {"chat": 20, "notice": "activity_overdue", "activity_id": activity.id, "user_id": rep.id}
    ]
    await run_until(world, runner, NOON.replace(day=6))
    assert len(await world.told("activity_overdue")) == 1


async def test_only_working_time_counts_until_the_manager_hears(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep, datetime(2026, 3, 6, 17))  # Friday: one hour today, one on Monday
    await run_until(world, runner, datetime(2026, 3, 9, 9, 55))
    assert await world.told("activity_overdue") == []
    await run_until(world, runner, datetime(2026, 3, 9, 10))
    assert len(await world.told("activity_overdue")) == 1


async def test_a_day_without_a_time_is_overdue_when_it_is_over(world: World, runner: JobRunner, rep: User) -> None:
    await plan(world, rep, datetime(2026, 3, 4), has_time=False)
    await run_until(world, runner, datetime(2026, 3, 5, 10, 55))
    assert [told["notice"] for told in await world.told()] == ["digest", "digest", "activity_late"]
    await run_until(world, runner, datetime(2026, 3, 5, 11, 5))
    assert [told["notice"] for told in await world.told()] == ["digest", "digest", "activity_late", "activity_overdue"]


async def test_the_companys_limit_is_its_own_choice(world: World, runner: JobRunner, rep: User) -> None:
    async with world.work() as work:
        await change_setting(work, "overdue_hours", "0.5", for_company=True)
    await plan(world, rep)
    await run_until(world, runner, NOON.replace(minute=30))
    assert len(await world.told("activity_overdue")) == 1


async def test_the_owner_of_the_deal_is_responsible_not_the_activitys(
    world: World, runner: JobRunner, rep: User
) -> None:
    other_boss = await world.person("Olga", 21, role="manager")
    seller = await world.person("Piotr", 12, manager=other_boss.id)
    async with world.work(await world.acting(seller)) as work:
        deal = await add_deal(work, title="roof")
    async with world.work() as work:  # by the system: a rep plans nothing on a deal out of reach
        await plan_activity(work, "call", "send offer", Due(NOON), deal_id=deal.id, owner_id=rep.id)
    await run_until(world, runner, NOON.replace(hour=15))
    assert [told["chat"] for told in await world.told("activity_due")] == [10, 10]
    (told,) = await world.told("activity_overdue")
    assert (told["chat"], told["user_id"]) == (21, seller.id)


async def test_without_a_manager_nobody_is_told(world: World, runner: JobRunner) -> None:
    alone = await world.person("Ola", 13)
    await plan(world, alone)
    await run_until(world, runner, NOON.replace(day=5, hour=17))
    assert await world.told("activity_overdue") == []
    assert (await world.job("overdue:1"))["state"] == "done"


async def test_time_counts_by_the_owners_zone(world: World, runner: JobRunner, boss: User) -> None:
    far = await world.person("Akira", 14, manager=boss.id)
    await User.filter(id=far.id).update(zone="Asia/Tokyo")
    async with world.work(await world.acting(boss)) as work:
        await change_setting(work, "quiet_hours", "off", for_company=False)
    # 17:30 in Tokyo is 9:30 in Warsaw: half an hour of work is left there, the rest comes tomorrow from 9:00 (1:00).
    await plan(world, far, datetime(2026, 3, 5, 17, 30))
    await run_until(world, runner, datetime(2026, 3, 6, 2, 25))
    assert await world.told("activity_overdue") == []
    await run_until(world, runner, datetime(2026, 3, 6, 2, 35))
    assert len(await world.told("activity_overdue")) == 1


async def test_a_day_later_is_by_the_clock_it_is_kept_by(world: World, rep: User) -> None:
    """New York sets its clocks on 8 March 2026, Warsaw three weeks later."""
    activity = await plan(world, rep, datetime(2026, 3, 7, 12))
    boss = await world.person("Ann", 40, role="admin")
    async with world.work(await world.acting(boss)) as work:
        await change_setting(work, "zone", "America/New_York", for_company=False)
    async with world.work() as bot:
        work = bot.acting_as(await world.acting(boss))
        moved = await reschedule_activity(work, activity.id, later_by(work, activity, timedelta(days=1)))
    assert (moved.due_wall, moved.due_zone) == ("2026-03-08T12:00:00", "Europe/Warsaw")
    assert moved.due_at == datetime(2026, 3, 8, 11, tzinfo=UTC)


async def test_what_is_repeated_goes_on_with_whoever_it_goes_over_to(
    world: World, runner: JobRunner, boss: User, rep: User
) -> None:
    activity = await plan(world, rep, repeat_minutes=60)
    await run_until(world, runner, NOON.replace(hour=13, minute=30))
    assert len(await world.told("activity_due")) == 3
    await User.filter(id__in=[rep.id, boss.id]).update(active=False)
    await run_until(world, runner, NOON.replace(hour=15, minute=30))
    assert len(await world.told("activity_due")) == 3, "nobody can be told"
    ewa = await world.person("Ewa", 30)
    async with world.work(await world.acting(ewa)) as work:
        await change_activity(work.acting_as(system(work.company)), activity.id, owner_id=ewa.id)
    await run_until(world, runner, NOON.replace(hour=16, minute=40))
    assert [told["chat"] for told in await world.told("activity_due")] == [10, 10, 10, 30, 30]
    async with world.work(await world.acting(ewa)) as work:
        await change_activity(work, activity.id, title="send it")
    await run_until(world, runner, NOON.replace(hour=16, minute=55))
    assert len(await world.told("activity_due")) == 5, "a change reminds nobody out of turn"


def test_every_kind_the_core_plans_is_handled() -> None:
    assert {"activity.remind", "activity.overdue", "digest.morning", "maintenance.daily"} <= set(HANDLERS)
