"""Tasks that know which plugin they belong to, so that a plugin ends no task but its own, and leaves none behind.

Tasks inherit the context they are made in, so whatever a plugin starts is marked as the plugin's. What it raises there, even
SystemExit, stays there; and its `cancel` on a task that is not its own is refused.
"""

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Callable, Coroutine, Iterator
from contextvars import Context, ContextVar
from typing import Any

log = logging.getLogger(__name__)

# The plugin whose code runs here; None for the product's own.
owner: ContextVar[str | None] = ContextVar("owner", default=None)
# How many changes in a row were caused by plugins hearing of the one before, and whose work the last one is.
depth: ContextVar[int] = ContextVar("depth", default=0)
cause: ContextVar[str] = ContextVar("cause", default="")

Complain = Callable[[str, str, BaseException], None]
complaints: ContextVar[Complain | None] = ContextVar("complaints", default=None)


class ForeignTask(Exception):
    """A plugin tried to cancel a task that is not its own."""


class Task(asyncio.Task[Any]):
    """A task with an owner: a plugin's name, or None for the product.

    :ivar ending: whether the product cancelled it
    """

    _alive: "weakref.WeakSet[Task]" = weakref.WeakSet()

    def __init__(self, coro: Coroutine[Any, Any, Any], *, plugin: str | None = None, **more: Any) -> None:
        self.plugin = plugin
        self.ending = False
        super().__init__(coro, **more)
        if plugin is not None:
            Task._alive.add(self)

    def cancel(self, msg: Any | None = None) -> bool:
        """Cancel, unless a plugin asks for it that does not own the task."""
        caller = owner.get()
        if caller is None or caller == self.plugin:
            self.ending = self.ending or caller is None
            return super().cancel(msg)
        complain = complaints.get()
        if complain is not None and not self.done():
            complain(caller, "cancel", ForeignTask(f"it tried to cancel {self.get_name()}, which is not its own"))
        return False


def tasks_of(plugin: str) -> list[Task]:
    """Return a plugin's tasks that have not ended."""
    return [task for task in list(Task._alive) if task.plugin == plugin and not task.done()]


def interrupt(task: asyncio.Task[Any]) -> None:
    """Raise CancelledError in a task once; it is not meant to end by it."""
    asyncio.Task.cancel(task)


def abandon(task: asyncio.Task[Any]) -> None:
    """Leave a task behind that will not end: the process, when it ends, does not wait for it."""
    if not task.done():
        asyncio._unregister_task(task)
        task._log_destroy_pending = False  # type: ignore[attr-defined]


def factory(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], *, context: Context | None = None
) -> asyncio.Task[Any]:
    """Make a task for whoever's code runs here; set as an event loop's task factory."""
    plugin = owner.get()
    if plugin is not None:
        coro = _kept_in(coro, plugin)
    return Task(coro, plugin=plugin, loop=loop, context=context)


async def _kept_in(coro: Coroutine[Any, Any, Any], plugin: str) -> Any:
    """Run what a plugin made a task of; what would end the process becomes an error of the task."""
    try:
        return await coro
    except (SystemExit, KeyboardInterrupt) as exc:
        complain = complaints.get()
        if complain is not None:
            complain(plugin, "task", exc)
        raise RuntimeError(f"the plugin {plugin} raised {type(exc).__name__}") from exc


# The types ask for a factory that takes futures as well, which no loop hands over.
_FACTORY: Any = factory


def new_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop whose tasks, the first one included, are safe from plugins."""
    loop = asyncio.new_event_loop()
    loop.set_task_factory(_FACTORY)
    return loop


def protect(loop: asyncio.AbstractEventLoop) -> None:
    """Have the tasks that a running loop makes from now on safe from plugins."""
    if loop.get_task_factory() is None:
        loop.set_task_factory(_FACTORY)


def become(plugin: str, complain: Complain) -> None:
    """Mark what runs in this context from now on as a plugin's."""
    owner.set(plugin)
    complaints.set(complain)


@contextlib.contextmanager
def run_as(plugin: str | None, complain: Complain | None = None) -> Iterator[None]:
    """Mark what runs in the block as a plugin's, or as the product's own (None)."""
    token = owner.set(plugin)
    told = complaints.set(complain) if complain is not None else None
    try:
        yield
    finally:
        owner.reset(token)
        if told is not None:
            complaints.reset(told)
