"""The real bot process against a local Telegram: started, killed with -9, started again, and read through its exports."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botcrm.app import App
from botcrm.core.services.people import add_user
from botcrm.settings import Settings
from botcrm.simulator import Person, Telegram

TOKEN = "1:x"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds a condition may take on a machine that has other things to do


def last(person: Person) -> str:
    """Return what the bot wrote to somebody last."""
    return next((message.text for message in reversed(person.messages()) if message.from_bot), "")


class Site:
    """A folder with a database, a local Telegram, and the bot's process over both."""

    def __init__(self, folder: Path, telegram: Telegram, url: str, **settings: str) -> None:
        self.telegram = telegram
        self.path = folder / "crash.sqlite3"
        self.log = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BOTCRM_")}
        self._env = kept | {
            "BOTCRM_TELEGRAM_API": url,
            "BOTCRM_TOKEN": TOKEN,
            "BOTCRM_DATABASE_URL": f"sqlite://{self.path}",
            "BOTCRM_HTTP_PORT": "0",
            "BOTCRM_TIMEZONE": "Europe/Warsaw",
            "BOTCRM_CURRENCY": "PLN",
            **settings,
        }

    async def botcrm(self, *words: str) -> str:
        """Run a command to its end and return what it printed."""
        process = await self._spawn(*words, stdout=asyncio.subprocess.PIPE)
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0, self.log.read_text()
        return out.decode()

    async def _spawn(self, *words: str, stdout: Any) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "botcrm", *words, env=self._env, cwd=ROOT, stdout=stdout or log, stderr=log
            )

    async def export(self, kind: str) -> list[dict[str, Any]]:
        """Return the rows of an export."""
        rows: list[dict[str, Any]] = json.loads(await self.botcrm("export", kind, "--format", "json"))
        return rows

    async def rep(self, number: int, name: str) -> Person:
        """Add a rep to the staff and to Telegram."""
        await self.botcrm("user", "add", "--name", name, "--role", "rep", "--telegram-id", str(number))
        self.telegram.bot(TOKEN)
        person = self.telegram.person(number, first_name=name, language_code="en")
        person.start()
        return person

    async def reps(self, *numbers: int) -> list[Person]:
        """Add reps at once, in this process."""
        app = App(Settings(database_url=f"sqlite://{self.path}"))
        await app.start()
        try:
            async with app.work() as work:
                for number in numbers:
                    await add_user(work, name=f"Rep{number}", role="rep", telegram_id=number)
        finally:
            await app.stop()
        self.telegram.bot(TOKEN)
        people = [self.telegram.person(number, first_name=f"Rep{number}", language_code="en") for number in numbers]
        for person in people:
            person.start()
        return people

    async def start(self, **settings: str) -> None:
        """Start the bot, with further settings from now on."""
        self._env |= settings
        self._process = await self._spawn("run", stdout=None)

    async def kill(self) -> None:
        """End the bot as a power cut would."""
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.kill()
        if process:
            await process.wait()

    async def stop(self) -> None:
        """End the bot in order."""
        process, self._process = self._process, None
        assert process
        process.terminate()
        code = await asyncio.wait_for(process.wait(), PATIENCE)
        # The signal itself ends a process that has only just begun.
        assert code in (0, -signal.SIGTERM), self.log.read_text()

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the bot's database from outside; nothing while there is none yet."""
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def number(self, sql: str, *values: Any) -> int:
        """Return the single number of a query."""
        rows = self.query(sql, *values)
        return int(rows[0][0]) if rows else 0

    def updates(self, state: str) -> int:
        """Return how many updates are in a state."""
        return self.number("SELECT count(*) FROM inbox WHERE state = ?", state)

    async def until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until something is so, and fail with the bot's log when it does not come to be."""
        end = time.monotonic() + PATIENCE
        while not condition():
            running = self._process is None or self._process.returncode is None
            if time.monotonic() > end or not running:
                raise AssertionError(f"not so: {what}\n{self.log.read_text()[-4000:]}")
            await asyncio.sleep(0.02)
