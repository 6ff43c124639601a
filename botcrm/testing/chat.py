"""The bot and its people in one process, without a network and without waiting."""

import contextlib
import functools
import html
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botcrm.app import App
from botcrm.core.services.staff.people import add_user
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from botcrm.simulator import ApiError as SimulatedError
from botcrm.simulator import Telegram
from botcrm.telegram.api import ApiError, Files
from botcrm.telegram.run import BotProcess
from botcrm.testing.databases import UP_TO_DATE
from botcrm.testing.member import Member
from botcrm.testing.plugged import Plugged

TOKEN = "1:test"  # noqa: S105 - no secret
# A Tuesday at ten in the morning, Warsaw time: a working day, with a week around it.
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
# Telegram takes one message a second in a chat; a test waits so many seconds for what is behind it.
_PATIENCE = 4


_tls: Any = functools.cache(ssl.create_default_context)


@contextlib.contextmanager
def _certificates_read_once() -> Iterator[None]:
    """Have every bot of this process share what it trusts: each would read all certificates anew, and never uses them."""
    usual = ssl.create_default_context
    ssl.create_default_context = _tls
    try:
        yield
    finally:
        ssl.create_default_context = usual


class Clock:
    """The time that the bot and the simulator see."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start
        self._pass: Callable[..., Awaitable[None]] | None = None

    def __call__(self) -> datetime:
        return self.moment

    def drive(self, advance: Callable[..., Awaitable[None]]) -> None:
        """Say how time passes."""
        self._pass = advance

    async def advance(self, **length: float) -> None:
        """Let time pass, e.g. `hours=3`: whatever falls due on the way happens at its own moment."""
        assert self._pass is not None, "this clock belongs to no bot"
        await self._pass(**length)


class MemoryTransport:
    """Carries Bot API calls into the simulator's Telegram in the same process."""

    def __init__(self, telegram: Telegram, token: str = TOKEN) -> None:
        self._telegram = telegram
        self._token = token

    async def call(
        self,
        method: str,
        payload: dict[str, Any] | str,
        *,
        files: Files | None = None,
        timeout: float = 30.0,  # noqa: ASYNC109 - passed on to the HTTP client
    ) -> Any:
        """Make a call.

        :raises ApiError: the simulated Telegram refused
        """
        try:
            said = json.loads(payload) if isinstance(payload, str) else payload
            return await self._telegram.call(self._token, method, said, files)
        except SimulatedError as exc:
            parameters = exc.parameters or {}
            raise ApiError(exc.code, exc.description, parameters.get("retry_after")) from None

    async def fetch(self, path: str, most_bytes: int) -> bytes:
        """Return the file at a path that getFile named.

        :raises ValueError: it is larger
        :raises OSError: there is none
        """
        stored = self._telegram.files.at(path)
        if stored is None:
            raise FileNotFoundError(path)
        if len(stored.data) > most_bytes:
            raise ValueError(f"the file has more than {most_bytes} bytes")
        return stored.data


