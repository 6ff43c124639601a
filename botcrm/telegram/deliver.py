"""Carrying outbox rows to Telegram, and its refusals back."""

import logging
import time
from typing import Any

from botcrm.app import App
from botcrm.core.services.files_out import forget_file, read_file, stored_file
from botcrm.core.services.operations.operations import NOTICE as OPERATION
from botcrm.core.services.staff.blocking_bot import blocked_chats, has_blocked, is_back
from botcrm.core.services.staff.people import actor_by_id
from botcrm.reminders.outbox_rows import NotSent, OutboxRow, RetryAfter, Undeliverable
from botcrm.reminders.pinned import NOTICE as COUNTERS
from botcrm.telegram.api import ApiError, Transport
from botcrm.telegram.boards import BOARD, BoardCalls
from botcrm.telegram.channels import FETCHED, file_call, hand_over
from botcrm.telegram.importing import NOTICES as IMPORTS
from botcrm.telegram.importing import ImportCalls
from botcrm.telegram.notices import word
from botcrm.telegram.personal import PERSONAL, personal_call
from botcrm.telegram.pinned import counters_call, keep_pinned, refused_counters
from botcrm.telegram.reports import NOTICES, Call, ReportCalls

log = logging.getLogger(__name__)

# An edit that changes nothing, or of a message that is gone: nobody misses it.
_HARMLESS = ("message is not modified", "message to edit not found", "message can't be edited", "query is too old")
# Calls that may stand for a file kept elsewhere; any other goes out as it was written.
_WITH_FILES = frozenset({"sendDocument", "sendPhoto"})


class Delivery:
    """Delivers through a transport; what `Outbox` calls."""

    def __init__(self, app: App, transport: Transport) -> None:
        self._app = app
        self._transport = transport
        self._reports = ReportCalls(app)
        self._boards = BoardCalls(app)
        self._marked: set[int] | None = None
        self._imports = ImportCalls(app, transport)

    async def __call__(self, row: OutboxRow) -> int | None:
        """Send one row and return the id of its message.

        :raises RetryAfter: Telegram asks to wait
        :raises Undeliverable: it will never arrive
        """
        if row.carrier:
            await hand_over(self._app, row)
            return None
        call = await self._call(row)
        if call is None:
            return None
        method = call.method
        metrics, started = self._app.metrics, time.perf_counter()
        try:
            result = await self._transport.call(method, call.payload, files=call.files or None)
        except ApiError as exc:
            metrics.sends.labels(result=str(exc.code)).inc()
            if row.notice == COUNTERS:
                await refused_counters(self._app, self._transport, row, exc)
            if exc.code == 403 and row.audience == "staff":
                await self._out_of_reach(row.chat_id)
            return self._refused(row, method, exc)
        except ConnectionRefusedError as exc:
            raise NotSent(str(exc)) from exc
        metrics.sends.labels(result="ok").inc()
        metrics.send_seconds.observe(time.perf_counter() - started)
        if row.chat_id in await self._marked_chats():
            await self._within_reach(row.chat_id)
        if row.notice == COUNTERS:
            await keep_pinned(self._transport, row)
        if call.stored:
            await forget_file(call.stored)
        return int(result["message_id"]) if isinstance(result, dict) and "message_id" in result else None

    async def _call(self, row: OutboxRow) -> Call | None:
        """Return the call that a row stands for; None where it was made before.

        :raises Undeliverable: it is of no use any more
        """
        if row.notice in NOTICES:
            return await self._reports.call(row)
        if row.notice in IMPORTS:
            return await self._imports.call(row)
        if row.notice == PERSONAL:
            return await personal_call(self._app, self._transport, row)
        if row.notice == BOARD:
            return await self._boards.call(row)
        if row.notice == COUNTERS:
            return await counters_call(self._app, row)
        if row.notice:
            worded = await self._worded(row)
            if worded is None:
                raise Undeliverable("of no use any more")
            message_id = row.args.get("message_id") if row.notice == OPERATION else None
            return (
                Call("editMessageText", worded | {"message_id": message_id})
                if message_id
                else Call("sendMessage", worded)
            )
        if row.method not in _WITH_FILES:
            return Call(row.method, row.written)
        payload = row.payload
        if str(payload.get("document", "")).startswith(FETCHED):
            return await file_call(self._app, row)
        kept = stored_file(row.method, payload)
        if kept is None:
            return Call(row.method, payload)
        found = await read_file(kept.id)
        if found is None:
            return None  # it went out, and the process ended before that was written down
        del payload[kept.field]
        return Call(row.method, payload, {kept.field: found}, kept.id)

    async def _worded(self, row: OutboxRow) -> dict[str, Any] | None:
        async with self._app.work() as work:
            actor = await actor_by_id(work.prefs, row.user_id or 0)
            if actor is None:
                return None
            screen = await word(work.acting_as(actor), self._app.hooks.activity_kinds, row.notice, row.args)
        return screen.payload(row.chat_id) if screen else None

    async def _marked_chats(self) -> set[int]:
        """Return the chats that refused the bot when they were last written to, in this process or one before it."""
        if self._marked is None:
            self._marked = await blocked_chats()
        return self._marked

    async def _out_of_reach(self, chat_id: int) -> None:
        marked = await self._marked_chats()
        if chat_id in marked:
            return
        async with self._app.work() as work:
            await has_blocked(work, chat_id)
        marked.add(chat_id)

    async def _within_reach(self, chat_id: int) -> None:
        async with self._app.work():
            await is_back(chat_id)
        (await self._marked_chats()).discard(chat_id)

    def _refused(self, row: OutboxRow, method: str, exc: ApiError) -> int | None:
        if exc.code == 429:
            raise RetryAfter(exc.retry_after or 1.0) from exc
        if any(text in exc.description for text in _HARMLESS):
            return None
        if exc.code >= 500:
            raise ConnectionError(exc.description) from exc
        log.warning("%s was refused: %s", method, exc.description, extra={"outbox": row.id})
        raise Undeliverable(exc.description) from exc
