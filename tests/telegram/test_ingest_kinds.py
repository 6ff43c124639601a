"""The poller asks for what is handled now, at once when a plugin comes that handles more."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from botcrm.telegram.ingest import Poller


class Silent:
    """A Bot API that never has anything to tell, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[list[str]] = asyncio.Queue()

    async def raw(self, method: str, payload: dict[str, Any], *, timeout: float) -> bytes:  # noqa: ASYNC109 - as the HTTP client's
        await self.asked.put(payload["allowed_updates"])
        await asyncio.Event().wait()
        raise AssertionError


class Nowhere:
    """An inbox for nothing."""

    async def store(self, updates: list[dict[str, Any]]) -> None:
        assert not updates


async def test_a_waiting_poll_is_ended_where_other_kinds_are_handled() -> None:
    silent, kinds = Silent(), ["message"]
    poller = Poller(silent, Nowhere(), kinds=lambda: kinds)  # type: ignore[arg-type]
    task = asyncio.create_task(poller.run())
    assert await silent.asked.get() == ["message"]
    poller.look_again()
    await asyncio.sleep(0)
    assert poller.polls == 1, "nothing changed"
    kinds.append("message_reaction")
    poller.look_again()
    assert await silent.asked.get() == ["message", "message_reaction"]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
