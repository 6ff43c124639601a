"""Plugins that mean no harm and get the contract wrong: what they answer and register costs nobody else anything."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import aiogram
import pytest
from pydantic import field_validator

from botcrm import (
    Button,
    ButtonHandler,
    Command,
    Evidence,
    Job,
    Manifest,
    Permission,
    Report,
    Screen,
    Settings,
    TimelineItem,
    Verb,
    hookimpl,
)
from botcrm.testing import Crm, Member
from botcrm.testing.plugged import NotLoaded

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Taste(Settings):
    strength: int = 5

    @field_validator("strength")
    @classmethod
    def check(cls, value: int) -> int:
        if value == 7:
            sys.exit(3)
        if value == 8:
            raise RuntimeError("no eights")
        return value


class Odd:
    manifest = Manifest("Odd")

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.reply: Any = None

    @hookimpl
    def register_settings(self) -> type[Settings]:
        return Taste

    @hookimpl
    def register_commands(self) -> list[Command]:
        return [Command(Verb("oddly"), self.say, "Say something odd"), Command(Verb("flood"), self.flood, "Say much")]

    @hookimpl
    def register_buttons(self) -> list[ButtonHandler]:
        return [ButtonHandler("star", self.say)]

    async def say(self, chat: Any, *args: Any) -> Any:
        return self.reply

    async def flood(self, chat: Any, line: Any) -> None:
        for _ in range(1000):
            await chat.reply("more")

    @hookimpl
    async def deal_card_lines(self, work: Any) -> Any:
        work.now = work.actor = work.id = None
        return self.answers.get("deal_card_lines")

    @hookimpl
    async def deal_card_buttons(self) -> Any:
        return self.answers.get("deal_card_buttons")

    @hookimpl
    async def timeline_items(self) -> Any:
        return self.answers.get("timeline_items")

    @hookimpl
    async def duplicate_score(self) -> Any:
        return self.answers.get("duplicate_score")

    @hookimpl
    async def assign_owner(self) -> Any:
        return self.answers.get("assign_owner")

    @hookimpl
    async def contact_from_message(self) -> Any:
        return self.answers.get("contact_from_message")

    @hookimpl
    async def message_blocked(self) -> Any:
        return self.answers.get("message_blocked")


@pytest.fixture
def odd() -> Odd:
    return Odd()


@pytest.fixture
async def crm(database_url: str, odd: Odd) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url, plugins={"odd": odd})
    yield running
    await running.stop()


@pytest.fixture
async def ada(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        ("deal_card_lines", [5]),
        ("deal_card_buttons", ["a"]),
        ("timeline_items", [TimelineItem(NOON, None)]),  # type: ignore[arg-type]
        ("timeline_items", [TimelineItem(NOON.replace(tzinfo=None), "x")]),
        ("timeline_items", [TimelineItem(datetime.max.replace(tzinfo=UTC), "x")]),
        ("timeline_items", [TimelineItem(NOON, "x", who=5)]),  # type: ignore[arg-type]
        ("duplicate_score", Evidence(float("nan"), "x")),
        ("duplicate_score", True),
    ],
)
async def test_a_wrong_answer_is_the_plugins_failure(crm: Crm, odd: Odd, ada: Member, hook: str, answer: Any) -> None:
    await ada.send("deal Acme 12k roof\ncontact Jan Kowalski +48 601 234 567")
    odd.answers[hook] = answer
    assert "Acme roof" in await ada.send("d1")
    assert "Acme roof" in await ada.send("timeline d1")
    assert "Janek Kowalski" in await ada.send("contact Janek Kowalski +48 601 234 567")
    assert crm.listed("odd").errors


@pytest.mark.parametrize("hook", ["assign_owner", "contact_from_message", "message_blocked"])
@pytest.mark.parametrize("answer", [True, False, 0, 1.5, 10**30, [1], b"x"])
async def test_no_wrong_answer_costs_a_clients_message(crm: Crm, odd: Odd, ada: Member, hook: str, answer: Any) -> None:
    odd.answers[hook] = answer
    await crm.stranger("Zoe Client").send("Hello, I need a roof")
    assert "Hello, I need a roof" in ada.last
    assert crm.listed("odd").errors == 1


@pytest.mark.parametrize(
    "button",
    [
        Button("x", press="star", args=None),  # type: ignore[arg-type]
        Button("x", press="star", args=(object(),)),  # type: ignore[arg-type]
        Button("x", data=5),  # type: ignore[arg-type]
        Button("x", url="nonsense"),
        Button("x", url="javascript:alert(1)"),
        Button("x", url="https://a b.com"),
        Button("x", url="https://e.com/\ud800"),
        Button("x", copy="y" * 300),
        Button("\ud800", press="star"),
    ],
)
async def test_a_button_that_cannot_be_sent_is_left_out(odd: Odd, ada: Member, button: Button) -> None:
    await ada.send("deal Acme 12k roof")
    odd.answers["deal_card_buttons"] = [button, Button("Good", url="https://example.com/a?b#c")]
    assert "Acme roof" in await ada.send("d1")
    assert "Good" in ada.buttons
    assert "x" not in ada.buttons


@pytest.mark.parametrize(
    "reply",
    [
        Screen(5),  # type: ignore[arg-type]
        Screen("x", about=5),  # type: ignore[arg-type]
        Screen("x", about=("deal", 10**30)),
        Screen("x", rows=((Button("u", url="nonsense"),),)),
    ],
)
async def test_a_screen_that_cannot_be_sent_is_the_plugins_failure(odd: Odd, ada: Member, reply: Any) -> None:
    odd.reply = reply
    assert "The plugin Odd failed" in await ada.send("oddly")
    odd.answers["deal_card_buttons"] = [Button("Star", press="star")]
    await ada.send("deal Acme 12k roof")
    await ada.tap("Star")
    assert "could not be handled" not in ada.last


async def test_a_flood_of_messages_is_refused_whole(ada: Member) -> None:
    assert "The plugin Odd failed" in await ada.send("flood")
    assert "Acme" in await ada.send("deal Acme 12k")


@pytest.mark.parametrize("typed", ["7", "8"])
async def test_a_setting_whose_check_fails_is_refused(crm: Crm, ada: Member, typed: str) -> None:
    await ada.send("plugins")
    await ada.tap("Odd")
    await ada.tap("Settings")
    await ada.tap("Strength")
    assert f"“{typed}” is not understood" in await ada.send(typed)
    assert crm.app.hooks.plugin("odd").settings.strength == 5


class Swallows:
    manifest = Manifest("Swallows")

    @hookimpl
    def register_routers(self) -> list[aiogram.Router]:
        router = aiogram.Router()

        async def eat(event: Any) -> None: ...

        router.message.register(eat)
        router.callback_query.register(eat)
        return [router]


async def test_a_router_that_takes_everything_can_be_switched_off_in_the_chat(database_url: str) -> None:
    crm = await Crm.start(database_url, plugins={"swallows": Swallows()})
    ada = await crm.join("admin", "Ada Admin")
    await ada.send("deal Acme 12k")
    assert "Acme" not in ada.last
    assert "Swallows" in await ada.send("/plugins")
    await ada.tap("Swallows")
    await ada.tap("Switch off")
    assert "Acme" in await ada.send("deal Acme 12k")
    await crm.stop()


async def _nothing(*args: Any) -> None: ...


def _registers(hook: str, *items: Any) -> Callable[[], Any]:
    def plugin() -> Any:
        def register() -> Any:
            return list(items)

        holder = type("Wrong", (), {"manifest": Manifest("Wrong")})()
        setattr(holder, hook, hookimpl(register))
        return holder

    return plugin


def _named(**manifest: Any) -> Callable[[], Any]:
    return type("Wrong", (), {"manifest": Manifest(**manifest)})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_named(title=5), "title"),
        (_named(title="A", needs=None), "needs"),
        (_named(title="A", needs="deal.read"), "needs"),
        (_registers("register_jobs", Job("wrong.a", _nothing, every=float("nan"))), "seconds, as numbers"),
        (_registers("register_jobs", Job("wrong.a", _nothing, every="5")), "seconds, as numbers"),  # type: ignore[arg-type]
        (_registers("register_jobs", Job("wrong.a", _nothing, every=1e300)), "to a year"),
        (_registers("register_commands", Command("vv", _nothing, "x")), "not as the contract says"),  # type: ignore[arg-type]
        (_registers("register_commands", Command(Verb(""), _nothing, "x")), "needs another name"),
        (_registers("register_commands", Command(Verb("d1"), _nothing, "x")), "needs another name"),
        (_registers("register_commands", Command(Verb("a", aliases=("next",)), _nothing, "x")), "needs another name"),
        (_registers("register_commands", Command(Verb("a"), _nothing, "")), "what it does"),
        (_registers("register_commands", *[Command(Verb("a"), _nothing, "x")] * 2), "twice"),
        (_registers("register_reports", *[Report("a", "A", "", _nothing)] * 2), "twice"),  # type: ignore[arg-type]
        (_registers("register_reports", Report("a", "A", "", _nothing, permission="x")), "no permission"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_registered_wrongly_is_refused_and_the_bot_starts(
    database_url: str, make: Callable[[], Any], said: str
) -> None:
    with pytest.raises(NotLoaded, match=said):
        await Crm.start(database_url, plugins={"wrong": make()})


async def test_no_plugin_has_the_name_of_the_cores_own_permissions(database_url: str) -> None:
    taken = _registers("register_permissions", Permission("deal.read", "x", {"rep": "all"}))()
    with pytest.raises(NotLoaded, match="rename it"):
        await Crm.start(database_url, plugins={"deal": taken})
