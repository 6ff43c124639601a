"""aiogram routers of plugins: asked before the product, for the staff, guarded, and gone when their plugin is off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import CallbackQuery, ErrorEvent, Message

from botcrm import Button, Chat, Manifest, Screen, hookimpl, services
from botcrm.telegram.run import _take_web_hooks
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


class Routed:
    """Takes documents, places and a few words."""

    manifest = Manifest("Routed")

    def __init__(self) -> None:
        self.router = Router(name="routed")
        self.seen: list[str] = []
        self.router.message.register(self.document, F.document)
        self.router.message.register(self.skip, F.text == "skip")
        self.router.message.register(self.fail, F.text == "deal Fail 5k")
        self.router.message.register(self.caught, F.text == "caught")
        self.router.message.register(self.mine, F.text.startswith("mine"))
        self.router.edited_message.register(self.moved, F.location)
        self.router.callback_query.register(self.pressed, F.data == "routed")
        self.router.message_reaction.register(self.reacted)
        self.router.errors.register(self.errors)

    @hookimpl
    def register_routers(self) -> list[Router]:
        return [self.router]

    async def document(self, message: Message, chat: Chat) -> None:
        assert message.document
        note = await services.add_note(chat.work, f"file {message.document.file_name}", **_links(chat))
        await chat.reply(Screen(f"taken {note.id}", ([Button("Press", data="routed")],)))

    async def mine(self, message: Message, chat: Chat, event_from_user: Any) -> None:
        await chat.reply(f"{event_from_user.first_name}: {chat.record.id if chat.record else 'nothing'}")

    async def skip(self, message: Message) -> None:
        self.seen.append("skip")
        raise SkipHandler

    async def fail(self, message: Message, chat: Chat) -> None:
        await chat.reply("never seen")
        raise RuntimeError("broken")

    async def caught(self, message: Message) -> None:
        raise LookupError("caught")

    async def errors(self, event: ErrorEvent, chat: Chat) -> Any:
        if not isinstance(event.exception, LookupError):
            raise SkipHandler
        await chat.reply("an error was caught")

    async def moved(self, message: Message, chat: Chat) -> None:
        assert message.location
        await chat.reply(f"moved to {message.location.latitude:.2f}")

    async def pressed(self, query: CallbackQuery, chat: Chat) -> None:
        chat.toast("pressed")

    async def reacted(self, event: Any, chat: Chat) -> None:
        await chat.reply("liked")


def _links(chat: Chat) -> dict[str, int]:
    return {f"{chat.record._meta.db_table}_id": chat.record.id} if chat.record else {}


@pytest.fixture
def routed() -> Routed:
    return Routed()


@pytest.fixture
def plugins(routed: Routed) -> dict[str, Any]:
    return {"routed": routed, "quiet": Quiet()}


async def test_register_routers_take_an_update_before_the_product(crm: Crm, anna: Member) -> None:
    anna.person.send_document(b"BEGIN:VCARD", "anna.vcf")
    await crm.settle()
    assert anna.last == "taken 1"
    await anna.tap("Press")
    assert anna.toast == "pressed"
    await anna.send("company Acme")
    assert await anna.send("mine", reply_to=anna.card) == "Anna: 1"
    assert "Undone" in await anna.send("/undo")


async def test_what_a_router_skips_or_fails_at_is_the_products(crm: Crm, routed: Routed, anna: Member) -> None:
    assert "Kept. What is it?" in await anna.send("skip")
    assert routed.seen == ["skip"]
    assert "Fail" in await anna.send("deal Fail 5k")
    assert "never seen" not in anna.seen
    assert crm.listed("routed").errors == 1
    assert await anna.send("caught") == "an error was caught"
    assert crm.listed("routed").errors == 1, "its own error handler took it"


async def test_edited_live_locations_reach_routers(crm: Crm, anna: Member) -> None:
    message = anna.person.send_location(52.23, 21.01, live_period=900)
    await crm.settle()
    anna.person.move_location(message, 52.5, 21.0)
    await crm.settle()
    assert anna.last == "moved to 52.50"


async def test_clients_and_groups_never_reach_routers(crm: Crm, anna: Member) -> None:
    client = crm.stranger("Client Zed")
    await client.send("mine too")
    assert "Client" not in client.last
    assert "nothing" not in client.seen


async def test_routers_vanish_with_their_plugin(crm: Crm, anna: Member) -> None:
    assert "message_reaction" in crm.process.kinds()
    await crm.app.hooks.switch("routed", False)
    assert "message_reaction" not in crm.process.kinds()
    assert "Kept" in await anna.send("mine")
    await crm.app.hooks.switch("routed", True)
    assert await anna.send("mine") == "Anna: nothing"
    await crm.restart()
    assert await anna.send("mine") == "Anna: nothing", "the same router serves the next process"


class Quiet:
    """Adds nothing that an update could be for."""

    manifest = Manifest("Quiet")

    @hookimpl
    async def startup(self) -> None: ...


class Listening:
    """Takes note of the web hooks that Telegram is told of."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    async def call(self, method: str, payload: dict[str, Any], **_: Any) -> bool:
        assert method == "setWebhook"
        self.told.append(payload)
        return True


async def test_a_web_hook_follows_what_the_routers_handle_live(crm: Crm) -> None:
    settings = crm.settings.model_copy(update={"webhook_url": "https://crm.example.com/telegram"})
    telegram = Listening()
    taking = asyncio.create_task(_take_web_hooks(telegram, settings, crm.process))  # type: ignore[arg-type]

    async def settled() -> int:
        for _ in range(10):
            await asyncio.sleep(0)
        return len(telegram.told)

    try:
        assert await settled() == 1
        assert telegram.told[0]["url"] == "https://crm.example.com/telegram"
        assert telegram.told[0]["secret_token"] == settings.webhook_key()
        assert "message_reaction" in telegram.told[0]["allowed_updates"]
        await crm.app.hooks.switch("quiet", False)
        assert await settled() == 1, "what changes nothing for Telegram is not told"
        await crm.app.hooks.switch("routed", False)
        assert await settled() == 2
        assert "message_reaction" not in telegram.told[1]["allowed_updates"]
        assert "message" in telegram.told[1]["allowed_updates"]
        await crm.app.hooks.switch("quiet", True)
        await crm.app.hooks.switch("routed", True)
        assert await settled() == 3
        assert telegram.told[2] == telegram.told[0]
    finally:
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
