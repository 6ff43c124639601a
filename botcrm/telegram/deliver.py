"""Carrying outbox rows to Telegram, and its refusals back."""

import logging
import time
from typing import Any

from botcrm.app import App
from botcrm.core.services.people import actor_by_id
from botcrm.reminders.outbox_rows import NotSent, OutboxRow, RetryAfter, Undeliverable
from botcrm.telegram.api import ApiError, Transport
from botcrm.telegram.notices import word

log = logging.getLogger(__name__)

# An edit that changes nothing, or of a message that is gone: nobody misses it.
_HARMLESS = ("message is not modified", "message to edit not found", "message can't be edited", "query is too old")


class Delivery:
    """Delivers through a transport; what `Outbox` calls."""

    def __init__(self, app: App, transport: Transport) -> None:
        self._app = app
        self._transport = transport

    async def __call__(self, row: OutboxRow) -> int | None:
        """Send one row and return the id of its message.

        :raises RetryAfter: Telegram asks to wait
        :raises Undeliverable: it will never arrive
        """
        payload, method = row.payload, row.method
        if row.notice:
            worded = await self._worded(row)
            if worded is None:
                raise Undeliverable("of no use any more")
            payload, method = worded, "sendMessage"
        metrics, started = self._app.metrics, time.perf_counter()
        try:
            result = await self._transport.call(method, payload)
        except ApiError as exc:
            metrics.sends.labels(result=str(exc.code)).inc()
            return self._refused(row, method, exc)
        except ConnectionRefusedError as exc:
            raise NotSent(str(exc)) from exc
        metrics.sends.labels(result="ok").inc()
        metrics.send_seconds.observe(time.perf_counter() - started)
        return int(result["message_id"]) if isinstance(result, dict) and "message_id" in result else None

    async def _worded(self, row: OutboxRow) -> dict[str, Any] | None:
        async with self._app.work() as work:
            actor = await actor_by_id(work.prefs, row.user_id or 0)
            if actor is None:
                return None
            screen = await word(work.acting_as(actor), self._app.hooks.activity_kinds, row.notice, row.args)
        return screen.payload(row.chat_id) if screen else None

    def _refused(self, row: OutboxRow, method: str, exc: ApiError) -> int | None:
        if exc.code == 429:
            raise RetryAfter(exc.retry_after or 1.0) from exc
        if any(text in exc.description for text in _HARMLESS):
            return None
        if exc.code >= 500:
            raise ConnectionError(exc.description) from exc
        log.warning("%s was refused: %s", method, exc.description, extra={"outbox": row.id})
        raise Undeliverable(exc.description) from exc
