"""Activities: what is planned, what follows from it, and what it may hang on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyDone, NotFound
from botcrm.core.domain.zones import to_utc
from botcrm.core.models import Activity, Deal
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due
from botcrm.core.services.staff.people import change_setting
from botcrm.core.services.undo.undo import undo
from tests.core.services.conftest import Office

WALL = datetime(2026, 11, 25, 15)  # tomorrow in Warsaw, 14:00 in UTC
AT = datetime(2026, 11, 25, 14, tzinfo=UTC)


async def _deal(office: Office) -> Deal:
    async with office.as_(office.anna) as work:
        return await deals.add_deal(work, title="roof")


async def test_a_time_makes_three_jobs(office: Office) -> None:
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", " offer ", Due(WALL))
    assert (call.title, call.due_at, call.due_wall, call.due_zone) == (
        "offer",
        AT,
        "2026-11-25T15:00:00",
        "Europe/Warsaw",
    )
    assert await office.jobs() == {
        f"remind-before:{call.id}": ("waiting", AT - timedelta(minutes=15)),
        f"remind:{call.id}": ("waiting", AT),
        f"overdue:{call.id}": ("waiting", AT),
    }


async def test_a_day_without_a_time_ends_with_the_day_and_reminds_nobody(office: Office) -> None:
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 25), has_time=False))
    deadline = datetime(2026, 11, 25, 22, 59, 59, tzinfo=UTC)
    assert (call.due_at, call.deadline_at) == (datetime(2026, 11, 24, 23, tzinfo=UTC), deadline)
    assert await office.jobs() == {f"overdue:{call.id}": ("waiting", deadline)}


async def test_without_a_day_it_waits(office: Office) -> None:
    deal = await _deal(office)
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", None, deal_id=deal.id)
    assert (call.deadline_at, await office.jobs()) == (None, {})
    assert (await Deal.get(id=deal.id)).next_activity_id is None


async def test_the_reminder_comes_as_its_owner_wants_whoever_plans_it(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await change_setting(work, "reminder_minutes", "60", for_company=False)
    async with office.as_(office.boss) as work:
        await change_setting(work, "reminder_minutes", "5", for_company=False)
    async with office.as_(office.boss) as work:
        call = await activities.plan_activity(work, "call", "", Due(WALL), owner_id=office.anna.id)
        other = await activities.plan_activity(work, "call", "", Due(WALL), owner_id=office.zofia.id)
    jobs = await office.jobs()
    assert jobs[f"remind-before:{call.id}"][1] == AT - timedelta(minutes=60)
    assert jobs[f"remind-before:{other.id}"][1] == AT - timedelta(minutes=15)


async def test_what_is_due_within_the_quarter_hour_has_no_early_reminder(office: Office) -> None:
    async with office.as_(office.anna) as work:
        soon = Due(datetime(2026, 11, 24, 10, 10))
        call = await activities.plan_activity(work, "call", "", soon)
    assert set(await office.jobs()) == {f"remind:{call.id}", f"overdue:{call.id}"}


async def test_moving_it_moves_its_jobs(office: Office) -> None:
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", Due(WALL))
    async with office.as_(office.anna) as work:
        await activities.reschedule_activity(work, call.id, Due(WALL + timedelta(days=1)))
    assert {moment for _, moment in (await office.jobs()).values()} == {
        AT + timedelta(days=1) - timedelta(minutes=15),
        AT + timedelta(days=1),
    }
    async with office.as_(office.anna) as work:
        await activities.reschedule_activity(work, call.id, Due(WALL, has_time=False))
    assert {key for key, (state, _) in (await office.jobs()).items() if state == "waiting"} == {f"overdue:{call.id}"}


@pytest.mark.parametrize("end", [activities.complete_activity, activities.cancel_activity])
async def test_done_or_called_off_it_reminds_nobody(office: Office, end: object) -> None:
    deal = await _deal(office)
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", Due(WALL), deal_id=deal.id)
    async with office.as_(office.anna) as work:
        await end(work, call.id)  # type: ignore[operator]
        with pytest.raises(AlreadyDone):
            await activities.complete_activity(work, call.id)
        with pytest.raises(AlreadyDone):
            await activities.reschedule_activity(work, call.id, Due(WALL))
    assert {state for state, _ in (await office.jobs()).values()} == {"cancelled"}
    assert (await Deal.get(id=deal.id)).next_deadline_at is None


async def test_a_deal_knows_what_is_due_first(office: Office) -> None:
    deal = await _deal(office)
    planned = []
    for day in (27, 25, 26):
        async with office.as_(office.anna) as work:
            due = Due(WALL.replace(day=day), has_time=day != 26)
            planned.append(await activities.plan_activity(work, "call", "", due, deal_id=deal.id))
    later, first, middle = planned
    for call, leaves in ((first, middle), (middle, later), (later, None)):
        now = await Deal.get(id=deal.id)
        assert (now.next_activity_id, now.next_deadline_at) == (call.id, call.deadline_at)
        assert now.version == 1, "what is derived is nobody's change"
        async with office.as_(office.anna) as work:
            await activities.complete_activity(work, call.id)
        assert (await Deal.get(id=deal.id)).next_activity_id == (leaves.id if leaves else None)


@pytest.mark.parametrize("migrated_url", ["postgres"], indirect=True)
async def test_two_processes_that_plan_at_once_agree_on_what_is_first(office: Office) -> None:
    """Under READ COMMITTED the later of two updates would not see the other's activity."""
    deal = await _deal(office)

    async def plan(day: int, both: asyncio.Barrier) -> None:
        async with office.as_(office.anna) as work:
            await activities.plan_activity(work, "call", "", Due(WALL.replace(day=day)), deal_id=deal.id)
            await both.wait()  # neither has committed yet

    for first, second in ((28, 29), (27, 26), (24, 25)):
        both = asyncio.Barrier(2)
        await asyncio.gather(plan(first, both), plan(second, both))
        wanted = await Activity.filter(deal_id=deal.id, status="planned").order_by("deadline_at").first()
        assert wanted
        assert (await Deal.get(id=deal.id)).next_activity_id == wanted.id


