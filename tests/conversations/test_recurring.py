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


async def test_a_number_behind_every_month(anna: Member) -> None:
    for line in (
        "every month 15. 9:00 vat",
        "every month 15 9:00 vat",
        "monthly 15 at 9:00 vat",
        "every month 15th 9:00 vat",
    ):
        said = await anna.send(f"task {line}")
        assert said.startswith("📌 Tue 15 Dec 9:00 — vat\n   🔁 every month on day 15"), line
    said = await anna.send("task every month 31. vat")
    assert said.startswith("📌 Mon 30 Nov — vat\n   🔁 every month on day 31")
    assert "Tue 15 Dec 9:00 — vat\n   🔁 every year on Dec 15" in await anna.send("task every year 15.12 9:00 vat")
    assert "Today 15:00 — vat" in (await anna.send("task every month 15:00 vat")).replace("Tue 24 Nov", "Today")
    assert "15 min walk" in await anna.send("task every month 15 min walk")


async def test_a_number_that_may_be_a_day_or_an_hour_is_asked(anna: Member) -> None:
    assert (await anna.send("task every month 15 vat")).endswith("When?")
    assert anna.buttons[:2] == ["Tue 15 Dec 9:00", "Today 15:00"]
    await anna.tap("Tue 15 Dec 9:00")
    assert "Tue 15 Dec 9:00 — vat\n   🔁 every month on day 15" in await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Fri 15 Jan 9:00\n")
    await anna.send("task every month 15 vat")
    await anna.tap("Today 15:00")
    assert "15:00 — vat\n   🔁 every month on day 24" in await anna.send("a3")


async def test_a_number_and_a_time_behind_every_week_are_asked(anna: Member) -> None:
    said = await anna.send("task every week 15 9:00 report")
    assert "report" in said
    assert "9:00 report" not in said
    assert said.endswith("When?")
    assert anna.buttons[:3] == ["Tue 15 Dec 9:00", "Tomorrow 9:00", "Today 15:00"]
    await anna.tap("Tomorrow 9:00")
    assert "Wed 25 Nov 9:00 — report\n   🔁 every Wed" in await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Wed 2 Dec 9:00\n")
    await anna.send("task every year 15 9:00 audit")
    await anna.tap("Tue 15 Dec 9:00")
    assert "Tue 15 Dec 9:00 — audit\n   🔁 every year on Dec 15" in await anna.send("a3")
    assert (await anna.send("task every mon 15 9:00 standup")).endswith("When?")
    await anna.tap("Mon 30 Nov 9:00")
    assert "Mon 30 Nov 9:00 — standup\n   🔁 every Mon" in await anna.send("a4")
    said = await anna.send("task every week 25 9:00 sweep")
    assert said.startswith("📌 Wed 25 Nov 9:00 — sweep\n   🔁 every Wed"), said


# --- reminders ----------------------------------------------------------------------------------------------------------------


async def test_reminders_of_ones_own_choice(anna: Member, crm: Crm) -> None:
    await anna.send("task thu 15:00 send offer")
    await anna.send("a1")
    assert "Remind before: 15 min · default" in await anna.tap("Reminders")
    await anna.tap("Remind before")
    await anna.tap("1 day")
    await anna.tap("30 min")
    await crm.until(datetime(2026, 11, 26, 14, 5, tzinfo=UTC))
    assert await reminders(anna) == [
        "⏰ 24 h: send offer",
        "⏰ 30 min: send offer",
        "⏰ 15 min: send offer",
        "⏰ now: send offer",
    ]


async def test_reminders_by_kind(anna: Member, crm: Crm) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    assert await anna.send("/settings reminder_kinds meeting 2h, task 0") == "✅ reminder_kinds = meeting 2h, task 0"
    await anna.send("task 15:00 send offer")
    await anna.send("/meet Acme 16:00 show samples")
    await crm.until(datetime(2026, 11, 24, 14, 5, tzinfo=UTC))
    assert await reminders(anna) == ["⏰ 2 h: show samples — Acme", "⏰ now: send offer"]


async def test_a_setting_for_a_kind_that_is_none(anna: Member) -> None:
    said = "✋ {}: “bogus” is not understood. Kinds: call, meeting, email, task."
    assert (await anna.send("/settings reminder_kinds call 5m, bogus 1h")).startswith(said.format("reminder_kinds"))
    assert (await anna.send("/settings repeat_kinds bogus 1h")).startswith(said.format("repeat_kinds"))
    assert "reminder_kinds = none" in await anna.send("/settings reminder_kinds")


async def test_working_hours_with_a_break(crm: Crm) -> None:
    admin = await crm.join("admin", "Root")
    assert "/settings working_hours Mon-Thu 9-13, 14-18; Fri 9-16" in await admin.send("/settings working_hours")
    for typed in ("mon-fri 9-12 13-17", "mon-fri 9-12, 13-17", "mon-fri 9:00-12:00 and 13:00 - 17:00"):
        assert (await admin.send(f"/settings working_hours {typed}")).startswith("✅ working_hours = "), typed
        await admin.send("deal Acme 12k roof")
        assert "Follow up" in admin.last


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


async def test_japanese_without_spaces_repeats_too(anna: Member) -> None:
    await anna.send("company アクメ")
    said = await anna.send("task アクメ 毎週月曜9時に電話")
    assert "Mon 30 Nov 9:00 — 電話" in said
    assert "🔁 every Mon" in said
    assert "first working day of the month" in await anna.send("task アクメ 毎月第一営業日9時 報告")
    assert "明日香に電話" in await anna.send("task アクメ 明日香に電話"), "Asuka is a name"


