"""Call what plugins answer over HTTP, through the product's own web application but without a socket."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from botcrm.web.plugins import plugin_routes

if TYPE_CHECKING:
    from botcrm.app import App


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back over HTTP."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


def encoded(body: bytes | str, as_json: Any, form: Mapping[str, str] | None) -> tuple[bytes, str]:
    """Return a request's body and its content type."""
    if as_json is not None:
        return json.dumps(as_json).encode(), "application/json"
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    return (body.encode() if isinstance(body, str) else body), "application/octet-stream"


async def ask(app: "App", method: str, path: str, body: bytes, headers: Mapping[str, str], remote: str) -> Answered:
    """Make a request and return its answer.

    :param path: with the query, "/plugins/sms/in?key=1"
    """
    application = web.Application()
    application.add_routes(plugin_routes(app))
    content = StreamReader(Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())
    content.feed_data(body)
    content.feed_eof()
    sent = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    request = make_mocked_request(method, path, sent, payload=content, app=application).clone(remote=remote)
    # What aiohttp does when a request has come in over a socket.
    found = await application.router.resolve(request)
    request._match_info = found
    try:
        response = await found.handler(request)
    except web.HTTPException as exc:
        response = exc
    assert isinstance(response, web.Response), "plugins answer at once, with a whole body"
    given = response.body if isinstance(response.body, bytes) else b""
    return Answered(response.status, given, dict(response.headers))
