"""What is unclear is saved first and asked on the same card; nothing typed is ever lost."""

from __future__ import annotations

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

# --- subjects -----------------------------------------------------------------------------------------------------------


async def test_a_misspelt_name_is_saved_and_picked(anna: Member) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    said = await anna.send("/call Nowk 10m ok wants two variants next tomorrow 15:00 send offer")
    assert said == (
        "✅ Call · 10 min · ok\n   Nowk: wants two variants\n▶ Next: Wed 25 Nov 15:00 — send offer\nWhich “Nowk”?"
    )
    assert anna.buttons == ["👤 Anna Nowak", "New “Nowk”", "↩ Undo"]
    said = await anna.tap("👤 Anna Nowak")
    assert said == "✅ Saved\n✅ Call with Anna Nowak (Acme) · 10 min · ok\n   wants two variants\n+48 601 234 567"
    assert "▶ Next: Wed 25 Nov 15:00 — 📌 send offer" in await anna.send("/contact Anna Nowak")


async def test_several_of_one_name_are_told_apart(anna: Member) -> None:
    await anna.send("contact Anna Nowak at Acme")
    await anna.send('company "Anna Nowak"')
    await anna.send("deal Acme 1k roof\ndeal Acme 2k roof")
    said = await anna.send("/won Acme roof")
    assert said == "Win which deal?"
    assert set(anna.buttons) == {"💼 Acme roof · d1", "💼 Acme roof · d2"}
    assert "PLN 1,000 · Won" in await anna.tap("· d1")


async def test_picks_are_five_at_most_own_and_recent_first(anna: Member, boss: Member) -> None:
    for surname in "ABCDEFG":
        await boss.send(f"contact Tom {surname}lpha")
    await anna.send("contact Tom Zeta")
    await boss.crm.advance(minutes=1)
    await boss.send("contact Tom Omega")
    said = await boss.send("/call Tom 5m ok")
    assert said.endswith("Which “Tom”?")
    picks = [label for label in boss.buttons if label.startswith("👤")]
    assert len(picks) == 5
    assert picks[0] == "👤 Tom Omega"
    assert "New “Tom”" in boss.buttons


async def test_new_makes_the_one_that_was_typed(anna: Member) -> None:
    await anna.send("contact Tom Alpha\ncontact Tom Beta")
    await anna.send("/call Tom 5m ok hello")
    said = await anna.tap("New “Tom”")
    assert "Call with Tom · 5 min · ok\n   hello" in said
    await anna.tap("Undo")
    assert (await anna.send("/find Tom")).count("👤") == 2


async def test_a_deal_for_a_name_almost_known_is_saved_as_new_and_can_be_joined(anna: Member) -> None:
    await anna.send("company Kowalski")
    said = await anna.send("/deal Kowalsky 5k windows")
    assert "💼 Kowalsky windows · d1" in said
    assert said.endswith("“Kowalsky” is new. Or did you mean one of these?")
    said = await anna.tap("🏢 Kowalski")
    assert "💼 Kowalski windows · d1" in said
    assert "Kowalsky" not in await anna.send("/find Kowal")


