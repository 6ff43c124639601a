"""Loading plugins and calling their hooks, so that a broken one never takes the bot down."""

import asyncio
import functools
import importlib.util
import inspect
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

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

    def __init__(
        self,
        built_in: Iterable[ModuleType],
        *,
        installed: bool = True,
        folder: Path | None = None,
        blocked: Iterable[str] = (),
        on_error: Callable[[str], None] = lambda plugin: None,
    ) -> None:
        """Load the built-in plugins, then installed ones, then single files.

        :param installed: False is the safe mode: built-in plugins only
        :param folder: where single-file plugins lie, one module a file
        :param blocked: names not to load
        :param on_error: told of each plugin that fails, by name
        """
        self._manager = pluggy.PluginManager("botcrm")
        self._manager.add_hookspecs(hookspecs)
        self._on_error = on_error
        self._versions: dict[str, str] = {}
        for module in built_in:
            self._manager.register(module, module.__name__.rpartition(".")[2])
        if installed:
            skipped = set(blocked)
            for name, load, version in (*_entry_points(), *_single_files(folder)):
                if name not in skipped:
                    self._load(name, load, version)
        self._kinds = {kind.name: kind for kinds in self._collect("register_activity_kinds") for kind in kinds}

    def _load(self, name: str, load: Callable[[], Any], version: str) -> None:
        """Load one plugin; what is wrong with it keeps it out, and nobody else."""
        try:
            self._manager.register(load(), name)
            self._manager.check_pending()
            self._versions[name] = version
        except Exception as exc:  # noqa: BLE001 - whatever a plugin raises is its own
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            self._failed(name, "loading", exc)

    def loaded(self) -> list[Loaded]:
        """Return the plugins in the order they were registered."""
        return [
            Loaded(
                name,
                self._versions.get(name, "built in"),
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
        self._on_error(plugin)
        log.error("plugin %s failed in %s", plugin, hook, exc_info=exc)


def _entry_points() -> list[tuple[str, Callable[[], Any], str]]:
    return [
        (point.name, point.load, point.dist.version if point.dist else "?") for point in entry_points(group="botcrm")
    ]


def _single_files(folder: Path | None) -> list[tuple[str, Callable[[], Any], str]]:
    files = sorted(folder.glob("*.py")) if folder else []
    return [
        (path.stem, functools.partial(_import_file, path), "file") for path in files if not path.stem.startswith("_")
    ]


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"botcrm_plugin_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
