"""Buttons and questions of plugins: whose they are, once each, and gone when their plugin is off."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.testing import Crm, Member
from tests.hooks.visits import Visits, menus

# What is written here is the same on both databases; tests/conversations/test_plugins.py runs on each.
pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
def plugins() -> dict[str, Any]:
    return {"visits": Visits()}


async def test_register_buttons_press(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    card = anna.card
    await anna.tap("Look", card)
    assert anna.toast == "you looked"
    await anna.tap("Look", card)
    assert anna.toast == "you looked", "what changes nothing can be pressed again"
    assert await anna.tap("Leave", card) == "left 1 a:b %"
    await anna.forge("x:visits:leave:1:a", card)
    assert anna.toast == ""
    await anna.forge("x:visits:leave:1:a", card)
    assert anna.toast == "Done already."


async def test_register_buttons_that_are_not_there(anna: Member, boss: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    gone = "✋ This button is no longer in use. Open the card again."
    for data in ("x:visits:nothing", "x:nobody:leave", "x", "x:visits", "x:visits:sack", "x:::"):
        assert await anna.forge(data, anna.card) == gone, data
    await anna.tap("Sack")
    assert anna.toast == gone, "the permission is asked when it is pressed"
    assert (await anna.forge("x:visits:leave", anna.card)).startswith("✋ The plugin Visits failed")


async def test_a_failing_button_answers_the_press(anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    assert await anna.tap("Burst") == "At Acme, note 1"
    assert anna.toast == "✋ The plugin Visits failed; nothing was changed. The administrator was told."


async def test_a_button_on_a_card_that_is_out_of_reach(crm: Crm, anna: Member, boss: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    card = anna.card
    await anna.send("/undo")
    await anna.send("/undo")
    await anna.tap("Leave", card)
    assert anna.toast.startswith("🤷 Nothing here by o1")


async def test_ask_takes_the_next_text(crm: Crm, anna: Member) -> None:
    await anna.send("/survey #roof")
    assert anna.last == "What does it cost? - ['roof']"
    assert "Added" in await anna.send("company Acme"), "a command is a command"
    assert await anna.send("about 12k") == "cost = about 12k"
    await anna.send("once more")
    assert "Kept. What is it?" in anna.last


async def test_ask_survives_a_restart_and_ends_with_the_plugin(crm: Crm, anna: Member) -> None:
    await anna.send("/survey")
    await crm.restart(hours=1)
    assert await anna.send("twelve") == "cost = twelve"
    await anna.send("/survey")
    await crm.app.hooks.switch("visits", False)
    assert await anna.send("twelve") == "✋ Nobody waits for this answer any more."
    assert "Kept. What is it?" in await anna.send("twelve")


async def test_switching_is_live(crm: Crm, anna: Member) -> None:
    await anna.send("company Acme")
    await anna.send("/meet in Acme")
    card = anna.card
    assert "survey" in await menus(crm, anna)
    await crm.app.hooks.switch("visits", False)
    assert "Meeting" in await anna.send("/meet in Acme"), "without the plugin it is a meeting that came in"
    await anna.send("/survey")
    assert "What does it cost" not in anna.last
    assert "survey" not in await menus(crm, anna)
    assert "Arrive at" not in await anna.send("/help")
    await anna.tap("Leave", card)
    assert anna.toast == "✋ This button is no longer in use. Open the card again."
    await crm.app.hooks.switch("visits", True)
    assert "survey" in await menus(crm, anna)
    assert await anna.tap("Leave", card) == "left 1 a:b %"
