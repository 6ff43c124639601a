"""The plugins that are there: read, taken into use with what they register, and taken out again with all they left running."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import datetime
from pathlib import Path
from typing import Any

from botcrm.contract.plugin import Manifest, Plugin, Settings
from botcrm.core.domain.kinds import ActivityKind, Reach
from botcrm.core.domain.messages import channel_title
from botcrm.hooks import calls, loading, offers, state, tables, tasks
from botcrm.hooks.api import Api, Download, OpenWork
from botcrm.hooks.aside import PATIENCE, in_thread
from botcrm.hooks.calling import Caller
from botcrm.hooks.ears import Ears, Told
from botcrm.hooks.entry import Entry, Found, Implementation, Loaded, Refused
from botcrm.hooks.registry import Offer, Registry, registry_of, sort_of
from botcrm.metrics import Metrics
from botcrm.settings import Settings as AppSettings

log = logging.getLogger(__name__)

# The terminal's own words, those to come included.
_TERMINAL = (
    "backup",
    "demo",
    "doctor",
    "duplicates",
    "export",
    "import",
    "invite",
    "migrate",
    "plugin",
    "plugins",
    "report",
    "retry",
    "run",
    "settings",
    "simulator",
    "user",
)


class Shelf(Caller):
    """Every plugin there is, and what those that are on have registered.

    :ivar registry: a snapshot that is replaced whole
    """

    def __init__(
        self, settings: AppSettings, open_work: OpenWork, now: Callable[[], datetime], metrics: Metrics | None
    ) -> None:
        super().__init__(now, metrics)
        self.registry = Registry()
        self._settings = settings
        self._open_work = open_work
        self._listeners: list[Callable[[], None]] = []
        # The plugins that are on, in the order they were registered.
        self._on: list[Entry] = []
        self._serving = False
        self._background: set[asyncio.Task[Any]] = set()
        self._download: Download | None = None
        # The parts of rules that each plugin ever brought, by its name: {"title": …, "trigger": {name: title}, …}.
        self._parts: dict[str, dict[str, Any]] = {}
        self._find: Callable[[Path | None], list[Found]] = loading.installed

    # --- what there is -------------------------------------------------------------------------------------------------

    @property
    def plugins(self) -> list[Loaded]:
        """Return every plugin, built-in ones first, also those that are off or cannot be switched on."""
        return [entry.listed() for entry in self._entries.values()]

    def loaded(self) -> list[Loaded]:
        """Return the plugins that are on."""
        return [row for row in self.plugins if row.state == "on"]

    def plugin(self, name: str) -> Plugin:
        """Return the platform as one plugin sees it.

        :raises NotFound: there is no such plugin
        """
        api = self._entry(name).api
        assert api is not None
        return api

    def manifest(self, name: str) -> Manifest:
        """Return what a plugin says of itself.

        :raises NotFound: there is no such plugin
        """
        return self._entry(name).manifest

    def default_reach(self, permission: str, role: str) -> str:
        """Return how far a role has a plugin's own permission where the role itself says nothing of it."""
        owned = self.registry.permissions.get(permission)
        if owned is None or role == "admin":
            return str(Reach.ALL if owned else Reach.NONE)
        return owned.value.roles.get(role, str(Reach.NONE))

    @property
    def activity_kinds(self) -> dict[str, ActivityKind]:
        """Return the kinds of activity by name."""
        return self.registry.kinds

    def channel_title(self, channel: str) -> str:
        """Return what a channel, given as it is stored with messages, is called for people."""
        owned = self.registry.channels.get(channel)
        return owned.value.title if owned else channel_title(channel)

    def whose_part(self, sort: str, name: str) -> tuple[str, Loaded | None, str] | None:
        """Return what a part of rules that is not there now was called, its plugin as it is listed, and that one's title.

        :param sort: trigger, condition or action
        :returns: None where it was never there
        """
        for plugin, known in self._parts.items():
            title = known.get(sort, {}).get(name)
            if title:
                entry = self._entries.get(plugin)
                return str(title), entry.listed() if entry else None, str(known.get("title") or plugin)
        return None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have a function called each time the registry was replaced."""
        self._listeners.append(callback)

    def download_with(self, download: Download) -> None:
        """Say how plugins get a file that somebody sent: `await download(file_id, most_bytes)`."""
        self._download = download

    def find_with(self, find: Callable[[Path | None], list[Found]]) -> None:
        """Say where plugins that are not built in come from, in place of what is installed; before `load`."""
        self._find = find

    # --- one plugin ----------------------------------------------------------------------------------------------------

    def _read(self, found: Found) -> Entry:
        """Import a plugin; one that is refused is listed with the reason."""
        try:
            entry = loading.read(found)
        except Refused as exc:
            entry = Entry(found, Manifest(title=found.name), state="failed", reason=str(exc))
        except Exception as exc:
            log.exception("plugin %s cannot be read", found.name)
            reason = f"its manifest and hooks cannot be read: {loading.told(exc)}; mend its code"
            entry = Entry(found, Manifest(title=found.name), state="failed", reason=reason)
        return self._connected(entry)

    def _connected(self, entry: Entry) -> Entry:
        entry.api = Api(entry, self._open_work, self._now, lambda: self._address(entry.name), self._get_file)
        return entry

    @property
    def public_address(self) -> str:
        """Return where what is served over HTTP is reached, without a slash at the end; empty where nothing is served."""
        return self._settings.public_address()

    @property
    def is_reached_from_outside(self) -> bool:
        """Tell whether that address was said to be reached from other machines."""
        return bool(self._settings.outside_address())

    def _address(self, name: str) -> str:
        address = self.public_address
        return f"{address}/plugins/{name}" if address else ""

    async def _get_file(self, file_id: str, most_bytes: int) -> bytes:
        if self._download is None:
            raise OSError("no messenger is connected")
        return await self._download(file_id, most_bytes)

    async def _in_time(self, found: Found) -> Entry:
        try:
            return await in_thread(lambda: self._read(found))
        except TimeoutError:
            reason = f"importing it takes more than {PATIENCE:g} s: move what it does at import into its startup hook"
            return self._connected(Entry(found, Manifest(title=found.name), state="failed", reason=reason))

    def _keep_entry(self, entry: Entry) -> None:
        name = entry.name
        if name in self._entries:
            other = self._entries[name].found.where
            self._refuse(entry, f"a plugin of this name is {other} already: rename one of them, or block it")
            name = f"{name} ({entry.found.where})"
        elif entry.state != "failed":
            entry.state = "on"
        else:
            log.error("plugin %s is refused: %s", name, entry.reason)
        self._entries[name] = entry

    def _refuse(self, entry: Entry, reason: str) -> None:
        entry.state, entry.reason = "failed", reason
        log.error("plugin %s is refused: %s", entry.name, reason)

    def _offer(self, entry: Entry) -> Offer:
        offer = offers.offer_of(entry)
        entry.settings_type = offer.settings or Settings
        try:
            entry.settings = state.settings_from(entry.name, entry.settings_type, entry.kept)
        except Exception as exc:  # the type's own checks
            raise Refused(f"its settings cannot be used: {loading.told(exc)}; mend their defaults") from exc
        offers.connect(entry, offer)
        return offer

    async def _enter_aside(self, entry: Entry) -> None:
        """Ask a plugin for what it registers, on a thread: it may import large things only then."""
        try:
            offer = await in_thread(lambda: self._offer(entry))
        except Refused as exc:
            self._refuse(entry, str(exc))
        except TimeoutError:
            self._refuse(entry, f"its register hooks take more than {PATIENCE:g} s: let them return at once")
        else:
            self._enter(entry, lambda: offer)

    def _enter(self, entry: Entry, offered: Callable[[], Offer]) -> None:
        """Take what a plugin registers into use, unless it is in somebody's way."""
        if entry.state != "on":
            return
        try:
            offer = offered()
        except Refused as exc:
            self._refuse(entry, str(exc))
            return
        taken = offers.clash(offer, [other.offer for other in self._on if other.offer], _TERMINAL)
        if taken:
            self._refuse(entry, taken)
            return
        entry.offer, entry.live = offer, True
        if offer.rules:
            self._parts[entry.name] = _parts_of(entry.manifest.title, offer)
        self._on.append(entry)
        # Built-in ones come first, however often they are switched.
        self._on.sort(key=lambda other: list(self._entries.values()).index(other))

    def _leave(self, entry: Entry, reason: str) -> None:
        """Take a plugin out of use, and begin to shut it down."""
        entry.state, entry.reason = "off", reason
        if entry in self._on:
            self._on.remove(entry)
            entry.ending = self._spawn(self._end(entry, self._ears.pop(entry.name, None), keep=False))

    def _renew(self) -> None:
        """Replace the registry, and what is called."""
        self.registry = registry_of(entry.offer for entry in self._on if entry.offer)
        found: dict[str, list[Implementation]] = {}
        for entry in reversed(self._on):
            for hook, implementation in entry.implementations.items():
                found.setdefault(hook, []).append(implementation)
        self._implementations = {
            hook: tuple(sorted(found_here, key=lambda one: one.trylast - one.tryfirst))
            for hook, found_here in found.items()
        }
        for listener in self._listeners:
            listener()

    def _listen(self, entry: Entry) -> Ears:
        """Return a plugin's ears; opened when it is first to hear of something, with its start in front."""
        ears = self._ears.get(entry.name)
        if ears is None:
            ears = self._ears[entry.name] = Ears(
                entry.name,
                lambda seconds: self._note_success(entry, seconds),
                lambda where, error, seconds: self._note_failure(entry, where, error, seconds),
                self._complain,
                deadline=calls.OUTSIDE,
            )
            startup = entry.implementations.get("startup")
            if startup is not None:
                ears.put(self._told(startup, {}))
            ears.open()
        return ears

    def _begin(self, entry: Entry) -> None:
        ears = self._listen(entry)
        for channel in entry.offer.channels if entry.offer else ():
            ears.put(Told(f"start of channel {channel.name}", channel.start, {}))

    async def _end(self, entry: Entry, ears: Ears | None, *, keep: bool) -> None:
        """Have a plugin shut down, and end whatever it left running."""
        offer = entry.offer
        if ears is not None:
            last = [
                Told(f"stop of channel {channel.name}", channel.stop, {})
                for channel in (offer.channels if offer and self._serving else ())
            ]
            shutdown = entry.implementations.get("shutdown")
            if shutdown is not None:
                last.append(self._told(shutdown, {}))
            await ears.close(*last, keep=keep)
        entry.live = False
        left = tasks.tasks_of(entry.name)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=0.1)
            for task in left:
                tasks.abandon(task)
        entry.offer = None

    async def _prepare_tables(self, entry: Entry) -> None:
        """Bring a plugin's tables up to date, also where it is off, so that it can be switched on at any time."""
        if "register_models" not in entry.implementations or entry.tables:
            return
        try:
            offer = entry.offer or await in_thread(lambda: offers.offer_of(entry))
            assert offer is not None
            assert offer.tables is not None
            await tables.prepare(self._settings.database_url, entry.name, offer.tables)
            entry.tables = "ready"
        except (Refused, TimeoutError) as exc:
            entry.tables = "failed"
            self._leave(entry, "")
            self._refuse(entry, str(exc) or "its register hooks take too long")

    def beside(self, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something for plugins in the background; `settled` waits for it."""
        return self._spawn(coro)

    def _spawn(self, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something in the background, apart from the transaction and the plugin at hand."""
        task = tasks.Task(coro, context=Context())
        self._background.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("what was to be done about a plugin failed", exc_info=task.exception())


def _parts_of(title: str, offer: Offer) -> dict[str, Any]:
    found: dict[str, Any] = {"title": title}
    for part in offer.rules:
        found.setdefault(sort_of(part), {})[part.name] = part.title
    return found
