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
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from botcrm.app import App
from botcrm.core.services.exporting.export import export_rows
from botcrm.core.services.exporting.formats import json_text
from botcrm.core.services.staff.people import add_user, preferences, system
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from botcrm.simulator import Person, Telegram

TOKEN = "1:x"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds a condition may take on a machine that has other things to do


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

    async def export(self, kind: str) -> list[dict[str, Any]]:
        """Return the rows of an export."""
        async with self._opened() as app:
            work = Work(system(await preferences(app.defaults)), app.now())
            pieces = json_text(export_rows(work, kind, zone="Europe/Warsaw"))
            rows: list[dict[str, Any]] = json.loads("".join([piece async for piece in pieces]))
        return rows

    async def rep(self, number: int, name: str) -> Person:
        """Add a rep to the staff and to Telegram."""
        (person,) = await self.staff("rep", {number: name})
        return person

    async def reps(self, *numbers: int) -> list[Person]:
        """Add reps to the staff and to Telegram."""
        return await self.staff("rep", {number: f"Rep{number}" for number in numbers})

    async def staff(self, role: str, names: dict[int, str]) -> list[Person]:
        """Add people to the staff, by their Telegram ids, and have them press Start."""
        async with self._opened() as app, app.work() as work:
            for number, name in names.items():
                await add_user(work, name=name, role=role, telegram_id=number)
        self.telegram.bot(TOKEN)
        people = [self.telegram.person(number, first_name=name, language_code="en") for number, name in names.items()]
        for person in people:
            person.start()
        return people

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[App]:
        """Open the bot's database in this process: what a command of the bot does takes a process seconds to begin."""
        app = App(Settings(database_url=f"sqlite://{self.path}"))
        await app.open()
        try:
            yield app
        finally:
            await app.stop()

    async def start(self, **settings: str) -> None:
        """Start the bot, with further settings from now on."""
        self._env |= settings
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "botcrm", "run", env=self._env, cwd=ROOT, stdout=log, stderr=log
            )

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
