"""The pinned message with a person's counters, worded when it is sent or edited."""

import logging

from botcrm.app import App
from botcrm.core.services.home import counters
from botcrm.core.services.staff.people import actor_by_id
from botcrm.reminders.outbox_rows import OutboxRow, Undeliverable
from botcrm.reminders.pinned import show_anew
from botcrm.telegram.api import ApiError, Transport
from botcrm.telegram.reports import Call
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.lists import counters_line
from botcrm.words import Words

log = logging.getLogger(__name__)

# How Telegram says that there is nothing left to edit.
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


async def counters_call(app: App, row: OutboxRow) -> Call:
    """Return the call that sends a person's counters, or puts them where they are shown.

    :raises Undeliverable: the reader has left
    """
    async with app.work() as work:
        actor = await actor_by_id(work.prefs, row.user_id or 0)
        if actor is None:
            raise Undeliverable("of no use any more")
        found = await counters(work.acting_as(actor))
    payload = Screen(counters_line(Words(actor.prefs, app.now()), *found)).payload(row.chat_id)
    message_id = row.args.get("message_id")
    if message_id:
        return Call("editMessageText", payload | {"message_id": message_id})
    return Call("sendMessage", payload | {"disable_notification": True})


async def refused_counters(app: App, transport: Transport, row: OutboxRow, error: ApiError) -> None:
    """Have the counters shown in a new message where somebody deleted the one that was to be edited."""
    said = error.description.lower()
    if "message is not modified" in said:
        await keep_pinned(transport, row)
    elif any(text in said for text in _GONE) and row.args.get("message_id"):
        async with app.work() as work:
            await show_anew(work, row.user_id or 0, int(row.args["message_id"]))


async def keep_pinned(transport: Transport, row: OutboxRow) -> None:
    """Pin the counters again where nothing is pinned in their chat any more; another pinned message stays on top."""
    message_id = row.args.get("message_id")
    if not message_id or not row.args.get("check"):
        return
    try:
        chat = await transport.call("getChat", {"chat_id": row.chat_id})
        if isinstance(chat, dict) and "pinned_message" not in chat:
            pin = {"chat_id": row.chat_id, "message_id": message_id, "disable_notification": True}
            await transport.call("pinChatMessage", pin)
    except (ApiError, OSError) as exc:
        # The numbers are shown all the same; the next check tries again.
        log.info("the counters of chat %s could not be pinned again: %s", row.chat_id, exc)
