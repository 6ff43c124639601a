"""A Bot API server that does as little as it can, and makes the load: a measuring instrument, no simulator.

It answers sends after a latency, hands out scripted updates by long polling in batches of 100, and notes for each update when
it was offered, when it was handed out, and when the reply arrived. Run it in a process of its own:

    python benchmarks/mock_api.py --port 9100 --latency 0.05

Besides the Bot API it answers /control/poll (when the bot first polled), /control/load (POST: play a script, answer with the notes).
All times are seconds of CLOCK_MONOTONIC, which all processes of one machine share.
"""

import argparse
import asyncio
import json
import signal
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from aiohttp import web

BATCH = 100
_ME = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
_SENDS = ("sendmessage", "sendrichmessage", "editmessagetext")
# A load ends when nothing more came for so long: what is missing then is counted as lost.
_GIVE_UP = 20.0


@dataclass(slots=True)
class Note:
    """What happened to one update."""

    update_id: int
    label: str
    offered: float
    handed: float = 0.0
    replied: float = 0.0


class Mock:
    """The state behind the calls; one bot, private chats only."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.first_poll = 0.0
        self.calls: dict[str, int] = defaultdict(int)
        self._next_update = 1000
        self._next_message: dict[int, int] = defaultdict(lambda: 1)
        self._ready: deque[tuple[Note, bytes]] = deque()
        self._unacknowledged: deque[tuple[Note, bytes]] = deque()
        self._open: dict[int, deque[Note]] = defaultdict(deque)
        self._bell = asyncio.Event()
        self._replied = asyncio.Event()
        self._last = 0.0

    # --- the Bot API -----------------------------------------------------------------------------------------------

    async def call(self, request: web.BaseRequest) -> web.Response:
        """Answer one HTTP request."""
        _, _, path = request.path.partition("/")
        head, _, method = path.partition("/")
        if head == "control":
            return await self._control(request, method)
        body = await request.read()
        arrived = time.monotonic()
        name = method.lower()
        self.calls[name] += 1
        values = _arguments(request.content_type, body)
        if name == "getupdates":
            return await self._updates(int(values.get("offset") or 0), float(values.get("timeout") or 0))
        if name == "getme":
            return _answer(_ME)
        if name in _SENDS:
            chat_id = int(values["chat_id"])
            self._note_reply(chat_id, arrived)
            if self.latency:
                await asyncio.sleep(self.latency)
            message_id = values.get("message_id") or self._message_id(chat_id)
            return _answer(
                {
                    "message_id": int(message_id),
                    "date": int(time.time()),
                    "from": _ME,
                    "chat": {"id": chat_id, "type": "private", "first_name": "Rep"},
                    "text": values.get("text", ""),
                }
            )
        if self.latency:
            await asyncio.sleep(self.latency)
        return _answer(True)

    def _note_reply(self, chat_id: int, arrived: float) -> None:
        # Order within a chat is kept by whoever is measured, or does not matter to the sums.
        waiting = self._open.get(chat_id)
        if waiting:
            waiting.popleft().replied = arrived
            self._last = arrived
            self._replied.set()

    async def _updates(self, offset: int, wait: float) -> web.Response:
        now = time.monotonic()
        self.first_poll = self.first_poll or now
        while self._unacknowledged and self._unacknowledged[0][0].update_id < offset:
            self._unacknowledged.popleft()
        if not self._unacknowledged and not self._ready:
            self._bell.clear()
            try:
                await asyncio.wait_for(self._bell.wait(), wait)
            except TimeoutError:
                return _answer([])
        handed = time.monotonic()
        while self._ready and len(self._unacknowledged) < BATCH:
            note, update = self._ready.popleft()
            note.handed = handed
            self._unacknowledged.append((note, update))
        body = b'{"ok":true,"result":[' + b",".join(update for _, update in self._unacknowledged) + b"]}"
        return web.Response(body=body, content_type="application/json")

    def _message_id(self, chat_id: int) -> int:
        number = self._next_message[chat_id]
        self._next_message[chat_id] += 1
        return number

    # --- the load --------------------------------------------------------------------------------------------------

    async def _control(self, request: web.BaseRequest, name: str) -> web.Response:
        if name == "poll":
            return web.json_response({"first_poll": self.first_poll, "calls": self.calls})
        script = await request.json()
        notes = await self.play(script["updates"], script.get("per_second", 0))
        return web.json_response([[n.label, n.offered, n.handed, n.replied] for n in notes])

    async def play(self, script: list[list[Any]], per_second: float) -> list[Note]:
        """Offer [label, chat, text] one after the other, or all at once where no rate is given; wait for the replies."""
        notes: list[Note] = []
        start = self._last = time.monotonic()
        for number, (label, chat_id, text) in enumerate(script):
            if per_second:
                await asyncio.sleep(max(0.0, start + number / per_second - time.monotonic()))
            notes.append(self._offer(label, chat_id, text))
            if per_second:
                self._bell.set()
        self._bell.set()
        while any(self._open.values()):
            self._replied.clear()
            try:
                await asyncio.wait_for(self._replied.wait(), 1.0)
            except TimeoutError:
                if time.monotonic() > max(self._last, notes[-1].offered) + _GIVE_UP:
                    break
        self._open.clear()
        return notes

    def _offer(self, label: str, chat_id: int, text: str) -> Note:
        self._next_update += 1
        person = {"id": chat_id, "is_bot": False, "first_name": "Rep", "last_name": str(chat_id), "language_code": "en"}
        message: dict[str, Any] = {
            "message_id": self._message_id(chat_id),
            "from": person,
            "chat": {"id": chat_id, "first_name": "Rep", "last_name": str(chat_id), "type": "private"},
            "date": int(time.time()),
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"offset": 0, "length": len(text.split(maxsplit=1)[0]), "type": "bot_command"}]
        note = Note(self._next_update, label, time.monotonic())
        self._ready.append((note, json.dumps({"update_id": note.update_id, "message": message}).encode()))
        self._open[chat_id].append(note)
        return note


def _arguments(content_type: str, body: bytes) -> dict[str, Any]:
    """Read JSON or form fields; the multipart that aiogram sends is cut by hand, because a real parser costs more than the bot."""
    if content_type == "application/json":
        found: dict[str, Any] = json.loads(body or b"{}")
        return found
    if content_type != "multipart/form-data":
        from urllib.parse import parse_qsl

        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    boundary = body.split(b"\r\n", 1)[0]
    values: dict[str, Any] = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        values[name] = value[:-2].decode()
    return values


def _answer(result: Any) -> web.Response:
    return web.Response(body=json.dumps({"ok": True, "result": result}).encode(), content_type="application/json")


async def serve(port: int, latency: float) -> None:
    """Serve until SIGTERM."""
    mock = Mock(latency)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await mock.call(request)

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    print("ready", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await runner.cleanup()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument(
        "--latency", type=float, default=0.05, help="seconds that each send takes (default %(default)s)"
    )
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.latency))


if __name__ == "__main__":
    main()
