"""Reminders, overdue pings and digests, with each of their buttons, as they arrive in the chat."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

EIGHT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)  # 9:00 in Warsaw


@pytest.fixture
async def reminded(anna: Member, crm: Crm) -> Member:
    """Give a rep who was just reminded of a call at noon."""
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme\ndeal Acme 12k roof")
    await anna.send("/call Anna Nowak 12:00 send offer")
    await crm.advance(hours=1, minutes=50)
    return anna


async def test_the_reminder_comes_a_quarter_before_and_at_the_time(reminded: Member, crm: Crm) -> None:
    assert reminded.last == "⏰ 15 min: send offer — Anna Nowak (Acme), +48 601 234 567\nAcme roof · PLN 12,000 · New"
    assert reminded.buttons == [
        "✅ Done",
        "📞 Log call",
        "+15 min",
        "Tomorrow 9:00",
        "💤 Snooze",
        "Hand over",
        "Open deal",
    ]
    await crm.advance(minutes=10)
    assert reminded.last.startswith("⏰ now: send offer — Anna Nowak (Acme)")


async def test_done(reminded: Member, crm: Crm) -> None:
    said = await reminded.tap("Done")
    assert said.startswith("✅ Call with Anna Nowak (Acme)\n   send offer")
    assert "No next step. Follow up" in said
    before = len(reminded.person.messages())
    await crm.advance(minutes=30)
    assert len(reminded.person.messages()) == before, "nothing reminds of what is done"


async def test_log_call_that_went_well(reminded: Member) -> None:
    assert await reminded.tap("Log call") == "How did the call go? send offer"
    assert await reminded.tap("ok") == "How long was it?"
    said = await reminded.tap("15 min")
    assert said.startswith("✅ Call with Anna Nowak (Acme) · 15 min · ok\n   send offer")


async def test_log_call_that_nobody_answered_asks_when_to_try_again(reminded: Member, crm: Crm) -> None:
    await reminded.tap("Log call")
    said = await reminded.tap("no answer")
    assert said.startswith("📞 Call noted. When to try again?\n📞 Tue 24 Nov 12:00 — send offer")
    assert "Wed 25 Nov 9:00 — send offer" in await reminded.tap("Tomorrow 9:00")
    assert "Last: today 11:50 — Call · no answer" in await reminded.send("d1")
    await crm.until(EIGHT)
    assert any(
        message.text.startswith("⏰ now: send offer") for message in reminded.person.messages() if message.from_bot
    )


async def test_a_quarter_of_an_hour_later(reminded: Member, crm: Crm) -> None:
    assert "Tue 24 Nov 12:15 — send offer" in await reminded.tap("+15 min")
    assert reminded.toast == "today 12:15"
    await crm.advance(minutes=25)
    assert reminded.last.startswith("⏰ now")


async def test_tomorrow_at_nine(reminded: Member) -> None:
    assert "Wed 25 Nov 9:00 — send offer" in await reminded.tap("Tomorrow 9:00")
    assert reminded.toast == "tomorrow 9:00"


async def test_hand_over(reminded: Member, boss: Member, crm: Crm) -> None:
    assert await reminded.tap("Hand over") == "Hand send offer over to whom?"
    assert await reminded.tap("Marta Boss") == "✅ send offer went over to Marta Boss."
    assert boss.last == "🤝 Anna Rep handed send offer over to you."
    await crm.advance(minutes=10)
    assert boss.last.startswith("⏰ now: send offer"), "the reminder goes where the work went"


async def test_hand_over_and_back_and_over_again(reminded: Member, boss: Member) -> None:
    for _ in range(2):
        await reminded.send("a1")
        await reminded.tap("Hand over")
        await reminded.tap("Marta Boss")
        assert reminded.card.text == "✅ send offer went over to Marta Boss."
        await reminded.tap("Undo")


async def test_a_late_one_says_so(anna: Member, crm: Crm) -> None:
    await anna.send("task order nails 12:00")
    await crm.restart(hours=5)
    assert anna.last == "⏰ late: order nails\nLate: it was due today 12:00, while botcrm was not running."


async def test_a_day_without_a_time_is_not_reminded_of_by_the_minute(anna: Member, crm: Crm) -> None:
    await anna.send("task order nails tomorrow")
    before = len(anna.person.messages())
    await crm.advance(hours=20)
    assert len(anna.person.messages()) == before


# --- overdue ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def late(anna: Member, boss: Member, crm: Crm) -> Member:
    """Give the manager who was just told that Anna's call is two working hours late."""
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme\ndeal Acme 12k roof")
    await anna.send("/call Anna Nowak 11:00 send offer")
    await crm.advance(hours=3, minutes=5)
    return boss


