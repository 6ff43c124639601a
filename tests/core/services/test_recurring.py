"""What comes again and when its owner is reminded, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.kinds import ActivityKind
from botcrm.core.models import Activity
from botcrm.core.services import activities, calendars
from botcrm.core.services.activities import Due
from botcrm.core.services.actor import NoHooks
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.staff.people import change_setting
from botcrm.core.services.work import Work
from tests.core.services.conftest import Office

MONDAY = Due(datetime(2026, 11, 30, 9), rule="FREQ=WEEKLY;BYDAY=MO")


async def planned(**where: object) -> list[Activity]:
    return await Activity.filter(status="planned", deleted_at=None, **where).order_by("id")


async def test_the_next_one_is_like_the_last(office: Office) -> None:
    async with office.as_(office.anna) as work:
        first = await activities.plan_activity(work, "call", "call in", MONDAY, repeat_minutes=60)
        await activities.change_activity(work, first.id, reminders=[1440, 30])
    office.move(days=7)
    async with office.as_(office.boss) as work:
        await activities.complete_activity(work, first.id)
    (following,) = await planned()
    assert (following.kind, following.title, following.owner_id) == ("call", "call in", office.anna.id)
    assert (following.repeat_minutes, following.reminders, following.recurrence) == (60, "1440,30", MONDAY.rule)
    assert (following.due_wall, following.slot_wall) == ("2026-12-07T09:00:00",) * 2
    due = datetime(2026, 12, 7, 8, tzinfo=UTC)
    jobs = await office.jobs()
    assert jobs[f"remind-before:{following.id}"] == ("waiting", due - timedelta(days=1))
    assert jobs[f"remind-before:{following.id}:2"] == ("waiting", due - timedelta(minutes=30))


async def test_it_stays_at_nine_over_a_clock_change(office: Office) -> None:
    async with office.as_(office.anna) as work:
        first = await activities.plan_activity(
            work, "call", "", Due(datetime(2027, 3, 22, 9), rule="FREQ=WEEKLY;BYDAY=MO")
        )
        await activities.complete_activity(work, first.id)
    (following,) = await planned()
    assert (first.due_at, following.due_at) == (
        datetime(2027, 3, 22, 8, tzinfo=UTC),
        datetime(2027, 3, 29, 7, tzinfo=UTC),
    )


async def test_a_day_without_a_time_may_still_be_today(office: Office) -> None:
    async with office.as_(office.anna) as work:
        first = await activities.plan_activity(
            work, "task", "", Due(datetime(2026, 11, 24, 9), has_time=False, rule="FREQ=DAILY")
        )
    office.move(days=3)
    async with office.as_(office.anna) as work:
        await activities.complete_activity(work, first.id)
    (following,) = await planned()
    assert (following.due_wall, following.has_time) == ("2026-11-27T09:00:00", False)


async def test_a_rule_that_is_none_is_refused(office: Office) -> None:
    async with office.as_(office.anna) as work:
        with pytest.raises(InvalidValue):
            await activities.plan_activity(work, "call", "", Due(MONDAY.wall, rule="FREQ=SECONDLY"))
        call = await activities.plan_activity(work, "call", "", MONDAY)
        with pytest.raises(InvalidValue):
            await activities.change_activity(work, call.id, reminders=[1, 2, 3, 4, 5, 6])
        with pytest.raises(InvalidValue):
            await activities.change_activity(work, call.id, reminders=[30 * 1440])


async def test_the_owners_settings_count_whoever_plans_it(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await change_setting(work, "reminder_kinds", "call 1h 5m", for_company=False)
        await change_setting(work, "repeat_kinds", "call 2h", for_company=False)
        await change_setting(work, "quiet_hours", "13:00-14:30", for_company=False)
    async with office.as_(office.boss) as work:
        call = await activities.plan_activity(
            work, "call", "", Due(datetime(2026, 11, 25, 15)), owner_id=office.anna.id
        )
    assert call.repeat_minutes == 120
    due = datetime(2026, 11, 25, 14, tzinfo=UTC)
    jobs = await office.jobs()
    assert jobs[f"remind-before:{call.id}"] == ("waiting", due - timedelta(minutes=30)), "quiet until 14:30"
    assert jobs[f"remind-before:{call.id}:2"] == ("waiting", due - timedelta(minutes=5))


async def test_fewer_reminders_call_off_the_others(office: Office) -> None:
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", MONDAY)
        await activities.change_activity(work, call.id, reminders=[60, 30, 10])
    async with office.as_(office.anna) as work:
        await activities.change_activity(work, call.id, reminders=[])
    early = {key: state for key, (state, _) in (await office.jobs()).items() if key.startswith("remind-before")}
    assert set(early.values()) == {"cancelled"}
    assert len(early) == 3


async def test_a_plugins_kind_may_ask_for_it(office: Office) -> None:
    hooks = NoHooks()
    hooks.activity_kinds = {"visit": ActivityKind("visit", "Visit", "🚗", repeat_minutes=45)}
    async with office.as_(office.anna) as work:
        mine = Work(work.actor, work.now, Buffer(hooks=hooks))
        visit = await activities.plan_activity(mine, "visit", "", MONDAY)
        once = await activities.plan_activity(mine, "visit", "", MONDAY, repeat_minutes=0)
        await mine.flush()
    assert (visit.repeat_minutes, once.repeat_minutes) == (45, None)


async def test_a_calendar_is_its_owners_alone(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await activities.plan_activity(work, "call", "mine", MONDAY)
        secret = await calendars.open_feed(work)
    async with office.as_(office.zofia) as work:
        await activities.plan_activity(work, "call", "zofias", MONDAY)
        assert [entry.activity.title for entry in await calendars.calendar_of(work)] == ["zofias"]
    async with office.as_(None) as work:
        reader = await calendars.feed_reader(work, secret)
        assert reader is not None
        assert reader.id == office.anna.id
        assert await calendars.feed_reader(work, secret + "x") is None
    async with office.as_(office.anna) as work:
        await calendars.open_feed(work)
        assert await calendars.close_feed(work)
        assert not await calendars.close_feed(work)
