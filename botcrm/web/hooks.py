"""Updates that Telegram brings itself: stored before they are acknowledged, like those that are fetched."""

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


def web_hook(
    url: str, secret: str, store: Callable[[Sequence[dict[str, Any]]], Awaitable[None]]
) -> web.AbstractRouteDef:
    """Return the route that takes updates in at the path of the public address.

    It answers 200 when `store` has committed the update, 401 to anybody without the secret, and 400 to what is no JSON
    object; an error while storing is a 500, and Telegram brings the update again.
    """

    async def take(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get(_SECRET, "").encode(), secret.encode()):
            return web.Response(status=401)
        try:
            update = json.loads(await request.read())
        except ValueError:
            update = None
        if not isinstance(update, dict):
            return web.Response(status=400)
        await store([update])
        return web.Response()

    return web.post(urlsplit(url).path or "/", take)
