"""Loading plugins and calling their hooks, so that a broken one never takes the bot down."""

import asyncio
import inspect
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

import pluggy

from botcrm import hookspecs
from botcrm.core.domain.events import Event
from botcrm.core.domain.kinds import ActivityKind

log = logging.getLogger(__name__)

# Seconds a plugin may take to hear of one event.
DEADLINE = 5.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin as it is listed."""

    name: str
    version: str
    hooks: tuple[str, ...]


class PluginManager:
    """The plugins of one process, and the only way their hooks are called."""

    def __init__(self, built_in: Iterable[ModuleType]) -> None:
        self._manager = pluggy.PluginManager("botcrm")
        self._manager.add_hookspecs(hookspecs)
        for module in built_in:
            self._manager.register(module, module.__name__.rpartition(".")[2])
        self._manager.load_setuptools_entrypoints("botcrm")
        self._manager.check_pending()
        self.errors: dict[str, int] = {}
        self._kinds = {kind.name: kind for kinds in self._collect("register_activity_kinds") for kind in kinds}

    def loaded(self) -> list[Loaded]:
        """Return the plugins in the order they were registered."""
        versions = {plugin: dist.version for plugin, dist in self._manager.list_plugin_distinfo()}
        return [
            Loaded(
                name,
                versions.get(plugin, "built in"),
                tuple(sorted(c.name for c in self._manager.get_hookcallers(plugin) or ())),
            )
            for name, plugin in self._manager.list_name_plugin()
            if plugin is not None
        ]

    @property
    def activity_kinds(self) -> dict[str, ActivityKind]:
        """Return the kinds of activity by name."""
        return self._kinds

    def _collect(self, hook: str) -> list[Iterable[ActivityKind]]:
        found: list[Iterable[ActivityKind]] = []
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                found.append(list(implementation.function()))
            except Exception as exc:  # noqa: BLE001 - whatever a plugin raises is its own
                self._failed(implementation.plugin_name, hook, exc)
        return found

    async def on_event(self, events: Sequence[Event]) -> None:
        """Tell every plugin of what happened, one at a time and each within its deadline."""
        for implementation in self._manager.hook.on_event.get_hookimpls():
            for event in events:
                try:
                    answer = implementation.function(*([event] if implementation.argnames else []))
                    if inspect.isawaitable(answer):
                        async with asyncio.timeout(DEADLINE):
                            await answer
                except Exception as exc:  # noqa: BLE001 - whatever a plugin raises is its own
                    self._failed(implementation.plugin_name, "on_event", exc)

    def _failed(self, plugin: str, hook: str, exc: Exception) -> None:
        self.errors[plugin] = self.errors.get(plugin, 0) + 1
        log.error("plugin %s failed in %s", plugin, hook, exc_info=exc)
