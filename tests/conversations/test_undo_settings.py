"""/undo takes back what was set last, and never something older in its stead."""

from __future__ import annotations

import pytest

from botcrm.testing import Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
async def rep(anna: Member) -> Member:
    """Give a rep who opened a deal: what /undo used to take away."""
    await anna.send("/deal Zed 1k")
    return anna


async def _there(rep: Member) -> bool:
    return (await rep.send("d1")).startswith("💼 Zed")


async def test_a_setting_is_set_back(rep: Member) -> None:
    assert "evening = off" in await rep.send("/settings evening off")
    assert await rep.send("/undo") == "↩ Undone\n   As before: evening = as the company has it"
    assert await _there(rep)
    assert "evening = on" in await rep.send("/settings evening")
    await rep.tap("Bring back", rep.with_button("Bring back"))
    assert "evening = off" in await rep.send("/settings evening")
    await rep.send("/settings zone Asia/Tokyo")
    await rep.send("/settings zone Europe/London")
    await rep.send("/undo")
    assert "zone = Asia/Tokyo" in await rep.send("/settings zone")
    await rep.send("/undo")
    assert "zone = Europe/Warsaw" in await rep.send("/settings zone")


async def test_leave_has_an_undo_of_its_own(rep: Member, boss: Member) -> None:
    await rep.send("/leave 1.12-7.12")
    assert "None." in (await rep.tap("Undo") and await rep.send("/leave"))
    await rep.send("/leave 1.12-7.12")
    await rep.send("/leave 24.12")
    said = await rep.send("/undo")
    assert "leave" in said
    said = await rep.send("/leave")
    assert "7 Dec" in said
    assert "24 Dec" not in said
    assert await _there(rep)
    await boss.send("/leave @anna 28.12")
    await boss.tap("Undo")
    assert "28 Dec" not in await rep.send("/leave")


async def test_a_pin_and_a_mute(rep: Member) -> None:
    await rep.send("d1")
    await rep.tap("Pin")
    assert await rep.send("/undo") == "↩ Undone\n   As before: d1: no mark"
    assert "📌 Pinned" not in await rep.send("/today")
    await rep.send("d1")
    await rep.tap("Pin")
    await rep.tap("Unpin")
    assert "d1: pinned" in await rep.send("/undo")
    assert "📌 Pinned" in await rep.send("/today")


async def test_what_is_no_plain_setting_is_not_passed_over(rep: Member) -> None:
    await rep.send("/calendar")
    await rep.tap("Make an address")
    assert "Your last change was a setting (calendar)" in await rep.send("/undo")
    assert await _there(rep)


async def test_a_setting_changed_since_by_somebody_else_stays(rep: Member, boss: Member) -> None:
    await boss.send("/leave @anna 1.12-7.12")
    card = boss.with_button("Undo")
    await rep.send("/leave 24.12")
    await boss.tap("Undo", card)
    assert boss.toast == "↩ Not undone: Anna Rep changed it since (changed)."
    assert "7 Dec" in await rep.send("/leave")


async def test_a_setting_that_is_none_is_answered_with_the_one_meant(anna: Member, boss: Member) -> None:
    assert await anna.send("/settings quiet 22-7") == (
        "✋ There is no setting “quiet”. Did you mean quiet_hours? Type /settings quiet_hours 22-7"
    )
    assert (await anna.send("/settings company rem 5")).endswith("Type /settings company reminder_minutes 5")
    said = await anna.send("/settings qqqq on")
    assert said.startswith("✋ There is no setting “qqqq”. Settings: zone,")
    assert "quiet_hours = 22:00-07:00" in await anna.send("/settings quiet_hours 22-7")
