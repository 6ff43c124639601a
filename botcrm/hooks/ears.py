"""What a plugin is still to hear of: one queue and one long-lived task for each plugin, so that nobody waits for it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from botcrm.hooks import tasks
from botcrm.hooks.calls import Interrupted, TooLate
from botcrm.hooks.copies import argument_copy

MOST = 10_000
_LOOK_EVERY = 0.5


@dataclass(slots=True)
class Told:
    """One thing to hear of."""

    where: str
    function: Callable[..., Any]
    named: dict[str, Any]
    depth: int = 0


class Ears:
    """One plugin's queue. Its calls run one after the other, each within a deadline.

    :param worked: told after each call that went well: seconds it took
    :param failed: told of each failure: where, error, seconds
    """

    def __init__(
        self,
        plugin: str,
        worked: Callable[[float], None],
        failed: Callable[[str, BaseException, float], None],
        complain: tasks.Complain,
        *,
        deadline: float,
    ) -> None:
        self.plugin = plugin
        self.dropped = 0
        self._worked = worked
        self._failed = failed
        self._complain = complain
        self._deadline = deadline
        self._queue: deque[Told] = deque()
        self._worker: tasks.Task | None = None
        self._wake: asyncio.Future[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._open = False
        # Which worker is the present one: one that was left behind ends when it comes back.
        self._turn = 0
        self._busy: Told | None = None
        # Seconds the call in hand has waited, in the steps in which it is looked after.
        self._waited = 0.0
        self._idle: list[asyncio.Future[None]] = []

    def open(self) -> None:
        """Begin to listen; what was put in before comes first."""
        if not self._open:
            self._open = True
            self._start_worker()

    def put(self, told: Told) -> None:
        """Have the plugin hear of something; with too much waiting the oldest is dropped."""
        queue = self._queue
        if len(queue) >= MOST:
            queue.popleft()
            self.dropped += 1
        queue.append(told)
        wake = self._wake
        if wake is not None and not wake.done():
            wake.set_result(None)

    @property
    def waiting(self) -> int:
        """Return how much it has not heard of yet."""
        return len(self._queue) + (self._busy is not None)

    async def drained(self) -> None:
        """Wait until it has heard of everything."""
        while self._open and self.waiting:
            idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle

    async def close(self, *last: Told, keep: bool) -> None:
        """Stop listening, after what is last to be heard.

        :param keep: whether what waits is heard before
        """
        if not self._open:
            return
        if not keep:
            self._queue.clear()
        for told in last:
            self.put(told)
        # Whatever waits has to be heard within one deadline together: the process is about to end. Nobody is left to hear it
        # where the task was ended with the others of its loop.
        if tasks.owner.get() != self.plugin and self._worker is not None and not self._worker.done():
            await asyncio.wait((asyncio.ensure_future(self.drained()),), timeout=self._deadline)
        self._open = False
        self._queue.clear()
        self._turn += 1
        self._unwatch()
        self._release()
        worker, self._worker = self._worker, None
        if worker is not None and worker is not asyncio.current_task():
            with tasks.run_as(None):
                worker.cancel()
            await asyncio.wait((worker,), timeout=0.02)

    # --- the task ----------------------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        self._turn += 1
        self._busy = None
        # A context of its own: whoever opens it may be in a transaction.
        self._worker = tasks.Task(
            self._listen(self._turn), plugin=self.plugin, context=Context(), name=f"plugin {self.plugin}"
        )

    async def _listen(self, turn: int) -> None:
        tasks.become(self.plugin, self._complain)
        me = asyncio.current_task()
        # The loop itself may end before anybody closes the ears: whoever then cancels what is left must not wait for ever.
        while self._turn == turn and not (isinstance(me, tasks.Task) and me.ending):
            try:
                if not self._queue:
                    self._release()
                    await self._woken()
                    continue
                await self._call(self._queue.popleft(), turn)
            except asyncio.CancelledError:
                # Ours comes with a new turn, or with the end of the loop; any other is the plugin's own doing.
                if self._turn == turn and not (isinstance(me, tasks.Task) and me.ending):
                    self._failed("task", Interrupted("it cancelled itself"), 0.0)

    async def _woken(self) -> None:
        self._wake = asyncio.get_running_loop().create_future()
        self._unwatch()
        try:
            await self._wake
        finally:
            self._wake = None

    async def _call(self, told: Told, turn: int) -> None:
        self._busy, self._waited = told, 0.0
        tasks.depth.set(told.depth)
        if self._watch is None:
            self._look_again()
        started = time.perf_counter()
        error: BaseException | None = None
        try:
            await told.function(**{name: argument_copy(value) for name, value in told.named.items()})
        except GeneratorExit:
            raise  # it was left behind, and is thrown away
        except BaseException as exc:  # noqa: BLE001 - whatever a plugin raises is its own
            error = exc
        if self._turn != turn:
            return
        self._busy = None
        seconds = time.perf_counter() - started
        if error is None:
            self._worked(seconds)
        else:
            if isinstance(error, asyncio.CancelledError):
                error = Interrupted("it raised CancelledError")
            self._failed(told.where, error, seconds)

    # --- the deadline ------------------------------------------------------------------------------------------------

    def _look_again(self) -> None:
        loop = asyncio.get_running_loop()
        step = min(_LOOK_EVERY, self._deadline)
        # In a context without an owner: what it cancels is nobody's own.
        self._watch = loop.call_later(step, self._look, self._busy, step, context=Context())

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self, seen: Told | None, step: float) -> None:
        """Look after the call in hand; one that takes too long is left behind, and the next has a task of its own."""
        self._watch = None
        if self._busy is None:
            return
        if self._busy is seen:
            self._waited += step
        if self._waited >= self._deadline:
            late, worker = self._busy, self._worker
            self._start_worker()
            if worker is not None:
                worker.cancel()
            self._failed(late.where, TooLate(f"it took longer than {self._deadline:g} s"), self._deadline)
            return
        self._look_again()

    def _release(self) -> None:
        waiting, self._idle = self._idle, []
        for idle in waiting:
            if not idle.done():
                idle.set_result(None)