# --- moved by somebody elsewhere, or onto another of its times --------------------------------------------------------------


async def test_a_manager_in_tokyo_moves_it_by_the_reps_clock(crm: Crm) -> None:
    ken = await crm.join("manager", "Ken Boss", zone="Asia/Tokyo")
    anna = await crm.join("rep", "Anna Rep", manager=ken)
    await anna.send("deal Acme 12k roof next every mon 9:00 call in")
    assert "Mon 30 Nov 17:00 — call in" in await ken.send("a1"), "each reads it by the own clock"
    await ken.tap("+1 day")
    assert "Tue 1 Dec 9:00 — call in" in await anna.send("a1")
    await ken.send("/today @anna")
    await ken.tap("Move")
    await ken.tap("Mon 9:00")
    assert "Mon 30 Nov 9:00 — call in" in await anna.send("a1")
    assert "moved to Mon 30 Nov 9:00" in await anna.send("/timeline d1")
    assert "moved to Mon 30 Nov 17:00" in await ken.send("/timeline d1")
    await ken.send("a1")
    await ken.tap("Other time")
    await ken.send("1.12 20:00")
    assert "Tue 1 Dec 12:00 — call in" in await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Mon 7 Dec 9:00\n")
    row = await db.fetch_one("SELECT due_zone, slot_wall FROM activity WHERE status = 'planned'")
    assert row == {"due_zone": "Europe/Warsaw", "slot_wall": "2026-12-07T09:00:00"}


async def test_tomorrow_at_nine_is_the_owners(crm: Crm) -> None:
    ken = await crm.join("manager", "Ken Boss", zone="Asia/Tokyo")
    anna = await crm.join("rep", "Anna Rep", manager=ken)
    await anna.send("task 15:00 send offer")
    await ken.send("a1")
    await ken.forge("at:1:1", ken.card)
    assert "Wed 25 Nov 9:00 — send offer" in await anna.send("a1")


async def test_moved_onto_its_next_time_it_comes_once(anna: Member, crm: Crm) -> None:
    await anna.send("task every mon 9:00 standup")
    await anna.send("a1")
    await anna.tap("Other time")
    await anna.send("7.12 9:00")
    await crm.until(datetime(2026, 12, 7, 7, 55, tzinfo=UTC))
    await anna.send("a1")
    assert (await anna.tap("Done")).startswith("🔁 Next: Mon 14 Dec 9:00\n")


async def test_moved_by_a_day_and_called_off_it_comes_once(anna: Member) -> None:
    await anna.send("task every day 12:00 standup")
    await anna.send("a1")
    await anna.tap("+1 day")
    await anna.send("a1")
    assert (await anna.tap("Call off")).startswith("🔁 Next: Thu 26 Nov 12:00\n")


# --- when a reminder waits, and when there is none any more ----------------------------------------------------------------------


async def _hourly(anna: Member, line: str) -> None:
    await anna.send("/settings repeat_kinds task 1h, call 1h")
    await anna.send(line)


async def test_a_repeated_reminder_waits_for_the_end_of_the_quiet_hours(anna: Member, crm: Crm) -> None:
    await anna.send("/settings quiet_hours 13:00-15:00")
    await _hourly(anna, "task 11:00 send offer")
    await crm.until(datetime(2026, 11, 24, 11, 5, tzinfo=UTC))
    seen = await reminders(anna)
    assert seen[-1] == "⏰ 1 h late: send offer"
    await crm.until(datetime(2026, 11, 24, 13, 55, tzinfo=UTC))
    assert await reminders(anna) == seen
    await crm.until(datetime(2026, 11, 24, 14, 5, tzinfo=UTC))
    assert (await reminders(anna))[len(seen) :] == ["⏰ 4 h late: send offer"]


async def test_after_the_bot_was_down_nobody_is_woken(anna: Member, crm: Crm) -> None:
    await anna.send("/settings quiet_hours 13:00-15:00")
    await anna.send("task 12:30 send offer")
    await crm.until(datetime(2026, 11, 24, 10, 30, tzinfo=UTC))
    await crm.restart(hours=2)
    await crm.until(datetime(2026, 11, 24, 13, 50, tzinfo=UTC))
    assert await reminders(anna) == []
    await crm.until(datetime(2026, 11, 24, 14, 5, tzinfo=UTC))
    assert (await reminders(anna))[0] == "⏰ late: send offer"


async def test_nobody_is_reminded_again_of_what_nobody_waits_for(anna: Member, crm: Crm) -> None:
    await _hourly(anna, "deal Acme 1k roof next 11:00 call")
    await anna.send("lead Ivan next 11:00 call him")
    await crm.until(datetime(2026, 11, 24, 11, 5, tzinfo=UTC))
    assert len([text for text in await reminders(anna) if "late" in text]) == 2
    await anna.send("/won d1")
    await anna.send("l1")
    await anna.tap("Not a lead")
    seen = await reminders(anna)
    await crm.until(datetime(2026, 11, 25, 14, 5, tzinfo=UTC))
    assert await reminders(anna) == seen


async def test_what_others_plan_at_the_same_moment_is_no_answer_to_a_tap(anna: Member, bob: Member, crm: Crm) -> None:
    """Updates that come together share a transaction, and nothing else."""
    await anna.send("task every mon 9:00 standup")
    await anna.send("a1")
    card = anna.with_button("Done")
    bob.person.send("task every day 7:30 swim")
    anna.person.press(card, next(text for row in card.buttons for text in row if "Done" in text))
    await crm.settle()
    assert next(one.text for one in anna.person.messages() if one.id == card.id).startswith("🔁 Next: Mon 7 Dec 9:00\n")
