"""The ways plugins are called: asked in a unit of work, told in the background, or run with whatever they registered."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from botcrm.contract.work import Run
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.events import Event
from botcrm.core.domain.kinds import Reach
from botcrm.core.lease import Lease
from botcrm.core.services.actor import Actor
from botcrm.core.services.work import Work
from botcrm.hooks import calls, tasks
from botcrm.hooks.answers import demand_fit
from botcrm.hooks.breaker import IN_A_ROW
from botcrm.hooks.calls import INSIDE, Outcome, PluginFailed, TooLate, run, run_sync
from botcrm.hooks.copies import argument_copy
from botcrm.hooks.ears import Ears, Told
from botcrm.hooks.entry import Entry, Implementation, PluginOff
from botcrm.hooks.loading import told
from botcrm.metrics import Metrics

log = logging.getLogger(__name__)

# A change made on hearing of a change, made on hearing of a change …: so often in a row.
MOST_DEPTH = 8
# Seconds that a plugin is waited for however often it was too late.
_LEAST = 0.05
_WIDTH = {Reach.NONE: 0, Reach.OWN: 1, Reach.DEPARTMENT: 2, Reach.ALL: 3}


class PluginRefused(CrmError):
    """A plugin cannot be switched on."""

    message = "The plugin {title} cannot be switched on: {reason}."


class Endless(RuntimeError):
    """A plugin's changes cause each other without an end."""


class _Undone(Exception):
    """A plugin failed in a unit of work: what it wrote goes back."""


def _patience(entry: Entry, deadline: float) -> float:
    """Return how long a plugin is waited for where others wait with it: less each time that it was too late before.

    Until the breaker opens one that hangs would else cost three people the whole deadline each.
    """
    return max(min(deadline, _LEAST), deadline * 0.25**entry.late)


