"""A company to work in: people of each role, a clock that tests set, and works in anybody's hands."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.models import User
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.work import Work
from botcrm.settings import Settings
from tests.starting import start_up_to_date

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten in the morning in Warsaw


@dataclass
class Office:
    """An App on a database of its own with four people: an admin, a manager, her rep, and a rep of nobody's."""

    app: App
    admin: User
    boss: User
    anna: User
    zofia: User
    now: datetime = START

    def clock(self) -> datetime:
        return self.now

    def move(self, **step: float) -> None:
        self.now += timedelta(**step)

    @contextlib.asynccontextmanager
    async def as_(self, user: User | None) -> AsyncIterator[Work]:
        """Open a work in somebody's hands, None for the system's, as the bot does: the system opens, a person acts."""
        async with self.app.work() as work:
            if user is None:
                yield work
                return
            actor = await actor_by_id(self.app.defaults, user.id)
            assert actor
            yield work.acting_as(actor)

    async def person(self, name: str, role: str = "rep", **values: Any) -> User:
        async with self.as_(None) as work:
            return await add_user(work, name=name, role=role, **values)

    async def jobs(self) -> dict[str, tuple[str, datetime]]:
        """Return the activities' jobs: key -> (state, when)."""
        rows = await db.fetch("SELECT key, state, run_at FROM job WHERE kind LIKE 'activity.%'")
        return {row["key"]: (row["state"], db.moment_needed(row["run_at"])) for row in rows}


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    box: list[Office] = []
    settings = Settings(database_url=database_url, timezone="Europe/Warsaw", currency="PLN", region="PL")
    app = App(settings, now=lambda: box[0].now if box else START)
    await start_up_to_date(app)
    async with app.work() as work:
        admin = await add_user(work, name="Ada", role="admin", telegram_id=1)
        boss = await add_user(work, name="Marek", role="manager", telegram_id=2)
        anna = await add_user(work, name="Anna", role="rep", telegram_id=3, manager_id=boss.id)
        zofia = await add_user(work, name="Zofia", role="rep", telegram_id=4)
    office = Office(app, admin, boss, anna, zofia)
    box.append(office)
    yield office
    await app.stop()
