"""A filter that says nothing finds nothing: nobody is offered to do something with everything."""

from __future__ import annotations

import pytest

from botcrm.core.models import Deal
from botcrm.testing import Member


@pytest.fixture
async def deals(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal Beta 5k fence")


@pytest.mark.usefixtures("deals")
async def test_what_is_no_word_is_said_and_nothing_can_be_done_with_all(anna: Member) -> None:
    for word in ("-", "%", "'", "...", "🔥", "company:%", "-%", "roof %", "contacts -"):
        said = await anna.send(f"filter {word}")
        assert "is no word to look for. Several words go in quotes" in said, word
        assert "Acme" not in said
        assert not any("Do with all" in button for button in anna.buttons), word
    assert "“,” is not understood" in await anna.send("filter ,")
    said = await anna.send("report funnel filter:%")
    assert "“%” is no word to look for" in said
    assert await Deal.filter(deleted_at=None).count() == 2
    assert "Acme roof" in await anna.send('filter "roof & acme"')


@pytest.mark.usefixtures("deals")
async def test_a_question_mark_shows_how_those_very_records_are_asked_for(anna: Member) -> None:
    assert (await anna.send("filter ?")).startswith("What deals can be found by")
    assert (await anna.send("filter contacts ?")).startswith("What contacts can be found by")
    assert (await anna.send("filter companies help")).startswith("What companies can be found by")


async def test_a_domain_finds_whoever_writes_from_there(anna: Member) -> None:
    await anna.send("contact Jan Nowak jan@bolt.example")
    await anna.send("contact Ewa Lis ewa@lis.online")
    await anna.send("contact Bolt Man")
    for text, name in (("bolt.example", "Jan Nowak"), ("lis.online", "Ewa Lis"), ("lis.onl", "Ewa Lis")):
        assert f"👤 {name}" in await anna.send(f"find {text}")
        assert name in await anna.send(f"filter contacts {text}")
    # A name with a dot is a name first.
    said = await anna.send("find jan.nowak")
    assert "Jan Nowak" in said
    assert "Ewa" not in said


async def test_a_name_that_was_merged_away_stays_known(anna: Member) -> None:
    await anna.send("contact Adam Alfa +48 601 222 333")
    await anna.send('contact "Bert Beta" +48 601 222 444')
    await anna.send("lead Bert Beta needs a roof")
    await anna.send("merge c1 c2")
    if "● name: Bert Beta" in anna.buttons:
        await anna.tap("Keep c1 instead")
    await anna.tap("Merge")
    merged = anna.card
    assert "👤 Adam Alfa · c1" in await anna.send("find beta")
    assert (await anna.send("call Bert Beta 5m ok")).startswith("✅ Call with Adam Alfa")
    assert (await anna.send("contact Bert Beta")).startswith("👤 Adam Alfa · c1")
    await anna.tap("Undo", merged)
    assert (await anna.send("contact Bert Beta")).startswith("👤 Bert Beta · c2")
