"""The simulated Telegram itself: who exists, who said what, and the one door for Bot API calls."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from botcrm.simulator.errors import ApiError, NoBotError
from botcrm.simulator.faults import Fault, Limits, RateMeter
from botcrm.simulator.files import FileStore
from botcrm.simulator.methods import METHODS
from botcrm.simulator.model import Bot, Chat, Message
from botcrm.simulator.params import Params
from botcrm.simulator.people import Person
from botcrm.simulator.updates import Pending, UpdateQueue

_TOKEN = re.compile(r"(\d+):.+")
_KEPT_QUERIES = 10_000
_LOOK_EVERY = 0.05  # seconds
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One Bot API call that was made."""

    token: str
    method: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Something to see: ``kind`` is message, edit, delete, keyboard, action, answer, read, chat, people or bot."""

    kind: str
    chat: Chat | None = None
    message: Message | None = None
    detail: Any = None


class Telegram:
    """An in-memory Telegram.

    ``now`` gives seconds since 1970; ``history`` bounds the messages kept in a chat and ``max_file_bytes`` the files;
    with ``tokens`` only those tokens are let in, without it every ``number:secret`` makes a bot.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        *,
        history: int = 1000,
        limits: Limits | None = None,
        tokens: Iterable[str] | None = None,
        max_file_bytes: int = 256 * 1024 * 1024,
    ) -> None:
        self.now = now
        self.history = history
        self.limits = limits
        self.tokens = None if tokens is None else set(tokens)
        self.callback_seconds = (
            60.0  # how long a press waits for its answer; Telegram names no figure, a minute is generous
        )
        self.calls: deque[Call] = deque(maxlen=1000)
        self.files = FileStore(max_file_bytes)
        self.bots: dict[int, Bot] = {}
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Chat] = {}
        self._faults: list[Fault] = []
        self._meter = RateMeter()
        self._watchers: list[Callable[[Change], None]] = []
        self._wakers: set[asyncio.Future[None]] = set()

    # --- who exists

    def bot(self, token: str, *, username: str | None = None, name: str | None = None) -> Bot:
        """Return the bot of a token, made on first use.

        :raises ApiError: 404 for what is no token, 401 for a wrong one
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ApiError(404, "Not Found")
        bot_id = int(match[1])
        bot = self.bots.get(bot_id)
        if bot is None and (self.tokens is None or token in self.tokens):
            default = f"botcrm_{bot_id}_bot" if self.bots else "botcrm_demo_bot"
            queue = UpdateQueue(random.SystemRandom().randrange(100_000_000, 900_000_000), self._update_done)
            bot = self.bots[bot_id] = Bot(token, bot_id, username or default, name or "botcrm", queue)
            self.changed("bot", detail=bot)
        if bot is None or bot.token != token:
            raise ApiError(401, "Unauthorized")
        bot.username, bot.name = username or bot.username, name or bot.name
        return bot

    def first_bot(self) -> Bot:
        """Return the first bot that connected.

        :raises NoBotError: none has
        """
        for bot in self.bots.values():
            return bot
        raise NoBotError("no bot has connected yet")

    def bot_or_first(self, bot: Bot | None) -> Bot:
        """Return the given bot, else the first one."""
        return bot or self.first_bot()

    def person(
        self,
        user_id: int,
        first_name: str | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = "en",
        role: str = "",
    ) -> Person:
        """Return the person with an id, made on first use; ``role`` is only a label on the page."""
        person = self.people.get(user_id)
        if person is None:
            profile = {"first_name": first_name, "last_name": last_name, "username": username}
            person = self.people[user_id] = Person(self, user_id, **profile, language_code=language_code, role=role)
            self.changed("people")
        return person

    def group(
        self, chat_id: int, title: str, members: Iterable[Person] = (), *, bots: Iterable[Bot] = (), forum: bool = False
    ) -> Chat:
        """Make a supergroup with people and bots (the first bot by default); ``chat_id`` is negative."""
        chat = Chat(chat_id, "supergroup", title, is_forum=forum, started=True)
        chat.members = {person.id: person for person in members}
        chat.bots = list(bots) or [self.first_bot()]
        self.groups[chat_id] = chat
        founder = next(iter(chat.members.values()), None)
        for bot in chat.bots:
            bot.chats[chat_id] = chat
            user = bot.user()
            body = {
                "chat": chat.json(), "from": founder.user() if founder else user, "date": self.date(),
                "old_chat_member": {"user": user, "status": "left"},
                "new_chat_member": {"user": user, "status": "member"},
            }  # fmt: skip
            self.push(bot, "my_chat_member", body, chat)
        return chat

    def private_chat(self, bot: Bot, person: Person) -> Chat:
        """Return the chat of a person with a bot; nobody has written in a new one."""
        chat = bot.chats.get(person.id)
        if chat is None:
            chat = bot.chats[person.id] = Chat(person.id, "private", bot=bot, person=person)
        return chat

    def phone_of(self, person: Person) -> str:
        """Make up the phone number of a person, always the same one."""
        return f"+4860{person.id % 10_000_000:07d}"

    def date(self) -> int:
        """Return the time as messages carry it, whole seconds since 1970."""
        return int(self.now())

    # --- Bot API calls

    async def call(
        self, token: str, method: str, params: Mapping[str, Any] | None = None, files: Mapping[str, Any] | None = None
    ) -> Any:
        """Execute one Bot API method and return its result.

        ``files`` maps names to bytes, (name, bytes) or Upload. getUpdates returns dicts, or raw bytes as pushed.

        :raises ApiError: refused, as Telegram would
        """
        bot = self.bot(token)
        known = METHODS.get(method.lower())
        if known is None:
            raise ApiError(404, "Not Found: method not found")
        name, handler = known
        arguments = Params(params or {}, files)
        self.calls.append(Call(token, name, arguments.values))
        try:
            self._raise_fault(name, arguments.integer("chat_id"))
            result = handler(self, bot, arguments)
            return await result if inspect.isawaitable(result) else result
        finally:
            self._wake()

    def fail_next(
        self,
        method: str,
        code: int,
        description: str,
        retry_after: int | None = None,
        times: int = 1,
        chat_id: int | None = None,
    ) -> None:
        """Make the next ``times`` calls of a method (``*`` any) fail, only those to ``chat_id`` if given."""
        self._faults.append(Fault(method, code, description, retry_after, times, chat_id))

    def _raise_fault(self, method: str, chat_id: int | None) -> None:
        for fault in self._faults:
            if fault.matches(method, chat_id):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                raise fault.error()

    def spend(self, bot: Bot, chat: Chat) -> None:
        """Count a message against the rate limits.

        :raises ApiError: 429
        """
        if self.limits is not None:
            self._meter.spend(self.limits, bot.id, chat.id, not chat.is_private, self.now())

    # --- updates

    def push(self, bot: Bot, kind: str, body: dict[str, Any], chat: Chat, message: Message | None = None) -> None:
        """Queue an update for a bot that asked for its kind."""
        if bot.wants(kind):
            bot.queue.push({kind: body}, chat.id, message)

    def push_raw_update(self, token: str, update: dict[str, Any] | bytes) -> int:
        """Queue anything as an update and return the id it was counted under; bytes go out as they are."""
        return self.bot(token).queue.push(update, 0)

    def _update_done(self, update: Pending) -> None:
        message = update.message
        if message is not None and message.id > message.chat.read_to:
            message.chat.read_to = message.id
            self.changed("read", message.chat, message)

    # --- messages

    def post(self, chat: Chat, sender: dict[str, Any], body: dict[str, Any]) -> Message:
        """Put a message into a chat and tell the bots that may read it."""
        data: dict[str, Any] = {
            "message_id": chat.new_message_id(),
            "from": sender,
            "chat": chat.json(),
            "date": self.date(),
        } | body
        message = Message(chat, data, from_bot=bool(sender["is_bot"]))
        chat.messages[data["message_id"]] = message
        if len(chat.messages) > self.history:
            del chat.messages[next(iter(chat.messages))]
        if not message.from_bot:
            for bot in self._readers(message):
                self.push(bot, "message", data, chat, message)
        self.changed("message", chat, message)
        return message

    def revise(self, message: Message, data: dict[str, Any], update: str | None = None) -> None:
        """Replace what a message says; ``update`` names the update that its readers get."""
        message.data = data
        if update is not None:
            for bot in self._readers(message):
                self.push(bot, update, data, message.chat, message)
        self.changed("edit", message.chat, message)

    def remove(self, message: Message) -> None:
        """Delete a message."""
        message.deleted = True
        message.chat.messages.pop(message.id, None)
        self.changed("delete", message.chat, message)

    def _readers(self, message: Message) -> list[Bot]:
        chat = message.chat
        if chat.bot is not None:
            return [chat.bot]
        return [bot for bot in chat.bots if bot.reads_groups or _concerns(message, bot)]

    def photo(self, data: bytes, width: int, height: int) -> list[dict[str, Any]]:
        """Store a picture and describe it in two sizes, the smaller one first."""
        scale = min(1.0, 320 / max(width, height, 1))
        small: dict[str, Any] = {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
        stored = [
            self.files.add("photo", data, "photo.jpg", **small),
            self.files.add("photo", data, "photo.jpg", width=width, height=height),
        ]
        return [one.json() for one in stored]

    def remember(self, queries: dict[str, _T], query_id: str, query: _T) -> None:
        """Keep an open query, forgetting the oldest beyond a bound."""
        queries[query_id] = query
        if len(queries) > _KEPT_QUERIES:
            del queries[next(iter(queries))]

    def commands_for(self, bot: Bot, person: Person) -> list[dict[str, Any]]:
        """Find the commands a person sees in the private chat, by Telegram's order of scopes and languages."""
        for scope in (f"chat:{person.id}", "all_private_chats", "default"):
            for language in (person.language_code or "", ""):
                if (scope, language) in bot.commands:
                    return bot.commands[scope, language]
        return []

    # --- watching

    def changed(self, kind: str, chat: Chat | None = None, message: Message | None = None, detail: Any = None) -> None:
        """Tell the watchers about a change and wake who waits for one."""
        if self._watchers:
            change = Change(kind, chat, message, detail)
            for watcher in self._watchers:
                watcher(change)
        self._wake()

    def _wake(self) -> None:
        if self._wakers:
            for waker in self._wakers:
                if not waker.done():
                    waker.set_result(None)
            self._wakers.clear()

    @contextlib.contextmanager
    def watching(self, watcher: Callable[[Change], None]) -> Iterator[None]:
        """Call ``watcher`` with every Change while the block runs."""
        self._watchers = [*self._watchers, watcher]
        try:
            yield
        finally:
            self._watchers = [one for one in self._watchers if one is not watcher]

    async def until(self, condition: Callable[[], _T], timeout: float = 60.0) -> _T:  # noqa: ASYNC109 (reads better at the caller)
        """Wait until a condition holds and return its value; a LookupError in it counts as "not yet".

        :raises TimeoutError: it did not within ``timeout`` seconds
        """
        async with asyncio.timeout(timeout):
            while True:
                with contextlib.suppress(LookupError):
                    if value := condition():
                        return value
                waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._wakers.add(waker)
                try:
                    await asyncio.wait({waker}, timeout=_LOOK_EVERY)  # the condition may be about the bot's own state
                finally:
                    self._wakers.discard(waker)

    async def close(self) -> None:
        """Stop the web hooks and end waiting polls."""
        for bot in self.bots.values():
            if bot.sender is not None:
                await bot.sender.stop()
            bot.queue.interrupt("Conflict: terminated by server stop")


def _concerns(message: Message, bot: Bot) -> bool:
    """Tell whether a bot in privacy mode may read a group message: commands, replies to it, its name."""
    text = message.text
    if message.data.get("reply_to_message", {}).get("from", {}).get("id") == bot.id:
        return True
    command = re.match(r"/\w+(?:@(\w+))?", text)
    if command:
        return command[1] is None or command[1].lower() == bot.username.lower()
    return f"@{bot.username}".lower() in text.lower()
