"""The morning digest: one for each date of a person's own calendar, whatever clocks and settings do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botcrm.core import db
from botcrm.core.domain.zones import start_of_day, to_wall
from botcrm.core.models import User
from botcrm.core.services.activities import Due, plan_activity
from botcrm.core.services.staff.people import change_setting, system
from botcrm.reminders.daily import last_daily, next_daily
from botcrm.reminders.digests import digest_key, follow_settings, plan_all_digests, plan_digest
from botcrm.reminders.handlers import HANDLERS
from botcrm.reminders.jobs import JobRunner
from tests.reminders.conftest import START, World

ZONES = (
    "UTC", "Europe/Warsaw", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "America/Nuuk", "Australia/Lord_Howe",
    "Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu", "America/Havana", "Antarctica/Troll",
)  # fmt: skip


@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda found: found.replace(second=0, microsecond=0)),
    year=st.integers(2005, 2030),
)
@example(zone="Pacific/Apia", at=time(9), year=2011)  # lost 30 December 2011
@example(zone="America/Nuuk", at=time(23, 30), year=2025)  # the gap ends at midnight
@example(zone="America/Sao_Paulo", at=time(0), year=2015)  # the gap starts at midnight
@example(zone="Africa/Cairo", at=time(0), year=2024)
@example(zone="Europe/Warsaw", at=time(2, 30), year=2026)
@example(zone="America/Havana", at=time(0, 30), year=2026)  # comes twice
def test_every_date_has_exactly_one_digest(zone: str, at: time, year: int) -> None:
    first, last = date(year, 1, 1), date(year, 12, 31)
    now = start_of_day(first, zone) - timedelta(microseconds=1)
    days: list[date] = []
    moments: list[datetime] = []
    while not days or days[-1] < last:
        day, now = next_daily(now, at, zone)
        days.append(day)
        moments.append(now)
        assert last_daily(now, at, zone) == (day, now)
        assert last_daily(now + timedelta(hours=1), at, zone)[0] == day
        wall = to_wall(now, zone)
        off = wall - datetime.combine(day, at)
        assert timedelta() <= off <= timedelta(hours=24)
    calendar = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    assert days == [day for day in calendar if to_wall(start_of_day(day, zone), zone).date() == day]
    assert moments == sorted(set(moments))


@pytest.fixture
def runner(world: World) -> JobRunner:
    return JobRunner(world.work, HANDLERS, world.clock)


async def plan_call(world: World, owner: User, wall: datetime) -> None:
    async with world.work(await world.acting(owner)) as work:
        await plan_activity(work, "call", "call", Due(wall))


async def digests(world: World) -> list[tuple[int, str]]:
    return [(told["chat"], told["date"]) for told in await world.told("digest")]


async def test_a_new_person_gets_the_first_digest_the_next_morning(world: World, runner: JobRunner) -> None:
    rep = await world.person("Jan", 10)
    await plan_call(world, rep, datetime(2026, 3, 5, 15))
    await runner.sweep()
    assert await digests(world) == []
    job = await world.job(digest_key(rep.id))
    assert (job["state"], job["run_at"]) == ("waiting", datetime(2026, 3, 5, 8, tzinfo=UTC))
    world.clock.time = job["run_at"]
    await runner.sweep()
    assert await digests(world) == [(10, "2026-03-05")]


async def test_with_nothing_to_say_nothing_is_said(world: World, runner: JobRunner) -> None:
    await world.person("Jan", 10)
    for _ in range(4):
        await runner.sweep()
        world.clock.move(days=1)
    assert await digests(world) == []


async def test_a_manager_hears_of_what_is_overdue_in_the_team(world: World, runner: JobRunner) -> None:
    boss = await world.person("Maria", 20, role="manager")
    rep = await world.person("Jan", None, manager=boss.id)
    await plan_call(world, rep, datetime(2026, 3, 4, 17))
    await runner.sweep()
    world.clock.time = datetime(2026, 3, 5, 8, tzinfo=UTC)
    await runner.sweep()
    assert await digests(world) == [(20, "2026-03-05")]


@pytest.mark.parametrize("why", ["off", "inactive", "no chat"])
async def test_who_has_it_off_or_left_or_has_no_chat_gets_none(world: World, runner: JobRunner, why: str) -> None:
    rep = await world.person("Jan", None if why == "no chat" else 10)
    await plan_call(world, rep, datetime(2026, 3, 5, 15))
    if why == "off":
        async with world.work(await world.acting(rep)) as work:
            await change_setting(work, "digest", "off", for_company=False)
    await runner.sweep()
    if why == "inactive":
        await User.filter(id=rep.id).update(active=False)
    world.clock.move(days=1)
    await runner.sweep()
    assert await digests(world) == []
    assert (await world.job(digest_key(rep.id)))["state"] == ("done" if why == "inactive" else "waiting")


async def test_the_morning_missed_while_down_is_made_up_for_the_same_day_only(world: World, runner: JobRunner) -> None:
    rep = await world.person("Jan", 10)
    await plan_call(world, rep, datetime(2026, 3, 4, 12))
    await runner.sweep()
    world.clock.time = datetime(2026, 3, 6, 11, tzinfo=UTC)  # Friday noon: two mornings missed
    async with world.work() as work:
        await plan_all_digests(work)  # what a start does must not push today's away
    await runner.sweep()
    assert await digests(world) == [(10, "2026-03-06")]
    world.clock.time = datetime(2026, 3, 10, 5, tzinfo=UTC)  # before dawn: Monday's is too old, Tuesday's is near
    await runner.sweep()
    assert len(await digests(world)) == 1
    world.clock.time = datetime(2026, 3, 10, 8, tzinfo=UTC)
    await runner.sweep()
    assert await digests(world) == [(10, "2026-03-06"), (10, "2026-03-10")]


async def test_the_digest_follows_a_changed_zone_and_time(world: World, runner: JobRunner) -> None:
    rep = await world.person("Jan", 10)
    await runner.sweep()
    async with world.work(await world.acting(rep)) as work:
        await change_setting(work, "zone", "Asia/Tokyo", for_company=False)
        await follow_settings(work)
    assert (await world.job(digest_key(rep.id)))["run_at"] == datetime(2026, 3, 5, 0, tzinfo=UTC)
    async with world.work() as work:
        await change_setting(work, "digest_at", "7:30", for_company=True)
        await follow_settings(work)
    assert (await world.job(digest_key(rep.id)))["run_at"] == datetime(2026, 3, 4, 22, 30, tzinfo=UTC)


async def test_a_move_of_zone_gives_no_second_digest_for_the_same_date(world: World, runner: JobRunner) -> None:
    rep = await world.person("Jan", 10)
    await User.filter(id=rep.id).update(zone="Asia/Tokyo")
    await plan_call(world, rep, datetime(2026, 3, 5, 2))
    await runner.sweep()
    world.clock.time = datetime(2026, 3, 5, 0, tzinfo=UTC)
    await runner.sweep()
    assert await digests(world) == [(10, "2026-03-05")]
    await User.filter(id=rep.id).update(zone="Europe/Warsaw")
    async with world.work() as work:
        await plan_digest(work, rep.id)
    world.clock.time = datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert await runner.sweep() >= 1
    assert await digests(world) == [(10, "2026-03-05")]


async def test_planning_again_changes_nothing_and_a_lost_job_comes_back(world: World, runner: JobRunner) -> None:
    rep = await world.person("Jan", 10)
    await runner.sweep()
    before = await world.job(digest_key(rep.id))
    for state in ("waiting", "failed", "done", "cancelled"):
        await db.execute("UPDATE job SET state = ?", state)
        async with world.work() as work:
            await plan_all_digests(work)
        job = await world.job(digest_key(rep.id))
        assert (job["state"], job["run_at"]) == ("waiting", before["run_at"])
    assert before["run_at"] > START


async def test_a_year_of_digests_through_the_jobs(world: World, runner: JobRunner) -> None:
    """Over both changes of the clock, at 2:30, the hour that is skipped in spring and comes twice in autumn."""
    rep = await world.person("Jan", 10)
    await plan_call(world, rep, datetime(2026, 3, 4, 12))
    async with world.work(await world.acting(rep)) as work:
        await change_setting(work, "digest_at", "2:30", for_company=False)
        # The clock changes on Sundays, which are worked here.
        await change_setting(work.acting_as(system(work.company)), "working_hours", "daily 9-18", for_company=True)
    await runner.sweep()
    for _ in range(250):
        due = (await world.job(digest_key(rep.id)))["run_at"]
        world.clock.time = due
        await runner.sweep()
    dates = [found for _, found in await digests(world)]
    assert dates == [(date(2026, 3, 5) + timedelta(days=i)).isoformat() for i in range(250)]
