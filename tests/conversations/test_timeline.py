"""The timeline: planned first, then day by day; narrowed to a kind, paged both ways, its files open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from botcrm.core import db
from botcrm.core.services.staff.people import actor_by_id
from botcrm.core.services.undo.undo import undo
from botcrm.testing import Crm, Member

STORY = """\
Timeline of Acme roof · d1

Planned
▶ Fri 27 Nov 10:00 · Anna Rep
   🤝 site visit

Today
10:00 · Anna Rep
   📎 plan.pdf
10:00 · Anna Rep
   📝 prefers e-mail
10:00 · Marta Boss
   changed: amount PLN 12,000 → PLN 15,000

Yesterday
10:00 · Anna Rep
   📞 Call · 15 min · no answer
10:00 · Anna Rep
   🤝 planned: site visit
10:00 · Anna Rep
   deal added"""


@pytest.fixture
async def story(crm: Crm, anna: Member, boss: Member) -> Crm:
    """Give a deal with two days behind it and a step ahead."""
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    await anna.send("/call d1 15m no")
    crm.clock.moment += timedelta(days=1)
    await boss.send("/deal d1 15k")
    await anna.send("/note d1 prefers e-mail")
    await anna.send("d1")
    anna.person.send_document(b"%PDF", "plan.pdf", reply_to=anna.card)
    await crm.settle()
    return crm


async def test_it_reads_from_what_is_planned_down_to_the_first_day(story: Crm, anna: Member) -> None:
    said = await anna.send("/timeline acme roof")
    # Times of the same morning differ by the seconds that Telegram makes a chat wait.
    assert said.replace("10:01", "10:00") == STORY
    assert "📎 plan.pdf" in anna.buttons
    assert anna.buttons[-1] == "← Back", "below what narrows it"
    await anna.tap("📎 plan.pdf")
    assert anna.card.data["document"]["file_name"] == "plan.pdf"


async def test_a_client_is_named_as_who_wrote(crm: Crm, anna: Member) -> None:
    client = crm.stranger("Client Zed")
    anna.person.send_contact("+48602234567", "Client", "Zed", user_id=client.person.id)
    await crm.settle()
    await client.send("is it ready?")
    said = await anna.send("/timeline zed")
    assert "· Client Zed\n   💬 is it ready?" in said
    assert "botcrm" not in said


async def test_it_is_narrowed_by_taps_and_words(story: Crm, anna: Member) -> None:
    await anna.send("/timeline acme roof")
    assert {"• All", "Activities", "Notes", "Files", "Messages", "Changes"} <= set(anna.buttons)
    said = await anna.tap("Notes")
    assert "prefers e-mail" in said
    assert "Planned" not in said
    assert "Call" not in said
    said = await anna.tap("Activities")
    assert said.index("▶ Fri 27 Nov 10:00") < said.index("no answer")
    assert "amount" not in said
    said = await anna.tap("📞 Call")
    assert "no answer" in said
    assert "site visit" not in said
    assert "no answer" in await anna.send("/timeline d1 calls")
    assert "amount PLN 12,000" in await anna.send("/timeline d1 changes")
    assert (await anna.send("/timeline d1 messages")).endswith("Nothing yet.")
    said = await anna.send("/timeline d1 gibberish")
    assert said.endswith("There is no kind “gibberish”.")
    assert "deal added" in said


async def test_pages_turn_both_ways_and_keep_the_kind(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 1k roof")
    for n in range(1, 21):
        await anna.send(f"/note d1 note {n}.")
        await anna.send(f"/deal d1 {n + 1}k")
    first = await anna.send("/timeline d1 notes")
    assert [f"note {n}." in first for n in (12, 13, 20)] == [False, True, True]
    assert "← Newer" not in anna.buttons
    second = await anna.tap("Older")
    third = await anna.tap("Older")
    assert [f"note {n}." in second for n in (4, 5, 12, 13)] == [False, True, True, False]
    assert [f"note {n}." in third for n in (1, 4, 5)] == [True, True, False]
    assert "Older →" not in anna.buttons
    assert await anna.tap("Newer") == second
    await anna.send("/note d1 while you read")
    assert "while you read" not in await anna.tap("Newer"), "one page at a time"
    assert "while you read" in await anna.tap("Newer")
    everything = await anna.tap("All")
    assert "deal changed" not in everything
    assert "changed: amount" in everything


async def test_a_card_of_an_activity_opens_what_it_is_about(story: Crm, anna: Member, bob: Member) -> None:
    await anna.send("a1")
    assert (await anna.tap("Timeline")).startswith("Timeline of Acme roof · d1")
    await anna.send("/task water the plants tomorrow 9:00")
    await anna.send("a3")
    said = await anna.tap("Timeline")
    assert said.startswith("Timeline of water the plants · a3")
    assert "📌 planned: water the plants" in said


async def test_an_unclear_name_is_asked(story: Crm, anna: Member) -> None:
    await anna.send("contact Jan Kowalski")
    await anna.send("contact Jan Nowak")
    said = await anna.send("/timeline jan notes")
    assert said == "Which “jan”?"
    assert (await anna.tap("Jan Nowak")).startswith("Timeline of Jan Nowak · c2\nNothing yet.")
    assert "• Notes" in anna.buttons
    assert (await anna.send("/timeline nosuchthing")).startswith("🤷")
    assert (await anna.send("/timeline")).startswith("✋ Whose timeline?")


async def test_a_reply_to_a_card_is_about_it(story: Crm, anna: Member) -> None:
    await anna.send("d1")
    assert "no answer" in await anna.send("/timeline calls", reply_to=anna.card)


async def test_old_buttons_still_work(story: Crm, anna: Member) -> None:
    await anna.send("d1")
    row = await db.fetch_one("SELECT max(id) AS id FROM event WHERE deal_id = 1")
    assert row
    await anna.forge(f"tl:d1:{row['id']}", anna.card)
    assert anna.last.startswith("Timeline of Acme roof")


async def test_no_internal_names(anna: Member) -> None:
    """It said: changed: recurrence FREQ=WEEKLY;BYDAY=WE, slot wall 2026-…, reminders 1440 → 1440,60."""
    await anna.send("/deal Acme 12k roof")
    await anna.send("/task d1 wed 9:00 call in")
    await anna.send("a1")
    await anna.tap("Reminders")
    await anna.tap("Comes again")
    await anna.tap("every week")
    await anna.send("a1")
    await anna.tap("Reminders")
    await anna.tap("Remind before")
    await anna.tap("1 day")
    said = await anna.send("/timeline d1")
    assert "changed: repeats never → every Wed" in said
    assert "changed: reminders as in the settings → 1 day, 15 min" in said
    for word in ("FREQ", "slot", "recurrence", "1440", "minutes", "ActivityChanged"):
        assert word not in said


async def test_what_was_taken_back_is_told_as_it_was_done(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    for line, told in (
        ("/wait d1 fri", "⏳ waits until Fri 27 Nov 9:00"),
        ("/stage d1 >proposal", "stage: New → Proposal"),
        ("/call d1 missed", "📞 Call · missed"),
        ("/note d1 #vip", "📝 #vip"),
        ("/deal d1 15k", "changed: amount PLN 12,000 → PLN 15,000"),
    ):
        assert told in (await anna.send(line) and await anna.send("/timeline d1")), line
        await anna.send("/undo")
        said = (await anna.send("/timeline d1")).split("\n\n")[1]
        if line.startswith(("/note", "/call")):
            assert " removed" in said
            continue
        assert f"↩ taken back: {told}" in said, line


async def test_what_was_brought_back_is_told_so(anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/wait d1 fri")
    await anna.tap("Undo")
    async with crm.work() as work:
        actor = await actor_by_id(work.company, anna.user_id or 0)
        row = await db.fetch_one("SELECT max(work_id) AS work_id FROM event WHERE undoes IS NOT NULL")
        assert actor
        assert row
        await undo(work.acting_as(actor), row["work_id"])
    said = await anna.send("/timeline d1")
    assert "↪ brought back: ⏳ waits until Fri 27 Nov 9:00" in said
    assert "↩ taken back: ⏳ waits until Fri 27 Nov 9:00" in said
    assert "waits no longer" not in said
