"""A rep cannot see, find, count, change or be told of another rep's deal, whatever they type or press.

The tables (permissions/lines.py, permissions/presses.py) name every verb and every button: a new one without its row fails.
"""

from __future__ import annotations

import pytest

from botcrm.telegram.buttons.table import ACTIONS
from botcrm.telegram.commands.table import COMMANDS
from botcrm.testing import Crm, Member
from tests.conversations.permissions.lines import LINES
from tests.conversations.permissions.presses import PRESSES
from tests.conversations.permissions.world import World, make_world


@pytest.fixture
async def world(crm: Crm, anna: Member, bob: Member, boss: Member) -> World:
    return await make_world(crm, anna, bob, boss)


def test_every_verb_and_every_button_has_its_row() -> None:
    assert set(LINES) == set(COMMANDS)
    assert set(PRESSES) == set(ACTIONS)


async def test_nothing_that_is_typed_tells_or_changes_anything(world: World) -> None:
    before = await world.snapshot()
    failures = []
    for lines in LINES.values():
        for line in lines:
            said = await world.bob.send(line)
            if found := world.leaks(said, *world.bob.buttons):
                failures.append((line, found, said))
    assert not failures
    assert not world.leaks(world.bob.seen)
    assert await world.snapshot() == before


async def test_no_button_tells_or_changes_anything(world: World) -> None:
    before = await world.snapshot()
    bob = world.bob
    await bob.send("/today")
    failures = []
    for rows in PRESSES.values():
        for row in rows:
            data = row.format(**world.ids)
            toast = await bob.forge(data, bob.card)
            if found := world.leaks(toast, bob.seen, *bob.buttons):
                failures.append((data, found, toast))
    assert not failures
    after = await world.snapshot()
    assert after == before


async def test_every_button_that_anna_was_ever_shown_is_dead_for_bob(world: World) -> None:
    for line in (
        "d1",
        "c1",
        "o1",
        "l1",
        "a1",
        "/today",
        "/find hush",
        "/filter #quiet",
        "/filter quiet list",
        "/task x",
        "/call Hushco ok",
        "/won d1",
        "/lost d1 x",
    ):
        await world.anna.send(line)
    await world.bob.send("/today")
    before = await world.snapshot()
    card, failures = world.bob.card, []
    data = {
        button["callback_data"]
        for message in world.anna.person.messages()
        for row in message.data.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
        if "callback_data" in button
    }
    assert len(data) > 30
    for one in sorted(data):
        toast = await world.bob.forge(one, card)
        if found := world.leaks(toast, world.bob.seen):
            failures.append((one, found, toast))
    assert not failures
    assert await world.snapshot() == before


async def test_out_of_reach_is_answered_as_what_does_not_exist(world: World) -> None:
    bob = world.bob
    for letter in "dcola":
        hidden, missing = await bob.send(f"{letter}1"), await bob.send(f"{letter}777")
        assert hidden.replace(f"{letter}1", "?") == missing.replace(f"{letter}777", "?")
        hidden, missing = (
            await bob.forge(f"op:{letter}1", bob.card),
            await bob.forge(f"op:{letter}777", bob.card),
        )
        assert hidden.replace(f"{letter}1", "?") == missing.replace(f"{letter}777", "?")
        assert hidden.startswith("🤷")


async def test_a_forwarded_card_opens_nothing(world: World) -> None:
    await world.anna.send("d1")
    card = world.anna.card
    before = await world.snapshot()
    forwarded = world.bob.person.forward(card)
    await world.crm.settle()
    for line in ("/won", "/call 5m ok", "/deal 1k", "/note x", "/lost"):
        await world.bob.send(line, reply_to=forwarded)
    # The text that Bob himself sent on is his; nothing else comes with it.
    assert not world.leaks(
        *(text for text in world.bob.seen.split("\n") if "whisper · d1" not in text and "98,765" not in text)
    )
    assert await world.snapshot() == before


async def test_inline_mode_and_counters_tell_nothing(world: World) -> None:
    for query in ("hush", "whisper", "zdzich", "d1", "601999888"):
        search = world.bob.person.inline(query)
        await world.crm.settle()
        assert await search.answered() == []
    assert "📥 0 incoming · 📅 0 planned · 🔴 0 overdue" in await world.bob.send("/today")


async def test_time_tells_nothing_either(world: World) -> None:
    await world.crm.advance(days=5)
    assert "whisper visit" in world.anna.seen, "the owner was reminded"
    assert "🔴 Anna Rep: whisper visit" in world.boss.seen, "her manager was told"
    assert not world.leaks(world.bob.seen)


async def test_the_manager_sees_the_departments(world: World) -> None:
    boss = world.boss
    assert "💼 Hushco whisper · d1\nPLN 98,765" in await boss.send("d1")
    assert "Owner: Anna Rep" in boss.last
    assert "Hushco whisper" in await boss.send("/find whisper")
    assert "Hushco whisper" in await boss.send("/today @Anna")
    assert (await boss.send("/stage d1 >proposal")).startswith("✅ Now in Proposal")


async def test_another_departments_manager_sees_nothing(world: World) -> None:
    other = await world.crm.join("manager", "Other Boss")
    before = await world.snapshot()
    for lines in LINES.values():
        for line in lines:
            await other.send(line)
    assert not world.leaks(other.seen)
    assert (await world.snapshot())[:-1] == before[:-1]


async def test_a_company_shared_by_two_reps_tells_neither_of_the_others_deal(world: World) -> None:
    await world.boss.send("company Sharedco")
    await world.boss.send("deal Sharedco 98765 whisper roof @Anna")
    await world.boss.send("deal Sharedco 1k gutters @Bob")
    assert world.bob.last == "🤝 Marta Boss handed Sharedco gutters over to you."
    await world.bob.tap("Open")
    await world.bob.tap("Timeline")
    await world.bob.send("/find sharedco")
    await world.bob.send("/company Sharedco")
    await world.bob.send("/deal Sharedco")
    await world.bob.send("/won Sharedco")
    assert not world.leaks(world.bob.seen)


async def test_a_deal_that_was_handed_over_is_seen_by_its_new_owner_alone(world: World) -> None:
    await world.boss.send("d1")
    await world.boss.tap("Hand over")
    await world.boss.tap("Bob Rep")
    assert (await world.bob.send("d1")).startswith("💼 Hushco whisper · d1")
    assert (await world.anna.send("d1")).startswith("🤷")
    assert (await world.anna.send("/undo")).startswith(("↩", "✋", "🤷"))
    assert (await world.bob.send("d1")).startswith("💼 Hushco whisper · d1"), "an undo takes nothing from its new owner"
