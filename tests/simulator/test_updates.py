"""Long polling and web hooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from botcrm.simulator import ApiError, Person, Simulator, Telegram

TOKEN = "1:secret"


async def poll(telegram: Telegram, **params: Any) -> list[Any]:
    found: list[Any] = await telegram.call(TOKEN, "getUpdates", params)
    return found


async def test_offset_acknowledges(telegram: Telegram, anna: Person) -> None:
    for number in range(5):
        anna.send(f"m{number}")
    first = await poll(telegram, limit=2)
    assert [update["message"]["text"] for update in first] == ["m0", "m1"]
    assert await poll(telegram, limit=2) == first, "unacknowledged updates come again"
    rest = await poll(telegram, offset=first[-1]["update_id"] + 1)
    assert [update["message"]["text"] for update in rest] == ["m2", "m3", "m4"]
    assert [update["message"]["text"] for update in await poll(telegram, offset=-1)] == ["m4"]
    assert await poll(telegram, offset=rest[-1]["update_id"] + 1) == []
    assert anna.chat().read_to == rest[-1]["message"]["message_id"]


async def test_a_poll_waits_for_an_update(telegram: Telegram, anna: Person) -> None:
    waiting = asyncio.create_task(poll(telegram, timeout=30))
    await telegram.until(lambda: telegram.bot(TOKEN).queue.polled)
    assert not waiting.done()
    anna.send("hi")
    assert [update["message"]["text"] for update in await waiting] == ["hi"]


async def test_a_second_poll_ends_the_first(telegram: Telegram, anna: Person) -> None:
    first = asyncio.create_task(poll(telegram, timeout=30))
    await telegram.until(lambda: telegram.bot(TOKEN).queue.polled)
    second = asyncio.create_task(poll(telegram, timeout=30))
    with pytest.raises(ApiError, match="409 Conflict: terminated by other getUpdates request"):
        await first
    anna.send("hi")
    assert len(await second) == 1


async def test_allowed_updates(telegram: Telegram, anna: Person) -> None:
    sent = anna.send("one")
    anna.react(sent, "👍")  # not asked for, so not told
    await poll(telegram, allowed_updates='["message_reaction"]')
    anna.send("two")
    anna.react(sent, "🔥")
    kinds = [next(name for name in update if name != "update_id") for update in await poll(telegram)]
    assert kinds == ["message", "message_reaction"]


async def test_raw_updates_pass_unchanged(telegram: Telegram) -> None:
    telegram.push_raw_update(TOKEN, {"message": "not one"})
    telegram.push_raw_update(TOKEN, b'{"update_id": 5, "future": {}}')
    telegram.push_raw_update(TOKEN, b"\xff not JSON")
    first, second, third = await poll(telegram)
    assert first["message"] == "not one"
    assert isinstance(first["update_id"], int)
    assert second == {"update_id": 5, "future": {}}
    assert third == b"\xff not JSON"


class Hook:
    """A web hook that answers with what is put into ``answers``, then with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[web.Response] = []
        self.seen: list[tuple[str | None, dict[str, Any]]] = []

    async def receive(self, request: web.Request) -> web.Response:
        self.seen.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), await request.json()))
        return self.answers.pop(0) if self.answers else web.Response()

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for _, update in self.seen]


@pytest.fixture
async def hook(telegram: Telegram) -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await telegram.close()
    await runner.cleanup()


async def test_web_hook_delivers_in_order_and_again(telegram: Telegram, anna: Person, hook: Hook) -> None:
    await telegram.call(TOKEN, "setWebhook", {"url": hook.url, "secret_token": "s3cret"})
    hook.answers = [web.Response(status=500)]
    anna.send("one")
    anna.send("two")
    await telegram.until(lambda: hook.texts == ["one", "one", "two"])
    assert {secret for secret, _ in hook.seen} == {"s3cret"}
    await telegram.until(lambda: not telegram.bot(TOKEN).queue.pending)
    info = await telegram.call(TOKEN, "getWebhookInfo")
    assert info["url"] == hook.url
    assert info["last_error_message"] == "Wrong response from the webhook: 500"
    with pytest.raises(ApiError, match="409 Conflict: can't use getUpdates method while webhook is active"):
        await poll(telegram)


async def test_web_hook_of_one_chat_does_not_hold_up_another(telegram: Telegram, anna: Person, hook: Hook) -> None:
    jan = telegram.person(8, "Jan")
    hook.answers = [web.Response(status=503)]
    await telegram.call(TOKEN, "setWebhook", {"url": hook.url})
    anna.send("from anna")
    await telegram.until(lambda: hook.texts == ["from anna"])
    jan.send("from jan")
    await telegram.until(lambda: hook.texts == ["from anna", "from jan", "from anna"])


async def test_web_hook_answer_may_be_a_call(telegram: Telegram, anna: Person, hook: Hook) -> None:
    hook.answers = [web.json_response({"method": "sendMessage", "chat_id": 7, "text": "by answer"})]
    await telegram.call(TOKEN, "setWebhook", {"url": hook.url})
    anna.send("hi")
    await telegram.until(lambda: anna.last().text == "by answer")
    await telegram.call(TOKEN, "deleteWebhook")
    anna.send("later")
    assert [update["message"]["text"] for update in await poll(telegram)] == ["later"]


async def test_polls_end_with_the_server(telegram: Telegram, anna: Person) -> None:
    simulator = Simulator(telegram)
    await simulator.start()
    waiting = asyncio.create_task(poll(telegram, timeout=30))
    await telegram.until(lambda: telegram.bot(TOKEN).queue.polled)
    await simulator.stop()
    with pytest.raises(ApiError, match="409"):
        await waiting
