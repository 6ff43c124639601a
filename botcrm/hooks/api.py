"""What a plugin gets of the product: the contract's Plugin."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.lease import Lease, LeaseOver
from botcrm.core.lease import current as current_lease
from botcrm.core.services.actor import Actor
from botcrm.core.services.work import Work
from botcrm.hooks import tasks
from botcrm.hooks.calls import INSIDE, waited
from botcrm.hooks.entry import Entry, PluginOff

OpenWork = Callable[[Actor | None], AbstractAsyncContextManager[Work]]
Download = Callable[[str, int], Awaitable[bytes]]


class Api:
    """The platform as one plugin sees it.

    :param open_work: opens a unit of work for an actor
    :param download: gets a file that somebody sent
    """

    def __init__(
        self,
        entry: Entry,
        open_work: OpenWork,
        now: Callable[[], datetime],
        public_url: Callable[[], str],
        download: Download,
    ) -> None:
        self.name = entry.name
        self.log = logging.LoggerAdapter(logging.getLogger(f"botcrm.plugin.{entry.name}"), {"plugin": entry.name})
        self._download = download
        self._entry = entry
        self._open_work = open_work
        self._now = now
        self._public_url = public_url

    @property
    def settings(self) -> Any:
        """Return the plugin's settings as they are now."""
        return self._entry.settings

    @property
    def public_url(self) -> str:
        """Return where its web routes are reached from outside, empty where nothing is served."""
        return self._public_url()

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return self._now()

    async def download(self, file_id: str, most_bytes: int = 20_000_000) -> bytes:
        """Return a file that somebody sent to the bot.

        :raises ValueError: it is larger
        :raises OSError: it cannot be had now
        """
        with tasks.run_as(None):  # what the connection starts along the way is the product's
            return await self._download(file_id, most_bytes)

    def work(self) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work with the permissions that the manifest needs; committed when the block ends.

        The transaction belongs to a task of the product's, so that it can be ended whatever the plugin does.

        :raises TimeoutError: it was held too long
        :raises PluginOff: the plugin was switched off
        """
        if not self._entry.live:
            raise PluginOff(plugin=self.name, title=self._entry.manifest.title)
        return _Held(self.name, self._open_work, lambda work: self._entry.lend(work.acting_as(self._actor(work.actor))))

    def _actor(self, system: Actor) -> Actor:
        manifest = self._entry.manifest
        return Actor(
            id=None,
            name=manifest.title,
            role="plugin",
            grants=dict.fromkeys(manifest.needs, "all"),
            team=frozenset(),
            prefs=system.prefs,
        )


class _Held(AbstractAsyncContextManager[Work]):
    """A transaction on loan to a plugin's block of code."""

    def __init__(self, plugin: str, open_work: OpenWork, lend: Callable[[Work], Work]) -> None:
        self._plugin = plugin
        self._open_work = open_work
        self._lend = lend
        self._lease = Lease()
        self._holder: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Work:
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[tuple[Work, Any]] = loop.create_future()
        self._ended: asyncio.Future[bool] = loop.create_future()
        self._holder = asyncio.current_task()
        context = Context()
        context.run(tasks.depth.set, tasks.depth.get() + 1)
        context.run(tasks.cause.set, self._plugin)
        self._owner = tasks.Task(self._own(), context=context, name="a plugin's unit of work")
        try:
            await asyncio.wait((self._owner, self._ready), return_when=asyncio.FIRST_COMPLETED)
            if self._owner.done():
                await self._owner  # it could not be opened, and says why
            work, client = self._ready.result()
        except BaseException:
            self._give_back(False)
            raise
        self._borrowed = db.Borrowed(client)
        self._token = current_lease.set(self._lease)
        return work

    async def __aexit__(self, kind: Any, exc: BaseException | None, trace: Any) -> None:
        if isinstance(exc, GeneratorExit):
            # What was left behind is thrown away, wherever that may be.
            self._lease.over = True
            self._give_back(False)
            return
        current_lease.reset(self._token)
        self._borrowed.end()
        if self._lease.over:
            await asyncio.wait((self._owner,))
            if isinstance(exc, asyncio.CancelledError) and self._holder is not None:
                self._holder.uncancel()
            raise LeaseOver("the unit of work was rolled back: it was held too long") from exc
        self._lease.over = True
        self._give_back(exc is None)
        # The commit comes to its end even where the plugin is cancelled meanwhile.
        await asyncio.shield(self._owner)

    def _give_back(self, commit: bool) -> None:
        if not self._ended.done():
            self._ended.set_result(commit)

    async def _own(self) -> None:
        with contextlib.suppress(_RollBack):
            async with self._open_work(None) as work:
                self._ready.set_result((self._lend(work), db.connection()))
                if not await waited(self._ended, INSIDE, self._lease):
                    self._lease.over = True
                    if self._holder is not None:
                        tasks.interrupt(self._holder)
                    raise _RollBack
                if not self._ended.result():
                    raise _RollBack


class _RollBack(Exception):
    """The transaction is to be taken back."""
