"""Long polling that acknowledges an update only after it was committed.

It reads Telegram's answer as plain JSON: one update that no library can decode holds up nothing.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from botcrm.telegram.api import ApiError, HttpTransport
from botcrm.telegram.inbox import Inbox

log = logging.getLogger(__name__)

# What the front end has a handler for; anything else would be stored for nothing.
ALLOWED = ["message", "edited_message", "callback_query", "inline_query", "my_chat_member"]
_WAIT = 25
_BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_UPDATE = re.compile(r'\{\s*"update_id"\s*:\s*(\d{1,18})\b')
_RESULT = re.compile(r'"result"\s*:\s*\[')


@dataclass(slots=True)
class Polled:
    """What one poll brought: updates, and what is none, as (its id where one can be read, the text as it came)."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    broken: list[tuple[int | None, str]] = field(default_factory=list)

    @property
    def offset(self) -> int | None:
        """Return what acknowledges all of it; None where no id could be read."""
        ids = [update["update_id"] for update in self.updates] + [number for number, _ in self.broken if number]
        return max(ids) + 1 if ids else None

    def take(self, item: Any, text: str) -> None:
        """Sort one item in."""
        if isinstance(item, dict) and type(item.get("update_id")) is int:
            self.updates.append(item)
        else:
            self.broken.append((None, text))


class Poller:
    """Polls one bot's updates into the inbox until it is cancelled."""

    def __init__(
        self,
        transport: HttpTransport,
        inbox: Inbox,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        kinds: Callable[[], Sequence[str]] = lambda: ALLOWED,
    ) -> None:
        self._transport = transport
        self._inbox = inbox
        self._sleep = sleep
        self._kinds = kinds
        self._waiting: asyncio.Task[bytes] | None = None
        self._asked: list[str] = []
        self.polls = 0

    def look_again(self) -> None:
        """Poll anew where other kinds of update are handled now; what the poll that waits would bring comes by the next."""
        if self._waiting and list(self._kinds()) != self._asked:
            self._waiting.cancel()

    async def run(self) -> None:
        """Poll for ever; whatever fails is logged and tried again, later each time, and nothing is acknowledged until then."""
        offset, failures = 0, 0
        while True:
            pause = 0.0
            try:
                polled = await self._poll(offset)
                for update_id, text in polled.broken:
                    await self._inbox.set_aside(update_id, text, "not readable as JSON")
                await self._inbox.store(polled.updates)
                if polled.offset is not None:
                    offset = polled.offset
                elif polled.broken:
                    # Nothing to acknowledge it by: it goes when the next update is acknowledged.
                    pause = _BACK_OFF[min(failures, 5)]
                failures = failures + 1 if pause else 0
            except ApiError as exc:
                log.error("polling was refused: %s", exc.description)
                freed = exc.code == 409 and "webhook" in exc.description and await self._drop_web_hook()
                pause = 0.0 if freed else exc.retry_after or _BACK_OFF[min(failures, 5)]
                failures += 1
            except (OSError, ValueError) as exc:
                log.warning("polling failed: %s", exc)
                pause = _BACK_OFF[min(failures, 5)]
                failures += 1
            except Exception:
                log.exception("what was polled could not be stored; it is polled again")
                pause = _BACK_OFF[min(failures, 5)]
                failures += 1
            if pause:
                await self._sleep(pause)

    async def _drop_web_hook(self) -> bool:
        """End the web hook of a former run, which Telegram prefers to polling; what waits for it is kept."""
        try:
            await self._transport.call("deleteWebhook", {"drop_pending_updates": False})
        except (ApiError, OSError) as exc:
            log.warning("the web hook of a former run could not be ended: %s", exc)
            return False
        log.info("the web hook of a former run was ended: the bot polls now")
        return True

    async def _poll(self, offset: int) -> Polled:
        self.polls += 1
        self._asked = list(self._kinds())
        payload = {"offset": offset, "timeout": _WAIT, "limit": 100, "allowed_updates": self._asked}
        self._waiting = asyncio.create_task(self._transport.raw("getUpdates", payload, timeout=_WAIT + 15))
        try:
            await asyncio.wait([self._waiting])
            if self._waiting.cancelled():
                return Polled()
            return read_updates(self._waiting.result().decode(errors="replace"))
        finally:
            self._waiting.cancel()
            self._waiting = None


def read_updates(body: str) -> Polled:
    """Read the answer to getUpdates; an update that is no JSON is cut out of it, its neighbours are read.

    :raises ApiError: the Bot API refused
    :raises ValueError: it is no answer of the Bot API
    """
    polled = Polled()
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        found = _RESULT.search(body)
        if found is None:
            raise ValueError("the answer is no JSON") from None
        _read_apart(body, found.end(), polled)
        return polled
    if not isinstance(answer, dict):
        raise ValueError("the answer is no object")
    if not answer.get("ok"):
        parameters = answer.get("parameters") or {}
        raise ApiError(answer.get("error_code", 0), str(answer.get("description")), parameters.get("retry_after"))
    for item in answer["result"]:
        polled.take(item, str(item))
    return polled


def _read_apart(body: str, at: int, polled: Polled) -> None:
    """Read a list of updates one by one; what cannot be read ends where the next update begins."""
    decoder = json.JSONDecoder()
    while at < len(body):
        while at < len(body) and body[at] in " \t\r\n,":
            at += 1
        if body[at : at + 1] in ("]", ""):
            return
        try:
            item, end = decoder.raw_decode(body, at)
            polled.take(item, body[at:end])
        except (ValueError, RecursionError):
            following = _UPDATE.search(body, at + 1)
            end = following.start() if following else len(body)
            own = _UPDATE.match(body, at)
            polled.broken.append((int(own[1]) if own else None, body[at:end]))
        at = end
