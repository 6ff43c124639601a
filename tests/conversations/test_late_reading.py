"""A line that is read late means the times it meant when it was written; after an hour it is read as of now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from botcrm.core.domain.zones import to_wall
from botcrm.core.models import Activity
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def _late(crm: Crm, member: Member, text: str, **by: float) -> str:
    """Have the bot read a line so much later than it was written."""
    member.person.send(text)
    crm.clock.moment += timedelta(**by)
    await crm.settle()
    return member.last


async def _due() -> str:
    activity = await Activity.all().order_by("-id").first()
    assert activity
    assert activity.due_at
    return f"{to_wall(activity.due_at, 'Europe/Warsaw'):%d %H:%M}"


async def test_minutes_count_from_when_the_line_was_written(crm: Crm, anna: Member) -> None:
    await _late(crm, anna, "deal Acme 12k roof next in 20m call", minutes=5)
    assert await _due() == "24 10:20"
    await crm.until(crm.clock.moment + timedelta(minutes=16))
    assert "⏰" in anna.last
    await _late(crm, anna, "task d1 12:00 send offer", minutes=30)
    assert await _due() == "24 12:00"


async def test_a_time_that_went_by_before_it_was_read_is_not_tomorrow(crm: Crm, anna: Member) -> None:
    said = await _late(crm, anna, "task 10:03 ring Jan", minutes=10)
    assert await _due() == "24 10:03"
    assert "ring Jan" in said
    await crm.advance(minutes=1)
    assert "ring Jan" in anna.last
    assert "Late: it was due today 10:03" in anna.last
    await _late(crm, anna, "meet Acme 10:30 contract", minutes=25)
    meeting = await Activity.get(kind="meeting")
    assert meeting.status == "planned"


async def test_what_waited_for_a_bot_that_was_down_is_read_as_of_now(crm: Crm, anna: Member) -> None:
    await _late(crm, anna, "task in 20m ring Jan", hours=3)
    assert await _due() == "24 13:20"
    await _late(crm, anna, "task 14:00 ring Ola", hours=3)
    assert await _due() == "25 14:00"


async def test_an_edited_line_counts_from_its_edit(crm: Crm, anna: Member) -> None:
    await anna.send("task in 20m ring Jan")
    await crm.advance(minutes=10)
    anna.person.edit(anna.mine, "task in 30m ring Jan")
    crm.clock.moment += timedelta(minutes=5)
    await crm.settle()
    assert await _due() == "24 10:40"
