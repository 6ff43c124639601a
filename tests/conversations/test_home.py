"""The day at a glance: /today, /deals, /team, the timeline."""

from __future__ import annotations

import pytest

from botcrm.testing import Crm, Member

# test_story.py walks the same paths on both databases.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_an_empty_day_says_what_to_type(anna: Member) -> None:
    said = await anna.send("/today")
    assert said == (
        "Today · Tue 24 Nov\n"
        "📥 0 incoming · 📅 0 planned · 🔴 0 overdue\n"
        "No open deals. Type a line like this one to make the first:\n"
        "deal Acme 12k roof repair next fri 10:00 site visit"
    )


async def test_deals_stand_in_the_order_of_attention_by_column(anna: Member, crm: Crm) -> None:
    await anna.send(
        "deal Overdue 1k a next in 1m call\ndeal Today 2k b next 18:00 call\ndeal Week 3k c next fri 10:00 call\n"
        "deal Next 4k d next 1 dec 10:00 call\ndeal Later 5k e next 24 dec 10:00 call\ndeal None 6k f"
    )
    await crm.advance(minutes=5)
    said = await anna.send("/today")
    assert "📅 2 planned · 🔴 1 overdue" in said
    places = [said.index(name) for name in ("Overdue a", "Today b", "Week c", "Next d", "Later e", "None f")]
    assert places == sorted(places)
    for head in (
        "🔴 Overdue (1)",
        "🟢 Today (1)",
        "🔵 This week (1)",
        "🔵 Next week (1)",
        "⚪ Later (1)",
        "⚫ No activity (1)",
    ):
        assert head in said
    assert "Week c" not in await anna.tap("🔵 Next week 1")
    assert "All" in anna.buttons
    assert "Week c" in await anna.tap("All")
    assert (await anna.tap("d2 Today b")).startswith("💼 Today b · d2")


async def test_pages_turn_by_buttons(anna: Member) -> None:
    await anna.send("\n".join(f"deal Firm{n:02d} {n}k roof" for n in range(1, 21)))
    first = await anna.send("/deals")
    assert "Firm01" in first
    second = await anna.tap("→")
    third = await anna.tap("→")
    seen = [line for page in (first, second, third) for line in page.split("\n") if " roof · PLN" in line]
    assert len(seen) == len(set(seen)) == 20
    assert "→" not in anna.buttons
    assert await anna.tap("←") == second


async def test_the_list_of_deals_is_not_called_the_day(anna: Member, boss: Member) -> None:
    await anna.send("\n".join(f"deal Firm{n:02d} {n}k roof next fri 10:00 visit" for n in range(1, 12)))
    assert (await anna.send("/today")).startswith("Today · Tue 24 Nov")
    assert (await anna.tap("→")).startswith("Today · Tue 24 Nov")
    assert (await anna.send("/deals")).startswith("Deals · Tue 24 Nov")
    for label in ("→", "←", "Move…", "Open…", "🔎 Filter", "← Back"):
        said = await anna.tap(label)
        assert label == "🔎 Filter" or said.startswith("Deals · Tue 24 Nov"), label
    assert (await anna.send("/deals >new")).startswith("Deals · Tue 24 Nov")
    assert (await anna.tap("✖ No filter")).startswith("Deals · Tue 24 Nov")
    assert (await boss.send("/deals @anna")).startswith("Deals of Anna Rep")


async def test_the_team_at_a_glance(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof next in 1m call")
    await bob.send("deal Beta 2k b next 18:00 call")
    await crm.advance(minutes=5)
    said = await boss.send("/team")
    assert said == "Team\nAnna Rep: 📥 0 · 📅 1 · 🔴 1\nBob Rep: 📥 0 · 📅 1 · 🔴 0"
    said = await boss.tap("Bob Rep")
    assert said.startswith("Deals of Bob Rep · Tue 24 Nov")
    assert "Beta b" in said
    assert "Acme" not in said
    assert "Acme roof" in await boss.send("/today @Anna")


async def test_a_rep_has_no_team(anna: Member, bob: Member) -> None:
    assert await anna.send("/team") == "Nobody reports to you."


async def test_the_timeline_reads_as_a_story(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    await anna.tap("+1 day")
    await anna.send("/call Acme 15m no")
    await anna.send("/stage d1 >proposal")
    await anna.send("d1")
    await anna.tap("Hand over")
    await anna.tap("Marta Boss")
    await boss.send("d1")
    said = await boss.tap("Timeline")
    for told in (
        "Timeline of Acme roof",
        "🤝 went over to Marta Boss",
        "stage: New → Proposal",
        "📞 Call · 15 min · no answer",
        "🕑 moved to Sat 28 Nov 10:00: site visit",
        "🤝 planned: site visit",
        "deal added",
    ):
        assert told in said
    assert (await boss.tap("Back")).startswith("💼 Acme roof · d1")


async def test_a_long_timeline_pages(anna: Member) -> None:
    await anna.send("deal Acme 1k roof")
    for n in range(2, 14):
        await anna.send(f"/deal d1 {n}k")
    await anna.send("d1")
    first = await anna.tap("Timeline")
    older = await anna.tap("Older →")
    assert "deal added" not in first
    assert "deal added" in older
