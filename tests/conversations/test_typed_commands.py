"""Without a slash a command's name with what it can be about is the command; a sentence that begins with it is kept."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member

KEPT = "Kept. What is it?"


@pytest.fixture
async def admin(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("fields deals", "📋 Custom fields: Deals"),
        ("Fields Deal", "📋 Custom fields: Deals"),
        ("lists lost reasons", "🗂 Lost reasons"),
        ("roles", "🔑 Roles"),
        ("roles anna", "👤 Anna Rep"),
        ("Roles Manager", "🔑 Manager"),
        ("departments", "🏢 Departments"),
        ("departments Sales/North", "🏢 Sales/North"),
        ("operations", "Journal"),
        ("filters", "🔎 Filters"),
        ("personal c1", "🔒 Jan Kos"),
        ("personal jan kos", "🔒 Jan Kos"),
        ("erase c1", "🗑 Erase Jan Kos?"),
        ("erase Jan Kos", "🗑 Erase Jan Kos?"),
        ("team anna", "Deals of Anna Rep"),
        ("today Anna Rep", "Deals of Anna Rep"),
        ("deals sales", "Deals"),
        ("deals negotiation #roof", "Deals"),
        ("help call", "/call — Log a call"),
        ("contacts", "🔎 contacts\nContacts: 1"),
        ("Contacts no:email", "🔎 contacts no:email\nContacts: 1"),
        ("deals jan kos", '🔎 "jan kos"\nDeals: 0'),
        ("Today.", "Today"),
    ],
)
async def test_a_name_and_what_it_is_about(admin: Member, anna: Member, typed: str, answer: str) -> None:
    await anna.send("contact Jan Kos +48600100200")
    assert (await admin.send(typed)).startswith(answer)
    slashed = await admin.send(f"/{typed}")
    assert slashed.startswith(answer), "as with a slash"


@pytest.mark.parametrize(
    "typed",
    [
        "fields of gold called",
        "lists are at the office",
        "roles swapped today",
        "roles ann",
        "departments are noisy",
        "departments n/a for now",
        "operations today went well",
        "personal notes for Jan",
        "erase the whiteboard",
        "duplicates of the keys",
        "today I met Anna",
        "team an",
        "deals are slow",
        "help Anna with the offer",
        "contacts are lost",
        "today. I met Anna",
    ],
)
async def test_a_sentence_is_kept(admin: Member, anna: Member, typed: str) -> None:
    assert (await admin.send(typed)).startswith(KEPT)


async def test_duplicates_of_one_kind_are_looked_for(admin: Member) -> None:
    await admin.send("duplicates contacts")
    assert await db.column("SELECT title FROM operation") == ["Duplicates among contacts"]


async def test_a_sentence_that_no_command_understands_is_kept_and_offered(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    for typed in ("copy the contract for Acme", "leave the keys at the office", "move the meeting to friday"):
        said = await anna.send(typed)
        assert said.endswith(f"Not meant as a command? It is kept. What is it?\n{typed}"), said
        assert "📝 Note to Acme roof" in anna.buttons
    await anna.tap("Note to Acme roof")
    assert await db.column("SELECT text FROM note") == ["move the meeting to friday"]
    assert "kept" not in await anna.send("/copy the contract for Acme"), "with a slash it is a command"
    assert "kept" not in await anna.send("won d99")


async def test_who_may_not_erase_is_told_as_with_a_slash(anna: Member) -> None:
    await anna.send("contact Jan Kos +48600100200")
    assert await anna.send("erase c1") == "✋ Your role does not allow that."
    assert await anna.send("/erase c1") == "✋ Your role does not allow that."


async def test_another_command_ends_the_question_about_erasing(crm: Crm, admin: Member) -> None:
    await admin.send("contact Jan Kos +48600100200")
    await admin.send("contact Eva Lis +48600100300")
    await admin.send("erase c1")
    assert "Acme" in await admin.send("/deal Acme 1k")
    assert (await admin.send("erase c1")).startswith("🗑 Erase Jan Kos?"), "it asks anew"
    assert (await admin.send("erase c2")).startswith("🗑 Erase Eva Lis?"), "somebody else is another command"
    assert (await admin.send("erase c2")).startswith("🗑 Erase c2 has begun.")
    await crm.advance(seconds=10)
    assert admin.last.startswith("✅ Erase c2\nplaces emptied: ")


async def test_a_command_with_a_slash_ends_the_question_which_tag(anna: Member) -> None:
    await anna.send("deal Acme 12k roof #roof")
    await anna.send("filter tag:roof")
    await anna.tap("Do with all")
    await anna.tap("Tag")
    await anna.send("/deal Beta 1k")
    assert (await anna.send("blue")).startswith(KEPT)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("d1 15k", "✅ Deal changed\n💼 Acme roof · d1\nPLN 15,000"),
        ("D1: >proposal", "✅ Deal changed\n💼 Acme roof · d1\nPLN 12,000 · Proposal"),
        ("d1 #hot next fri 9 call", "✅ Deal changed"),
        ("d1 won", "🎉 Won!"),
        ("d1 lost price", "Lost\n🚫 Acme roof · d1"),
        ("d1 call 15m ok", "✅ Call with Acme · 15 min · ok"),
        ("d1 note they think", "📝 Noted on Acme roof\n   they think"),
        ("d1 task tomorrow order scaffold", "📌 Wed 25 Nov — order scaffold"),
        ("d1 they think about it", KEPT),
        ("d1 lost our letter", KEPT),
        ("d1 won over the boss", KEPT),
        ("d1 copy of the contract sent", KEPT),
        ("move d1 to negotiation", "✅ Now in Negotiation"),
    ],
)
async def test_a_deal_first_then_what_becomes_of_it(anna: Member, typed: str, answer: str) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("contact Jan Kos")
    assert (await anna.send(typed)).startswith(answer)
    if answer == KEPT:
        assert anna.buttons[0] == "📝 Note to Acme roof"


async def test_a_call_with_somebody(anna: Member) -> None:
    """`meeting with Acme` made a contact called “with”."""
    await anna.send("company Acme")
    for line in ("meeting with Acme ok", "call to Acme 15m ok", "met with Acme yesterday", "call z Acme ok"):
        assert "with Acme" in (await anna.send(line)).lower().replace("acme", "Acme")
    assert await db.column("SELECT count(*) FROM contact") == [0]
