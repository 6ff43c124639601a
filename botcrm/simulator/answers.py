"""What a person waits for: the answer to a pressed button, the results of an inline search."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botcrm.simulator.model import Bot, Message
    from botcrm.simulator.people import Person


@dataclass(eq=False, slots=True)
class Press:
    """A pressed button; ``answer`` is what the bot answered: ``text``, ``show_alert``, ``url``."""

    id: str
    message: Message | None
    at: float
    person: Person
    answer: dict[str, Any] | None = None
    _event: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, answer: dict[str, Any]) -> None:
        """Take the bot's answer."""
        self.answer = answer
        self._event.set()

    async def answered(self, timeout: float = 60) -> dict[str, Any]:  # noqa: ASYNC109 (reads better at the caller)
        """Wait for the bot's answer.

        :raises TimeoutError: none came within ``timeout`` seconds
        """
        await asyncio.wait_for(self._event.wait(), timeout)
        return self.answer or {}


@dataclass(eq=False, slots=True)
class InlineSearch:
    """An inline query; ``results`` are the bot's InlineQueryResults."""

    id: str
    person: Person
    bot: Bot
    query: str
    at: float
    results: list[dict[str, Any]] = field(default_factory=list)
    is_answered: bool = False
    _event: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, results: list[dict[str, Any]]) -> None:
        """Take the bot's results."""
        self.results = results
        self.is_answered = True
        self._event.set()

    async def answered(self, timeout: float = 60) -> list[dict[str, Any]]:  # noqa: ASYNC109
        """Wait for the bot's results.

        :raises TimeoutError: none came within ``timeout`` seconds
        """
        await asyncio.wait_for(self._event.wait(), timeout)
        return self.results

    def choose(self, result: int | str) -> Message | None:
        """Pick a result by position or id and send it; None for content the simulator cannot show."""
        picked = (
            self.results[result]
            if isinstance(result, int)
            else next(one for one in self.results if one["id"] == result)
        )
        return self.person.send_result(self, picked)