async def test_the_manager_hears_of_it_once(late: Member, crm: Crm) -> None:
    assert late.last == (
        "🔴 Anna Rep: send offer — Anna Nowak (Acme)\nWas due today 11:00, 2 hours ago.\nAcme roof · PLN 12,000 · New"
    )
    assert late.buttons == ["💬 Ask", "Reassign", "💤 Snooze", "Open deal"]
    await crm.advance(hours=10)
    assert late.seen.count("🔴 Anna Rep: send offer") == 1


async def test_ask_and_the_answer_comes_back(late: Member, anna: Member) -> None:
    said = await late.tap("Ask")
    assert said.endswith("💬 Anna Rep was asked.")
    assert late.toast == "Asked. The answer will come here."
    assert anna.last == "💬 Marta Boss asks how this stands:\nsend offer — Anna Nowak (Acme)\nWas due today 11:00."
    await anna.tap("Answer")
    assert anna.last == "Type your answer."
    assert await anna.send("call: they are on holiday until Monday") == "💬 Your answer was passed on."
    assert late.last == "💬 Anna Rep answers:\ncall: they are on holiday until Monday\nsend offer"
    assert "📝 call: they are on holiday until Monday" in await anna.send("d1")


async def test_reassign(late: Member, anna: Member, bob: Member) -> None:
    assert await late.tap("Reassign") == "Hand send offer over to whom?"
    assert await late.tap("Bob Rep") == "✅ send offer went over to Bob Rep."
    assert bob.last == "🤝 Marta Boss handed send offer over to you."
    assert "send offer" in await bob.tap("Open")


async def test_snooze_comes_again_in_an_hour_if_it_is_still_open(late: Member, crm: Crm) -> None:
    said = await late.tap("Snooze")
    assert said.endswith("💤 Again at 14:05, if it is still open.")
    await crm.advance(hours=1, minutes=1)
    assert late.last.startswith("🔴 Anna Rep: send offer — Anna Nowak (Acme)\nWas due today 11:00, 3 hours ago.")
    await late.tap("Snooze")
    await crm.advance(hours=1, minutes=1)
    assert late.seen.count("Was due today 11:00, 4 hours ago.") == 1


async def test_snooze_stays_silent_once_it_is_done(late: Member, anna: Member, crm: Crm) -> None:
    await late.tap("Snooze")
    await anna.send("a1")
    await anna.tap("Done")
    before = len(late.person.messages())
    await crm.advance(hours=2)
    assert len(late.person.messages()) == before


async def test_snooze_stays_silent_once_it_is_moved(late: Member, anna: Member, crm: Crm) -> None:
    await late.tap("Snooze")
    await anna.send("a1")
    await anna.tap("+1 day")
    before = len(late.person.messages())
    await crm.advance(hours=2)
    assert len(late.person.messages()) == before


async def test_nobody_hears_of_what_is_left_on_a_won_deal(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next 11:00 send offer")
    await anna.send("/won d1")
    await crm.advance(hours=6)
    assert "send offer" not in boss.seen


async def test_what_became_late_in_the_evening_waits_for_working_time(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next 17:30 send offer")
    await crm.advance(hours=14)
    assert "send offer" not in boss.seen
    await crm.until(datetime(2026, 11, 25, 9, 31, tzinfo=UTC))
    assert "🔴 Anna Rep: send offer" in boss.seen


# --- digest ------------------------------------------------------------------------------------------------------------------


async def test_the_digest_comes_at_nine_by_each_ones_clock(anna: Member, boss: Member, crm: Crm) -> None:
    tokyo = await crm.join("rep", "Ken", zone="Asia/Tokyo")
    await anna.send("deal Acme 12k roof next tomorrow 15:00 send offer")
    await tokyo.send("deal Sushi 3k kitchen next tomorrow 15:00 send offer")
    await crm.until(datetime(2026, 11, 25, 0, 1, tzinfo=UTC))
    assert tokyo.last.startswith("☀️ Good morning, Ken.")
    assert "Good morning" not in anna.seen
    await crm.until(datetime(2026, 11, 25, 8, 1, tzinfo=UTC))
    assert anna.last == (
        "☀️ Good morning, Anna.\n"
        "📥 0 incoming · 📅 1 planned · 🔴 0 overdue\n"
        "By day: today 1\n"
        "Acme roof · PLN 12,000 · New · d1\n"
        "   ▶ today 15:00 — send offer"
    )
    assert (await anna.tap("Today")).startswith("Today · Wed 25 Nov")


async def test_the_managers_digest_names_who_is_late(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next 17:30 send offer")
    await crm.until(datetime(2026, 11, 25, 8, 1, tzinfo=UTC))
    assert "Late in your team:\n🔴 Anna Rep: 1" in boss.last
    assert (await boss.tap("Anna Rep")).startswith("Deals of Anna Rep · Wed 25 Nov")


async def test_the_digest_can_be_switched_off(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next tomorrow 15:00 send offer")
    await anna.send("/settings digest off")
    await crm.until(datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    assert "Good morning" not in anna.seen