class Caller(ABC):
    """Calls plugins: one at a time, within a deadline, everything they raise caught and counted.

    :param now: the clock
    """

    def __init__(self, now: Callable[[], datetime], metrics: Metrics | None) -> None:
        self._now = now
        self._metrics = metrics
        self._entries: dict[str, Entry] = {}
        self._implementations: dict[str, tuple[Implementation, ...]] = {}
        self._ears: dict[str, Ears] = {}
        if metrics is not None:
            metrics.watch_plugins(
                lambda: [(entry.name, entry.calls, entry.seconds) for entry in self._entries.values() if entry.calls]
            )

    # --- hooks -------------------------------------------------------------------------------------------------------

    async def ask(self, work: Work, hook: str, /, **args: Any) -> list[tuple[str, Any]]:
        """Return every plugin's answer that is not None, with the plugin's name; installed ones answer first."""
        found = []
        for implementation in self._implementations.get(hook, ()):
            value = await self._ask(implementation, work, args)
            if value is not None:
                found.append((implementation.plugin, value))
        return found

    async def first(self, work: Work, hook: str, /, **args: Any) -> Any:
        """Return the first answer that is not None."""
        for implementation in self._implementations.get(hook, ()):
            value = await self._ask(implementation, work, args)
            if value is not None:
                return value
        return None

    async def _ask(self, implementation: Implementation, work: Work, args: dict[str, Any]) -> Any:
        entry = self._entries[implementation.plugin]
        named = {
            name: entry.lend(work) if name == "work" else entry.api if name == "plugin" else argument_copy(args[name])
            for name in implementation.names
        }

        async def answer() -> Any:
            value = await implementation.function(**named)
            # What is made while it is read is the plugin's code as well.
            if isinstance(value, Iterable) and not isinstance(value, str | bytes):
                value = list(value)
            demand_fit(implementation.hook, value)
            return value

        try:
            with work.apart():
                return await self._inside(entry, implementation.hook, work, answer, (), INSIDE)
        except CrmError as exc:
            if not isinstance(exc, PluginFailed):
                self._note_failure(entry, implementation.hook, exc, 0.0)
            return None

    def tell(self, hook: str, /, *, but: str | None = None, **args: Any) -> None:
        """Have every plugin hear of something, each in its own time; returns at once.

        :param but: the plugin that is not told
        """
        for implementation in self._implementations.get(hook, ()):
            if implementation.plugin != but:
                self._put(implementation, args, 0)

    def happened(self, events: Sequence[Event]) -> None:
        """Have every plugin hear of events that were committed, in order.

        What plugins change on hearing of something is told as well, down to a depth at which it counts as their failure.
        """
        implementations = self._implementations.get("on_event", ())
        if not implementations:
            return
        depth = tasks.depth.get()
        if depth > MOST_DEPTH:
            culprit = self._entries.get(tasks.cause.get())
            if culprit is not None:
                self._note_failure(culprit, "on_event", Endless("its changes cause each other without an end"), 0.0)
            return
        for implementation in implementations:
            for event in events:
                self._put(implementation, {"event": event}, depth)

    def _put(self, implementation: Implementation, args: dict[str, Any], depth: int) -> None:
        ears = self._ears.get(implementation.plugin) or self._listen(self._entries[implementation.plugin])
        ears.put(self._told(implementation, args, depth))

    def _told(self, implementation: Implementation, args: dict[str, Any], depth: int = 0) -> Told:
        api = self._entries[implementation.plugin].api
        named = {name: api if name == "plugin" else args[name] for name in implementation.names}
        return Told(implementation.hook, implementation.function, named, depth)

    def reach(self, actor: Actor, entity: str, action: str, reach: Reach) -> Reach:
        """Return how far a permission goes once plugins have narrowed it."""
        for implementation in self._implementations.get("permission_allowed", ()):
            given = {"actor": actor, "entity": entity, "action": action, "reach": reach}
            entry = self._entries[implementation.plugin]
            started = time.perf_counter()
            outcome = run_sync(
                entry.name,
                implementation.function,
                tuple(given[name] for name in implementation.names),
                self._complain,
            )
            self._note(entry, implementation.hook, outcome, time.perf_counter() - started)
            if outcome.value is False:
                return Reach.NONE
            if isinstance(outcome.value, str) and outcome.value in set(Reach):
                reach = min(reach, Reach(outcome.value), key=lambda item: _WIDTH[item])
        return reach

    def gate(self, actor: Actor) -> Callable[[str, str, Reach], Reach] | None:
        """Return what narrows an actor's permissions, None where no plugin does; each is asked once for each permission."""
        if "permission_allowed" not in self._implementations:
            return None
        answers: dict[tuple[str, str], Reach] = {}

        def narrowed(entity: str, action: str, reach: Reach) -> Reach:
            key = (entity, action)
            if key not in answers:
                answers[key] = self.reach(actor, entity, action, reach)
            return answers[key]

        return narrowed

    def lend(self, plugin: str, work: Work, run: Run | None = None) -> Work:
        """Return a unit of work as a plugin has it in hand: what it plans by it are its own jobs.

        :param run: the run of a rule that it is asked in
        :raises PluginOff: it is switched off
        """
        return self._live(plugin).lend(work, run)

    # --- anything else of a plugin -------------------------------------------------------------------------------------

    async def call(
        self,
        plugin: str,
        where: str,
        func: Callable[..., Any],
        /,
        *args: Any,
        work: Work | None = None,
        deadline: float | None = None,
        **named: Any,
    ) -> Any:
        """Run an async function of a plugin, guarded, and return what it returns; a CrmError that it raises goes through.

        :param where: what it is, for the log and the administrator: "command tasting"
        :param work: with it, in a savepoint that goes back when it fails, and within a quarter of a second of waiting
        :param deadline: seconds; else 0.25 with a work and 5 without
        :raises PluginFailed: it raised something else, or took too long
        :raises PluginOff: it is switched off
        """
        entry = self._live(plugin)

        async def answer() -> Any:
            return await func(*args, **named)

        if work is not None:
            return await self._inside(entry, where, work, answer, (), deadline or INSIDE)
        started = time.perf_counter()
        outcome = await run(entry.name, answer, (), {}, deadline or calls.OUTSIDE, None, self._complain)
        self._note(entry, where, outcome, time.perf_counter() - started)
        return self._value(entry, where, outcome)

    async def _inside(
        self,
        entry: Entry,
        where: str,
        work: Work,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        deadline: float,
    ) -> Any:
        """Run a plugin's function in a savepoint."""
        outcome = Outcome()
        started = time.perf_counter()
        try:
            async with work.savepoint():
                outcome = await run(entry.name, func, args, {}, _patience(entry, deadline), Lease(), self._complain)
                if outcome.error is not None:
                    raise _Undone
        except _Undone:
            pass
        except asyncio.CancelledError:
            raise
        except Exception as exc:  # noqa: BLE001 - what it left behind could not be written
            outcome = Outcome(error=outcome.error or exc)
        entry.late = entry.late + 1 if isinstance(outcome.error, TooLate) else 0
        self._note(entry, where, outcome, time.perf_counter() - started)
        return self._value(entry, where, outcome)

    def _value(self, entry: Entry, where: str, outcome: Outcome) -> Any:
        error = outcome.error
        if error is None:
            return outcome.value
        if isinstance(error, CrmError):
            raise error
        raise PluginFailed(plugin=entry.name, where=where, title=entry.manifest.title) from error

    # --- counting ------------------------------------------------------------------------------------------------------

    def _note(self, entry: Entry, where: str, outcome: Outcome, seconds: float) -> None:
        if outcome.error is None or isinstance(outcome.error, CrmError):
            self._note_success(entry, seconds)
        else:
            self._note_failure(entry, where, outcome.error, seconds)

    def _note_success(self, entry: Entry, seconds: float) -> None:
        entry.calls += 1
        entry.seconds += seconds
        entry.breaker.worked()

    def _note_failure(self, entry: Entry, where: str, error: BaseException, seconds: float) -> None:
        entry.calls += 1
        entry.errors += 1
        entry.seconds += seconds
        if self._metrics is not None:
            self._metrics.errors.labels(plugin=entry.name).inc()
        log.error("plugin %s failed in %s: %s", entry.name, where, told(error), exc_info=error)
        if where != "handle_exception":
            facts = {"plugin": entry.name, "hook": where}
            self.tell("handle_exception", but=entry.name, error=error, where="plugin", facts=facts)
        if entry.state == "on" and entry.breaker.failed(self._now()):
            self._break(
                entry, f"it failed {IN_A_ROW} times in a row or 5 times in 10 minutes; last in {where}: {told(error)}"
            )

    def _complain(self, plugin: str, where: str, error: BaseException) -> None:
        """Note a failure that happened beside a call: in a task of the plugin's own."""
        entry = self._entries.get(plugin)
        if entry is not None:
            with tasks.run_as(None):
                self._note_failure(entry, where, error, 0.0)

    @abstractmethod
    def _break(self, entry: Entry, reason: str) -> None:
        """Switch a plugin off that failed too often."""

    @abstractmethod
    def _listen(self, entry: Entry) -> Ears:
        """Return a plugin's ears, opened where they were not."""

    def _live(self, name: str) -> Entry:
        entry = self._entries.get(name)
        if entry is None or entry.state != "on":
            raise PluginOff(plugin=name, title=entry.manifest.title if entry else name)
        return entry

    def _entry(self, name: str) -> Entry:
        entry = self._entries.get(name)
        if entry is None:
            raise NotFound(ref=f"plugin {name}")
        return entry


__all__ = ["Caller", "Endless", "PluginFailed", "PluginOff", "PluginRefused"]
