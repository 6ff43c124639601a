"""Editing the sent line corrects what came of it, on the card that answered it; undo takes things back."""

from __future__ import annotations

from botcrm.testing import Crm, Member


def bot_messages(member: Member) -> int:
    return sum(message.from_bot for message in member.person.messages())


async def test_an_edited_deal_line_corrects_amount_title_and_next_step_in_place(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof repair next fri 9 site visit")
    line, before = anna.mine, bot_messages(anna)

    said = await anna.edit(line, "/deal Acme 15k big roof repair next fri 11:00 second site visit")

    assert bot_messages(anna) == before
    assert said == (
        "✏️ Corrected\n"
        "💼 Acme big roof repair · d1\n"
        "PLN 15,000 · New\n"
        "▶ Next: Fri 27 Nov 11:00 — 📌 second site visit"
    )  # fmt: skip
    assert (await anna.send("/find Acme")).count("💼") == 1


async def test_an_edited_line_adds_and_takes_away_the_next_step(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof")
    line = anna.mine
    assert "▶ Next: Wed 25 Nov 9:00 — 📞 call them" in await anna.edit(
        line, "/deal Acme 12k roof next tomorrow 9:00 call them"
    )
    assert "No next step." in await anna.edit(line, "/deal Acme 12k roof")


async def test_an_edited_line_changes_stage_and_tags(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof #old")
    line = anna.mine
    said = await anna.edit(line, "/deal Acme 12k roof #new >proposal")
    assert "Proposal" in said
    assert "#new" in said
    assert "#old" not in said


async def test_an_edit_changes_only_what_it_changed(anna: Member) -> None:
    await anna.send("/deal Acme 12k rof next fri 9 site visit")
    line = anna.mine
    await anna.tap("Done")
    await anna.send("/deal d1 20k >proposal")
    said = await anna.edit(line, "/deal Acme 12k roof next fri 9 site visit")
    card = await anna.send("d1")
    assert "Acme roof · d1\nPLN 20,000 · Proposal" in card
    assert "No next step." in card, "the step that was done is not planned again"
    assert said


async def test_an_edited_call_corrects_minutes_result_and_text(anna: Member) -> None:
    await anna.send("contact Jan Kowal")
    await anna.send("/call Jan Kowal 15m ok wants two variants")
    said = await anna.edit(anna.mine, "/call Jan Kowal 25m busy wants three variants")
    assert said == (
        "✏️ Corrected\n✅ Call with Jan Kowal · 25 min · busy\n   wants three variants\n"
        "No next step. Follow up Fri 27 Nov 10:00?"
    )


async def test_an_edited_task_moves(anna: Member) -> None:
    await anna.send("/task order scaffold mon 9:00")
    said = await anna.edit(anna.mine, "/task order the scaffold tue 10:00")
    assert said == "✏️ Corrected\n📌 Tue 1 Dec 10:00 — order the scaffold"


async def test_an_edited_note(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/note Acme prefers e-mail")
    assert await anna.edit(anna.mine, "/note Acme prefers phone") == "📝 Note corrected\n   prefers phone"
    assert "prefers phone" in await anna.send("/company Acme")


async def test_a_changed_verb_takes_the_first_thing_back_and_does_the_second(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/deal Acme 12k roof")
    line = anna.mine
    await anna.edit(line, "/deal Acme 13k roof")
    said = await anna.edit(line, "/call Acme 15m ok roof")
    assert said == "✅ Call with Acme · 15 min · ok\n   roof"
    assert (await anna.send("d1")).startswith("🤷")


async def test_a_changed_subject_corrects_the_deal_just_made(anna: Member) -> None:
    await anna.send("/deal Acmee 12k roof next fri 9 site visit")
    line, before = anna.mine, bot_messages(anna)
    said = await anna.edit(line, "/deal Beta 12k roof next fri 9 site visit")
    assert said.startswith("✏️ Corrected\n💼 Beta roof · d1\nPLN 12,000 · New\n▶ Next: Fri 27 Nov 9:00")
    assert bot_messages(anna) == before
    assert "🏢 Beta · o1" in await anna.send("/find Beta")
    assert "Beta roof · d1" in anna.last
    assert (await anna.send("/find Acmee")).startswith("Nothing found")
    assert "🤝 Fri 27 Nov 9:00 — site visit\n   Beta" in await anna.send("a1")
    await anna.edit(line, "/today")
    assert (await anna.send("/find Beta")).startswith("Nothing found")


async def test_a_deal_moves_to_a_known_company_and_the_one_made_for_it_goes(anna: Member) -> None:
    await anna.send("company Beta Ltd")
    await anna.send("/deal Btea 12k roof")
    said = await anna.edit(anna.mine, "/deal Beta Ltd 12k big roof")
    assert said.startswith("✏️ Corrected\n💼 Beta Ltd big roof · d1\n")
    assert (await anna.send("/find Beta")).count("🏢") == 1
    assert "d1" in await anna.send("o1")
    assert (await anna.send("o2")).startswith("🤷")


async def test_a_company_that_has_more_than_this_deal_keeps_its_name(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof")
    line = anna.mine
    await anna.send("contact Jan Kowal at Acme")
    await anna.edit(line, "/deal Gamma 12k roof")
    assert "💼 Gamma roof · d1" in await anna.send("d1")
    assert "🏢 Acme · o1" in await anna.send("/find Acme")
    assert "🏢 Gamma · o2" in await anna.send("/find Gamma")


async def test_a_deal_named_after_its_company_follows_it_and_undo_takes_all_back(anna: Member) -> None:
    await anna.send("/deal Acme 12k")
    await anna.edit(anna.mine, "/deal Gamma 12k")
    assert "💼 Gamma · d1" in anna.last
    await anna.tap("Undo")
    assert (await anna.send("d1")).startswith("🤷")
    assert (await anna.send("/find Gamma")).startswith("Nothing found")


async def test_an_edit_to_an_unclear_name_asks_on_the_same_deal(anna: Member) -> None:
    await anna.send("contact Jan Kowal\ncontact Jan Nowak")
    await anna.send("/deal Acme 12k roof")
    line = anna.mine
    said = await anna.edit(line, "/deal Jan 12k roof")
    assert said.endswith("Which “Jan”?")
    assert "💼 Jan Nowak" not in await anna.tap("👤 Jan Nowak")
    assert "👤 Jan Nowak" in await anna.send("d1")
    await anna.edit(line, "/deal Jan 13k roof")
    said = await anna.send("d1")
    assert "👤 Jan Nowak" in said, "what was picked stays"
    assert "PLN 13,000" in said


async def test_a_deal_line_edited_to_nobody_changes_nothing(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof")
    assert (await anna.edit(anna.mine, "/deal 12k")).endswith("Nothing was changed.")
    assert "Acme roof · d1" in await anna.send("d1")


async def test_an_edited_caption_corrects_the_file(anna: Member, crm: Crm) -> None:
    await anna.send("company Acme")
    anna.person.send_document(b"%PDF", "plan.pdf", "the rof")
    await crm.settle()
    line, before = anna.mine, bot_messages(anna)
    assert anna.last == "📎 plan.pdf kept.\nWhere does it belong?"
    anna.person.edit(line, "the roof")
    await crm.settle()
    assert anna.last == "✏️ Corrected\n📎 plan.pdf kept.\nWhere does it belong?"
    anna.person.edit(line, "Acme the roof")
    await crm.settle()
    assert anna.last == "✏️ Corrected\n📎 plan.pdf → Acme\n   Acme the roof"
    assert bot_messages(anna) == before
    await anna.send("o1")
    await anna.tap("Timeline")
    assert "✏️ Acme the roof" in anna.last
    await anna.tap("Back")
    await anna.tap("Files (1)")
    await anna.tap("plan.pdf")
    assert anna.card.caption == "Acme the roof"


async def test_an_unknown_line_edited_into_a_command_is_done(anna: Member) -> None:
    await anna.send("Acme wants a roof for 12k")
    said = await anna.edit(anna.mine, "/deal Acme 12k roof")
    assert said.startswith("✅ Deal opened\n💼 Acme roof")


async def test_a_refused_line_edited_into_a_good_one_is_done(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/stage d1 >moon")
    assert (await anna.edit(anna.mine, "/stage d1 >proposal")).startswith("✅ Now in Proposal")


async def test_an_edit_after_somebody_else_changed_it_is_refused(anna: Member, boss: Member) -> None:
    await anna.send("/deal Acme 12k roof")
    line = anna.mine
    await boss.send("/deal d1 20k")
    for text in ("/deal Acme 13k roof", "/deal Beta 12k roof", "/call Acme ok"):
        said = await anna.edit(line, text)
        assert said == "✋ Not corrected: Marta Boss changed it since (changed).\nChange it on its card instead."
    assert "PLN 20,000" in await anna.send("d1")


async def test_an_answer_to_a_question_can_be_corrected(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("Note")
    await anna.send("likes tea")
    assert await anna.edit(anna.mine, "likes coffee") == "📝 Note corrected\n   likes coffee"
    assert "likes coffee" in await anna.send("d1")


async def test_undo_after_a_correction_takes_back_the_line_as_a_whole(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof next fri 9 site visit")
    await anna.edit(anna.mine, "/deal Acme 15k roof")
    assert (await anna.tap("Undo")).startswith("↩ Undone\n   Removed: ")
    assert (await anna.send("d1")).startswith("🤷")
    assert (await anna.send("/find Acme")).startswith("Nothing found")


# --- undo ---------------------------------------------------------------------------------------------------------------


async def test_undo_by_word_says_what_is_removed(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof")
    assert await anna.send("/undo") == "↩ Undone\n   Removed: company Acme, deal roof"
    assert await anna.send("/undo") == "✋ There is nothing of yours to undo."


async def test_what_undo_removed_is_brought_back_by_one_tap(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof next fri 9 site visit")
    await anna.send("/undo")
    assert anna.buttons == ["↪ Bring back"]
    said = await anna.tap("Bring back")
    assert said == "↪ Brought back\n   Back: company Acme, deal Acme roof, meeting site visit"
    assert "▶ Next: Fri 27 Nov 9:00 — 🤝 site visit" in await anna.send("d1")
    assert "As before: " not in await anna.send("/undo")


async def test_nothing_is_brought_back_where_nothing_was_removed(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/won d1")
    await anna.tap("Undo")
    assert anna.buttons == ["Open"]


async def test_undo_of_a_move_says_that_it_is_as_before(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/won d1")
    said = await anna.tap("Undo")
    assert said == "↩ Undone\n   As before: deal Acme roof"
    assert "PLN 12,000 · New" in await anna.tap("Open")


async def test_undo_is_refused_with_the_newer_change(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/deal d1 15k")
    card = anna.card
    await boss.send("/won d1")
    await anna.tap("Undo", card)
    assert anna.toast == "↩ Not undone: Marta Boss changed it since (won)."
    assert "PLN 15,000 · Won" in await anna.send("d1")


async def test_undo_of_a_pick_takes_the_call_back(anna: Member) -> None:
    await anna.send("contact Anna Nowak\ndeal Acme 1k x")
    await anna.send("/call Nowk 10m ok hi")
    await anna.tap("👤 Anna Nowak")
    assert await anna.tap("Undo") == "↩ Undone\n   Removed: call Nowk: hi"


async def test_undo_names_calls_and_meetings_by_their_kind(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("meet Acme 40m ok")
    assert await anna.tap("Undo") == "↩ Undone\n   Removed: meeting"


# --- buttons --------------------------------------------------------------------------------------------------------------


async def test_a_button_pressed_twice_takes_effect_once(anna: Member, crm: Crm) -> None:
    await anna.send("company Acme")
    card = anna.card
    for _ in range(2):
        anna.person.press(card, "💼 New deal")  # twice before the bot looks
    await crm.settle()
    assert (await anna.send("/find Acme")).count("💼") == 1


async def test_the_same_press_delivered_again_moves_nothing_twice(anna: Member, crm: Crm) -> None:
    await anna.send("task order nails tomorrow 9:00")
    card = anna.card
    for _ in range(2):
        anna.person.press(card, "+1 day")
    await crm.settle()
    assert "Thu 26 Nov 9:00" in await anna.send("a1")


async def test_a_press_on_an_old_card_changes_nothing_and_shows_the_present(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    old = anna.card
    await anna.send("/deal d1 20k >proposal")
    shown = await anna.tap("Won", old)
    assert anna.toast == "✋ It was changed meanwhile. Here is how it stands now."
    assert "PLN 20,000 · Proposal" in shown


async def test_buttons_live_on_after_a_restart(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    await anna.send("what a day")
    await crm.restart()
    assert "Sat 28 Nov 10:00" in await anna.tap("+1 day")
    assert (await anna.tap("Note to Acme roof")).startswith("📝 Noted on Acme roof\n   what a day")


async def test_a_question_waits_over_a_restart(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    await anna.tap("Other time")
    await crm.restart()
    assert "Mon 30 Nov 8:00" in await anna.send("mon 8:00")


async def test_a_button_of_an_older_version_says_so(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.forge("zz:1:2", anna.card)
    assert anna.toast == "This button is no longer in use. Open the card again."
    await anna.forge("dw:one:two", anna.card)
    assert anna.toast == "This button is no longer in use. Open the card again."
