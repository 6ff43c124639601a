"""Between a manager and their people: overdue ones together, the evening, questions, somebody's day."""

from __future__ import annotations

from datetime import UTC, datetime

from botcrm.testing import Crm, Member

# --- overdue -------------------------------------------------------------------------------------------------------------


async def test_what_is_overdue_together_comes_in_one_message(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    for number in range(1, 8):
        await anna.send(f"deal Acme{number} 1k roof next 11:00 step {number}")
    await bob.send("deal Baltic 1k doors next 11:00 measure")
    before = len(boss.person.messages())
    await crm.advance(hours=4)
    assert len(boss.person.messages()) == before + 1
    assert boss.last.startswith(
        "🔴 8 are overdue\nAnna Rep: 7\n   today 11:00 — step 1 — Acme1 roof\n   today 11:00 — step 2 — Acme2 roof"
    )
    assert "Bob Rep: 1\n   today 11:00 — measure — Baltic doors" in boss.last
    assert boss.buttons[-3:] == ["🔴 Anna Rep", "🔴 Bob Rep", "💤 Snooze all"]
    listed = boss.card
    await boss.tap("step 2", listed)
    assert boss.last.startswith("🔴 Anna Rep: step 2 — Acme2")
    assert boss.buttons == ["💬 Ask", "Reassign", "💤 Snooze", "Open deal"]
    assert (await boss.tap("🔴 Bob Rep", listed)).startswith("Deals of Bob Rep")


async def test_all_that_is_overdue_is_put_off_together(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k roof next 11:00 step one\ndeal Beta 1k roof next 11:00 step two")
    await bob.send("deal Baltic 1k doors next 11:00 measure")
    await crm.advance(hours=4)
    listed = boss.card
    await boss.tap("Snooze all", listed)
    assert boss.buttons[-3:] == ["💤 1 h", "💤 3 h", "💤 Tomorrow 9:00"]
    said = await boss.tap("💤 1 h", listed)
    assert said.startswith("💤 Again today 15:00, what is still open by then.\n🔴 3 are overdue")
    await anna.send("d1")
    await anna.tap("Done")
    before = len(boss.person.messages())
    await crm.advance(minutes=50)
    assert len(boss.person.messages()) == before
    await crm.advance(minutes=15)
    assert len(boss.person.messages()) == before + 1
    assert boss.last.startswith("🔴 2 are overdue\nAnna Rep: 1\n   today 11:00 — step two")
    await boss.tap("Snooze all")
    await boss.tap("Tomorrow 9:00")
    await crm.until(datetime(2026, 11, 25, 7, 55, tzinfo=UTC))
    assert boss.seen.count("2 are overdue") == 1
    await crm.until(datetime(2026, 11, 25, 8, 5, tzinfo=UTC))
    assert boss.last.startswith("🔴 2 are overdue")
    await anna.send("/today")
    await anna.forge("sa:1:60", listed)
    assert "step" not in anna.toast


async def test_the_owner_hears_first_then_the_manager_then_the_head(crm: Crm) -> None:
    head = await crm.join("manager", "Hedy Head")
    boss = await crm.join("manager", "Marta Boss", manager=head)
    anna = await crm.join("rep", "Anna Rep", manager=boss)
    await anna.send("/task order nails 11:00")
    await crm.until(datetime(2026, 11, 24, 11, 5, tzinfo=UTC))  # 12:05: an hour late
    assert anna.last.startswith("⏰ 1 h late: order nails")
    assert "Done" in anna.buttons[0]
    assert "order nails" not in boss.seen
    await crm.until(datetime(2026, 11, 24, 12, 5, tzinfo=UTC))
    assert boss.last.startswith("🔴 Anna Rep: order nails\nWas due today 11:00, 2 hours ago.")
    assert "order nails" not in head.seen
    await crm.until(
        datetime(2026, 11, 25, 8, 59, tzinfo=UTC)
    )  # seven working hours that day, the eighth from nine to ten
    assert "order nails" not in head.seen
    await crm.until(datetime(2026, 11, 25, 9, 5, tzinfo=UTC))
    assert head.last.startswith("🔴 Anna Rep: order nails\nWas due yesterday 11:00")
    assert [member.seen.count("🔴 Anna Rep: order nails") for member in (boss, head)] == [1, 1]


async def test_several_that_are_late_come_to_their_owner_together_too(anna: Member, crm: Crm) -> None:
    await anna.send("/task order nails 11:00\n/task order wood 11:00")
    await crm.until(datetime(2026, 11, 24, 11, 5, tzinfo=UTC))
    assert anna.last == "🔴 2 are overdue\nYou: 2\n   today 11:00 — order nails\n   today 11:00 — order wood"
    await anna.tap("order wood")
    await anna.tap("Done")
    before = len(anna.person.messages())
    await crm.until(datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
    assert len(anna.person.messages()) == before


async def test_the_steps_are_settings(anna: Member, boss: Member, crm: Crm) -> None:
    admin = await crm.join("admin", "Ada")
    assert await admin.send("/settings overdue_owner_hours 0") == "✅ overdue_owner_hours = 0"
    assert await admin.send("/settings overdue_hours 3") == "✅ overdue_hours = 3"
    assert await anna.send("/settings overdue_hours 100") == "✋ Only an administrator can do that."
    await anna.send("/task order nails 11:00")
    await crm.until(datetime(2026, 11, 24, 12, 55, tzinfo=UTC))
    assert "late: order nails" not in anna.seen
    assert "order nails" not in boss.seen
    await crm.until(datetime(2026, 11, 24, 13, 5, tzinfo=UTC))
    assert "Was due today 11:00, 3 hours ago." in boss.last


async def test_nobody_is_disturbed_in_their_quiet_hours(anna: Member, boss: Member, crm: Crm) -> None:
    await boss.send("/settings quiet_hours 12:00-16:00")
    await anna.send("/task order nails 11:00")
    await crm.until(datetime(2026, 11, 24, 14, 55, tzinfo=UTC))
    assert "order nails" not in boss.seen
    await crm.until(datetime(2026, 11, 24, 15, 1, tzinfo=UTC))
    assert "🔴 Anna Rep: order nails" in boss.last


# --- the evening -------------------------------------------------------------------------------------------------------------


async def test_the_evening_digest_says_what_was_done(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next tomorrow 15:00 send offer")
    await anna.send("deal Baltic 7500 doors")
    await anna.send("/call Acme 15m ok agreed")
    await anna.send("/call Acme no")
    await anna.send("/meet Baltic 40m ok signed")
    await anna.send("/won d2")
    await crm.until(datetime(2026, 11, 24, 17, 1, tzinfo=UTC))
    assert anna.last == (
        "🌙 Your day, Anna.\n"
        "✅ 3 things done: 📞 call 2 · 🤝 meeting 1\n"
        "🏆 1 deal won · PLN 7,500\n"
        "💼 2 deals opened\n"
        "Tomorrow:\n"
        "Acme roof · PLN 12,000 · New · ↗📞 · d1\n"
        "   ▶ tomorrow 15:00 — send offer"
    )
    assert boss.last == "🌙 Your day, Marta.\nYour team today:\nAnna Rep: 3 done · 1 deal won"
    assert (await anna.tap("Today")).startswith("Today · Tue 24 Nov")


async def test_tomorrow_is_not_hidden_by_what_is_overdue(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next 11:00 call in")
    await anna.send("task d1 tomorrow 15:00 send offer")
    await anna.send("task tomorrow 12:00 order nails")
    await crm.until(datetime(2026, 11, 24, 17, 1, tzinfo=UTC))
    assert anna.last == (
        "🌙 Your day, Anna.\n"
        "💼 1 deal opened\n"
        "🔴 Still overdue: 1\n"
        "Tomorrow:\n"
        "📌 order nails · a3\n"
        "   ▶ tomorrow 12:00\n"
        "Acme roof · PLN 12,000 · New · d1\n"
        "   ▶ tomorrow 15:00 — send offer"
    )


async def test_no_digest_on_days_off_and_on_leave(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next thu 11:00 call in")
    await anna.send("/leave 30.11")
    await crm.until(datetime(2026, 11, 27, 20, tzinfo=UTC))  # the evening of a Friday
    assert "Still overdue: 1" in anna.last
    seen = len(anna.person.messages())
    await crm.until(datetime(2026, 11, 29, 20, tzinfo=UTC))
    assert len(anna.person.messages()) == seen, "a weekend"
    await crm.until(datetime(2026, 11, 30, 20, tzinfo=UTC))
    assert len(anna.person.messages()) == seen, "a day of leave"
    await crm.until(datetime(2026, 12, 1, 8, 5, tzinfo=UTC))
    assert "1 overdue" in anna.last


async def test_an_evening_without_anything_to_say_is_silent(anna: Member, crm: Crm) -> None:
    before = len(anna.person.messages())
    await crm.until(datetime(2026, 11, 24, 20, 0, tzinfo=UTC))
    assert len(anna.person.messages()) == before


async def test_the_evening_digest_has_its_own_time_and_switch(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    assert await anna.send("/settings evening_at 17:15") == "✅ evening_at = 17:15"
    await crm.until(datetime(2026, 11, 24, 16, 10, tzinfo=UTC))
    assert "🌙" not in anna.seen
    await crm.until(datetime(2026, 11, 24, 16, 16, tzinfo=UTC))
    assert anna.last == "🌙 Your day, Anna.\n💼 1 deal opened"
    assert await anna.send("/settings evening off") == "✅ evening = off"
    await crm.advance(hours=20)
    await anna.send("deal Baltic 12k doors")
    await crm.until(datetime(2026, 11, 25, 20, 0, tzinfo=UTC))
    assert anna.seen.count("🌙") == 1


async def test_what_was_undone_was_not_done(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/won d1")
    await anna.send("/undo")
    await anna.send("deal Baltic 1k")
    await anna.send("/undo")
    await crm.until(datetime(2026, 11, 24, 17, 1, tzinfo=UTC))
    assert anna.last == "🌙 Your day, Anna.\n💼 1 deal opened"


# --- questions -----------------------------------------------------------------------------------------------------------------


async def test_a_question_about_a_deal_and_its_answer(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert await boss.send("/ask anna d1 what about the offer?") == (
        "💬 Anna Rep was asked about Acme roof. The answer will come here.\n   what about the offer?"
    )
    assert anna.last == "💬 Marta Boss asks about Acme roof:\nwhat about the offer?"
    assert anna.buttons == ["✏️ Answer", "Open"]
    await anna.tap("Answer")
    assert anna.last == "Type your answer."
    assert await anna.send("call it done: sent on Monday") == "💬 Your answer was passed on."
    assert boss.last == (
        "💬 Anna Rep answers about Acme roof:\ncall it done: sent on Monday\n→ Anna Rep: what about the offer?"
    )
    assert (await boss.tap("Open")).startswith("💼 Acme roof · d1")
    assert "📝 call it done: sent on Monday" in boss.last
    timeline = await anna.send("d1") and await anna.tap("Timeline")
    assert "→ Anna Rep: what about the offer?" in timeline


async def test_a_plain_reply_to_a_question_is_the_answer(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await boss.send("/ask anna d1 what about the offer?")
    question = anna.card
    await anna.send("d1")
    assert await anna.send("call it done: sent on Monday", reply_to=question) == "💬 Your answer was passed on."
    assert boss.last.startswith("💬 Anna Rep answers about Acme roof:\ncall it done: sent on Monday\n→ Anna Rep: what")
    assert "Kept" in await anna.send("and nothing more"), "nothing waits for an answer any more"
    await anna.tap("Answer", question)
    await anna.send("signed", reply_to=question)
    assert "Kept" in await anna.send("the sky is blue")
    assert boss.last.startswith("💬 Anna Rep answers about Acme roof:\nsigned")
    assert (await anna.send("/stage >proposal", reply_to=question)).startswith("✅"), "a command is one all the same"


async def test_a_plain_reply_to_how_this_stands_is_the_answer(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k roof next 11:00 step one")
    await crm.advance(hours=4)
    await boss.tap("Ask")
    assert anna.last.startswith("💬 Marta Boss asks how this stands:")
    assert await anna.send("tomorrow, they are away", reply_to=anna.card) == "💬 Your answer was passed on."
    assert boss.last.startswith("💬 Anna Rep answers:\ntomorrow, they are away")


async def test_a_question_names_people_and_records_as_one_says_it(anna: Member, bob: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await bob.send("deal Baltic 5k doors")
    for line in ("/ask @anna d1 where are we?", "ask Anna Rep d1 where are we?", "/ask d1 where are we?"):
        assert (await boss.send(line)).startswith("💬 Anna Rep was asked about Acme roof."), line
        assert anna.last.endswith("where are we?")
    assert (await boss.send("/ask anna Acme where are we?")).startswith("💬 Anna Rep was asked about Acme")
    assert anna.last.endswith(":\nwhere are we?")
    await boss.send("d2")
    assert (await boss.send("/ask how is it going?", reply_to=boss.card)).startswith(
        "💬 Bob Rep was asked about Baltic"
    )
    assert bob.last == "💬 Marta Boss asks about Baltic doors:\nhow is it going?"


async def test_a_rep_asks_their_manager_but_nobody_about_what_they_do_not_see(
    anna: Member, bob: Member, boss: Member
) -> None:
    await anna.send("deal Acme 12k roof")
    assert (await anna.send("/ask marta d1 may I give 10 %?")).startswith("💬 Marta Boss was asked about Acme roof.")
    await boss.tap("Answer")
    await boss.send("five at most")
    assert anna.last.startswith("💬 Marta Boss answers about Acme roof:\nfive at most")
    said = await boss.send("/ask bob d1 what do you know?")
    assert said == "✋ Bob Rep cannot be asked about this: it is not theirs to see, or they have no chat with the bot."
    assert "asks about" not in bob.seen
    assert (await bob.send("/ask d1 what?")).startswith("🤷")
    assert (await anna.send("/ask bob d1 what?")) != ""
    assert "asks about" not in bob.seen


async def test_what_a_question_lacks_is_said(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    example = "Like this: ask anna d12 what about the offer?"
    assert await boss.send("/ask") == f"✋ Ask whom, about what? {example}"
    assert await boss.send("/ask anna d1") == f"✋ Ask what? {example}"
    assert await boss.send("/ask anna") == f"✋ Ask about which deal or client? {example}"
    assert await boss.send("/ask @zed d1 what?") == "🤷 Nothing here by @zed. It may be gone, or not yours to see."
    assert await anna.send("/ask d1 what?") == f"✋ Ask whom? {example}"


async def test_which_record_is_meant_is_asked_when_it_is_not_clear(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal Acme 9k doors")
    said = await boss.send('/ask anna "Acme" how is it?')
    if said.startswith("Ask about which"):
        await boss.tap("Acme")
    assert anna.last.endswith("how is it?")


# --- their day ---------------------------------------------------------------------------------------------------------


async def test_buttons_of_the_same_words_name_their_deals(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 1k roof next 11:00 visit\ndeal Beta 1k doors next 11:00 visit")
    await crm.advance(hours=4)
    assert boss.buttons[:2] == ["visit — Acme roof", "visit — Beta doors"]
    await boss.tap("visit — Beta")
    assert boss.last.startswith("🔴 Anna Rep: visit — Beta")


async def test_whose_day_is_named_by_a_word(anna: Member, bob: Member, boss: Member) -> None:
    await anna.send("deal Acme 1k roof next 18:00 visit")
    assert (await boss.send("/team anna")).startswith("Deals of Anna Rep")
    assert (await boss.send("/today Anna Rep")).startswith("Deals of Anna Rep")
    assert (await boss.send("/today foo")).startswith("🤷 Nothing here by @foo.")
    assert (await bob.send("/team anna")).startswith("🤷")
    assert "🔎 #roof" in await anna.send("/today #roof")