async def test_winning_and_losing_are_never_guessed(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert await anna.send("/won Acme") == "Win which deal?"
    assert await anna.send("/won Acm") == "Win which deal?"
    assert "Won" not in await anna.send("d1")
    await anna.send("/lost Acme too expensive")
    assert "Reason: too expensive" in await anna.tap("Acme roof")
    assert await anna.send("/won Acme") == "✋ Acme has no open deal."


async def test_moving_asks_which_deal_and_which_stage(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert await anna.send("/stage Acme") == "Move which deal?"
    assert (await anna.tap("Acme roof")).startswith("Move Acme roof to which stage?\nNow: New")
    assert (await anna.tap("Delivery")).startswith("✅ Now in Delivery")


async def test_quotes_force_the_subject(anna: Member) -> None:
    said = await anna.send('deal "Roof & Sons 24" 3k repair')
    assert "💼 Roof & Sons 24 repair · d1\nPLN 3,000" in said


# --- dates ---------------------------------------------------------------------------------------------------------------


async def test_a_date_with_two_readings_is_asked(anna: Member) -> None:
    said = await anna.send("/deal Acme 12k roof next 5/6 9:00 site visit")
    assert "▶ Next: no time yet — 🤝 site visit" in said
    assert said.endswith("When: site visit?")
    assert anna.buttons[:2] == ["Thu 6 May 9:00", "Sat 5 Jun 9:00"]
    assert "▶ Next: Sat 5 Jun 9:00" not in said
    said = await anna.tap("Sat 5 Jun 9:00")
    assert "Sat 5 Jun 9:00 — site visit" in said


async def test_a_task_without_a_time_is_saved_and_asked_with_chips(anna: Member) -> None:
    said = await anna.send("/task order scaffold")
    assert said == "📌 no time yet — order scaffold\nWhen?"
    assert anna.buttons == ["Today 18:00", "Tomorrow 9:00", "Mon 30 Nov 9:00", "Other…", "No time", "↩ Undo"]
    assert "Wed 25 Nov 9:00 — order scaffold" in await anna.tap("Tomorrow 9:00")


async def test_other_time_in_words_on_the_card_or_any_other_command_in_between(anna: Member) -> None:
    await anna.send("/task order scaffold")
    await anna.tap("Other…")
    assert anna.last == "When? Type it: tomorrow 15:00, fri 9, in 2h, 24 nov 10:00."
    assert (await anna.send("/deal Beta 1k windows")).startswith("✅ Deal opened")
    assert (await anna.send("someday")).startswith("✋ Time: “someday” is not understood.")
    assert "Fri 27 Nov 9:00 — order scaffold" in await anna.send("fri 9")
    assert (await anna.send("fri 9")).startswith("Kept."), "the question is answered"


async def test_never_mind(anna: Member) -> None:
    await anna.send("/task order scaffold")
    await anna.tap("Other…")
    assert await anna.tap("Never mind") == "Dropped."
    assert (await anna.send("fri 9")).startswith("Kept.")


async def test_no_time_leaves_it_without_one(anna: Member) -> None:
    await anna.send("/task order scaffold")
    assert "no time yet — order scaffold" in await anna.tap("No time")


# --- lines that are no command ----------------------------------------------------------------------------------------------


async def test_a_line_without_a_verb_is_offered_four_ways(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert await anna.send("Acme wants blue tiles") == "Kept. What is it?\nAcme wants blue tiles"
    assert anna.buttons == ["📝 Note to Acme roof", "🌱 New lead", "🔍 Search", "Ignore"]
    said = await anna.tap("Note to Acme roof")
    assert said == "📝 Noted on Acme roof\n   Acme wants blue tiles"


async def test_a_deal_and_its_company_of_one_name_are_told_apart(anna: Member) -> None:
    await anna.send("company acme")
    await anna.send("deal acme 12k")
    await anna.send("blue tiles, please")
    notes = [label for label in anna.buttons if label.startswith("📝")]
    assert len(notes) == len(set(notes)) == 2, notes
    assert notes == ["📝 Note to acme 💼 d1", "📝 Note to acme 🏢 o1"]
    assert "Noted on acme" in await anna.tap("acme 🏢 o1")


async def test_as_a_lead(anna: Member) -> None:
    await anna.send("Jan Kowal 602 111 222 wants a roof")
    said = await anna.tap("New lead")
    assert said.startswith("✅ Added\n🌱 Jan Kowal 602 111 222 wants a roof · l1")
    assert "+48 602 111 222" in said


async def test_as_a_search(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("acme")
    assert (await anna.tap("Search")).startswith("Found for “acme”:")


async def test_ignored(anna: Member) -> None:
    await anna.send("lovely weather")
    assert await anna.tap("Ignore") == "Dropped."


async def test_nothing_typed_is_lost_over_a_restart(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("the gate code is 4512")
    await crm.restart(hours=9)
    assert "the gate code is 4512" in await anna.tap("Note to Acme roof")


async def test_a_mistyped_verb_is_one_tap_away(anna: Member) -> None:
    await anna.send("contact Anna Nowak")
    said = await anna.send("/cal Anna Nowak 15m ok")
    assert said == "“/cal” is no command. Did you mean one of these?\n/cal Anna Nowak 15m ok"
    assert anna.buttons[0] == "/call"
    assert (await anna.tap("/call")).startswith("✅ Call with Anna Nowak · 15 min · ok\n")


async def test_a_card_answered_with_plain_words_offers_that_card_first(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    card = anna.card
    await anna.send("deal Beta 3k windows")
    await anna.send("they want blue tiles", reply_to=card)
    assert anna.buttons[0] == "📝 Note to Acme roof"


# --- replies -----------------------------------------------------------------------------------------------------------------


async def test_a_reply_to_a_card_supplies_the_subject(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    card = anna.card
    await anna.send("deal Beta 3k windows")
    assert (await anna.send("/call 5m ok they agree", reply_to=card)).startswith(
        "✅ Call with Acme · 5 min · ok\n   they agree\nAcme roof · PLN 12,000 · New"
    )
    assert (await anna.send("/note likes tea", reply_to=card)) == "📝 Noted on Acme roof\n   likes tea"
    assert "PLN 25,000" in await anna.send("/deal 25k", reply_to=card)
    assert (await anna.send("/stage >agreed", reply_to=card)).startswith("✅ Now in Agreed")
    assert (await anna.send("/won", reply_to=card)).startswith("🎉 Won!\n🏆 Acme roof · d1")


async def test_a_reply_to_a_reminder_is_about_its_client(anna: Member, crm: Crm) -> None:
    await anna.send("contact Jan Kowal +48 602 111 222")
    await anna.send("/call Jan Kowal 12:00 about the roof")
    await crm.advance(hours=2)
    assert anna.last.startswith("⏰ now")
    assert (await anna.send("/call 5m ok done", reply_to=anna.card)).startswith("✅ Call with Jan Kowal · 5 min · ok")


# --- the smart activity --------------------------------------------------------------------------------------------------------


async def _left_without_a_step(anna: Member) -> str:
    await anna.send("deal Acme 12k roof")
    await anna.crm.advance(hours=5, minutes=50)
    return await anna.send("/call Acme 15m ok wants two variants")


async def test_a_deal_left_without_a_step_gets_a_suggestion_three_working_days_ahead(anna: Member) -> None:
    said = await _left_without_a_step(anna)
    assert said.endswith("No next step. Follow up Fri 27 Nov 15:00?"), "made at 15:50, due at 15:00"
    assert anna.buttons[:5] == ["✅ Save", "Other time", "Other text", "Not now", "Don't ask ▾"]
    assert "▶ Next: Fri 27 Nov 15:00 — 📌 Follow up" in await anna.tap("Save")


async def test_with_another_time(anna: Member) -> None:
    await _left_without_a_step(anna)
    await anna.tap("Other time")
    assert "Thu 26 Nov 9:00 — send offer" in await anna.send("thu 9:00 send offer")


async def test_with_another_text(anna: Member) -> None:
    await _left_without_a_step(anna)
    await anna.tap("Other text")
    assert "Fri 27 Nov 15:00 — call about the offer" in await anna.send("call about the offer")


async def test_not_now(anna: Member) -> None:
    await _left_without_a_step(anna)
    assert "No next step." in await anna.tap("Not now")


async def test_do_not_ask_this_week(anna: Member, crm: Crm) -> None:
    await _left_without_a_step(anna)
    await anna.tap("Don't ask ▾")
    said = await anna.tap("this week")
    assert said.startswith("No suggestions until Mon 30 Nov.\n💼 Acme roof")
    assert "Follow up" not in await anna.send("/call Acme ok")
    await crm.advance(days=6)
    assert "Follow up" in await anna.send("/call Acme ok")


async def test_do_not_ask_for_ever_until_switched_on_again(anna: Member) -> None:
    await _left_without_a_step(anna)
    await anna.tap("Don't ask ▾")
    assert "/settings smart_activity on" in await anna.tap("for ever")
    assert "Follow up" not in await anna.send("/call Acme ok")
    await anna.send("/settings smart_activity on")
    assert "Follow up" in await anna.send("/call Acme ok")


async def test_doing_the_last_step_asks_as_well(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    said = await anna.tap("Done")
    assert said.endswith("No next step. Follow up Fri 27 Nov 10:00?")
    assert said.count("No next step") == 1
