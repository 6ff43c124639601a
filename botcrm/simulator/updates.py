"""One bot's queue of updates: long polling, acknowledgement by offset, conflicts."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from botcrm.simulator.model import Message

KINDS_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
WEBHOOK_SET = "Conflict: terminated by setWebhook request"


@dataclass(frozen=True, slots=True)
class Pending:
    """An update that the bot has not acknowledged; ``body`` as an object, or bytes sent as they are."""

    update_id: int
    body: dict[str, Any] | bytes
    lane: int  # updates of one lane (a chat) keep their order on a web hook
    message: Message | None = None

    def encode(self) -> bytes:
        """Write the update as JSON."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


class UpdateQueue:
    """Updates in order, kept until acknowledged."""

    def __init__(self, first_id: int, on_done: Callable[[Pending], None]) -> None:
        self.pending: deque[Pending] = deque()
        self.next_id = first_id
        self.on_push: Callable[[], None] | None = None
        self.polled = False
        self._on_done = on_done
        self._waiter: asyncio.Future[None] | None = None

    def push(self, body: dict[str, Any] | bytes, lane: int, message: Message | None = None) -> int:
        """Append an update and return its id; a dict gets ``update_id`` unless it has one."""
        update_id = self.next_id
        self.next_id += 1
        if isinstance(body, dict):
            body = {"update_id": update_id, **body}
        self.pending.append(Pending(update_id, body, lane, message))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self.on_push is not None:
            self.on_push()
        return update_id

    def interrupt(self, reason: str) -> None:
        """End a waiting poll with 409."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ApiError(409, reason))
        self._waiter = None

    def acknowledge(self, offset: int) -> None:
        """Forget every update with an id below ``offset``; a negative one keeps that many from the end."""
        if offset < 0:
            offset = self.next_id if not self.pending else self.pending[max(0, len(self.pending) + offset)].update_id
        while self.pending and self.pending[0].update_id < offset:
            self._on_done(self.pending.popleft())

    def drop(self, update: Pending) -> None:
        """Forget one update that a web hook has taken."""
        self.pending.remove(update)
        self._on_done(update)

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Pending]:  # noqa: ASYNC109 (getUpdates names it so)
        """Wait up to ``timeout`` seconds for updates, as getUpdates does.

        :raises ApiError: 409 when another poll took over meanwhile
        """
        self.interrupt(OTHER_POLL)
        if offset:
            self.acknowledge(offset)
        if not self.pending and timeout > 0:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiter = waiter
            try:
                await asyncio.wait_for(waiter, timeout)
            except TimeoutError:
                return []
            finally:
                if self._waiter is waiter:
                    self._waiter = None
        return list(islice(self.pending, limit))
