"""The pinned message with a person's counters, worded when it is sent or edited."""

from botcrm.app import App
from botcrm.core.services.home import counters
from botcrm.core.services.people import actor_by_id
from botcrm.reminders.outbox_rows import OutboxRow, Undeliverable
from botcrm.telegram.reports import Call
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.lists import counters_line
from botcrm.words import Words


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
