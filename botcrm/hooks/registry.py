"""What the plugins that are switched on have registered, as one snapshot that is replaced whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from botcrm.contract.channels import Channel, WebRoute
from botcrm.contract.commands import ButtonHandler, CliCommand, Command
from botcrm.contract.plugin import Job, Permission, Settings, Tables
from botcrm.contract.reports import Report
from botcrm.contract.rules import Condition, RuleAction, Trigger
from botcrm.core.domain.kinds import ActivityKind

T = TypeVar("T")


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


def _add(found: Registry, offer: Offer) -> None:
    name = offer.plugin
    found.kinds.update({kind.name: kind for kind in offer.kinds})
    found.commands.update({command.verb.name: Owned(name, command) for command in offer.commands})
    found.buttons.update({(name, button.name): Owned(name, button) for button in offer.buttons})
    found.channels.update({channel.name: Owned(name, channel) for channel in offer.channels})
    for part in offer.rules:
        if issubclass(part, Trigger):
            found.triggers[part.name] = Owned(name, part)
        elif issubclass(part, Condition):
            found.conditions[part.name] = Owned(name, part)
        else:
            found.actions[part.name] = Owned(name, part)
    found.reports.update({report.name: Owned(name, report) for report in offer.reports})
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
