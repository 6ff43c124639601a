"""Long polling that acknowledges an update only after it was committed.

It reads Telegram's answer as plain JSON: one update that no library can decode holds up nothing.
"""

import asyncio
import json
import logging
from typing import Any

from botcrm.telegram.api import ApiError, HttpTransport
from botcrm.telegram.inbox import Inbox

log = logging.getLogger(__name__)

ALLOWED = [
    "message",
    "edited_message",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "my_chat_member",
    "message_reaction",
]
_WAIT = 25
_BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Poller:
    """Polls one bot's updates into the inbox until it is cancelled."""

    def __init__(self, transport: HttpTransport, inbox: Inbox) -> None:
        self._transport = transport
        self._inbox = inbox
        self.polls = 0

    async def run(self) -> None:
        """Poll for ever; a failure is logged and tried again, later each time."""
        offset, failures = 0, 0
        while True:
            try:
                updates = await self._poll(offset)
                if updates:
                    await self._inbox.store(updates)
                    offset = max(update["update_id"] for update in updates) + 1
                failures = 0
            except ApiError as exc:
                log.error("polling was refused: %s", exc.description)
                await asyncio.sleep(exc.retry_after or _BACK_OFF[min(failures, 5)])
                failures += 1
            except (OSError, ValueError) as exc:
                log.warning("polling failed: %s", exc)
                await asyncio.sleep(_BACK_OFF[min(failures, 5)])
                failures += 1

    async def _poll(self, offset: int) -> list[dict[str, Any]]:
        self.polls += 1
        payload = {"offset": offset, "timeout": _WAIT, "limit": 100, "allowed_updates": ALLOWED}
        body = await self._transport.raw("getUpdates", payload, timeout=_WAIT + 15)
        answer = json.loads(body)
        if not answer.get("ok"):
            parameters = answer.get("parameters") or {}
            raise ApiError(answer.get("error_code", 0), str(answer.get("description")), parameters.get("retry_after"))
        return [
            update
            for update in answer["result"]
            if isinstance(update, dict) and isinstance(update.get("update_id"), int)
        ]
