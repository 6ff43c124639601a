"""No open deal without a next step: suggestions, waiting, quiet deals, leave, and what follows a call."""

from __future__ import annotations

from botcrm.core.models import Deal
from botcrm.testing import Crm, Member


async def test_opening_an_own_deal_without_a_next_step_asks_for_one(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("Not now")
    assert (await anna.send("d1")).endswith("No next step. Follow up Fri 27 Nov 10:00?")
    assert anna.buttons[:6] == ["✅ Save", "Other time", "Other text", "Not now", "Don't ask ▾", "⏳ Wait"]
    said = await boss.send("d1")
    assert "No next step." in said
    assert "Follow up" not in said, "it is not hers to plan"
    await anna.tap("Save")
    assert "▶ Next: Fri 27 Nov 10:00" in await anna.send("d1")


async def test_a_deal_waits_until_its_day_and_asks_again(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/wait d1 15.12 client's budget")
    assert "⏳ Waits until Tue 15 Dec — client's budget" in said
    assert "No next step" not in said
    assert "⏳ Waits until Tue 15 Dec" in await anna.send("/today")
    assert "No next step" not in await anna.send("/call d1 5m ok sent the papers")
    assert "Follow up" not in await anna.send("d1")
    assert "⏳ waits until Tue 15 Dec 9:00 · client's budget" in await anna.tap("Timeline")
    await crm.advance(days=20, hours=22)
    assert "⏳ The day has come" not in anna.last
    await crm.advance(hours=2)
    assert "⏳ The day has come that Acme roof waited for.\n   client's budget" in anna.last
    assert "No next step. Follow up Fri 18 Dec 9:00?" in anna.last
    await anna.tap("Save")
    assert "▶ Next: Fri 18 Dec 9:00" in await anna.send("d1")


async def test_waiting_by_taps(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert "Until when is Acme roof to wait?" in await anna.tap("Wait")
    assert [text for text in anna.buttons if "week" in text or "month" in text] == [
        "1 week · Tue 1 Dec",
        "2 weeks · Tue 8 Dec",
        "1 month · Thu 24 Dec",
        "3 months · Wed 24 Feb",
    ]
    assert "⏳ Waits until Tue 8 Dec" in await anna.tap("2 weeks")
    await anna.tap("What for?")
    assert "⏳ Waits until Tue 8 Dec — call from the bank" in await anna.send("call from the bank")
    await anna.tap("Wait longer")
    await anna.tap("Other…")
    assert "is not understood" in await anna.send("soonish")
    assert "⏳ Waits until Fri 8 Jan — the new year" in await anna.send("8 jan the new year")
    assert (await anna.tap("Wait no more")).endswith("No next step. Follow up Fri 27 Nov 10:00?")
    await anna.tap("Undo")
    assert "⏳ Waits until Fri 8 Jan" in await anna.send("d1")


async def test_a_wait_keeps_what_was_said(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next thu 9:00 offer")
    said = await anna.send("/wait d1 31.2 client's budget")
    assert said.startswith(
        "✋ “31.2” is not understood as a day.\n⏳ Until when is Acme roof to wait?\n   client's budget\n"
    )
    said = await anna.tap("2 weeks")
    assert said.startswith("✅ Saved\n")
    assert "\n⏳ Waits until Tue 8 Dec — client's budget" in said, "beside what is planned"
    assert "offer" in said
    assert "\n   the bank's answer\n" in await anna.send("/wait d1 until the bank's answer")
    await anna.tap("Other…")
    assert "⏳ Waits until Wed 16 Dec — the bank's answer" in await anna.send("16.12")
    assert "⏳ Waits until Tue 15 Dec 16:30 — the call" in await anna.send("/wait d1 15.12 16:30 the call")
    said = await anna.send("/wait d1 5/6 permit")
    assert "\n   permit\n" in said
    assert anna.buttons[:3] == ["Thu 6 May", "Sat 5 Jun", "Other…"]
    assert "⏳ Waits until Mon 7 Jun — permit" in await anna.tap("Sat 5 Jun")


async def test_whom_a_wait_is_about(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert "⏳ Waits until Tue 1 Dec" in await anna.send("/wait Acme until 1.12")
    assert "Until when" in await anna.send("/wait Acme")
    await anna.send("deal Acme 5k stairs")
    assert "Which deal is to wait?" in await anna.send("/wait Acme 3.12 permit")
    assert "⏳ Waits until Thu 3 Dec — permit" in await anna.tap("stairs")
    assert "Choose a day ahead" in await anna.send("/wait d1 1.1.2040")
    await anna.send("/won d1")
    await anna.send("/won d2")
    assert "Acme has no open deal" in await anna.send("/wait o1 3.12")


async def test_a_planned_step_makes_the_day_pass_in_silence(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/wait d1 26.11")
    await anna.send("/task d1 30.11 9:00 offer")
    await crm.advance(days=2)
    assert "The day has come" not in anna.seen


async def test_the_manager_sees_and_opens_what_has_neither(anna: Member, bob: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal Beta 5k stairs")
    await anna.send("/wait d2 15.12")
    await bob.send("deal Gamma 5k door next fri 9:00 call")
    said = await boss.send("/team")
    assert "Anna Rep: 📥 0 · 📅 0 · 🔴 0 · ⚫ 1" in said
    assert "Bob Rep: 📥 0 · 📅 0 · 🔴 0\n" in said + "\n"
    said = await boss.tap("⚫ 1 Anna Rep")
    assert said.startswith("⚫ Deals of Anna Rep without a next step")
    assert "Acme roof" in said
    assert "Beta" not in said
    assert "Acme roof" in await boss.tap("d1")


async def test_managers_choose_what_a_stage_suggests_and_how_long_it_may_be_quiet(
    anna: Member, boss: Member, crm: Crm
) -> None:
    assert "Your role does not allow that" in await anna.send("/stages")
    said = await boss.send("/stages")
    assert "New: 🥀 after 3 days" in said
    await boss.tap("✏️ New")
    await boss.tap("Next step")
    assert "Next step: call {client} again" in await boss.send("call {client} again")
    await boss.tap("Quiet days")
    assert "Quiet days: 2" in await boss.send("2")
    assert "New: 🥀 after 2 days · suggests “call {client} again”" in await boss.tap("All stages")
    said = await anna.send("deal Acme 12k roof")
    assert said.endswith("No next step. call Acme again Fri 27 Nov 10:00?")
    await anna.tap("Save")
    assert "▶ Next: Fri 27 Nov 10:00 — 📞 call Acme again" in await anna.send("d1")
    await anna.send("deal Beta 5k stairs")
    await crm.advance(days=2)
    assert "🥀 2 days quiet" in await anna.send("d2")
    assert "🥀" not in await anna.send("d1"), "a step is ahead"
    assert "Beta stairs · PLN 5,000 · New · 🥀 2 days quiet · d2" in await anna.send("/today")
    await anna.send("/call d2 no")
    assert "🥀 2 days quiet" in await anna.send("d2"), "nobody answered"
    await anna.send("/call d2 5m ok")
    assert "🥀" not in await anna.send("d2")


async def test_leave_moves_what_is_suggested(anna: Member, boss: Member, bob: Member) -> None:
    await anna.send("/task tomorrow 9:00 order scaffold")
    said = await anna.send("/leave 25.11-1.12")
    assert said.startswith("🌴 Away: Wed 25 Nov – Tue 1 Dec\n1 activity is planned for then.")
    assert (await anna.send("deal Acme 12k roof")).endswith("Follow up Fri 4 Dec 10:00?")
    assert "🌴 Wed 25 Nov – Tue 1 Dec" in await boss.send("/leave @Anna")
    assert "leave = 2026-11-25..2026-12-01" in await anna.send("/settings leave")
    assert "Nothing here" in await bob.send("/leave @Anna")
    await anna.send("/leave")
    assert "None." in await anna.tap("🗑")
    assert "not understood" in await anna.send("/leave someday")


async def test_leave_in_words_and_for_somebody(anna: Member, boss: Member) -> None:
    assert "🌴 Away: Wed 25 Nov" in await anna.send("/leave tomorrow")
    assert "🌴 Away: Mon 30 Nov – Sun 6 Dec" in await anna.send("/leave next week")
    assert "🌴 Away: Tue 24 Nov" in await anna.send("/leave today")
    assert "🌴 Away: Fri 11 Dec – Mon 14 Dec" in await anna.send("/leave 11.12 - mon")
    assert "🌴 Away: Thu 24 Dec" in await boss.send("/leave anna 24.12")
    assert "🌴 Away: Sun 27 Dec – Tue 5 Jan" in await boss.send("/leave Anna Rep from 27.12 to 5.1")
    said = await anna.send("/leave")
    assert "🌴 Thu 24 Dec\n🌴 Sun 27 Dec – Tue 5 Jan" in said
    assert "✅ Taken out\nYour leave\nNone." in await anna.send("/leave off")
    await anna.tap("Undo")
    assert await anna.send("/leave") == said
    assert "None." in await boss.send("/leave"), "it was hers"


async def test_leave_that_is_no_leave(anna: Member, bob: Member) -> None:
    await anna.send("/leave 1.12-7.12")
    for line in ("/leave 7.12-1.12", "/leave 31.2", "/leave someday", "/leave bob 24.12"):
        assert "is not understood. For example: 1.12-7.12, 24.12." in await anna.send(line), line
    assert "🌴 Tue 1 Dec – Mon 7 Dec\nTo write" in await anna.send("/leave")
    assert "None." in await bob.send("/leave")


async def test_leave_as_a_setting_adds_days_ahead(anna: Member) -> None:
    await anna.send("/leave 1.12-7.12")
    assert "🌴 Away: Thu 24 Dec" in await anna.send("/settings leave 24.12")
    assert "leave = 2026-12-01..2026-12-07, 2026-12-24" in await anna.send("/settings leave")
    assert "None." in await anna.send("/settings leave off")


async def test_a_leave_line_corrected(anna: Member) -> None:
    await anna.send("/leave 24.12")
    await anna.send("/leave 1.12-7.12")
    assert "🌴 Away: Wed 2 Dec – Mon 7 Dec" in await anna.edit(anna.mine, "/leave 2.12-7.12")
    said = await anna.send("/leave")
    assert "🌴 Wed 2 Dec – Mon 7 Dec\n🌴 Thu 24 Dec" in said


async def test_the_companys_own_days_off(crm: Crm, anna: Member) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await ada.send("/settings days_off 26.11, 27.12-31.12")
    assert (await anna.send("deal Acme 12k roof")).endswith("Follow up Mon 30 Nov 10:00?")
    assert "not understood" in await ada.send("/settings days_off never mind")


async def test_a_suggestion_stays_within_split_shifts(crm: Crm, anna: Member) -> None:
    ada = await crm.join("admin", "Ada Admin")
    await ada.send("/settings working_hours Mon-Fri 8-10,14-18")
    assert (await anna.send("deal Acme 12k roof")).endswith("Follow up Fri 27 Nov 14:00?"), "ten is the break"


async def test_after_a_cold_call_a_meeting_is_asked_for(anna: Member) -> None:
    assert (await anna.send("/call Jan 5m ok")).endswith("Meeting scheduled?")
    assert "When, and where?" in await anna.tap("Yes")
    said = await anna.tap("Thu 26 Nov 10:00")
    assert "🤝 Thu 26 Nov 10:00 — Meeting\n   Jan" in said
    await anna.tap("Where?")
    assert "🤝 Thu 26 Nov 10:00 — Main St 5\n   Jan" in await anna.send("Main St 5")
    await anna.send("/call Ola 5m ok")
    await anna.tap("Yes")
    await anna.tap("Other…")
    assert "🤝 Fri 27 Nov 14:00 — their office\n   Ola" in await anna.send("fri 14:00 their office")
    await anna.send("/call Iga 5m ok")
    assert "No next step. Follow up Fri 27 Nov 10:00?" in await anna.tap("No")
    await anna.tap("Not now")
    assert "Meeting scheduled" not in await anna.send("/call Iga 5m ok"), "no cold call any more"
    assert "Meeting scheduled" not in await anna.send("/call Ewa no"), "nobody answered"
    await anna.send("/lead Piotr Zet roof")
    assert "Meeting scheduled?" in await anna.send("/call l1 3m ok")


async def test_after_a_call_what_is_planned_is_said(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    said = await anna.send("/call Acme 5m ok")
    assert "▶ Next: Fri 27 Nov 10:00 — 🤝 site visit\nAnything more to be done?" in said
    await anna.tap("One more step")
    assert "send papers" in await anna.send("thu 9:00 send papers")


async def test_a_deal_that_is_handed_over_asks_its_new_owner(anna: Member, bob: Member, crm: Crm, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/wait d1 26.11 permit")
    await boss.send("/deal d1 @Bob")
    assert (await Deal.get(id=1)).owner_id == bob.user_id
    await crm.advance(days=2)
    assert "The day has come that Acme roof waited for.\n   permit" in bob.last
    assert "The day has come" not in anna.seen


async def test_an_edited_line_corrects_the_wait(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/wait d1 15.12 budget")
    line = next(message for message in reversed(anna.person.messages()) if not message.from_bot)
    said = await anna.edit(line, "/wait d1 16.12 the bank")
    assert "⏳ Waits until Wed 16 Dec — the bank" in said
    await anna.send("/undo")
    assert "⏳" not in (await anna.send("d1")).replace("⏳ Wait", "")


# --- old buttons, and what is late -------------------------------------------------------------------------------------------


async def test_an_old_suggestion_is_made_anew(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    old = anna.card
    await crm.advance(days=8)
    assert "No next step. Follow up Mon 7 Dec 10:00?" in await anna.tap("Save", old)
    await anna.tap("Save", old)
    assert "▶ Next: Mon 7 Dec 10:00" in await anna.send("d1")


async def test_an_old_suggestion_saves_no_second_step(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    old = anna.card
    await anna.send("/task d1 thu 12:00 send offer")
    assert (await anna.tap("Save", old)).startswith("A next step is planned already.")
    assert (await anna.send("d1")).count("▶") == 1
    await anna.send("deal Beta 5k stairs")
    old = anna.card
    await anna.send("/won d2")
    await anna.tap("Save", old)
    assert "is won" in anna.toast


async def test_an_old_text_question_takes_a_time_ahead(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    old = anna.card
    await crm.advance(days=8)
    await anna.tap("Other text", old)
    await anna.send("send offer")
    assert "▶ Next: Mon 7 Dec 10:00 — 📌 send offer" in await anna.send("d1")


async def test_old_chips_ask_again(anna: Member, crm: Crm) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    await anna.send("task Acme call the office")
    chips = anna.card
    assert "Today 18:00" in anna.buttons
    await crm.advance(days=1)
    assert "That time has gone by. When?" in await anna.tap("Today 18:00", chips)
    await anna.tap("Tomorrow 9:00", chips)
    assert "Thu 26 Nov 9:00 — call the office" in await anna.send("a1")
    await anna.send("/call Nowak 5m ok")
    await anna.tap("Yes")
    chips = anna.card
    await crm.advance(days=8)
    said = await anna.tap("Thu 26 Nov 10:00", chips)
    assert "When, and where?" in said
    said = await anna.tap("Fri 4 Dec 10:00", chips)
    assert said.startswith("✅ Saved\n🤝 Fri 4 Dec 10:00")


async def test_a_late_step_is_said_to_be_late_after_a_call(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next 15:00 send offer")
    assert "▶ Next: Tue 24 Nov 15:00 — 📌 send offer" in await anna.send("/call d1 5m ok fine")
    await crm.advance(hours=8)
    assert "🔴 Overdue: Tue 24 Nov 15:00 — 📌 send offer" in await anna.send("/call d1 5m ok sorry")


# --- on leaving a card ---------------------------------------------------------------------------------------------------------


async def test_a_card_that_is_left_asks_in_a_line(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof next thu 9:00 offer\ndeal Baltic 5k doors")
    await boss.send("d2")
    assert "⚫ Baltic doors" not in await boss.send("/team"), "it is not hers"
    await anna.send("d2")
    said = await anna.send("/today")
    assert said.endswith("⚫ Baltic doors · No next step. Follow up Fri 27 Nov 10:00?")
    assert anna.buttons[-1] == "✅ Save · d2"
    listed = anna.card
    await anna.send("d2")
    assert "Follow up" not in await anna.send("/today"), "not twice in a row"
    await anna.send("d1")
    assert "No next step" not in await anna.send("/deals #roof"), "it has one"
    assert "▶ Next: Fri 27 Nov 10:00" in await anna.tap("Save · d2", listed)
    await anna.send("d2")
    assert "No next step" not in await anna.send("/today")


async def test_a_card_left_by_a_tap_or_for_another_asks_too(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next thu 9:00 offer\ndeal Baltic 5k doors\ndeal Cargo 3k gate")
    await anna.send("d2")
    await anna.forge("op:d1", anna.card)
    assert anna.last.endswith("⚫ Baltic doors · No next step. Follow up Fri 27 Nov 10:00?")
    await anna.send("d3")
    assert anna.last.count("Follow up") == 1, "it asks of its own"
    assert "⚫ Cargo gate · No next step." in await anna.send("d1")
    await anna.send("d2")
    assert "⚫ Baltic doors · No next step." in await anna.send("/find acme")
    await anna.send("d3")
    await anna.tap("Don't ask ▾")
    await anna.tap("today")
    assert "⚫ Cargo" not in await anna.send("d1")


# --- not asked, more finely ------------------------------------------------------------------------------------------------


async def test_one_deal_alone_is_left_in_peace(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal Beta 5k stairs")
    await anna.send("d1")
    await anna.tap("Don't ask ▾")
    said = await anna.tap("this deal, this week")
    assert said.startswith("No suggestions about this deal until Mon 30 Nov.\n💼 Acme roof")
    assert "Follow up" not in await anna.send("d1")
    assert "Follow up" in await anna.send("d2")
    await crm.advance(days=6)
    assert "Follow up" in await anna.send("d1")
    await anna.tap("Don't ask ▾")
    assert "any more" in await anna.tap("this deal, for ever")
    await crm.advance(days=60)
    assert "Follow up" not in await anna.send("d1")
    assert "d1: suggestions" in await anna.send("/undo")
    assert "Follow up" in await anna.send("d1")
    await anna.tap("Don't ask ▾")
    await anna.tap("this deal, for ever")
    await anna.send("/settings smart_activity on")
    assert "Follow up" in await anna.send("d1")


async def test_a_stage_or_a_pipeline_asks_nothing_where_the_manager_says_so(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal Beta 5k stairs")
    await anna.send("/stage d2 >proposal")
    await boss.send("/stages")
    await boss.tap("✏️ New")
    assert "Suggest a next step: off" in await boss.tap("Suggest a next step")
    assert "New: 🥀 after 3 days · suggests nothing" in await boss.send("/stages")
    await anna.send("d1")
    assert anna.buttons[0] == "▶ Plan next step"
    await anna.send("d2")
    assert anna.buttons[0] == "✅ Save"
    await boss.tap("✏️ Sales")
    await boss.tap("Suggest a next step")
    assert "Sales: suggests nothing" in await boss.send("/stages")
    await anna.send("d2")
    assert anna.buttons[0] == "▶ Plan next step"
