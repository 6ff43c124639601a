"""A plugin as the platform keeps it: where it came from, what it implements, how it fares."""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botcrm.contract.plugin import Manifest, Plugin, Settings
from botcrm.contract.work import PluginWork, Run
from botcrm.core.domain.errors import CrmError
from botcrm.core.services.reading import Reading
from botcrm.core.services.work import Work
from botcrm.hooks.breaker import Breaker
from botcrm.hooks.registry import Offer

BUILT_IN = "built in"


class PluginOff(CrmError):
    """What belongs to a plugin is used, and it is switched off."""

    message = "The plugin {title} is switched off."


class Refused(Exception):
    """A plugin cannot be switched on; the text says what is wrong with it and how to mend it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin as it is listed.

    :ivar where: "built in", "installed" or "file"
    :ivar state: "on", "off", or "failed" where it cannot be switched on
    :ivar reason: why it is not on
    :ivar hooks: names of the hooks that it implements
    :ivar seconds: what its calls took together
    """

    name: str
    title: str
    about: str
    version: str
    where: str
    state: str
    reason: str
    hooks: tuple[str, ...]
    calls: int
    errors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Implementation:
    """One hook as a plugin implements it."""

    plugin: str
    hook: str
    function: Callable[..., Any]
    names: tuple[str, ...]
    tryfirst: bool = False
    trylast: bool = False


@dataclass(slots=True)
class Found:
    """A plugin that is there, not loaded yet.

    :ivar load: imports it, and returns the module or object that holds its hooks
    """

    name: str
    where: str
    version: str
    load: Callable[[], Any]


@dataclass(slots=True)
class Entry:
    """A plugin with its state.

    :ivar kept: what the administrator set, as it is stored
    :ivar offer: what it registered, while it is on
    :ivar live: whether its code may open a unit of work: from switching on until it has shut down
    :ivar ending: its shutting down, the last time
    :ivar late: how often in a row it was waited for in vain inside a unit of work
    :ivar tables: "ready" or "failed" once its own tables were looked after
    """

    found: Found
    manifest: Manifest
    holder: Any = None
    implementations: dict[str, Implementation] = field(default_factory=dict)
    api: Plugin | None = None
    settings: Settings = field(default_factory=Settings)
    settings_type: type[Settings] = Settings
    kept: dict[str, Any] = field(default_factory=dict)
    offer: Offer | None = None
    tables: str = ""
    live: bool = False
    ending: "asyncio.Task[Any] | None" = None
    state: str = "off"
    reason: str = ""
    breaker: Breaker = field(default_factory=Breaker)
    late: int = 0
    calls: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Return the name it is registered under."""
        return self.found.name

    def job_kinds(self) -> frozenset[str]:
        """Return the kinds of job that it registered."""
        return frozenset(job.kind for job in self.offer.jobs) if self.offer else frozenset()

    def lend(self, work: Work, run: Run | None = None) -> Work:
        """Return a unit of work as this plugin has it in hand; one that only reads stays as it is."""
        assert self.api is not None
        return copy.copy(work) if isinstance(work, Reading) else PluginWork(work, self.api, self.job_kinds, run)

    def listed(self) -> Loaded:
        """Return it as it is listed."""
        return Loaded(
            self.name,
            self.manifest.title,
            self.manifest.about,
            self.found.version,
            self.found.where,
            self.state,
            self.reason,
            tuple(sorted(self.implementations)),
            self.calls,
            self.errors,
            self.seconds,
        )
