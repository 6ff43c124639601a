"""The control API under ``/sim``: what the page uses, and what a demo script may drive from another process.

Bodies are JSON (``Content-Type: application/json``); a refused request answers 400 ``{"error": "why"}``.

``GET  /sim/people``           ``{"bot": {...} | null, "people": [PERSON]}``; a PERSON is ``{"id", "first_name",
                               "last_name", "username", "language_code", "role"}``
``POST /sim/people``           a PERSON or a list of them: adds or changes people; ``role`` is the label on the page
``GET  /sim/chat?person=ID``   ``{"person", "bot", "messages": [...], "keyboard", "commands", "menu_button", "started",
                               "blocked", "pinned", "read_to", "action"}``; a message is Bot API JSON with ``out``,
                               ``reactions``, ``file_url``; 409 while no bot has connected
``POST /sim/act``              ``{"person": ID, "action": NAME, ...}`` → ``{"message": {...}}`` where there is one

=============  =====================================================================================================
``send``       ``text``, ``reply_to`` (message id)
``start``      ``payload``
``edit``       ``message_id``, ``text``
``delete``     ``message_id``
``press``      ``message_id``, ``button`` (label or data), ``wait`` seconds → ``{"press": id, "answer": {...} | null}``
``keyboard``   ``label``: a button of the reply keyboard
``contact``    ``phone``, ``first_name``, ``last_name``, ``user_id``; ``share_contact``: the own one (``phone``)
``photo``      ``data`` (base64), ``caption``, ``reply_to``
``document``   ``data``, ``name``, ``caption``, ``reply_to``
``voice``      ``data``, ``duration``, ``reply_to``
``location``   ``latitude``, ``longitude``, ``live_period``, ``horizontal_accuracy``
``move``       ``message_id``, ``latitude``, ``longitude``; ``stop``: ``message_id``
``forward``    ``message_id``, ``from_person`` (whose chat it is in; own by default), ``hidden_name``
``react``      ``message_id``, ``emoji`` (null takes it back)
``inline``     ``query``, ``wait`` seconds → ``{"search": id, "results": [...]}``
``choose``     ``search``, ``result`` (id or position)
``block``      and ``unblock``
=============  =====================================================================================================

``GET  /sim/events``           server-sent events, a JSON object each: ``kind`` (message, edit, delete, keyboard,
                               action, answer, read, chat, people, bot, reload), ``person``, and ``message``,
                               ``message_id``, ``answer`` or ``state``
``GET  /sim/file/PATH``        a file's bytes
``GET  /sim/state``            ``{"bots": [{"username", "pending", ...}], "people": n, "calls": n}``
``POST /sim/faults``           ``{"method", "code", "description", "retry_after", "times", "chat_id"}``
``POST /sim/limits``           ``Limits`` as an object, or null for none
``POST /sim/updates``          ``{"update": {...}}`` or ``{"raw": "text"}``, ``bot`` (id): sent to the bot as it is
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from botcrm.simulator.errors import ApiError, NoBotError
from botcrm.simulator.faults import Limits
from botcrm.simulator.files import guess_mime
from botcrm.simulator.model import Message
from botcrm.simulator.view import bot_json, change_json, chat_json, message_json, person_json

if TYPE_CHECKING:
    from botcrm.simulator.answers import InlineSearch
    from botcrm.simulator.people import Person
    from botcrm.simulator.telegram import Change, Telegram

_PROFILE = ("first_name", "last_name", "username", "language_code", "role")
_STREAM_BOUND = 2000  # changes a slow page may lag behind before it is told to load again


class Control:
    """The handlers of ``/sim``."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._streams: set[asyncio.Queue[str | None]] = set()
        self._searches: dict[str, InlineSearch] = {}

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [
            web.get("/sim/people", self.people),
            web.post("/sim/people", _checked(self.set_people)),
            web.get("/sim/chat", self.chat),
            web.post("/sim/act", _checked(self.act)),
            web.get("/sim/events", self.events),
            web.get("/sim/file/{path:.+}", self.file),
            web.get("/sim/state", self.state),
            web.post("/sim/faults", _checked(self.faults)),
            web.post("/sim/limits", _checked(self.limits)),
            web.post("/sim/updates", _checked(self.updates)),
        ]

    def close(self) -> None:
        """End the streams."""
        for stream in self._streams:
            stream.put_nowait(None)

    async def people(self, request: web.Request) -> web.Response:
        """Tell who there is."""
        telegram = self._telegram
        bot = next(iter(telegram.bots.values()), None)
        return web.json_response(
            {"bot": bot_json(bot), "people": [person_json(one) for one in telegram.people.values()]}
        )

    async def set_people(self, given: Any) -> dict[str, Any]:
        """Add people or change their profiles."""
        for item in given if isinstance(given, list) else [given]:
            person = self._telegram.person(int(item["id"]), str(item.get("first_name") or f"User {item['id']}"))
            for name in _PROFILE:
                if name in item:
                    setattr(person, name, item[name])
        self._telegram.changed("people")
        return {"people": [person_json(one) for one in self._telegram.people.values()]}

    async def chat(self, request: web.Request) -> web.Response:
        """Show one person's chat with the bot."""
        try:
            person = self._person(request.query.get("person"))
            return web.json_response(chat_json(self._telegram, person.chat()))
        except NoBotError as error:
            return web.json_response({"error": str(error)}, status=409)
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)

    def _person(self, person_id: Any) -> Person:
        try:
            return self._telegram.people[int(person_id)]
        except (KeyError, TypeError, ValueError):
            raise LookupError(f"no person {person_id!r}") from None

    async def act(self, given: Any) -> dict[str, Any]:
        """Act as a person."""
        person = self._person(given.get("person"))
        deed = _DEEDS.get(str(given.get("action")))
        if deed is not None:
            done = deed(self, person, given)
            return {"message": message_json(self._telegram, done)} if isinstance(done, Message) else {}
        if given.get("action") == "press":
            return await self._press(person, given)
        if given.get("action") == "inline":
            return await self._inline(person, given)
        raise ValueError(f"no action {given.get('action')!r}")

    async def _press(self, person: Person, given: dict[str, Any]) -> dict[str, Any]:
        press = person.press(int(given["message_id"]), str(given["button"]))
        if given.get("wait") and press.answer is None:
            with contextlib.suppress(TimeoutError):
                await press.answered(float(given["wait"]))
        return {"press": press.id, "answer": press.answer}

    async def _inline(self, person: Person, given: dict[str, Any]) -> dict[str, Any]:
        search = person.inline(str(given.get("query", "")))
        self._telegram.remember(self._searches, search.id, search)
        with contextlib.suppress(TimeoutError):
            await search.answered(float(given.get("wait") or 5))
        return {"search": search.id, "results": search.results}

    def choose(self, person: Person, given: dict[str, Any]) -> Message | None:
        """Send a result of an inline query."""
        search = self._searches.get(str(given.get("search")))
        if search is None or search.person is not person:
            raise LookupError("no such search")
        try:
            return search.choose(given["result"])
        except (IndexError, StopIteration):
            raise LookupError("no such result") from None

    def forward(self, person: Person, given: dict[str, Any]) -> Message:
        """Forward a message, also out of another person's chat."""
        source = self._person(given.get("from_person") or person.id).chat()
        message = source.messages.get(int(given["message_id"]))
        if message is None:
            raise LookupError(f"no message {given['message_id']}")
        return person.forward(message, hidden_name=given.get("hidden_name"))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream the changes."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        stream: asyncio.Queue[str | None] = asyncio.Queue()

        def watch(change: Change) -> None:
            if stream.qsize() < _STREAM_BOUND and (body := change_json(self._telegram, change)) is not None:
                stream.put_nowait(json.dumps(body if stream.qsize() < _STREAM_BOUND - 1 else {"kind": "reload"}))

        self._streams.add(stream)
        try:
            with self._telegram.watching(watch):
                await response.prepare(request)
                await response.write(b": hello\n\n")
                while (event := await self._next(stream)) is not None:
                    await response.write(f"data: {event}\n\n".encode() if event else b": still here\n\n")
        except (ConnectionError, asyncio.CancelledError):
            pass  # the page went away
        finally:
            self._streams.discard(stream)
        return response

    @staticmethod
    async def _next(stream: asyncio.Queue[str | None]) -> str | None:
        try:
            return await asyncio.wait_for(stream.get(), 20)
        except TimeoutError:
            return ""

    async def file(self, request: web.Request) -> web.Response:
        """Serve a file; only pictures and sounds are shown in the browser."""
        stored = self._telegram.files.at(request.match_info["path"])
        if stored is None:
            raise web.HTTPNotFound
        mime = guess_mime(stored.data, stored.path)
        shown = mime in ("image/png", "image/jpeg", "image/gif", "image/webp") or mime.startswith("audio/")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        if not shown:
            mime, headers["Content-Disposition"] = "application/octet-stream", "attachment"
        return web.Response(body=stored.data, content_type=mime, headers=headers)

    async def state(self, request: web.Request) -> web.Response:
        """Count what there is."""
        telegram = self._telegram
        bots = [(bot_json(bot) or {}) | {"pending": len(bot.queue.pending)} for bot in telegram.bots.values()]
        return web.json_response({"bots": bots, "people": len(telegram.people), "calls": len(telegram.calls)})

    async def faults(self, given: Any) -> dict[str, Any]:
        """Inject a fault."""
        names = ("retry_after", "times", "chat_id")
        extra = {name: int(given[name]) for name in names if given.get(name) is not None}
        self._telegram.fail_next(str(given["method"]), int(given["code"]), str(given["description"]), **extra)
        return {}

    async def limits(self, given: Any) -> dict[str, Any]:
        """Switch rate limits on or off."""
        self._telegram.limits = None if given is None else Limits(**given)
        return {}

    async def updates(self, given: Any) -> dict[str, Any]:
        """Push a raw update."""
        telegram = self._telegram
        bot = telegram.bots[int(given["bot"])] if given.get("bot") else telegram.first_bot()
        update = given["update"] if "update" in given else str(given["raw"]).encode()
        return {"update_id": telegram.push_raw_update(bot.token, update)}


