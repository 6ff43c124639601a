"""/find and inline mode: records and notes, by parts, numbers and both alphabets; as a file, all of them."""

from __future__ import annotations

from botcrm.testing import Crm, Member


async def test_a_part_a_number_or_another_alphabet_finds_who_is_meant(anna: Member) -> None:
    await anna.send("/company Acme GmbH +48 22 555 01 01")
    await anna.send("/contact Jan Nowak +48 601 234 567 jan@acme.example at Acme GmbH")
    for text in ("601234567", "+48 601-234-567", "4567", "новак", "nowka jan", "jan@acme.example", "@acme.example"):
        said = await anna.send(f"find {text}")
        assert "👤 Jan Nowak · c1" in said, text
    assert (await anna.tap("👤 Jan Nowak")).startswith("👤 Jan Nowak · c1")


async def test_a_note_shows_its_place_and_opens_its_record(anna: Member) -> None:
    await anna.send("/deal Acme 12k roof repair next fri 10:00 visit")
    await anna.send("/note d1 Wants two variants, one with żółte dachówki")
    said = await anna.send("find zolte dach")
    assert said == ("Found for “zolte dach”:\n📝 Acme roof repair · d1\n   Wants two variants, one with żółte dachówki")
    assert (await anna.tap("💼 Acme roof repair")).startswith("💼 Acme roof repair · d1")
    await anna.send("/contact Variant Ltd")
    said = await anna.send("find variant")
    assert said.splitlines()[1:] == [
        "👤 Variant Ltd · c1",
        "📝 Acme roof repair · d1",
        "   Wants two variants, one with żółte dachówki",
    ]


async def test_inline_mode_finds_the_same(crm: Crm, anna: Member, bob: Member) -> None:
    await anna.send("/deal Acme 12k roof repair")
    await anna.send("/note d1 Wants two variants")
    for text, ids in (("variants", ["d1"]), ("acme", ["o1", "d1"]), ("xyzzy", [])):
        search = anna.person.inline(text)
        await crm.settle()
        assert [found["id"] for found in await search.answered()] == ids
    search = bob.person.inline("variants")
    await crm.settle()
    assert await search.answered() == []
    search = anna.person.inline("variants")
    await crm.settle()
    result = (await search.answered())[0]
    assert result["description"] == "d1 · Wants two variants"
    assert result["input_message_content"] == {"message_text": "Acme roof repair"}, "the note is not sent on"
