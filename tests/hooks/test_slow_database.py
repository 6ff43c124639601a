"""What a plugin waits for: a statement that is long under way is the database's time, not the plugin's."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from typing import Any

import asyncpg
import pytest

from botcrm.app import App
from botcrm.core import db, lease
from botcrm.hooks import calls
from botcrm.settings import Settings

LOCK = 20_261_122


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have no time pass: give the steps in which a task was waited for and did not end, of the seconds that each was long."""
    waited: list[float] = []

    async def wait(tasks: Set[Any], timeout: float) -> tuple[Set[Any], Set[Any]]:  # noqa: ASYNC109
        waited.append(timeout)
        return set(), tasks

    monkeypatch.setattr("botcrm.hooks.calls.asyncio.wait", wait)
    return waited


@pytest.mark.parametrize(("asking", "seconds"), [(0, calls.INSIDE), (1, calls.INSIDE * 20)])
async def test_a_plugin_is_not_failed_for_a_slow_statement_but_not_waited_for_without_end(
    steps: list[float], asking: int, seconds: float
) -> None:
    lent = lease.Lease()
    lent.asking = asking
    assert not await calls.waited(asyncio.get_running_loop().create_future(), calls.INSIDE, lent)
    assert sum(steps) == pytest.approx(seconds, abs=0.06)


@pytest.mark.parametrize("migrated_url", ["postgres"], indirect=True)
async def test_a_statement_is_under_way_until_the_server_answers(database_url: str) -> None:
    app = App(Settings(database_url=database_url))
    await app.start()
    other = await asyncpg.connect(database_url)
    await other.execute(f"SELECT pg_advisory_lock({LOCK})")
    lent = lease.Lease()

    async def ask() -> None:
        lease.current.set(lent)
        await db.fetch(f"SELECT pg_advisory_xact_lock({LOCK})")

    async with app.work():
        asked = asyncio.create_task(ask())
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            assert not asked.done()
        assert (lent.asking, lent.used) == (1, 1)
        await other.close()
        await asked
        assert (lent.asking, lent.used) == (0, 2)
    await app.stop()
