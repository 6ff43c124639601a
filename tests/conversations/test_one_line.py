"""One line records a thing completely."""

from __future__ import annotations

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_a_deal_with_its_next_step(anna: Member) -> None:
    said = await anna.send("/deal Acme 12k roof repair next fri 10:00 site visit")

    assert said == (
        "✅ Deal opened\n"
        "💼 Acme roof repair · d1\n"
        "PLN 12,000 · New\n"
        "▶ Next: Fri 27 Nov 10:00 — 🤝 site visit"
    )  # fmt: skip
    assert anna.buttons == [
        *("✅ Done", "+1 day", "Other time"),
        *("Stage", "🏆 Won", "Lost"),
        *("Timeline", "Note", "⋯ More"),
        "↩ Undo",
    ]
    await anna.tap("⋯ More")
    assert anna.buttons == ["Hand over", "📌 Pin", "🔕 Mute", "📋 Fields", "⧉ Copy", "🗑 Delete", "← Back", "↩ Undo"]
    await anna.tap("← Back")
    assert "⋯ More" in anna.buttons


async def test_a_call_with_its_next_step_reads_as_in_the_book(anna: Member) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    await anna.send("deal Acme 12k roof repair >proposal")
    await anna.crm.advance(days=4)

    said = await anna.send("/call Anna Nowak 15m ok wants two variants next tue 15:00 send offer")

    assert said == (
        "✅ Call with Anna Nowak (Acme) · 15 min · ok\n"
        "   wants two variants\n"
        "+48 601 234 567\n"
        "▶ Next: Tue 1 Dec 15:00 — send offer\n"
        "Acme roof repair · PLN 12,000 · Proposal · 4 days in stage"
    )
    assert anna.buttons == ["✅ Done", "+1 day", "Other time", "Open deal", "↩ Undo"]


async def test_the_slash_may_be_left_out(anna: Member) -> None:
    assert (await anna.send("deal Acme 12k")).startswith("✅ Deal opened")
    assert (await anna.send("today")).startswith("Today · Tue 24 Nov")


