"""Run a plugin's code so that nothing it does reaches its caller but an answer or a failure."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from botcrm.core import lease as leases
from botcrm.core.domain.errors import CrmError
from botcrm.core.lease import Lease
from botcrm.hooks import tasks
from botcrm.hooks.tasks import Complain

# Seconds a plugin may wait inside a unit of work, where others wait for it; and outside of any.
INSIDE = 0.25
OUTSIDE = 5.0
# Waiting is counted in steps: one that takes longer because the process was busy counts no more for it.
_STEP = 0.05
# A step in which the database was asked, or at work, is no waiting; so many times the deadline is the end all the same.
_MOST = 20
# How long one that was cancelled may take to end before it is left behind.
_GRACE = 0.02


class PluginFailed(CrmError):
    """A plugin did not do what it was called for."""

    message = "The plugin {title} failed; nothing was changed. The administrator was told."


class TooLate(TimeoutError):
    """It waited longer than it may."""


class Interrupted(Exception):
    """It raised what would have ended a task or the process."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: a value, or an error."""

    value: Any = None
    error: BaseException | None = None


async def run(
    plugin: str,
    func: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    named: dict[str, Any],
    deadline: float,
    lease: Lease | None,
    complain: Complain,
) -> Outcome:
    """Run an async function of a plugin in a task of its own, and return when it ended or is too late.

    One that will not end is left behind with its lease taken away.

    :param lease: with one it runs in the caller's transaction; without, in a context of its own
    """
    context = copy_context() if lease is not None else _fresh_context()
    task = tasks.Task(
        _guarded(plugin, func, args, named, lease, complain), plugin=plugin, context=context, name=f"plugin {plugin}"
    )
    try:
        if await waited(task, deadline, lease):
            return _outcome(task)
        await _end(task, lease)
        return Outcome(error=TooLate(f"it took longer than {deadline:g} s"))
    except BaseException:
        # The caller itself was cancelled.
        await _end(task, lease)
        raise
    finally:
        if lease is not None:
            lease.over = True


async def waited(task: "asyncio.Future[Any]", deadline: float, lease: Lease | None) -> bool:
    """Wait for a task; returns whether it ended within its deadline."""
    left, most = deadline, deadline * _MOST
    while left > 0 and most > 0:
        used = lease.used if lease is not None else 0
        step = min(left, _STEP)
        done, _ = await asyncio.wait((task,), timeout=step)
        if done:
            return True
        most -= step
        if lease is None or (lease.used == used and not lease.asking):
            left -= step
    return task.done()


async def _end(task: tasks.Task, lease: Lease | None) -> None:
    """Cancel a task; it can do nothing more to the database, whether or not it ends."""
    if lease is not None:
        lease.over = True
    if not task.done():
        with tasks.run_as(None):
            task.cancel()
        await asyncio.wait((task,), timeout=_GRACE)
        tasks.abandon(task)


def _outcome(task: tasks.Task) -> Outcome:
    if task.cancelled():
        return Outcome(error=Interrupted("it cancelled itself"))
    error = task.exception()
    if error is not None:
        return Outcome(error=error)
    found: Outcome = task.result()
    return found


async def _guarded(
    plugin: str,
    func: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    named: dict[str, Any],
    lease: Lease | None,
    complain: Complain,
) -> Outcome:
    # For good: the context is this task's own.
    leases.current.set(lease)
    tasks.become(plugin, complain)
    try:
        return Outcome(await func(*args, **named))
    except GeneratorExit:
        raise  # it was left behind, and is thrown away
    except BaseException as exc:  # noqa: BLE001 - whatever a plugin raises is its own
        return Outcome(error=exc)


def _fresh_context() -> Context:
    """Return a context without the caller's transaction, at the caller's depth."""
    context = Context()
    context.run(tasks.depth.set, tasks.depth.get())
    return context


def run_sync(plugin: str, func: Callable[..., Any], args: tuple[Any, ...], complain: Complain) -> Outcome:
    """Run a plain function of a plugin."""
    with tasks.run_as(plugin, complain):
        try:
            value = func(*args)
        except BaseException as exc:  # noqa: BLE001 - whatever a plugin raises is its own
            return Outcome(error=exc)
    if isinstance(value, Coroutine):
        value.close()
        return Outcome(error=TypeError("it must be a plain function, without async"))
    return Outcome(value)
