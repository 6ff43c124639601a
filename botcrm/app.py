"""The composition root: settings, database, plugins and the clock become one App that front ends and jobs work through."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botcrm.contract.plugin import Job
from botcrm.core import db, schema
from botcrm.core.domain.events import Event
from botcrm.core.services.actor import Actor
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.custom.dictionaries import seed_dictionaries
from botcrm.core.services.deals import seed_pipeline
from botcrm.core.services.default_rules import SHIPPED
from botcrm.core.services.personal.again import replay
from botcrm.core.services.rules import seed_rules
from botcrm.core.services.staff.people import preferences, system
from botcrm.core.services.staff.shipped_roles import seed_roles
from botcrm.core.services.work import Work
from botcrm.hooks import PluginManager, Registry, tasks
from botcrm.metrics import Metrics
from botcrm.plugins import BUILT_IN
from botcrm.reminders.duplicates import close_searches
from botcrm.reminders.filling import plan_filling
from botcrm.reminders.pinned import plan_counters
from botcrm.reminders.plugin_jobs import follow
from botcrm.reminders.rules import Rules
from botcrm.settings import Settings
from botcrm.words import Words


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def ledger_of(settings: Settings) -> Path | None:
    """Return the file in which erasures are written down: the one set, else beside the SQLite database; else none."""
    path = db.sqlite_path(settings.database_url)
    return settings.erasures or (path.with_name(f"{path.name}.erasures") if path else None)


class App:
    """Everything one process needs: open it with `start`, use the core through `work`, close it with `stop`."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now
        self.defaults = settings.preferences()
        self.metrics = Metrics()
        self.hooks = PluginManager(
            BUILT_IN, settings=settings, open_work=self.work, now=now, follow=self._follow, metrics=self.metrics
        )
        self.rules = Rules(self.hooks)
        self.ledger = ledger_of(settings)
        self._listeners: list[Callable[[Work], None]] = []

    async def _follow(self, work: Work, registry: Registry, taken: Sequence[Job]) -> None:
        """Plan what is to happen again and again with the plugins that are on now."""
        await follow(work, registry, taken)
        await self.rules.plan_looks(work)

    async def start(self) -> None:
        """Open the database, and load the plugins."""
        await self.open()
        await self.hooks.load()

    async def open(self, *, migrate: bool = True) -> None:
        """Bring the database up to date, open it, and put in what every new base starts with.

        Plugins are not loaded by it: importing them takes as long as they like.

        :param migrate: False where it is known to be up to date
        """
        if migrate:
            await schema.migrate(self.settings.database_url)
        await db.open_database(self.settings.database_url)
        async with db.transaction():
            await seed_roles()
            await seed_pipeline()
            await seed_dictionaries(self.now(), Words(self.defaults, self.now()).t)
            await seed_rules(SHIPPED, self.now())
        async with self.work() as work:
            await plan_filling(work)
            await replay(work)

    async def stop(self) -> None:
        """Have the plugins shut down, and close the database."""
        await self.hooks.close()
        await close_searches()
        await db.close()

    def on_commit(self, listener: Callable[[Work], None]) -> None:
        """Have a function called after each commit, e.g. to wake what sends and sweeps."""
        self._listeners.append(listener)

    def failed(self, error: BaseException, where: str, **facts: Any) -> None:
        """Have plugins hear of a failure.

        :param where: update, job, send or web
        :param facts: ids that tell which one; never what people wrote
        """
        self.hooks.tell("handle_exception", error=error, where=where, facts=facts)

    def _in_force(self, events: Sequence[Event]) -> None:
        """Take over what was changed about rules and plugins before anybody else changes anything."""
        self.rules.committed(events)
        self.hooks.changed(events)

    @contextlib.asynccontextmanager
    async def work(self, actor: Actor | None = None) -> AsyncIterator[Work]:
        """Open a unit of work; without an actor the system acts.

        Rows, events, jobs and messages are committed together when the block ends, and none of them when it raises. Plugins
        hear of the events after the commit, and nobody waits for them.
        """
        events: list[Event] = []
        async with db.transaction(lambda: self._in_force(events)):
            actor = actor or system(await preferences(self.defaults))
            company = actor.prefs if actor.is_system else None
            work = Work(actor, self.now(), Buffer(company=company, hooks=self.hooks, ledger=self.ledger))
            yield work
            await work.flush()
            await self.rules.plan(work)
            await plan_counters(work)
            events += work.events
        # Where a plugin opened it, what the listeners start is the product's all the same.
        with tasks.run_as(None):
            for listener in self._listeners:
                listener(work)
        if work.events:
            self.hooks.happened(work.events)
