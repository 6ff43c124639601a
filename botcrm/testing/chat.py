"""The bot and its people in one process, without a network and without waiting."""

import html
from datetime import UTC, datetime, timedelta
from typing import Any

from botcrm.app import App
from botcrm.core.services.people import add_user
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from botcrm.simulator import ApiError as SimulatedError
from botcrm.simulator import Message, Person, Press, Telegram
from botcrm.telegram.api import ApiError
from botcrm.telegram.run import BotProcess

TOKEN = "1:test"  # noqa: S105 - no secret
# A Tuesday at ten in the morning, Warsaw time: a working day, with a week around it.
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
# Telegram takes one message a second in a chat; a test waits so many seconds for what is behind it.
_PATIENCE = 4


class Clock:
    """The time that the bot and the simulator see."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        return self.moment


class MemoryTransport:
    """Carries Bot API calls into the simulator's Telegram in the same process."""

    def __init__(self, telegram: Telegram, token: str = TOKEN) -> None:
        self._telegram = telegram
        self._token = token

    async def call(self, method: str, payload: dict[str, Any], *, timeout: float = 30.0) -> Any:  # noqa: ASYNC109 - passed on to the HTTP client
        """Make a call.

        :raises ApiError: the simulated Telegram refused
        """
        try:
            return await self._telegram.call(self._token, method, payload)
        except SimulatedError as exc:
            parameters = exc.parameters or {}
            raise ApiError(exc.code, exc.description, parameters.get("retry_after")) from None


class Member:
    """Somebody in a chat with the bot: staff or client."""

    def __init__(self, crm: "Crm", person: Person, user_id: int | None = None) -> None:
        self.crm = crm
        self.person = person
        self.user_id = user_id
        self.toast = ""

    async def send(self, text: str, *, reply_to: Message | None = None) -> str:
        """Type a message and return the bot's newest answer."""
        self.person.send(text, reply_to=reply_to)
        await self.crm.settle()
        return self.last

    async def edit(self, message: Message, text: str) -> str:
        """Edit an own message and return the bot's newest answer."""
        self.person.edit(message, text)
        await self.crm.settle()
        return self.last

    async def tap(self, label: str, message: Message | None = None) -> str:
        """Press the button whose label holds these words, on the newest message that has it; returns the message's text."""
        target = message or self.with_button(label)
        exact = next((text for row in target.buttons for text in row if label in text), label)
        press: Press = self.person.press(target, exact)
        await self.crm.settle()
        self.toast = (press.answer or {}).get("text") or ""
        return next(shown.text for shown in self.person.messages() if shown.id == target.id)

    async def forge(self, data: str, message: Message) -> str:
        """Press a button that is not there, as an old or a changed client might; returns the toast."""
        person = self.person
        press = Press(f"{self.crm.next_query()}", message, self.crm.clock().timestamp(), person)
        self.crm.telegram.remember(self.crm.bot.presses, press.id, press)
        query = {"id": press.id, "from": person.user(), "message": message.data, "chat_instance": "1", "data": data}
        self.crm.telegram.push(self.crm.bot, "callback_query", query, message.chat)
        await self.crm.settle()
        self.toast = (press.answer or {}).get("text") or ""
        return self.toast

    def with_button(self, label: str) -> Message:
        """Return the newest message of the bot with a button whose label holds these words."""
        for message in reversed(self.person.messages()):
            if message.from_bot and any(label in text for row in message.buttons for text in row):
                return message
        raise AssertionError(f"no button {label!r}; the last message is {self.last!r} with {self.buttons}")

    @property
    def last(self) -> str:
        """Return the text of the bot's newest message."""
        messages = [message for message in self.person.messages() if message.from_bot]
        return str(messages[-1].text) if messages else ""

    @property
    def card(self) -> Message:
        """Return the bot's newest message."""
        return self.person.last()

    @property
    def mine(self) -> Message:
        """Return this person's newest own message."""
        return next(message for message in reversed(self.person.messages()) if not message.from_bot)

    @property
    def buttons(self) -> list[str]:
        """Return the labels under the newest message."""
        return [label for row in self.card.buttons for label in row] if self.last else []

    @property
    def seen(self) -> str:
        """Return everything the bot ever wrote to this person, as it stands now."""
        return "\n".join(str(message.text) for message in self.person.messages() if message.from_bot)


class Crm:
    """A running botcrm over a simulated Telegram."""

    def __init__(self, database_url: str, **settings: Any) -> None:
        values: dict[str, Any] = {"timezone": "Europe/Warsaw", "currency": "PLN", "region": "PL", "token": TOKEN}
        self.settings = Settings(database_url=database_url, **(values | settings))
        self.clock = Clock()
        self.telegram = Telegram(now=lambda: self.clock().timestamp())
        self.bot = self.telegram.bot(TOKEN, username="acme_crm_bot")
        self._build()
        self._offset = 0
        self._people = 100
        self._queries = 0

    @classmethod
    async def start(cls, database_url: str, **settings: Any) -> "Crm":
        """Start the bot on a database."""
        crm = cls(database_url, **settings)
        await crm._begin()
        return crm

    def _build(self) -> None:
        self.app = App(self.settings, now=self.clock)
        self.process = BotProcess(self.app, MemoryTransport(self.telegram), bot_id=1)

    async def _begin(self) -> None:
        await self.app.start()
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
        await self._begin()
        await self.process.jobs.sweep()
        await self._send()

    def next_query(self) -> int:
        """Return an id that no callback query had."""
        self._queries += 1
        return 10**15 + self._queries

    async def stop(self) -> None:
        """Stop the bot and close the database."""
        await self.process.inbox.stop()
        await self.process.outbox.stop()
        await self.app.stop()

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
        """Let the bot take in, handle and send all there is; what waits its turn in a chat goes out seconds later."""
        await self._take_in()
        for _ in range(_PATIENCE):
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
