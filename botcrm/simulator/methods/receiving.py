"""How a bot gets its updates: getUpdates and web hooks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import ApiError, bad_request
from botcrm.simulator.updates import WEBHOOK_ACTIVE, WEBHOOK_SET
from botcrm.simulator.webhooks import Webhook, WebhookSender

if TYPE_CHECKING:
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

MAX_WAIT = 50  # seconds of one long poll


def _allow(bot: Bot, params: Params) -> None:
    kinds = params.json("allowed_updates")
    if isinstance(kinds, list):
        bot.allowed_updates = [str(kind) for kind in kinds]


async def get_updates(telegram: Telegram, bot: Bot, params: Params) -> list[dict[str, Any] | bytes]:
    """Hand out unacknowledged updates, waiting for one up to ``timeout`` seconds."""
    if bot.sender is not None:
        raise ApiError(409, WEBHOOK_ACTIVE)
    _allow(bot, params)
    if not bot.queue.polled:
        bot.queue.polled = True
        telegram.changed("bot", detail=bot)
    limit = params.integer("limit")
    timeout = min(max(params.number("timeout") or 0, 0), MAX_WAIT)
    found = await bot.queue.poll(
        params.integer("offset") or 0, 100 if limit is None or not 1 <= limit <= 100 else limit, timeout
    )
    return [_decoded(update.body) for update in found]


def _decoded(body: dict[str, Any] | bytes) -> dict[str, Any] | bytes:
    if isinstance(body, bytes):
        try:
            update = json.loads(body)
        except ValueError:
            return body
        return update if isinstance(update, dict) else body
    return body


async def set_webhook(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Deliver updates to a URL from now on; an empty one ends that. Plain http is taken, as a local server does."""
    url = params.text("url") or ""
    secret = params.text("secret_token") or ""
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    if url and not re.match(r"https?://[^/]+", url):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    await _forget(telegram, bot, params)
    _allow(bot, params)
    if url:
        bot.queue.interrupt(WEBHOOK_SET)
        hook = Webhook(url, secret, min(max(params.integer("max_connections") or 40, 1), 100))
        bot.sender = WebhookSender(telegram, bot, hook)
        bot.sender.start()
    return True


async def delete_webhook(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Go back to getUpdates."""
    await _forget(telegram, bot, params)
    return True


async def _forget(telegram: Telegram, bot: Bot, params: Params) -> None:
    if bot.sender is not None:
        sender, bot.sender = bot.sender, None
        await sender.stop()
    if params.flag("drop_pending_updates"):
        bot.queue.acknowledge(bot.queue.next_id)


def get_webhook_info(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Describe the web hook and how it fares."""
    body: dict[str, Any] = {"url": "", "has_custom_certificate": False, "pending_update_count": len(bot.queue.pending)}
    if bot.sender is not None:
        body |= {"url": bot.sender.hook.url, "max_connections": bot.sender.hook.max_connections}
        if bot.sender.last_error is not None:
            body["last_error_date"], body["last_error_message"] = bot.sender.last_error
    if bot.allowed_updates:
        body["allowed_updates"] = bot.allowed_updates
    return body


METHODS: dict[str, Handler] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
