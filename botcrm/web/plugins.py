"""What plugins answer over HTTP, under /plugins/<name>/: one handler that looks at what is switched on at the moment."""

import asyncio
import ipaddress
import logging
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote

from aiohttp import web

from botcrm.app import App
from botcrm.contract.channels import WebAnswer, WebRequest, WebRoute
from botcrm.core.domain.errors import CrmError
from botcrm.hooks import PluginFailed, PluginOff

log = logging.getLogger(__name__)

# Seconds a handler has, and seconds somebody has to send the body.
DEADLINE = 10.0
_MOST_FIELDS = 100
# Requests that one plugin works on at once; more are told to come back.
_AT_ONCE = 32


def plugin_routes(app: App) -> list[web.AbstractRouteDef]:
    """Return the route under which all plugins are reached.

    It answers 404 for what is not registered or switched off, 405 for another method, 413 for a body that is too long, 503 when
    the plugin has too much to do, and 500, without a reason, when it fails.
    """
    return [web.route("*", "/plugins/{plugin}/{path:.*}", _Plugins(app).answer)]


class _Plugins:
    def __init__(self, app: App) -> None:
        self._app = app
        self._busy: Counter[str] = Counter()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        plugin = request.match_info["plugin"]
        pieces = [unquote(piece) for piece in request.rel_url.raw_path.split("/")[3:]]
        fits = [
            (route, found)
            for route in self._app.hooks.registry.routes.get(plugin, [])
            if (found := _match(route.path, pieces)) is not None
        ]
        if not fits:
            return web.Response(status=404, text="Not found\n")
        method = "GET" if request.method == "HEAD" else request.method
        chosen = next(((route, found) for route, found in fits if route.method.upper() == method), None)
        if chosen is None:
            allowed = ", ".join(sorted({route.method.upper() for route, _ in fits}))
            return web.Response(status=405, text="Method not allowed\n", headers={"Allow": allowed})
        if self._busy[plugin] >= _AT_ONCE:
            return web.Response(status=503, text="Too much to do, try again\n", headers={"Retry-After": "5"})
        self._busy[plugin] += 1
        try:
            return await self._run(plugin, *chosen, pieces, request)
        finally:
            self._busy[plugin] -= 1

    async def _run(
        self, plugin: str, route: WebRoute, found: dict[str, str], pieces: list[str], request: web.Request
    ) -> web.StreamResponse:
        if len(request.query) > _MOST_FIELDS:
            return web.Response(status=400, text="Too many fields\n")
        try:
            async with asyncio.timeout(DEADLINE):
                body = await _body(request, route.most_bytes)
        except TimeoutError:
            return web.Response(status=408, text="Too slow\n")
        if body is None:
            return web.Response(status=413, text=f"At most {route.most_bytes} bytes\n", headers={"Connection": "close"})
        asked = WebRequest(
            method=request.method,
            path="/".join(pieces),
            query={**request.query, **found},
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            remote=_remote(request),
        )
        try:
            answer = await self._app.hooks.call(plugin, "web", route.handler, asked, deadline=DEADLINE)
            return _response(answer)
        except PluginFailed:
            return web.Response(status=500, text="Something went wrong\n")
        except PluginOff:
            return web.Response(status=404, text="Not found\n")
        except CrmError as exc:
            return web.Response(status=400, text=f"{exc}\n")
        except (TypeError, ValueError) as exc:
            log.exception("plugin %s gave no answer that can be sent", plugin)
            self._app.failed(exc, "web", plugin=plugin, route=route.path)
            return web.Response(status=500, text="Something went wrong\n")


def _match(path: str, pieces: list[str]) -> dict[str, str] | None:
    """Return what stands for the {names} of a path, None where the path is another."""
    wanted = path.strip("/").split("/")
    if len(wanted) != len(pieces):
        return None
    found = {}
    for pattern, piece in zip(wanted, pieces, strict=True):
        if pattern.startswith("{") and pattern.endswith("}") and piece:
            found[pattern[1:-1]] = piece
        elif pattern != piece:
            return None
    return found


async def _body(request: web.Request, most: int) -> bytes | None:
    """Read the body; None where it is too long, of which no more is read then."""
    if (request.content_length or 0) > most:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _remote(request: web.Request) -> str:
    """Return who asks: behind a proxy on a private address, whom that proxy names last."""
    remote = request.remote or ""
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64]
    return named if named and _is_private(remote) else remote


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def _response(answer: object) -> web.Response:
    if not isinstance(answer, WebAnswer):
        raise TypeError(f"a web handler returns a WebAnswer, not {type(answer).__name__}")
    if not 200 <= answer.status <= 599:
        raise ValueError(f"{answer.status} is no status of an answer")
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    headers: Iterable[tuple[str, str]] = answer.headers.items()
    fixed = {"Content-Type": answer.content_type, "X-Content-Type-Options": "nosniff"}
    for name, value in (*headers, *fixed.items()):
        if any(character in name + value for character in "\r\n\0"):
            raise ValueError(f"the header {name!r} has a line break in it")
    return web.Response(body=body, status=answer.status, headers={**fixed, **dict(headers)})
