"""An administrator looks after plugins in the chat: what they add, what went wrong, switching, settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcrm import services
from botcrm.testing import Crm, Member

VISITS = '''
"""A plugin as an author keeps it in one file."""

from pydantic import Field, SecretStr

from botcrm import ActivityKind, Button, ButtonHandler, Chat, Command, Line, Manifest, Screen, Settings, Verb, hookimpl, services

manifest = Manifest("Visits", "Checks in at a client's & out again.", needs=("activity.add",))


class VisitSettings(Settings):
    radius: int = Field(500, description="Metres around the place", ge=10)
    key: SecretStr = Field(SecretStr(""), description="The map's key")


@hookimpl
def register_settings():
    return VisitSettings


@hookimpl
def register_activity_kinds():
    return [ActivityKind("visit", "Visit", "🚗", words=("drive", "visit"))]


@hookimpl
def register_commands():
    return [Command(Verb("meet in"), arrive, "Arrive at a client's", ("meet in Acme",), subject=("company",))]


@hookimpl
def register_buttons():
    return [ButtonHandler("leave", leave)]


@hookimpl
async def company_card_lines(work, company):
    return ["🚗 <i>by car</i>"]


@hookimpl
async def on_event(event):
    if event.type == "CompanyCreated" and event.after["name"] == "Crash":
        raise RuntimeError("crashed")


async def arrive(chat: Chat, line: Line) -> Screen:
    await services.add_note(chat.work, "arrived", company_id=chat.record.id)
    radius = chat.plugin.settings.radius
    return Screen(f"At {chat.record.name}, within {radius} m", ([Button("Leave", press="leave")],), ("company", chat.record.id))


async def leave(chat: Chat) -> str:
    if chat.record.name == "Trap":
        raise RuntimeError("cannot leave")
    return f"Left {chat.record.name}"
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with plugins of one file each."""
    found = tmp_path / "plugins"
    found.mkdir()
    (found / "visits.py").write_text(VISITS)
    (found / "wrong.py").write_text("import nowhere_to_be_found\n")
    return found


@pytest.fixture
async def crm(database_url: str, folder: Path) -> AsyncIterator[Crm]:
    """Run the bot with the folder above."""
    running = await Crm.start(database_url, plugins_dir=folder)
    yield running
    await running.stop()


@pytest.fixture
async def ada(crm: Crm) -> Member:
    """Give the administrator."""
    return await crm.join("admin", "Ada Admin")


async def quiet(crm: Crm) -> None:
    """Let what plugins hear of happen, and what follows from it be sent."""
    await crm.app.hooks.settled()
    await crm.process.tick()
    await crm.settle()


async def test_the_list_and_one_of_them(crm: Crm, ada: Member) -> None:
    said = await ada.send("/plugins")
    assert "🟢 Visits · a file" in said
    assert "🔴 wrong · a file\n   " in said
    assert "nowhere_to_be_found" in said
    head, state, *rest = (await ada.tap("Visits")).split("\n")
    assert head == "🔌 Visits · visits"
    assert state.startswith("on · a file")
    assert rest == [
        "Checks in at a client's & out again.",
        "Adds: 1 command (/meet in)",
        "By itself it may: activity.add",
    ]
    assert ada.buttons == ["Switch off", "⚙️ Settings", "← All plugins"]
    await ada.tap("All plugins")
    assert "cannot be switched on" in await ada.tap("wrong")
    await ada.tap("Switch on")
    assert ada.last.startswith("✋ It cannot be switched on.")


async def test_switching_off_and_on_is_live_and_lasts(crm: Crm, ada: Member) -> None:
    await ada.send("company Acme")
    assert "🚗 by car" in ada.last
    assert await ada.send("/meet in Acme") == "At Acme, within 500 m"
    card = ada.card
    await ada.send("/plugins")
    await ada.tap("Visits")
    off = await ada.tap("Switch off")
    assert off.startswith("✅ Switched off\n🔌 Visits · visits\noff · a file")
    assert "by car" not in await ada.send("o1")
    await ada.tap("Leave", card)
    assert ada.toast == "✋ This button is no longer in use. Open the card again."
    await quiet(crm)
    assert "meet_in" not in [name for name, _ in ada.person.commands()]
    await crm.restart()
    assert "by car" not in await ada.send("o1"), "it stays off"
    await ada.send("/plugins")
    await ada.tap("Visits")
    assert (await ada.tap("Switch on")).startswith("✅ Switched on")
    assert "by car" in await ada.send("o1")
    assert await ada.tap("Leave", card) == "Left Acme"
    await quiet(crm)
    assert "meet_in" in [name for name, _ in ada.person.commands()]


