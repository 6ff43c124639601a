"""Polling: acknowledged after it was committed, and one bad update in the way of nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiogram import Bot
from tortoise.exceptions import OperationalError

from botcrm.app import App
from botcrm.core import db
from botcrm.settings import Settings
from botcrm.telegram.api import ApiError
from botcrm.telegram.front import Front
from botcrm.telegram.inbox import Inbox
from botcrm.telegram.ingest import ALLOWED, Poller, read_updates
from tests.telegram.updates import Handled, message, states


class Server:
    """The Bot API's end of polling: gives what is not acknowledged, and notes each offset asked for."""

    def __init__(self, *updates: dict[str, Any] | bytes) -> None:
        self.updates = list(updates)
        self.offsets: list[int] = []
        self.errors: list[Exception] = []
        self.asked = asyncio.Event()

    async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109
        assert (method, timeout > payload["timeout"]) == ("getUpdates", True)
        self.offsets.append(payload["offset"])
        if self.errors:
            raise self.errors.pop(0)
        left = [u for u in self.updates if isinstance(u, bytes) or u["update_id"] >= payload["offset"]]
        if payload["offset"] or not left:
            self.asked.set()
            await asyncio.sleep(0)
        items = [u if isinstance(u, bytes) else json.dumps(u).encode() for u in left]
        return b'{"ok":true,"result":[' + b",".join(items) + b"]}"


class Polling:
    def __init__(self, server: Server, inbox: Any) -> None:
        self.pauses: list[float] = []
        self._poller = Poller(server, inbox, self._sleep)  # type: ignore[arg-type]

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def until(self, condition: Callable[[], bool]) -> None:
        task = asyncio.create_task(self._poller.run())
        try:
            async with asyncio.timeout(60):
                while not condition():
                    assert not task.done(), task.exception()
                    await asyncio.sleep(0)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_an_update_is_acknowledged_after_it_was_committed(inbox: Inbox, handled: Handled) -> None:
    seen: list[set[int]] = []

    class Watched(Server):
        async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109
            if payload["offset"]:
                seen.append(set(await states()))
            return await super().raw(method, payload, timeout=timeout)

    server = Watched(message(1), message(2))
    await Polling(server, inbox).until(lambda: bool(seen))
    assert server.offsets[:2] == [0, 3]
    assert seen[0] == {1, 2}
    await inbox.drain()
    assert await handled.effects() == [1, 2]


class FailingStore:
    """An inbox whose database is locked so many times."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.stored: list[int] = []

    async def store(self, updates: list[dict[str, Any]]) -> None:
        if updates and self.errors:
            raise self.errors.pop(0)
        self.stored += [update["update_id"] for update in updates]

    async def set_aside(self, update_id: int | None, raw: str, error: str) -> None:
        raise AssertionError((update_id, raw, error))


async def test_what_cannot_be_stored_is_polled_again_and_not_acknowledged(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the database used to end polling for ever, silently."""
    store = FailingStore(OperationalError("database is locked"), RuntimeError("anything"), KeyError("else"))
    server = Server(message(1))
    polling = Polling(server, store)
    await polling.until(server.asked.is_set)
    assert server.offsets[:5] == [0, 0, 0, 0, 2]
    assert store.stored == [1]
    assert polling.pauses[:3] == [0.5, 1.0, 2.0]
    assert "could not be stored" in caplog.text


async def test_refusals_and_lost_connections_are_waited_out() -> None:
    store, server = FailingStore(), Server(message(1))
    server.errors = [ApiError(429, "Too Many Requests", 5), ConnectionError("gone"), ApiError(409, "Conflict")]
    polling = Polling(server, store)
    await polling.until(server.asked.is_set)
    assert (store.stored, polling.pauses[:3]) == ([1], [5, 1.0, 2.0])


async def test_one_that_is_no_json_is_cut_out_and_kept(inbox: Inbox, handled: Handled) -> None:
    server = Server(message(1), b'{"update_id": 2, "message": {"te', b"nonsense", message(4), b'{"update_id":5')
    await Polling(server, inbox).until(lambda: 6 in server.offsets)
    await inbox.drain()
    assert await handled.effects() == [1, 4]
    assert await states() == {1: "done", 2: "quarantined", 4: "done", 5: "quarantined"}
    notices = await db.fetch("SELECT notice FROM outbox")
    assert [row["notice"] for row in notices] == ["quarantined", "quarantined"]
    await inbox.recover()
    await inbox.drain()
    assert await handled.effects() == [1, 4]


@pytest.mark.parametrize(
    ("body", "updates", "broken"),
    [
        ('{"ok":true,"result":[]}', [], []),
        ('{"ok":true,"result":[{"update_id":1},7,{"no":"id"},{"update_id":true}]}', [1], [None] * 3),
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2,]}', [1], [2]),
        ('{"ok":true,"result":[{"update_id":1}', [1], []),
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2,"x":' + "[" * 100_000, [1], [2]),
        ('{"ok":true,"result":[{"update_id":1},{"update_id":2,"n":' + "9" * 5000 + "}]}", [1], [2]),
        ('{"ok":true,"result":[oops,{"update_id":3}]}', [3], [None]),
    ],
)
def test_answers_are_read_as_far_as_they_can_be(body: str, updates: list[int], broken: list[int | None]) -> None:
    polled = read_updates(body)
    assert [update["update_id"] for update in polled.updates] == updates
    assert [number for number, _ in polled.broken] == broken


def test_a_refusal_is_an_error_with_its_facts() -> None:
    with pytest.raises(ApiError) as refused:
        read_updates('{"ok":false,"error_code":429,"description":"slow down","parameters":{"retry_after":3}}')
    assert (refused.value.code, refused.value.retry_after) == (429, 3)
    for body in ("<html>502</html>", "[]", ""):
        with pytest.raises(ValueError, match="no "):
            read_updates(body)


class Hooked(Server):
    """A Bot API that sends updates to a web hook until that is deleted."""

    hooked = True

    async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109
        if self.hooked:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        return await super().raw(method, payload, timeout=timeout)

    async def call(self, method: str, payload: dict[str, Any]) -> bool:
        assert (method, payload) == ("deleteWebhook", {"drop_pending_updates": False})
        self.hooked = False
        return True


async def test_a_web_hook_left_over_does_not_keep_the_bot_from_polling() -> None:
    """Without BOTCRM_WEBHOOK_URL again, a bot that had taken web hooks used to be refused every poll."""
    store, server = FailingStore(), Hooked(message(1))
    polling = Polling(server, store)
    await polling.until(server.asked.is_set)
    assert (store.stored, polling.pauses) == ([1], [])


def test_only_updates_that_something_handles_are_asked_for() -> None:
    front = Front(App(Settings(database_url="sqlite:///nowhere/at-all.sqlite3")), Bot("1:offline"))
    assert sorted(ALLOWED) == sorted(front.dispatcher.resolve_used_update_types())
