"""A world for the reminders: a database, a clock that tests turn, and a bot's end that notes what is delivered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.kinds import Lane
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import User
from botcrm.core.services.actor import Actor
from botcrm.core.services.deals import seed_pipeline
from botcrm.core.services.staff.people import actor_by_id, add_user, preferences, system
from botcrm.core.services.staff.shipped_roles import seed_roles
from botcrm.core.services.work import Work
from botcrm.reminders.outbox import Outbox
from botcrm.reminders.outbox_rows import OutboxRow

START = datetime(2026, 3, 4, 10, tzinfo=UTC)  # a Wednesday
Answer = Callable[[OutboxRow], Awaitable[int | None]]


class Clock:
    """A clock that stands still until it is moved; sleepers wake as it passes their time."""

    def __init__(self) -> None:
        self.time = START
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def __call__(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + timedelta(seconds=seconds), future))
        await future

    def move(self, **step: float) -> None:
        self.time += timedelta(**step)
        for at, future in self._sleepers:
            if at <= self.time and not future.done():
                future.set_result(None)
        self._sleepers = [entry for entry in self._sleepers if not entry[1].done()]


class World:
    """One process's use of the core."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.defaults = Preferences(zone="Europe/Warsaw")
        self.outbox: Outbox | None = None

    @contextlib.asynccontextmanager
    async def work(self, actor: Actor | None = None) -> AsyncIterator[Work]:
        async with db.transaction():
            work = Work(actor or system(await preferences(self.defaults)), self.clock())
            yield work
            await work.flush()
        if self.outbox:
            self.outbox.submit(work.outbox_ids, work.posted)

    async def person(self, name: str, chat: int | None, *, role: str = "rep", manager: int | None = None) -> User:
        async with self.work() as work:
            return await add_user(work, name=name, role=role, telegram_id=chat, manager_id=manager)

    async def acting(self, user: User) -> Actor:
        actor = await actor_by_id(self.defaults, user.id)
        assert actor
        return actor

    async def post(
        self,
        chat: int,
        text: str = "",
        *,
        lane: Lane = Lane.REPLY,
        audience: str = "staff",
        user_id: int | None = None,
        method: str = "sendMessage",
        **payload: Any,
    ) -> int:
        async with self.work() as work:
            return await work.send(
                chat, method, {"text": text, **payload}, lane=lane, audience=audience, user_id=user_id
            )

    async def job(self, key: str) -> dict[str, Any]:
        row = await db.fetch_one("SELECT * FROM job WHERE key = ?", key)
        assert row
        return {**row, "run_at": db.moment(row["run_at"]), "payload": db.from_json(row["payload"])}

    async def told(self, notice: str = "") -> list[dict[str, Any]]:
        """Return what people were told, oldest first: chat_id and the notice's arguments."""
        rows = await db.fetch(
            "SELECT chat_id, notice, args FROM outbox WHERE notice <> '' AND (notice = ? OR ? = '') ORDER BY id",
            notice,
            notice,
        )
        return [{"chat": row["chat_id"], "notice": row["notice"], **db.from_json(row["args"])} for row in rows]

    async def states(self) -> dict[int, str]:
        return {row["id"]: row["state"] for row in await db.fetch("SELECT id, state FROM outbox ORDER BY id")}


class Bot:
    """The channel's end: notes what arrives, with the time, and answers as it is told."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sent: list[tuple[datetime, OutboxRow]] = []
        self.tried: list[tuple[datetime, int]] = []
        self.answers: dict[int, list[Exception]] = {}
        self.gate: dict[int, asyncio.Event] = {}
        self._changed = asyncio.Condition()

    async def deliver(self, row: OutboxRow) -> int:
        self.tried.append((self.clock(), row.chat_id))
        await self._tell()
        if row.chat_id in self.gate:
            await self.gate[row.chat_id].wait()
        answers = self.answers.get(row.chat_id)
        if answers:
            raise answers.pop(0)
        self.sent.append((self.clock(), row))
        await self._tell()
        return 1000 + row.id

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def reach(self, *, tried: int = 0, sent: int = 0) -> None:
        """Wait until so many deliveries were tried and so many went well."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.tried) >= tried and len(self.sent) >= sent)

    @property
    def texts(self) -> list[str]:
        return [row.payload.get("text", "") for _, row in self.sent]

    def times(self, chat: int) -> list[float]:
        """Return when each message reached a chat, in seconds from the start."""
        return [(at - START).total_seconds() for at, row in self.sent if row.chat_id == chat]


@pytest.fixture
async def world(database_url: str) -> World:
    await db.open_database(database_url)
    async with db.transaction():
        await seed_roles()
        await seed_pipeline()
    return World()


@pytest.fixture
def bot(world: World) -> Bot:
    return Bot(world.clock)


class Asked:
    """Whom the outbox asked about."""

    def __init__(self) -> None:
        self.unsure: list[int] = []
        self.failed: list[int] = []

    async def on_unsure(self, _: Work, outbox_id: int) -> None:
        self.unsure.append(outbox_id)

    async def on_failed(self, _: Work, outbox_id: int) -> None:
        self.failed.append(outbox_id)


@pytest.fixture
def asked() -> Asked:
    return Asked()


MakeOutbox = Callable[..., Outbox]


@pytest.fixture
async def make_outbox(world: World, bot: Bot, asked: Asked) -> AsyncIterator[MakeOutbox]:
    """Make outboxes that are stopped when the test ends; the last one made gets what the world posts."""
    made: list[Outbox] = []

    def make(**options: Any) -> Outbox:
        outbox = Outbox(
            options.pop("deliver", bot.deliver),
            world.clock,
            open_work=world.work,
            on_unsure=asked.on_unsure,
            on_failed=asked.on_failed,
            sleep=world.clock.sleep,
            **options,
        )
        made.append(outbox)
        world.outbox = outbox
        return outbox

    yield make
    for outbox in made:
        await outbox.stop()


async def settle(world: World, outbox: Outbox, seconds: int, step: float = 0.5) -> None:
    """Let time pass in small steps, with the sweep of each second."""
    for _ in range(int(seconds / step)):
        await outbox.drain()
        world.clock.move(seconds=step)
        outbox.wake()
        if step * 2 >= 1 or world.clock().microsecond == 0:
            await outbox.sweep()
    await outbox.drain()