async def test_settings_are_a_form(crm: Crm, ada: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    await ada.send("company Acme")
    await ada.send("/plugins")
    await ada.tap("Visits")
    said = await ada.tap("Settings")
    assert said.startswith("⚙️ Settings of Visits\n")
    assert "Radius: 500 · default\n   Metres around the place" in said
    assert "Key: " in said
    await ada.tap("Radius")
    await ada.send("near")
    assert ada.last.startswith("✋")
    await ada.send("800")
    assert "Radius: 800" in ada.seen
    assert await ada.send("/meet in Acme") == "At Acme, within 800 m"
    await crm.restart()
    assert await ada.send("/meet in Acme") == "At Acme, within 800 m"


async def test_what_a_plugin_adds_is_counted_and_named_where_it_is_little(ada: Member) -> None:
    await ada.send("/plugins")
    said = await ada.tap("Rules")
    assert "Adds: 7 triggers · 7 conditions · 7 actions · 1 job (rules.call)\n" in said
    await ada.tap("All plugins")
    assert "Adds: 2 reports (Funnel, Activities by person)" in await ada.tap("Reports")


async def test_only_administrators_see_plugins(crm: Crm, ada: Member) -> None:
    boss = await crm.join("manager", "Marta Boss")
    assert await boss.send("/plugins") == "✋ Only an administrator can do that."
    for data in ("pl:0", "pd:visits", "ps:visits:off", "fm:plugin.visits"):
        assert await boss.forge(data, boss.card) == "✋ Only an administrator can do that.", data
    assert "Switch plugins" not in await boss.send("/help")
    rep = await crm.join("rep", "Anna Rep", manager=boss)
    for typed in ("/webform", "/webform Ask for an offer", "webform", "/plugins"):
        assert await rep.send(typed) == "✋ Only an administrator can do that.", typed
        assert rep.buttons == []
    assert "Switch plugins" in await ada.send("/help")


async def test_a_plugin_that_keeps_failing_is_switched_off_and_one_tap_brings_it_back(crm: Crm, ada: Member) -> None:
    await ada.send("company Trap")
    await ada.send("/meet in Trap")
    for _ in range(5):
        await ada.tap("Leave")
        assert "Visits failed" in ada.toast or "no longer in use" in ada.toast
    await quiet(crm)
    assert ada.last.startswith("🔌 The plugin Visits was switched off.\n")
    assert "RuntimeError: cannot leave" in ada.last
    assert ada.buttons == ["Switch on again", "Show it"]
    await ada.tap("Switch on again")
    assert "✅ Switched on\n🔌 Visits · visits" in ada.last
    assert "by car" in await ada.send("o1")


async def test_a_kind_of_a_plugin_is_understood_and_shown(crm: Crm, ada: Member) -> None:
    await ada.send("deal Acme 12k roof next fri 10:00 visit them")
    assert "▶ Next: Fri 27 Nov 10:00 — 🚗 visit them" in ada.last, "its words are meant before the built-in ones"
    await ada.send("/plugins")
    await ada.tap("Visits")
    await ada.tap("Switch off")
    assert "📌 visit them" in await ada.send("d1"), "what it was stays, shown plainly"


async def test_a_plugin_tells_a_colleague(crm: Crm, ada: Member) -> None:
    from botcrm import Button

    anna = await crm.join("rep", "Anna Rep")
    await anna.send("company Acme")
    async with crm.work() as work:
        await services.tell_person(
            work,
            anna.user_id or 0,
            "plain",
            text="<b>Go</b> & <see",
            buttons=[Button("Open", data="op:o1"), Button("Leave", press="leave")],
            plugin="visits",
        )
    await crm.settle()
    assert anna.last == "<b>Go</b> & <see"
    assert anna.buttons == ["Open", "Leave"]
    assert (await anna.tap("Open")).startswith("🏢 Acme")
