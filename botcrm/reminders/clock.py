"""The clock: wakes what sweeps jobs and messages, every second and when something falls due in between."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)

_STOP_SECONDS = 10.0
_SOONEST = 0.01


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Ticker:
    """Calls `tick` every so often, and soon after `wake`; never two at once, and an exception does not end it.

    :param every: seconds
    :param now: the clock that moments given to `wake_at` are measured against
    """

    def __init__(
        self, tick: Callable[[], Awaitable[None]], every: float = 1.0, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._tick = tick
        self._every = every
        self._now = now
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._scheduler: AsyncIOScheduler | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._stopping = False

    async def start(self) -> None:
        """Begin; the first tick comes at once."""
        if self._task:
            return
        # APScheduler reports every run at INFO: two lines a second would bury the rest of the log.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name="ticker")
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_job(
            self._ring, "interval", seconds=self._every, coalesce=True, max_instances=1, misfire_grace_time=None
        )
        self._scheduler.start()
        self.wake()

    async def stop(self) -> None:
        """End; a tick that is under way ends first, if it does within ten seconds."""
        if self._scheduler:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        self._hush()
        self._stopping = True
        self._bell.set()
        task, self._task = self._task, None
        if task and not (await asyncio.wait([task], timeout=_STOP_SECONDS))[0]:
            task.cancel()
            await asyncio.wait([task])

    def wake(self) -> None:
        """Tick soon; during a tick, once more after it."""
        self._bell.set()

    def wake_at(self, moment: datetime | None) -> None:
        """Tick at a moment that comes before the next regular tick; None changes nothing.

        The earliest one asked for counts. A later one needs no alarm of its own: the regular ticks pass it on.
        """
        if moment is None or self._task is None:
            return
        # What is due and could not be taken must not make the ticks race.
        delay = max(_SOONEST, (moment - self._now()).total_seconds())
        if delay > self._every:
            return
        loop = asyncio.get_running_loop()
        if self._alarm and self._alarm.when() <= loop.time() + delay:
            return
        self._hush()
        self._alarm = loop.call_later(delay, self._alarmed)

    def _alarmed(self) -> None:
        self._alarm = None
        self._bell.set()

    def _hush(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None

    async def _ring(self) -> None:
        self._bell.set()

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            if self._stopping:
                return
            try:
                await self._tick()
            except Exception:
                log.exception("tick failed")
