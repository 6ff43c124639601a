"""The plugins of one process: loading them, and switching them on and off while everything runs."""

import asyncio
import functools
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any

from botcrm.contract.plugin import Job, Settings
from botcrm.core import db
from botcrm.core.domain.events import Event, SettingChanged
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work
from botcrm.hooks import loading, state, tasks
from botcrm.hooks.api import OpenWork
from botcrm.hooks.aside import in_thread
from botcrm.hooks.calling import PluginRefused
from botcrm.hooks.calls import OUTSIDE
from botcrm.hooks.entry import Entry
from botcrm.hooks.registry import Registry
from botcrm.hooks.shelf import Shelf
from botcrm.metrics import Metrics
from botcrm.settings import Settings as AppSettings

log = logging.getLogger(__name__)

Follow = Callable[[Work, Registry, Sequence[Job]], Awaitable[None]]


class PluginManager(Shelf):
    """Every plugin there is, and what those that are on have registered.

    :param built_in: modules of the product's own plugins, switched on at once
    :param open_work: opens a unit of work
    :param follow: plans what plugins that are on have happen again and again, and calls off the jobs handed to it
    """

    def __init__(
        self,
        built_in: Iterable[ModuleType],
        *,
        settings: AppSettings,
        open_work: OpenWork,
        now: Callable[[], datetime],
        follow: Follow,
        metrics: Metrics | None = None,
    ) -> None:
        super().__init__(settings, open_work, now, metrics)
        self._follow = follow
        self._loading: asyncio.Task[Any] | None = None
        # Calls and errors of each plugin as they were saved last.
        self._saved: dict[str, tuple[int, int]] = {}
        for found in loading.built_in(built_in):
            self._keep_entry(self._read(found))
        for entry in self._entries.values():
            self._enter(entry, functools.partial(self._offer, entry))
        self._renew()

    # --- starting and ending -------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Import the other plugins, bring their tables up to date, and switch on what is to be on; once, whoever asks."""
        if self._loading is None:
            tasks.protect(asyncio.get_running_loop())
            self._loading = self._spawn(self._load())
        await asyncio.shield(self._loading)

    async def _load(self) -> None:
        if self._settings.plugins:
            for found in await in_thread(lambda: self._find(self._settings.plugins_dir)):
                if found.name not in self._settings.blocked_plugins:
                    self._keep_entry(await self._in_time(found))
        kept = await state.read_all()
        for entry in list(self._entries.values()):
            mine = kept.get(entry.name, {})
            self._restore(entry, mine.get(":settings", {}))
            # What was switched off stays so; what is refused is refused again, with the reason of now.
            switch = mine.get("", {})
            if switch.get("on") is False and entry.state != "failed":
                self._leave(entry, str(switch.get("reason") or ""))
            if entry.holder is not None:
                await self._prepare_tables(entry)
            if entry.state == "on" and entry not in self._on:
                await self._enter_aside(entry)
        self._renew()
        self._parts = {name: mine[":parts"] for name, mine in kept.items() if ":parts" in mine} | self._parts
        async with self._open_work(None) as work:
            await self._follow(work, self.registry, ())
            await self._keep_parts(kept)
            for entry in self._entries.values():
                if entry.state == "failed":
                    await _tell_administrators(work, entry, entry.reason)

    def begin(self) -> None:
        """Have every plugin start up, and its channels take messages in: this process serves people."""
        if not self._serving:
            self._serving = True
            for entry in self._on:
                self._begin(entry)

    async def close(self) -> None:
        """Have every plugin hear of what waits and shut down; each has five seconds."""
        if self._background:
            await asyncio.wait(set(self._background), timeout=OUTSIDE)
        ending = [self._end(entry, self._ears.pop(entry.name, None), keep=True) for entry in self._entries.values()]
        await asyncio.gather(*ending)

    async def settled(self) -> None:
        """Wait until every plugin has heard of everything, and what was to be done about plugins is done."""
        while self._background or any(ears.waiting for ears in self._ears.values()):
            if self._background:
                await asyncio.wait(set(self._background))
            await asyncio.gather(*(ears.drained() for ears in list(self._ears.values())))

    # --- switching -----------------------------------------------------------------------------------------------------

    async def switch(self, name: str, on: bool, reason: str = "", by: int | None = None) -> None:
        """Switch a plugin on or off, live and for good.

        :param reason: why it is switched off
        :param by: who does it
        :raises NotFound: there is no such plugin
        :raises PluginRefused: it cannot be switched on
        """
        entry = self._entry(name)
        taken: Sequence[Job] = ()
        if on and entry.state != "on":
            await self._switch_on(entry)
        elif not on and entry.state == "on":
            taken = entry.offer.jobs if entry.offer else ()
            self._leave(entry, reason)
            self._renew()
        else:
            return
        keeping = self._spawn(self._persist(entry, taken, by=by))
        # Whoever holds the transaction that it has to wait for must not wait for it.
        if not db.in_work():
            await asyncio.shield(keeping)

    async def look_again(self) -> None:
        """Follow what another process chose: `botcrm plugins --off NAME` beside the bot, or a second bot."""
        kept = await state.read_all()
        changed = False
        for entry in list(self._entries.values()):
            mine = kept.get(entry.name, {})
            if mine.get(":settings", {}) != entry.kept:
                self._restore(entry, mine.get(":settings", {}))
            switch = mine.get("", {})
            if switch.get("on") is False and entry.state == "on":
                self._leave(entry, str(switch.get("reason") or ""))
                changed = True
            elif switch.get("on") is True and entry.state == "off":
                try:
                    await self._switch_on(entry)
                except PluginRefused as exc:
                    log.error("%s", exc)
        if changed:
            self._renew()

    async def _switch_on(self, entry: Entry) -> None:
        if entry.ending is not None:
            await asyncio.wait((entry.ending,))
        if entry.holder is None:
            fresh = await self._in_time(entry.found)
            entry.manifest, entry.holder, entry.implementations = fresh.manifest, fresh.holder, fresh.implementations
            entry.state, entry.reason = fresh.state, fresh.reason
        if entry.holder is not None and entry.tables != "failed":
            entry.state, entry.reason = "on", ""
            entry.breaker.reset()
            entry.late = 0
            await self._enter_aside(entry)
        if entry.state != "on":
            raise PluginRefused(title=entry.manifest.title, reason=entry.reason, plugin=entry.name)
        self._renew()
        if self._serving:
            self._begin(entry)

    def _break(self, entry: Entry, reason: str) -> None:
        taken = entry.offer.jobs if entry.offer else ()
        log.error("plugin %s is switched off: %s", entry.name, reason)
        self._leave(entry, reason)
        self._renew()
        self._spawn(self._persist(entry, taken, alarm=True))

    async def _persist(self, entry: Entry, taken: Sequence[Job], *, by: int | None = None, alarm: bool = False) -> None:
        value = {"on": entry.state == "on", "reason": entry.reason, "at": self._now().isoformat()}
        async with self._open_work(None) as work:
            await state.write(entry.name, "", value)
            work.remember_plain(SettingChanged, "setting", 0, key=f"plugin:{entry.name}", by=by, **value)
            await self._follow(work, self.registry, taken)
            await self._keep_parts(await state.read_all())
            if alarm:
                await _tell_administrators(work, entry, str(value["at"]))

    async def _keep_parts(self, kept: dict[str, dict[str, Any]]) -> None:
        """Keep what parts of rules are called, for the time when their plugin is off or gone."""
        for name, parts in self._parts.items():
            if kept.get(name, {}).get(":parts") != parts:
                await state.write(name, ":parts", parts)

    # --- settings ------------------------------------------------------------------------------------------------------

    async def settings_of(self, name: str) -> Settings:
        """Return a plugin's settings as they stand, those changed in the transaction at hand included.

        :raises NotFound: there is no such plugin
        """
        entry = self._entry(name)
        return state.settings_from(name, entry.settings_type, await state.read(name, ":settings"))

    async def change_settings(self, work: Work, name: str, **values: Any) -> Settings:
        """Choose settings for a plugin; they are in force as soon as the work is committed.

        :raises NotFound: there is no such plugin
        :raises InvalidValue: there is no such setting, or the value does not fit it
        """
        return await state.change(work, name, self._entry(name).settings_type, values)

    def changed(self, events: Sequence[Event]) -> None:
        """Take over changed settings of plugins."""
        for event in events:
            if isinstance(event, SettingChanged) and str(event.after.get("key")).endswith(":settings"):
                entry = self._entries.get(str(event.after["key"]).split(":")[1])
                if entry is not None:
                    self._restore(entry, event.after.get("value") or {})

    def _restore(self, entry: Entry, kept: dict[str, Any]) -> None:
        entry.kept = kept
        try:
            entry.settings = state.settings_from(entry.name, entry.settings_type, kept)
        except Exception:
            # They were checked when they were chosen; the type may ask for more since.
            log.exception("the settings of plugin %s cannot be used; it goes on with those it has", entry.name)

    async def save_stats(self) -> None:
        """Keep how often plugins were called and failed, for `botcrm plugins`; nothing is written where nothing changed."""
        fresh = {row.name: row for row in self.plugins if self._saved.get(row.name) != (row.calls, row.errors)}
        if not fresh:
            return
        async with self._open_work(None):
            for name, row in fresh.items():
                seconds = round(row.seconds, 3)
                await state.write(name, ":stats", {"calls": row.calls, "errors": row.errors, "seconds": seconds})
        self._saved |= {name: (row.calls, row.errors) for name, row in fresh.items()}


async def _tell_administrators(work: Work, entry: Entry, why: str) -> None:
    """Tell the administrators, once, that a plugin is not on any more, or cannot be switched on."""
    mark = hashlib.sha256(why.encode()).hexdigest()[:16]
    for user_id, chat_id in await administrators():
        await work.tell(
            user_id,
            chat_id,
            "plugin_off",
            key=f"plugin_off:{entry.name}:{mark}:{user_id}",
            name=entry.name,
            title=entry.manifest.title,
            reason=entry.reason,
        )