async def test_nothing_hangs_on_what_is_out_of_reach(office: Office) -> None:
    deal = await _deal(office)
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, "Jan")
        call = await activities.plan_activity(work, "call", "", Due(WALL))
    choices: tuple[dict[str, Any], ...] = ({"deal_id": deal.id}, {"contact_id": contact.id}, {"deal_id": 999})
    for links in choices:
        async with office.as_(office.zofia) as work:
            for planning in (
                activities.plan_activity(work, "call", "", Due(WALL), **links),
                activities.log_activity(work, "call", "", **links),
                activities.add_note(work, "text", **links),
                activities.add_file(work, kind="photo", file_id="x", **links),
            ):
                with pytest.raises(NotFound):
                    await planning
    async with office.as_(office.zofia) as work:
        own = await activities.plan_activity(work, "call", "", Due(WALL))
        with pytest.raises(NotFound):
            await activities.change_activity(work, own.id, deal_id=deal.id)
        with pytest.raises(NotFound):
            await activities.complete_activity(work, call.id)


async def test_a_day_later_skips_to_the_future_and_keeps_the_wall_time(office: Office) -> None:
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 20, 15)))
        assert activities.later_by(work, call, timedelta(days=1)) == Due(
            datetime(2026, 11, 24, 15), zone="Europe/Warsaw"
        )
        quarter = activities.later_by(work, call, timedelta(minutes=15))
        assert (quarter.wall, quarter.moment) == (datetime(2026, 11, 24, 10, 15), office.now + timedelta(minutes=15))


async def test_a_quarter_later_in_the_repeated_hour_is_no_hour_earlier(office: Office) -> None:
    office.now = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)  # 2:20 in Warsaw, for the second time that night
    async with office.as_(office.anna) as work:
        call = await activities.plan_activity(work, "call", "", Due(datetime(2026, 10, 25, 2, 20), moment=office.now))
        later = activities.later_by(work, call, timedelta(minutes=15))
        moved = await activities.reschedule_activity(work, call.id, later)
        assert moved.due_at == office.now + timedelta(minutes=15)
        assert to_utc(later.wall, "Europe/Warsaw") < office.now


async def test_after_the_clocks_changed_the_deadline_is_still_the_end_of_the_day(office: Office) -> None:
    async with office.as_(office.anna) as work:
        spring = await activities.plan_activity(work, "call", "", Due(datetime(2027, 3, 28), has_time=False))
        gap = await activities.plan_activity(work, "call", "", Due(datetime(2027, 3, 28, 2, 30)))
    assert spring.deadline_at == datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC)
    assert gap.due_at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)  # 3:00, the first minute there is


async def test_a_smart_activity_is_three_working_days_ahead(office: Office) -> None:
    async with office.as_(office.anna) as work:
        assert activities.suggested_due(work) == Due(datetime(2026, 11, 27, 10))


async def test_a_deleted_deal_reminds_nobody_until_it_is_back(office: Office) -> None:
    deal = await _deal(office)
    async with office.as_(office.anna) as work:
        await activities.plan_activity(work, "call", "", Due(WALL), deal_id=deal.id)
    planned = await office.jobs()
    async with office.as_(office.anna) as work:
        await records.delete_record(work, await Deal.get(id=deal.id))
        deleted = work.id
    assert {state for state, _ in (await office.jobs()).values()} == {"cancelled"}
    async with office.as_(office.anna) as work:
        await undo(work, deleted)
    assert await office.jobs() == planned


async def test_a_deleted_deal_takes_nothing_new(office: Office) -> None:
    deal = await _deal(office)
    async with office.as_(office.anna) as work:
        await records.delete_record(work, deal)
        with pytest.raises(NotFound):
            await activities.add_note(work, "text", deal_id=deal.id)
    assert await db.fetch("SELECT 1 AS y FROM search_entry") == []
