"""What the plugins that are switched on have registered, as one snapshot that is replaced whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from botcrm.contract.channels import Channel, WebRoute
from botcrm.contract.commands import ButtonHandler, CliCommand, Command
from botcrm.contract.plugin import Job, Permission, Settings, Tables
from botcrm.contract.reports import Report
from botcrm.contract.rules import Condition, RuleAction, Trigger
from botcrm.core.domain.kinds import ActivityKind
from botcrm.words import Phrase

T = TypeVar("T")
D = TypeVar("D", ActivityKind, Report)


@dataclass(frozen=True, slots=True)
class Owned(Generic[T]):
    """Something that belongs to a plugin, with the plugin's name."""

    plugin: str
    value: T


@dataclass(slots=True)
class Offer:
    """What one plugin registers, checked.

    :ivar routers: aiogram routers; this layer does not import aiogram
    """

    plugin: str
    settings: type[Settings] | None = None
    tables: Tables | None = None
    permissions: list[Permission] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    buttons: list[ButtonHandler] = field(default_factory=list)
    kinds: list[ActivityKind] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    rules: list[type[Trigger] | type[Condition] | type[RuleAction]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    routers: list[Any] = field(default_factory=list)
    routes: list[WebRoute] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    cli: list[CliCommand] = field(default_factory=list)
    locales: Path | None = None


def sort_of(part: type[Trigger] | type[Condition] | type[RuleAction]) -> str:
    """Return what a rule's part is: trigger, condition or action."""
    return "trigger" if issubclass(part, Trigger) else "condition" if issubclass(part, Condition) else "action"


@dataclass(frozen=True)
class Registry:
    """Everything the plugins that are on have registered. Read it from `app.hooks.registry` each time; never change it.

    :ivar commands: by the verb's name; a name of two words extends a verb
    :ivar buttons: by (plugin, name)
    :ivar channels: living objects, by the channel's name
    :ivar routes: by the plugin's name, those of its channels included
    :ivar locales: folder of catalogues by the plugin's name
    """

    kinds: dict[str, ActivityKind] = field(default_factory=dict)
    commands: dict[str, Owned[Command]] = field(default_factory=dict)
    buttons: dict[tuple[str, str], Owned[ButtonHandler]] = field(default_factory=dict)
    channels: dict[str, Owned[Channel]] = field(default_factory=dict)
    triggers: dict[str, Owned[type[Trigger]]] = field(default_factory=dict)
    conditions: dict[str, Owned[type[Condition]]] = field(default_factory=dict)
    actions: dict[str, Owned[type[RuleAction]]] = field(default_factory=dict)
    reports: dict[str, Owned[Report]] = field(default_factory=dict)
    routers: list[Owned[Any]] = field(default_factory=list)
    routes: dict[str, list[WebRoute]] = field(default_factory=dict)
    jobs: dict[str, Owned[Job]] = field(default_factory=dict)
    cli: dict[str, Owned[CliCommand]] = field(default_factory=dict)
    locales: dict[str, Path] = field(default_factory=dict)
    permissions: dict[str, Owned[Permission]] = field(default_factory=dict)
    settings: dict[str, type[Settings]] = field(default_factory=dict)


def registry_of(offers: Iterable[Offer]) -> Registry:
    """Put together what plugins offer, in their order; they were checked not to be in each other's way."""
    found = Registry()
    for offer in offers:
        _add(found, offer)
    return found


def _phrased(offer: Offer, thing: D, *fields: str) -> D:
    """Return something of a plugin with texts that are translated by the plugin's own catalogue, wherever they are shown."""
    if offer.locales is None:
        return thing
    texts: dict[str, Any] = {name: Phrase.of(getattr(thing, name), offer.plugin, offer.locales) for name in fields}
    return replace(thing, **texts)


def _add(found: Registry, offer: Offer) -> None:
    name = offer.plugin
    found.kinds.update({kind.name: _phrased(offer, kind, "label") for kind in offer.kinds})
    found.commands.update({command.verb.name: Owned(name, command) for command in offer.commands})
    found.buttons.update({(name, button.name): Owned(name, button) for button in offer.buttons})
    found.channels.update({channel.name: Owned(name, channel) for channel in offer.channels})
    for part in offer.rules:
        parts: dict[str, dict[str, Owned[Any]]]
        parts = {"trigger": found.triggers, "condition": found.conditions, "action": found.actions}
        parts[sort_of(part)][part.name] = Owned(name, part)
    reports = [_phrased(offer, report, "title", "about") for report in offer.reports]
    found.reports.update({report.name: Owned(name, report) for report in reports})
    found.routers.extend(Owned(name, router) for router in offer.routers)
    if offer.routes:
        found.routes[name] = list(offer.routes)
    found.jobs.update({job.kind: Owned(name, job) for job in offer.jobs})
    found.cli.update({command.name: Owned(name, command) for command in offer.cli})
    if offer.locales:
        found.locales[name] = offer.locales
    found.permissions.update({permission.name: Owned(name, permission) for permission in offer.permissions})
    if offer.settings:
        found.settings[name] = offer.settings
