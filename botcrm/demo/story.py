"""The one-minute story: a rep's morning, a reminder, an overdue ping at the manager, an undo, a win, a client who writes."""

import asyncio
import textwrap
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp

from botcrm.app import App
from botcrm.demo.clock import StoryClock
from botcrm.demo.company import CLIENT_ID, MANAGER_ID, REP_ID
from botcrm.simulator import Message, Person, Telegram
from botcrm.telegram.run import BotProcess
from botcrm.words import Words


class Story:
    """Plays the story through the same doors that people use, and prints every chat as it goes."""

    def __init__(
        self, app: App, bot: BotProcess, telegram: Telegram, clock: StoryClock, *, pause: float, form: str
    ) -> None:
        self._app = app
        self._bot = bot
        self._telegram = telegram
        self._clock = clock
        self._pause = pause
        self._form = form
        self._anna = telegram.person(REP_ID)
        self._maria = telegram.person(MANAGER_ID)
        self._jan = telegram.person(CLIENT_ID)
        self._shown: dict[tuple[int, int], str] = {}

    async def play(self) -> None:
        """Play it from beginning to end."""
        for person in (self._anna, self._maria):
            await self._act(person, lambda person=person: person.start(), quiet=True)  # type: ignore[misc]
        await self._say(self._anna, "deal Acme 12k roof repair next in 20m send offer")
        await self._say(self._anna, "call Jan 15m ok wants two variants next tomorrow 15:00 talk them through")
        await self._until_told(self._anna, "⏰", "15 minutes before, a reminder comes by itself:")
        await self._until_told(self._anna, "⏰ now", "And at the time:")
        await self._tap(self._anna, "Done")
        await self._until_told(
            self._maria,
            "🔴",
            "The light plan for Lumen was due at 11:00. Two working hours later the manager hears of it:",
        )
        await self._tap(self._maria, "Ask")
        await self._wait_for(self._anna, "asks how this stands")
        await self._tap(self._anna, "Answer")
        await self._say(self._anna, "Plan is drawn, I send it tonight")
        await self._wait_for(self._maria, "answers")
        await self._say(self._anna, "deal Acme 99k roof")
        await self._say(self._anna, "undo")
        await self._say(self._anna, "won d5")
        await self._say(self._jan, "Hello, is the offer for our roof ready?")
        await self._wait_for(self._anna, "📥")
        await self._catch_up()
        await self._say(self._anna, "today")
        await self._fill_in_form()
        await self._wait_for(self._maria, "Web form")

    # --- acting ----------------------------------------------------------------------------------------------------

    async def _say(self, person: Person, text: str) -> None:
        await self._act(person, lambda: person.send(text))

    async def _fill_in_form(self) -> None:
        """Send the form on the site as a visitor would."""
        filled = {
            "name": "Ola Nowicka",
            "phone": "+48 699 700 701",
            "text": "How much is a new gate?",
            "utm_term": "steel gates",
        }
        print("\n  … Somebody fills in the form on the company's site:\n", flush=True)
        async with aiohttp.ClientSession() as client, client.post(self._form, json=filled) as answer:
            answer.raise_for_status()

    async def _act(self, person: Person, act: Callable[[], Message], *, quiet: bool = False) -> None:
        sent = act()
        self._print(person, sent, quiet=quiet)
        await self._telegram.until(lambda: self._newest(person) > sent.id or None, timeout=60)
        await self._settle(quiet=quiet)

    async def _tap(self, person: Person, label: str) -> None:
        target = next(
            message
            for message in reversed(person.messages())
            if message.from_bot and any(label in text for row in message.buttons for text in row)
        )
        text = next(text for row in target.buttons for text in row if label in text)
        print(f"  {person.first_name} taps [{text}]", flush=True)
        press = person.press(target, text)
        await press.answered(timeout=30)
        await self._settle()

    def _newest(self, person: Person) -> int:
        return max((message.id for message in person.messages() if message.from_bot), default=0)

    async def _settle(self, *, quiet: bool = False) -> None:
        """Let the bot finish what follows, then print what is new in every chat."""
        await self._bot.inbox.drain()
        await self._bot.outbox.drain()
        for person in (self._anna, self._maria, self._jan):
            for message in person.messages():
                self._print(person, message, quiet=quiet)
        await asyncio.sleep(self._pause)

    # --- time ------------------------------------------------------------------------------------------------------

    async def _until_told(self, person: Person, words: str, what: str) -> None:
        """Let time pass until the bot tells somebody something by itself."""
        before = self._newest(person)
        print(f"\n  … {what}\n", flush=True)
        for _ in range(50):
            if self._told(person, words, before):
                return
            due = await self._bot.jobs.next_run_at()
            if due is None:
                break
            await self._jump(due)
        raise RuntimeError(f"the story broke off: {words!r} did not come")

    def _told(self, person: Person, words: str, after: int) -> bool:
        return any(m.from_bot and m.id > after and m.text.startswith(words) for m in person.messages())

    async def _wait_for(self, person: Person, words: str) -> None:
        """Wait for what follows from what was just done."""
        await self._telegram.until(
            lambda: any(words in m.text for m in person.messages() if m.from_bot) or None, timeout=30
        )
        await self._settle()

    async def _jump(self, moment: datetime) -> None:
        self._clock.forward(moment + timedelta(milliseconds=50))
        await self._bot.tick()
        await self._settle()

    async def _catch_up(self) -> None:
        """Let the rest of the time pass until it is now, with whatever falls due on the way."""
        print("\n  … and by now:\n", flush=True)
        while True:
            due = await self._bot.jobs.next_run_at()
            real = datetime.now(self._clock().tzinfo)
            if due is None or due >= real:
                self._clock.forward(real)
                return
            await self._jump(due)

    # --- the terminal ------------------------------------------------------------------------------------------------

    def _print(self, person: Person, message: Message, *, quiet: bool = False) -> None:
        key = (person.id, message.id)
        text = message.text or ""
        if self._shown.get(key) == text:
            return
        changed = key in self._shown
        self._shown[key] = text
        if quiet:
            return
        name = person.first_name
        words = Words(self._app.defaults, self._clock())
        time = words.clock(words.wall(datetime.fromtimestamp(message.data["date"], tz=self._clock().tzinfo)))
        if not message.from_bot:
            print(f"{time} {name}: {text}", flush=True)
            return
        mark = f"botcrm to {name}" + (" (changed)" if changed else "")
        print(
            textwrap.indent(text, "      │ ", lambda line: True).replace("      │ ", f"{time} {mark}\n      │ ", 1),
            flush=True,
        )
        for row in message.buttons:
            print("      └ " + "  ".join(f"[{label}]" for label in row), flush=True)
