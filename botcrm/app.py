"""The composition root: settings, database, hooks and the clock become one App that front ends and jobs work through."""

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from botcrm.core import db
from botcrm.core.services.deals import seed_pipeline
from botcrm.core.services.people import preferences, seed_roles, system
from botcrm.core.services.work import Actor, Work
from botcrm.hooks import PluginManager
from botcrm.metrics import Metrics
from botcrm.plugins import BUILT_IN
from botcrm.settings import Settings


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class App:
    """Everything one process needs: open it with `start`, use the core through `work`, close it with `stop`."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now
        self.defaults = settings.preferences()
        self.metrics = Metrics()
        self.hooks = PluginManager(
            BUILT_IN,
            installed=settings.plugins,
            folder=settings.plugins_dir,
            blocked=settings.blocked_plugins,
            on_error=lambda plugin: self.metrics.errors.labels(plugin=plugin).inc(),
        )
        self._listeners: list[Callable[[Work], None]] = []

    async def start(self) -> None:
        """Bring the database up to date, open it, and put in what every new base starts with."""
        await db.migrate(self.settings.database_url)
        await db.open_database(self.settings.database_url)
        async with db.transaction():
            await seed_roles()
            await seed_pipeline()

    async def stop(self) -> None:
        """Close the database."""
        await db.close()

    def on_commit(self, listener: Callable[[Work], None]) -> None:
        """Have a function called after each commit, e.g. to wake what sends and sweeps."""
        self._listeners.append(listener)

    @contextlib.asynccontextmanager
    async def work(self, actor: Actor | None = None) -> AsyncIterator[Work]:
        """Open a unit of work; without an actor the system acts.

        Rows, events, jobs and messages are committed together when the block ends, and none of them when it raises. Plugins
        hear of the events after the commit.
        """
        async with db.transaction():
            work = Work(actor or system(await preferences(self.defaults)), self.now())
            yield work
            await work.flush()
        for listener in self._listeners:
            listener(work)
        if work.events:
            await self.hooks.on_event(work.events)
