"""What can go wrong on purpose: rate limits and injected errors."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from botcrm.simulator.errors import ApiError, too_many_requests


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's sending limits (its FAQ: 30/s overall, 1/s in a chat, 20/min in a group); None turns one off."""

    overall_per_second: int | None = 30
    per_chat_per_second: int | None = 1
    per_group_per_minute: int | None = 20


@dataclass(slots=True)
class Fault:
    """An error waiting for the next matching calls; ``method`` ``*`` matches every method."""

    method: str
    code: int
    description: str
    retry_after: int | None = None
    times: int = 1
    chat_id: int | None = None

    def matches(self, method: str, chat_id: int | None) -> bool:
        """Tell whether this fault is meant for a call; ``method`` in any letter case."""
        return self.method.lower() in ("*", method.lower()) and self.chat_id in (None, chat_id)

    def error(self) -> ApiError:
        """Make the error this fault stands for."""
        parameters = None if self.retry_after is None else {"retry_after": self.retry_after}
        return ApiError(self.code, self.description, parameters)


class RateMeter:
    """Count sent messages in sliding windows and refuse those over the limits."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, int], deque[float]] = {}

    def spend(self, limits: Limits, bot_id: int, chat_id: int, group: bool, now: float) -> None:
        """Count one message to a chat.

        :raises ApiError: 429 with ``retry_after`` whole seconds; a refused message is not counted
        """
        windows: list[tuple[tuple[str, int], int, float]] = []
        if limits.overall_per_second is not None:
            windows.append((("all", bot_id), limits.overall_per_second, 1.0))
        if group and limits.per_group_per_minute is not None:
            windows.append((("group", chat_id), limits.per_group_per_minute, 60.0))
        if not group and limits.per_chat_per_second is not None:
            windows.append((("chat", chat_id), limits.per_chat_per_second, 1.0))
        for key, allowed, span in windows:
            sent = self._sent.setdefault(key, deque())
            while sent and sent[0] <= now - span:
                sent.popleft()
            if len(sent) >= allowed:
                raise too_many_requests(max(1, math.ceil(sent[-allowed] + span - now)))
        for key, _, _ in windows:
            self._sent[key].append(now)
