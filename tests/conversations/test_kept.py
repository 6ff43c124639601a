"""Contact cards, photos, documents, voice messages and places are kept, and open again from the card."""

from __future__ import annotations

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


@pytest.fixture
async def acme(anna: Member) -> Member:
    await anna.send("deal Acme 12k roof")
    return anna


async def test_a_photo_is_placed_and_opens_again(acme: Member, crm: Crm) -> None:
    acme.person.send_photo(PNG)
    await crm.settle()
    assert acme.last == "📎 Photo kept.\nWhere does it belong?"
    assert acme.buttons == ["💼 Acme roof", "🔍 Search…", "↩ Undo"]
    assert await acme.tap("💼 Acme roof") == "📎 → Acme roof"
    await acme.tap("Open")
    await acme.tap("Files (1)")
    await acme.tap("📎 photo")
    assert acme.card.data["photo"]


async def test_a_photo_whose_caption_names_the_subject_is_placed_at_once(acme: Member, crm: Crm) -> None:
    acme.person.send_photo(PNG, "Acme leaking roof")
    await crm.settle()
    assert acme.last == "📎 Photo → Acme\n   Acme leaking roof"


async def test_a_document_sent_in_reply_to_a_card_goes_there(acme: Member, crm: Crm) -> None:
    acme.person.send_document(b"%PDF", "offer.pdf", reply_to=acme.card)
    await crm.settle()
    assert acme.last == "📎 offer.pdf → Acme roof"
    await acme.send("d1")
    await acme.tap("Files (1)")
    await acme.tap("📎 offer.pdf")
    assert acme.card.data["document"]["file_name"] == "offer.pdf"


async def test_a_voice_message_found_by_search_a_place(acme: Member, crm: Crm) -> None:
    acme.person.send_voice(b"OggS", 3)
    await crm.settle()
    assert acme.last == "📎 Voice message kept.\nWhere does it belong?"
    await acme.tap("Search…")
    assert await acme.send("acme") == "To which?"
    assert await acme.tap("🏢 Acme") == "📎 → Acme"
    said = await acme.tap("Open")
    assert said.startswith("🏢 Acme · o1")
    await acme.tap("Files (1)")
    await acme.tap("📎 voice")
    assert acme.card.data["voice"]


async def test_a_file_is_taken_back(acme: Member, crm: Crm) -> None:
    acme.person.send_document(b"%PDF", "offer.pdf")
    await crm.settle()
    assert await acme.tap("Undo") == "↩ Undone\n   Removed: file offer.pdf"


async def test_a_contact_card_becomes_a_contact(acme: Member, crm: Crm) -> None:
    acme.person.send_contact("+48602234567", "Jan", "Kowal")
    await crm.settle()
    assert acme.last == "✅ Contact added\n👤 Jan Kowal · c1\n+48 602 234 567\nBelongs to:"
    said = await acme.tap("💼 Acme roof")
    assert "👤 Jan Kowal · c1" in said
    assert "👤 Jan Kowal · +48 602 234 567" in await acme.send("d1")


async def test_a_contact_card_with_a_known_number_opens_that_contact(acme: Member, crm: Crm) -> None:
    await acme.send("contact Jan Kowal 602 234 567")
    acme.person.send_contact("48602234567", "Janek")
    await crm.settle()
    assert acme.last.startswith("👤 This number is known:\n👤 Jan Kowal · c1")


async def test_a_contact_card_with_a_strange_number_keeps_it_as_a_note(acme: Member, crm: Crm) -> None:
    acme.person.send_contact("12", "Short")
    await crm.settle()
    assert "📝 12" in acme.last


async def test_a_place_is_kept(acme: Member, crm: Crm) -> None:
    acme.person.send_location(52.2, 21.0)
    await crm.settle()
    assert acme.last == "📍 Place kept.\nWhere does it belong?"
    said = await acme.tap("💼 Acme roof")
    assert "https://maps.google.com/?q=52.200000,21.000000" in said


async def test_a_sticker_is_answered(acme: Member, crm: Crm) -> None:
    body = {"sticker": {"file_id": "s", "file_unique_id": "u", "type": "regular", "width": 1, "height": 1,
                        "is_animated": False, "is_video": False}}  # fmt: skip
    crm.telegram.post(acme.person.chat(), acme.person.user(), body)
    await crm.settle()
    assert acme.last == "I keep texts, photos, files, voice messages, contacts and places. This one I cannot keep."


async def test_another_reps_file_does_not_open(acme: Member, bob: Member, crm: Crm) -> None:
    acme.person.send_photo(PNG, "Acme")
    await crm.settle()
    await bob.send("hello")
    before = len(bob.person.messages())
    assert (await bob.forge("fo:1", bob.card)).startswith("🤷")
    assert len(bob.person.messages()) == before


async def test_forwarded_words_are_kept_and_not_obeyed(anna: Member, crm: Crm) -> None:
    """A client's "won d1" or "call me tomorrow", forwarded to the bot, used to be done as if the rep had typed it."""
    await anna.send("deal Acme 12k roof")
    client = crm.stranger("Jan Kowal")
    for text in ("won d1", "call me tomorrow", "deal Beta 5k\nundo"):
        await client.send(text)
        anna.person.forward(client.mine)
        await crm.settle()
        assert anna.last == "Kept. What is it?\n" + text.replace("\n", " ")
    await anna.tap("Note to Acme roof")
    assert "· New" in await anna.send("d1")
