"""The ticker: wakes, never twice at once, and survives errors."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from botcrm.reminders.clock import Ticker


class Ticks:
    """Counts ticks and lets a test wait for them."""

    def __init__(self) -> None:
        self.count = 0
        self.running = 0
        self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self._changed = asyncio.Condition()

    async def __call__(self) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        async with self._changed:
            self.count += 1
            self._changed.notify_all()
        await self.gate.wait()
        self.running -= 1
        if self.error:
            raise self.error

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: self.count >= count)


async def test_ticks_come_by_themselves() -> None:
    ticks = Ticks()
    ticker = Ticker(ticks, every=0.01)
    await ticker.start()
    await ticks.reach(4)
    await ticker.stop()
    count = ticks.count
    ticker.wake()
    await asyncio.sleep(0)
    assert ticks.count == count


async def test_a_wake_during_a_tick_makes_exactly_one_more() -> None:
    ticks = Ticks()
    ticker = Ticker(ticks, every=3600)
    ticks.gate.clear()
    await ticker.start()
    await ticks.reach(1)
    for _ in range(5):
        ticker.wake()
    ticks.gate.set()
    await ticks.reach(2)
    for _ in range(10):
        await asyncio.sleep(0)
    await ticker.stop()
    assert (ticks.count, ticks.most) == (2, 1)


async def test_an_error_is_logged_and_the_next_tick_comes(caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()
    ticks.error = ValueError("broken")
    ticker = Ticker(ticks, every=0.01)
    await ticker.start()
    await ticks.reach(3)
    await ticker.stop()
    assert "tick failed" in caplog.text


async def test_something_due_before_the_next_tick_is_not_late() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    ticks = Ticks()
    ticker = Ticker(ticks, every=3600, now=lambda: now)
    await ticker.start()
    await ticks.reach(1)
    ticker.wake_at(now + timedelta(hours=2))
    ticker.wake_at(now + timedelta(minutes=30))
    ticker.wake_at(now + timedelta(milliseconds=10))
    ticker.wake_at(None)
    await ticks.reach(2)
    ticker.wake_at(now - timedelta(days=1))
    await ticks.reach(3)
    await ticker.stop()


async def test_stopping_lets_a_tick_end() -> None:
    ticks = Ticks()
    ticker = Ticker(ticks, every=3600)
    ticks.gate.clear()
    await ticker.start()
    await ticks.reach(1)
    stopping = asyncio.create_task(ticker.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    ticks.gate.set()
    await stopping
    assert ticks.running == 0
