"""What comes again, reminders of one's own choice, snoozing and quiet hours, as they are in the chat."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member

# The chat starts on Tuesday, 24 November 2026, at 10:00 in Warsaw.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def reminders(member: Member) -> list[str]:
    """Return the first lines of the reminders that somebody got, oldest first."""
    texts = [str(message.text) for message in member.person.messages() if message.from_bot]
    return [text.splitlines()[0] for text in texts if text.startswith("⏰")]


async def test_every_monday(anna: Member, crm: Crm) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    said = await anna.send("task Acme every mon 9:00 call in")
    assert said.splitlines()[:3] == ["📌 Mon 30 Nov 9:00 — call in", "   Acme", "   🔁 every Mon"]
    await crm.until(datetime(2026, 11, 30, 8, 1, tzinfo=UTC))
    assert (await reminders(anna))[-2:] == ["⏰ 15 min: call in — Acme", "⏰ now: call in — Acme"]
    assert (await anna.tap("Done")).splitlines()[:2] == ["🔁 Next: Mon 7 Dec 9:00", "✅ call in — Acme"]
    await crm.until(datetime(2026, 12, 7, 8, 1, tzinfo=UTC))
    assert (await reminders(anna))[-1] == "⏰ now: call in — Acme", "the next one reminds too"


async def test_done_late_passes_over_what_went_by(anna: Member, crm: Crm) -> None:
    await anna.send("task every day 9:00 standup")
    await crm.until(datetime(2026, 11, 28, 12, tzinfo=UTC))
    await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Sun 29 Nov 9:00\n")


async def test_undo_takes_the_next_one_back_too(anna: Member) -> None:
    await anna.send("task every mon 9:00 standup")
    await anna.send("a1")
    await anna.tap("Done")
    await anna.tap("Undo")
    rows = await db.fetch("SELECT id, status, deleted_at FROM activity ORDER BY id")
    assert [(row["status"], row["deleted_at"] is None) for row in rows] == [("planned", True), ("planned", False)]


async def test_called_off_only_this_time(anna: Member) -> None:
    await anna.send("task every mon 9:00 standup")
    await anna.send("a1")
    assert (await anna.tap("Call off")).startswith("🔁 Next: Mon 7 Dec 9:00\n✖ standup · called off")


async def test_stopped_and_changed_by_taps(anna: Member) -> None:
    await anna.send("task every mon 9:00 standup")
    await anna.send("a1")
    await anna.tap("Reminders")
    await anna.tap("Comes again")
    said = await anna.tap("last working day of the month")
    assert "🔁 last working day of the month" in said
    await anna.tap("Comes again")
    assert "🔁" not in await anna.tap("never")
    await anna.send("a1")
    assert "Next:" not in await anna.tap("Done")


async def test_moved_once_it_keeps_its_day(anna: Member) -> None:
    await anna.send("task every mon 9:00 standup")
    await anna.send("a1")
    assert "Tue 1 Dec 9:00" in await anna.tap("+1 day")
    await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Mon 7 Dec 9:00\n")


async def test_the_first_working_day_is_the_companys(anna: Member, crm: Crm) -> None:
    admin = await crm.join("admin", "Root")
    await admin.send("/settings holidays PL")
    said = await anna.send("task every first working day 9:00 report")
    assert said.startswith("📌 Tue 1 Dec 9:00 — report\n   🔁 first working day of the month")
    await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Mon 4 Jan 9:00\n"), "1 January is a holiday"


async def test_nothing_comes_again_on_a_closed_deal(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next every mon 9:00 call in")
    await anna.send("/won d1")
    await anna.send("a1")
    assert "Next:" not in await anna.tap("Done")


async def test_a_clients_name_that_begins_with_every(anna: Member) -> None:
    assert "Every Day Foods" in await anna.send("/call Every Day Foods 5m ok")


async def test_the_line_corrected(anna: Member) -> None:
    await anna.send("task every mon 9:00 standup")
    assert "Wed 25 Nov 10:00 — standup\n   🔁 every Wed" in await anna.edit(anna.mine, "task every wed 10:00 standup")
    await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Wed 2 Dec 10:00\n")


async def test_an_unclear_hour_is_asked_and_still_comes_again(anna: Member) -> None:
    assert (await anna.send("task every mon at 6 run")).endswith("When?")
    await anna.tap("18:00")
    assert "Mon 30 Nov 18:00 — run\n   🔁 every Mon" in await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Mon 7 Dec 18:00\n")


# --- reminders ----------------------------------------------------------------------------------------------------------------


async def test_reminders_of_ones_own_choice(anna: Member, crm: Crm) -> None:
    await anna.send("task thu 15:00 send offer")
    await anna.send("a1")
    assert "As your settings say: 15 min" in await anna.tap("Reminders")
    await anna.tap("Remind before")
    await anna.tap("1 day")
    await anna.tap("30 min")
    await crm.until(datetime(2026, 11, 26, 14, 5, tzinfo=UTC))
    assert await reminders(anna) == ["⏰ 24 h: send offer", "⏰ 30 min: send offer", "⏰ now: send offer"]


async def test_reminders_by_kind(anna: Member, crm: Crm) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    assert await anna.send("/settings reminder_kinds meeting 2h, task 0") == "✅ reminder_kinds = meeting 2h, task 0"
    await anna.send("task 15:00 send offer")
    await anna.send("/meet Acme 16:00 show samples")
    await crm.until(datetime(2026, 11, 24, 14, 5, tzinfo=UTC))
    assert await reminders(anna) == ["⏰ 2 h: show samples — Acme", "⏰ now: send offer"]


async def test_a_kind_that_is_repeated_until_it_is_done(anna: Member, crm: Crm) -> None:
    await anna.send("/settings repeat_kinds task 1h")
    await anna.send("task 15:00 send offer")
    await crm.until(datetime(2026, 11, 24, 16, 5, tzinfo=UTC))
    assert (await reminders(anna))[-3:] == ["⏰ now: send offer", "⏰ 1 h late: send offer", "⏰ 2 h late: send offer"]
    await anna.tap("Done")
    seen = len(await reminders(anna))
    await crm.until(datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert len(await reminders(anna)) == seen


async def test_snoozed(anna: Member, crm: Crm) -> None:
    await anna.send("task 12:00 send offer")
    await crm.until(datetime(2026, 11, 24, 11, 1, tzinfo=UTC))
    assert await anna.tap("Snooze") == "Remind again of send offer in:"
    assert (await anna.tap("30 min")).startswith(
        "💤 Again at 12:31, if it is still open.\n🔴 Tue 24 Nov 12:00 — send offer"
    )
    await crm.until(datetime(2026, 11, 24, 11, 32, tzinfo=UTC))
    assert (await reminders(anna))[-1] == "⏰ 31 min late: send offer"


async def test_quiet_hours_tell_before_what_is_due_in_them(anna: Member, crm: Crm) -> None:
    await anna.send("task tomorrow 6:30 catch the train")
    await anna.send("task tomorrow 7:10 buy a ticket")
    await crm.until(datetime(2026, 11, 25, 6, 15, tzinfo=UTC))
    assert await reminders(anna) == [
        "⏰ 8 h 30 min: catch the train",
        "⏰ 10 min: buy a ticket",
        "⏰ now: buy a ticket",
    ]
    assert "10 min: buy a ticket" in anna.seen


async def test_who_plans_at_night_is_up(anna: Member, crm: Crm) -> None:
    await crm.until(datetime(2026, 11, 24, 22, tzinfo=UTC))
    await anna.send("task 23:40 call the night shift")
    await crm.until(datetime(2026, 11, 24, 22, 41, tzinfo=UTC))
    assert await reminders(anna) == ["⏰ 15 min: call the night shift", "⏰ now: call the night shift"]


async def test_without_quiet_hours(anna: Member, crm: Crm) -> None:
    assert await anna.send("/settings quiet_hours off") == "✅ quiet_hours = none"
    await anna.send("task tomorrow 6:30 catch the train")
    await crm.until(datetime(2026, 11, 25, 5, 31, tzinfo=UTC))
    assert await reminders(anna) == ["⏰ 15 min: catch the train", "⏰ now: catch the train"]
