"""Handing answers to the channels of plugins, as the outbox delivers them; and getting files from them."""

import logging
from typing import Any

from botcrm.app import App
from botcrm.contract.channels import Channel, NotDelivered, TryLater
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.messages import Outgoing
from botcrm.core.models import File
from botcrm.core.services.clients.deliveries import channel_is_off, keep_provider_id
from botcrm.core.services.staff.people import actor_by_id
from botcrm.hooks import PluginOff
from botcrm.reminders.outbox_rows import OutboxRow, RetryAfter, Undeliverable
from botcrm.telegram.reports import Call
from botcrm.words import Words

log = logging.getLogger(__name__)

# Seconds a channel may take to hand a message over or bring a file; and until one that is switched off is looked for again.
DEADLINE = 30.0
_LOOK_AGAIN = 60.0
# How a "document" begins that a channel keeps; the id of the file's row follows.
FETCHED = "fetch:"
# Telegram takes no larger file of a bot.
MOST_BYTES = 50 * 1024 * 1024


async def hand_over(app: App, row: OutboxRow) -> None:
    """Hand a message to its channel.

    :raises RetryAfter: the channel asks to wait, or is switched off
    :raises Undeliverable: the provider refuses the message for good
    :raises CrmError: the channel failed; whether the message arrived is open
    """
    owned = app.hooks.registry.channels.get(row.carrier)
    if owned is None:
        async with app.work() as work:
            await channel_is_off(work, row.id)
        raise RetryAfter(_LOOK_AGAIN)
    message = Outgoing(row.payload["address"], row.payload["text"], row.payload["message_id"])
    try:
        answer = await app.hooks.call(owned.plugin, "channel", _send, owned.value, message, deadline=DEADLINE)
    except PluginOff:
        raise RetryAfter(_LOOK_AGAIN) from None
    if isinstance(answer, TryLater):
        app.metrics.sends.labels(result="later").inc()
        raise RetryAfter(_pause(answer.seconds))
    if isinstance(answer, NotDelivered):
        app.metrics.sends.labels(result="refused").inc()
        raise Undeliverable(str(answer))
    app.metrics.sends.labels(result="ok").inc()
    if answer:
        try:
            await keep_provider_id(message.message_id, str(answer))
        except Exception:  # it was sent: that must not be in doubt for want of a number
            log.exception("the provider's id of message %s could not be kept", message.message_id)


def _pause(seconds: Any) -> float:
    """Return how long a provider is left alone: what a channel asks for, within a second and a day."""
    asked = seconds if isinstance(seconds, int | float) and seconds == seconds else _LOOK_AGAIN  # nan is not itself
    return float(min(max(1.0, asked), 86_400.0))


async def _send(channel: Channel, message: Outgoing) -> Any:
    """Send, and return what is no failure of the plugin's as a value."""
    try:
        return await channel.send(message)
    except (NotDelivered, TryLater) as exc:
        return exc


async def file_call(app: App, row: OutboxRow) -> Call:
    """Return the call that sends a file which its channel keeps; one that tells why it cannot be had."""
    file = await File.filter(id=int(row.payload["document"].removeprefix(FETCHED)), deleted_at=None).first()
    payload = {name: value for name, value in row.payload.items() if name != "document"}
    found = await _fetched(app, file) if file else None
    if file and isinstance(found, bytes) and 0 < len(found) <= MOST_BYTES:
        return Call("sendDocument", payload, {"document": (file.name or f"{file.kind}-{file.id}", found)})
    async with app.work() as work:
        actor = await actor_by_id(work.prefs, row.user_id or 0)
        words = Words(actor.prefs if actor else work.prefs, work.now)
    reason = str(found) if isinstance(found, Exception) else words.t("it is empty or larger than 50 MB")
    return Call(
        "sendMessage", {"chat_id": row.chat_id, "text": words.t("The file cannot be had: {reason}", reason=reason)}
    )


async def _fetched(app: App, file: File) -> bytes | Exception:
    """Return a file's content, or why its channel does not bring it."""
    owned = app.hooks.registry.channels.get(file.channel or "")
    if owned is None:
        return OSError(f"{file.channel} is switched off")
    try:
        found: bytes | Exception = await app.hooks.call(
            owned.plugin, "channel", _fetch, owned.value, file.url or "", deadline=DEADLINE
        )
    except CrmError as exc:
        return exc
    return found


async def _fetch(channel: Channel, url: str) -> Any:
    try:
        return await channel.fetch(url)
    except OSError as exc:
        return exc