def _checked(handler: Callable[[Any], Awaitable[dict[str, Any]]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Wrap a handler of JSON bodies: 400 with the reason for what cannot be done."""

    async def handle(request: web.Request) -> web.Response:
        # Another site's form cannot send this content type, so it cannot act here.
        if request.content_type != "application/json":
            return web.json_response({"error": "Content-Type must be application/json"}, status=400)
        try:
            return web.json_response(await handler(await request.json()))
        except ApiError as error:
            return web.json_response({"error": error.description}, status=400)
        except KeyError as error:
            return web.json_response({"error": f"missing {error}"}, status=400)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


def _data(given: dict[str, Any]) -> bytes:
    return base64.b64decode(str(given["data"]).rpartition(",")[2], validate=True)


def _optional(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names if given.get(name) is not None}


Deed = Callable[[Control, "Person", dict[str, Any]], Message | None]

_DEEDS: dict[str, Deed] = {
    "send": lambda _, who, given: who.send(str(given["text"]), **_optional(given, "reply_to")),
    "start": lambda _, who, given: who.start(given.get("payload") or None),
    "edit": lambda _, who, given: who.edit(int(given["message_id"]), str(given["text"])),
    "delete": lambda _, who, given: who.delete(int(given["message_id"])),
    "keyboard": lambda _, who, given: who.press_keyboard(str(given["label"])),
    "contact": lambda _, who, given: who.send_contact(
        str(given["phone"]), str(given["first_name"]), **_optional(given, "last_name", "user_id", "vcard")
    ),
    "share_contact": lambda me, who, given: who.share_contact(given.get("phone") or me._telegram.phone_of(who)),
    "photo": lambda _, who, given: who.send_photo(_data(given), **_optional(given, "caption", "reply_to")),
    "document": lambda _, who, given: who.send_document(
        _data(given), **_optional(given, "name", "caption", "reply_to")
    ),
    "voice": lambda _, who, given: who.send_voice(_data(given), **_optional(given, "duration", "reply_to")),
    "location": lambda _, who, given: who.send_location(
        float(given["latitude"]),
        float(given["longitude"]),
        **_optional(given, "live_period", "horizontal_accuracy", "reply_to"),
    ),
    "move": lambda _, who, given: who.move_location(
        int(given["message_id"]), float(given["latitude"]), float(given["longitude"])
    ),
    "stop": lambda _, who, given: who.stop_location(int(given["message_id"])),
    "forward": lambda me, who, given: me.forward(who, given),
    "react": lambda _, who, given: who.react(int(given["message_id"]), given.get("emoji")),
    "choose": lambda me, who, given: me.choose(who, given),
    "block": lambda _, who, given: who.block(),
    "unblock": lambda _, who, given: who.unblock(),
}