class Crm(Plugged):
    """A running botcrm over a simulated Telegram.

    :param plugins: what to load besides the built-in plugins, as `botcrm.testing.loading.named` takes it; None for whatever
        is installed
    """

    def __init__(self, database_url: str, *, plugins: Any = None, **settings: Any) -> None:
        super().__init__(plugins)
        values: dict[str, Any] = {"timezone": "Europe/Warsaw", "currency": "PLN", "region": "PL", "token": TOKEN}
        self.settings = Settings(database_url=database_url, **(values | settings))
        self.clock = Clock()
        self.clock.drive(self.advance)
        self.telegram = Telegram(now=lambda: self.clock().timestamp())
        self.bot = self.telegram.bot(TOKEN, username="acme_crm_bot")
        self._build()
        self._offset = 0
        self._people = 100
        self._queries = 0

    @classmethod
    async def start(cls, database_url: str, *, plugins: Any = None, **settings: Any) -> "Crm":
        """Start the bot on a database."""
        crm = cls(database_url, plugins=plugins, **settings)
        await crm.begin()
        return crm

    def _build(self) -> None:
        self.app = App(self.settings, now=self.clock)
        self.plug()
        self.process = BotProcess(self.app, MemoryTransport(self.telegram), bot_id=1)

    async def begin(self) -> None:
        """Start the bot.

        :raises NotLoaded: a plugin under test cannot be switched on
        """
        await self.app.open(migrate=self.settings.database_url not in UP_TO_DATE)
        await self.app.hooks.load()
        self.check_plugins()
        self.app.hooks.begin()
        with _certificates_read_once():
            await self.process.load_front()
        await self.process.name_bot()
        await self.process.jobs.recover()
        await self.process.outbox.recover()
        await self.process.outbox.start()
        await self.process.inbox.recover()
        await self.settle()

    async def restart(self, **downtime: float) -> None:
        """Stop the bot and start it again on the same database, e.g. `hours=3` later; Telegram and its people go on."""
        await self.stop()
        self.clock.moment += timedelta(**downtime)
        self._build()
        await self.begin()
        await self.process.jobs.sweep()
        await self._send()

    def next_query(self) -> int:
        """Return an id that no callback query had."""
        self._queries += 1
        return 10**15 + self._queries

    async def stop(self) -> None:
        """Stop the bot and close the database."""
        await self.process.jobs.stop()
        await self.process.inbox.stop()
        await self.process.outbox.stop()
        await self.app.stop()
        self.unplug()

    async def join(self, role: str, name: str, *, manager: Member | None = None, zone: str | None = None) -> Member:
        """Add somebody to the staff who has pressed Start."""
        member = self.stranger(name)
        async with self.app.work() as work:
            user = await add_user(
                work,
                name=name,
                role=role,
                telegram_id=member.person.id,
                manager_id=manager.user_id if manager else None,
            )
        member.user_id = user.id
        member.person.start()
        await self.settle()
        if zone:
            await member.send(f"/settings zone {zone}")
        return member

    def stranger(self, name: str) -> Member:
        """Return somebody who is none of the staff."""
        self._people += 1
        first, _, last = name.partition(" ")
        return Member(
            self, self.telegram.person(self._people, first_name=first, last_name=last or None, language_code="en")
        )

    async def settle(self) -> None:
        """Let the bot take in, handle and send all there is; what waits its turn in a chat goes out seconds later.

        Plugins hear of all that happened meanwhile.
        """
        await self._take_in()
        for _ in range(_PATIENCE):
            await self.app.hooks.settled()
            if not await self.process.outbox.depth():
                return
            self.clock.moment += timedelta(seconds=1)
            self.process.outbox.wake()
            await self.process.outbox.drain()

    async def _take_in(self) -> None:
        while True:
            payload = {"offset": self._offset, "timeout": 0, "limit": 100}
            updates = await self.telegram.call(TOKEN, "getUpdates", payload)
            if updates:
                await self.process.inbox.store(updates)
                self._offset = max(update["update_id"] for update in updates) + 1
            await self.process.inbox.drain()
            await self.process.outbox.drain()
            if not updates:
                return

    async def advance(self, **length: float) -> None:
        """Let time pass, e.g. `hours=3`: whatever falls due on the way happens at its own moment."""
        end = self.clock.moment + timedelta(**length)
        while True:
            due = await self.process.jobs.next_run_at()
            if due is None or due > end:
                break
            self.clock.moment = max(self.clock.moment, due)
            await self.process.jobs.sweep()
            await self._send()
        self.clock.moment = max(end, self.clock.moment)
        await self._send()

    async def _send(self) -> None:
        await self.process.outbox.sweep()
        await self.settle()

    async def until(self, moment: datetime) -> None:
        """Let time pass until a moment."""
        await self.advance(seconds=(moment - self.clock.moment).total_seconds())

    def work(self) -> Any:
        """Open a unit of work in the system's hands."""
        return self.app.work()


def plain(text: str) -> str:
    """Take HTML's escapes out of a text."""
    return html.unescape(text)


__all__ = ["START", "TOKEN", "Clock", "Crm", "Member", "MemoryTransport", "Work", "plain"]