async def test_a_meeting(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/meet Acme 40m ok signed")
    assert said.startswith("✅ Meeting with Acme · 40 min · ok\n   signed\nAcme roof · PLN 12,000 · New")


async def test_a_call_that_nobody_answered(anna: Member) -> None:
    await anna.send("contact Jan Kowal")
    assert (await anna.send("/call Jan Kowal no")).startswith("✅ Call with Jan Kowal · no answer\n")


async def test_a_call_that_was_missed(anna: Member) -> None:
    await anna.send("contact Jan Kowal")
    assert "missed" in await anna.send("/call Jan Kowal missed")


async def test_a_call_with_somebody_new_asks_what_is_next_and_keeps_it_with_them(anna: Member) -> None:
    said = await anna.send("/call jan")
    assert said == "✅ Call with jan\nNew contact: jan\nNo next step. Follow up Fri 27 Nov 10:00?"
    assert anna.buttons == ["✅ Save", "Other time", "Other text", "Not now", "Don't ask ▾", "↩ Undo"]
    await anna.tap("Save")
    assert "📌 Fri 27 Nov 10:00 — Follow up\n   jan" in anna.last
    assert "▶ Next: Fri 27 Nov 10:00 — 📌 Follow up" in await anna.send("c1")
    assert await anna.send("/call jan ok") == "✅ Call with jan · ok", "a next step is planned"


async def test_the_suggestion_for_somebody_new_takes_another_time_and_text(anna: Member) -> None:
    await anna.send("/call Jan ok")
    await anna.tap("No")
    await anna.tap("Other time")
    assert "🏢" not in await anna.send("mon 8:00 send offer")
    assert "▶ Next: Mon 30 Nov 8:00 — 📌 send offer" in await anna.send("c1")
    await anna.send("/call Zofia ok")
    await anna.tap("No")
    await anna.tap("Other text")
    await anna.send("bring samples")
    assert "▶ Next: Fri 27 Nov 10:00 — 📌 bring samples" in await anna.send("c2")
    await anna.send("/call Ola ok")
    await anna.tap("No")
    assert (await anna.tap("Not now")).startswith("👤 Ola · c3")
    await anna.send("/call Ewa ok")
    await anna.tap("No")
    await anna.tap("Don't ask")
    await anna.tap("this week")
    assert anna.last.startswith("No suggestions until Mon 30 Nov.\n👤 Ewa · c4")
    assert "No next step" not in await anna.send("/call Iga ok")


async def test_commas_right_behind_a_name_part_it_from_minutes_and_amounts(anna: Member) -> None:
    said = await anna.send("/call Jan,15m,ok,wants two variants")
    assert said.startswith("✅ Call with Jan · 15 min · ok\n   wants two variants\nNew contact: Jan\n")
    assert (await anna.send("c1")).startswith("👤 Jan · c1")
    assert (await anna.send("/call Jan, 20m")).startswith("✅ Call with Jan · 20 min\n")
    said = await anna.send("/deal Acme,12k,#roof big roof")
    assert said.startswith("✅ Deal opened\n💼 Acme big roof · d1\nPLN 12,000 · New")
    assert "#roof" in said
    assert "PLN 1,200" in await anna.send("/deal Beta 1,200 windows")


async def test_a_call_with_somebody_new_makes_the_contact_and_says_so(anna: Member) -> None:
    said = await anna.send("/call Zofia 5m ok asked about prices")
    assert "✅ Call with Zofia · 5 min · ok" in said
    assert "New contact: Zofia" in said
    await anna.tap("Undo")
    assert await anna.send("/find Zofia") == "Nothing found for “Zofia”."


async def test_a_call_ahead_is_planned(anna: Member) -> None:
    await anna.send("contact Jan Kowal +48 602 111 222")
    said = await anna.send("/call Jan Kowal fri 10:00 ask about the roof")
    assert said == "📞 Fri 27 Nov 10:00 — ask about the roof\n   Jan Kowal\n+48 602 111 222"


async def test_a_task(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/task Acme mon 9:00 order scaffold")
    assert said == "📌 Mon 30 Nov 9:00 — order scaffold\n   Acme\nAcme roof · PLN 12,000 · New"


async def test_a_task_about_nobody(anna: Member) -> None:
    assert await anna.send("/task buy nails tomorrow 8:00") == "📌 Wed 25 Nov 8:00 — buy nails"


async def test_a_note_keeps_the_words_as_typed(anna: Member) -> None:
    await anna.send("company Acme")
    said = await anna.send("/note Acme prefers e-mail,\n  never   phones")
    assert said.startswith("📝 Noted on Acme\n   prefers e-mail,")
    assert "prefers e-mail" in await anna.send("/company Acme")


async def test_a_note_about_nobody_known_is_kept_and_placed_later(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/note the gate code is 4512")
    assert said == "📝 Note kept\n   the gate code is 4512\nWhom is it about?"
    said = await anna.tap("💼 Acme roof")
    assert said == "📝 Noted on Acme roof\n   the gate code is 4512"
    assert "📝 the gate code is 4512" in await anna.tap("Open")


async def test_a_lead(anna: Member) -> None:
    said = await anna.send("/lead Ivan Petrov roof +48 601 234 567 #site")
    assert said == "✅ Added\n🌱 Ivan Petrov — roof · l1\n+48 601 234 567 · new · from site"
    said = await anna.tap("Make it a deal")
    assert said.startswith("✅ The lead is a deal now\n💼 Ivan Petrov — roof · d1")


async def test_a_contact_and_a_company(anna: Member) -> None:
    said = await anna.send("/contact Anna Nowak +48 601 234 567 anna@acme.example at Acme")
    assert said == "✅ Added\n👤 Anna Nowak · c1\n🏢 Acme · +48 601 234 567 · anna@acme.example"
    said = await anna.send("/company Acme +48 22 555 01 01")
    assert said == "✅ Changed\n🏢 Acme · o1\n+48 22 555 01 01\nPeople: Anna Nowak"


@pytest.mark.parametrize("typed", ["acme", "Ac", "roof", "601 234", "+48 601 234 567", "601234567", "Nowk"])
async def test_find_by_name_start_typo_and_number(anna: Member, typed: str) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme\ndeal Acme 12k roof")
    said = await anna.send(f"/find {typed}")
    assert said.startswith(f"Found for “{typed}”:")
    assert anna.buttons


async def test_a_stage_is_named_by_its_start(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert (await anna.send("/stage d1 >nego")).startswith("✅ Now in Negotiation\n💼 Acme roof · d1")


async def test_a_stage_that_does_not_exist_is_answered_with_those_that_do(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/stage d1 >moon")
    assert said.startswith("✋ There is no stage “moon” in Sales. Its stages: New, Clarified, Proposal")


async def test_won(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert (await anna.send("/won d1")).startswith("🎉 Won!\n🏆 Acme roof · d1\nPLN 12,000 · Won")
    assert await anna.send("/won d1") == "“roof” is won already."


async def test_lost_with_its_reason(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/lost d1 price")
    assert said.startswith("Lost\n🚫 Acme roof · d1\nPLN 12,000 · Lost\nReason: Price")


async def test_a_won_deal_keeps_what_is_planned_and_says_so(anna: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 bring the papers")
    said = await anna.send("/won d1")
    assert "▶ Still planned: Fri 27 Nov 10:00 — 📌 bring the papers" in said
    assert "Overdue" not in said
    assert "+1 day" not in anna.buttons
    assert "Still planned" not in await anna.tap("Call off")


async def test_a_reference_alone_opens_its_card(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert (await anna.send("d1")).startswith("💼 Acme roof · d1")
    assert (await anna.send("/d1")).startswith("💼 Acme roof · d1")
    assert await anna.send("d99") == "🤷 Nothing here by d99. It may be gone, or not yours to see."


async def test_a_deal_is_changed_by_its_reference(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    said = await anna.send("/deal d1 15k >proposal next mon 9:00 call them")
    assert said.startswith(
        "✅ Deal changed\n💼 Acme roof · d1\nPLN 15,000 · Proposal\n▶ Next: Mon 30 Nov 9:00 — 📞 call"
    )


async def test_a_bare_name_with_open_deals_opens_them_instead_of_another(anna: Member) -> None:
    await anna.send("deal Acme 12k roof\ndeal Acme 3k gutters")
    said = await anna.send("/deal Acme")
    assert said.startswith("Acme has 2 open deals. Open one, or start another.\n🏢 Acme · o1")
    assert "💼 New deal" in anna.buttons
    assert (await anna.tap("Acme gutters")).startswith("💼 Acme gutters · d2")


async def test_what_comes_twice_goes_into_the_text(anna: Member) -> None:
    said = await anna.send("deal Acme 3k roof 5k")
    assert "💼 Acme roof 5k" in said
    assert "PLN 3,000" in said
    assert said.endswith("Kept as text: 5k")


async def test_a_deal_with_an_unknown_stage_or_colleague_is_saved_all_the_same(anna: Member) -> None:
    said = await anna.send("deal Acme 3k roof >moon @Nobody")
    assert said.startswith("✅ Deal opened\n💼 Acme roof · d1\nPLN 3,000 · New")
    assert "There is no stage “moon”" in said
    assert "No colleague of yours goes by @Nobody, so it stays yours." in said


async def test_a_deal_for_a_colleague_goes_to_them_and_they_are_told(boss: Member, anna: Member) -> None:
    said = await boss.send("deal Acme 3k roof @Anna")
    assert "Owner: Anna Rep" in said
    assert anna.last == "🤝 Marta Boss handed Acme roof over to you."
    assert (await anna.tap("Open")).startswith("💼 Acme roof · d1")


async def test_a_task_for_a_colleague(boss: Member, anna: Member) -> None:
    said = await boss.send("/task @Anna order nails tomorrow 9:00")
    assert said == "📌 Wed 25 Nov 9:00 — order nails\n🤝 Given to Anna Rep"
    assert anna.last == "🤝 Marta Boss handed order nails over to you."


async def test_several_lines_have_one_answer(anna: Member) -> None:
    before = len(anna.person.messages())
    said = await anna.send("deal Acme 12k roof\ncall Jan 5m ok\n\ntask Acme tomorrow write\nwon d99")
    assert len(anna.person.messages()) == before + 2
    assert "💼 Acme roof · d1" in said
    assert "✅ Call with Jan · 5 min · ok" in said
    assert "📌 Wed 25 Nov — write" in said
    assert "🤷 Nothing here by d99." in said
    await anna.tap("Undo all")
    assert (await anna.send("d1")).startswith("🤷")


async def test_what_the_last_of_several_lines_takes_back_is_not_taken_back_again(anna: Member) -> None:
    await anna.send("/deal Nowak 5k fence")
    text = await anna.send("/deal Acme 12k roof repair\n/undo")
    assert "Undone" in text
    assert "fence" in await anna.send("/undo")


async def test_what_is_unclear_in_several_lines_is_asked_on_its_own_card(anna: Member) -> None:
    await anna.send("contact Anna Nowak\ncontact Jan Kowal")
    await anna.send("call Jan Kowal 5m ok\ncall Nowk 10m ok hello\nthe roof leaks")
    texts = [message.text for message in anna.person.messages() if message.from_bot][-3:]
    assert texts[0].startswith("✅ Call with Jan Kowal · 5 min · ok")
    assert "❓ call Nowk 10m ok hello\n   asked below" in texts[0]
    assert texts[1].endswith("Which “Nowk”?")
    assert texts[2] == "Kept. What is it?\nthe roof leaks"
    assert "Call with Anna Nowak · 10 min · ok" in await anna.tap("👤 Anna Nowak")
    assert "Noted on Jan Kowal" in await anna.tap("Note to Jan Kowal")


async def test_too_many_lines_are_refused_as_a_whole(anna: Member) -> None:
    said = await anna.send("\n".join("deal Acme 1k x" for _ in range(51)))
    assert said == "That is 51 lines at once; send 50 at most. Nothing was done."
    assert (await anna.send("d1")).startswith("🤷")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("/deal", "✋ A deal for whom? Like this: deal Acme 12k roof repair next fri 10:00 site visit"),
        ("/call", "✋ With whom? Like this: call Anna 15m ok wants two variants next tomorrow 15:00 send offer"),
        ("/meet", "✋ With whom? Like this: meet Acme 40m ok signed"),
        ("/task", "✋ What is to be done? Like this: task Acme mon 9:00 order scaffold"),
        ("/note", "✋ A note of what? Like this: note Acme prefers e-mail"),
        ("/lead", "✋ A lead from whom? Like this: lead Ivan Petrov roof +48 601 234 567 #site"),
        ("/contact", "✋ Who? Like this: contact Anna Nowak +48 601 234 567 at Acme"),
        ("/company", "✋ Which company? Like this: company Acme Ltd +48 22 555 01 01"),
        ("/find", "✋ Find what? Like this: find acme"),
        ("/stage", "✋ Which deal? Like this: stage d12 >negotiation"),
        ("/won", "✋ Which deal? Like this: won d12"),
        ("/lost", "✋ Which deal? Like this: lost d12 price"),
        ("/undo", "✋ There is nothing of yours to undo."),
        ("/invite", "✋ Invite whom, as what? Like this: invite rep Anna"),
    ],
)
async def test_a_verb_alone_says_what_is_missing(anna: Member, typed: str, answer: str) -> None:
    assert await anna.send(typed) == answer


async def test_help_and_start(anna: Member) -> None:
    said = await anna.send("/help")
    assert said.startswith("One line does it.")
    assert (await anna.send("/help call")).startswith("/call — Log a call\ncall Anna 15m ok")
    assert (await anna.send("/start")).startswith("Welcome, Anna Rep.\nOne line is enough")


async def test_every_example_of_the_help_works(crm: Crm) -> None:
    boss = await crm.join("admin", "Ada Boss")
    anna = await crm.join("rep", "Anna", manager=boss)
    await crm.join("rep", "Bob", manager=boss)
    for _ in range(12):
        await anna.send("deal Base 1k y")  # so that d12 exists, and she can be asked about it
    for number in range(15):
        await boss.send(f'contact "Twin {number}"')  # so that c12 and c15 exist
    from botcrm.telegram.screens.texts import HELP

    for verb, text in HELP.items():
        for example in text.examples:
            said = await boss.send(example)
            assert not said.startswith(("✋", "🤷", "Kept.")) or verb == "lost", (example, said)


async def test_moving_a_deal_takes_its_next_step_along(anna: Member) -> None:
    """The clause was read and then dropped."""
    await anna.send("deal Acme 12k roof")
    answer = await anna.send("stage d1 >proposal next fri 10:00 call Jan")
    assert "Now in Proposal" in answer
    assert "Fri 27 Nov 10:00" in answer
