"""The HTTP server: the Bot API under ``/bot<token>/<method>``, files, the control API and the page."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Sequence
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from botcrm.simulator.control import Control
from botcrm.simulator.errors import ApiError
from botcrm.simulator.params import Upload
from botcrm.simulator.telegram import Telegram

BODY_LIMIT = 64 * 1024 * 1024  # bytes; a little over the biggest upload
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; base-uri 'none'; form-action 'none'"
)


class Simulator:
    """A running Bot API server with its page; ``latency`` is seconds added to each call but getUpdates."""

    def __init__(self, telegram: Telegram | None = None, *, latency: float = 0.0) -> None:
        self.telegram = telegram or Telegram()
        self.latency = latency
        self.base_url = ""
        self._control = Control(self.telegram)
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and return the base URL; port 0 takes a free one.

        :raises OSError: the port is taken
        """
        app = web.Application(client_max_size=BODY_LIMIT)
        app.add_routes(self._control.routes())
        app.router.add_route("*", r"/bot{token:[^/]+}/{method}", self._bot_api)
        app.router.add_get(r"/file/bot{token:[^/]+}/{path:.+}", self._file)
        app.router.add_get("/{name:[a-z]*(?:\\.[a-z]+)?}", self._page)
        # A poll whose client died must not go on waiting, so handlers end with their connection.
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        bound = self._runner.addresses[0]
        self.base_url = f"http://{host}:{bound[1]}"
        return self.base_url

    async def stop(self) -> None:
        """Stop listening; the state stays."""
        self._control.close()
        await self.telegram.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _bot_api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            params, files = await _arguments(request)
            slow = self.latency > 0 and method.lower() != "getupdates"
            # Half before and half after: a client that dies meanwhile leaves either outcome behind, as in life.
            if slow:
                await asyncio.sleep(self.latency / 2)
            result = await self.telegram.call(request.match_info["token"], method, params, files)
            if slow:
                await asyncio.sleep(self.latency / 2)
        except ApiError as error:
            return _refusal(error)
        if isinstance(result, list) and any(isinstance(item, bytes) for item in result):
            items = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in result]
            body = b'{"ok":true,"result":[' + b",".join(items) + b"]}"
        else:
            body = json.dumps({"ok": True, "result": result}).encode()
        return web.Response(body=body, content_type="application/json")

    async def _file(self, request: web.Request) -> web.Response:
        try:
            self.telegram.bot(request.match_info["token"])
        except ApiError as error:
            return _refusal(error)
        stored = self.telegram.files.at(request.match_info["path"])
        if stored is None:
            return _refusal(ApiError(404, "Not Found"))
        return web.Response(body=stored.data, content_type="application/octet-stream")

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        static = resources.files("botcrm.simulator") / "static" / name
        if not static.is_file():
            raise web.HTTPNotFound
        mime = _TYPES["." + name.rpartition(".")[2]]
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=static.read_bytes(), content_type=mime, charset="utf-8", headers=headers)


async def _arguments(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Read the arguments of a call from the query, a form, a multipart form or JSON.

    :raises ApiError: 400 for a body that is not what it says
    """
    params: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.method != "POST" or not request.can_read_body:
        return params, files
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "Bad Request: can't parse request: Can't parse request JSON object")
        params |= body
    elif request.content_type == "multipart/form-data":
        for name, field in (await request.post()).items():
            if isinstance(field, web.FileField):
                files[name] = Upload(field.file.read(), field.filename, field.content_type)
            else:
                params[name] = field if isinstance(field, str) else bytes(field).decode(errors="replace")
    else:
        params |= dict(parse_qsl(await request.text(), keep_blank_values=True))
    return params, files


def _refusal(error: ApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    headers = {}
    if error.parameters:
        body["parameters"] = error.parameters
        if "retry_after" in error.parameters:
            headers["Retry-After"] = str(error.parameters["retry_after"])
    return web.json_response(body, status=error.code, headers=headers)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a simulator on its own until interrupted; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="botcrm simulator", description="A local Telegram: Bot API server and chat page."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8081, help="port, 0 for a free one (default %(default)s)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds each call takes (default %(default)s)")
    options = parser.parse_args(argv)
    try:
        asyncio.run(_serve(options.host, options.port, options.latency))
    except OSError as error:
        parser.exit(2, f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
    except KeyboardInterrupt:
        pass
    return 0


async def _serve(host: str, port: int, latency: float) -> None:
    simulator = Simulator(latency=latency)
    for user_id, name, role in ((101, "Anna", "rep"), (102, "Marek", "manager"), (103, "Jan", "client")):
        simulator.telegram.person(user_id, name, role=role)
    url = await simulator.start(host, port)
    print(f"Telegram simulator: {url}  (page and Bot API; a bot connects with this address)", flush=True)  # noqa: T201 (run on its own)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await simulator.stop()
