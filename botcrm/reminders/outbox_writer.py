"""Write down what came of deliveries, many in one transaction when many end."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator

from botcrm.reminders import outbox_table as table
from botcrm.reminders.outbox_table import Outcome
from botcrm.reminders.pacing import Item

log = logging.getLogger(__name__)

# Seconds between two writes under load, and how many results do not wait for it; a lone one is written at once.
GATHER = 0.04
BATCH = 200
_AFTER_ERROR = 1.0


class Writer:
    """Collects outcomes and saves them.

    :param written: called for each outcome that is saved
    :param conclude: ends a message to a client that is in doubt or failed, in a work of its own
    :param changed: set after every write
    """

    def __init__(
        self,
        written: Callable[[Outcome], None],
        conclude: Callable[[int, str, str], Awaitable[None]],
        changed: asyncio.Event,
    ) -> None:
        self._written = written
        self._conclude = conclude
        self._changed = changed
        self._outcomes: dict[int, Outcome] = {}
        self._doubts: list[tuple[int, str, str]] = []
        self._go = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._saving = False
        self._hurried = 0
        self._last = 0.0

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is left to write."""
        return not (self._outcomes or self._doubts or self._saving)

    def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.create_task(self._run(), name="outbox-writer")

    async def stop(self) -> None:
        """Write what is left and end."""
        task, self._task = self._task, None
        if task:
            task.cancel()
            await asyncio.wait([task])
        if self._later:
            self._later.cancel()
            self._later = None
        if not self.is_idle:
            await self._write()

    def record(self, outcome: Outcome) -> None:
        """Have an outcome written; a later one of the same message replaces it."""
        self._outcomes[outcome.item.row.id] = outcome
        self._soon()

    def doubt(self, item: Item, state: str, error: str) -> None:
        """Have a message to a client concluded."""
        self._doubts.append((item.row.id, state, error))
        self._soon()

    @contextlib.contextmanager
    def hurry(self) -> Iterator[None]:
        """Write without gathering while somebody waits for it."""
        self._hurried += 1
        self._soon()
        try:
            yield
        finally:
            self._hurried -= 1

    def _soon(self) -> None:
        if self.is_idle or self._go.is_set():
            return
        if self._hurried or len(self._outcomes) >= BATCH:
            self._go.set()
        elif self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(max(0.0, self._last + GATHER - loop.time()), self._due)

    def _due(self) -> None:
        self._later = None
        self._go.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._go.wait()
            self._go.clear()
            try:
                await self._write()
            except Exception:  # the database may be back in a moment; nothing is forgotten meanwhile
                log.exception("outbox: results could not be written")
                await asyncio.sleep(_AFTER_ERROR)
            self._last = loop.time()
            self._changed.set()
            self._soon()

    async def _write(self) -> None:
        outcomes, self._outcomes = self._outcomes, {}
        doubts, self._doubts = self._doubts, []
        self._saving = True
        try:
            if outcomes:
                await table.save(list(outcomes.values()))
                for outcome in outcomes.values():
                    self._written(outcome)
                outcomes = {}
            while doubts:
                await self._conclude(*doubts[0])
                doubts.pop(0)
        finally:
            self._outcomes = outcomes | self._outcomes
            self._doubts = doubts + self._doubts
            self._saving = False
