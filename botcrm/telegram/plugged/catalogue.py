"""The verbs, buttons and words of the plugins that are on, as each person may use them; follows every switching at once."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from botcrm.contract.commands import ButtonHandler, Command
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import ActivityKind, Reach
from botcrm.core.domain.verbs import Verb, VerbTable
from botcrm.core.services.access import own_reach
from botcrm.core.services.actor import Actor
from botcrm.hooks import Loaded, Owned, PluginManager, Registry
from botcrm.telegram.screens.texts import Help
from botcrm.words import Words

log = logging.getLogger(__name__)

# What Telegram's menu takes for a command.
_MENU_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(slots=True)
class _Tables:
    """What one registry adds: its commands, the permissions that some of them need, and all verbs together."""

    registry: Registry
    commands: dict[str, Owned[Command]]
    restricted: dict[str, str]
    verbs: VerbTable


class Plugged:
    """What plugins add to the chat, on top of the core's own verbs."""

    def __init__(self, hooks: PluginManager, core: VerbTable) -> None:
        self.hooks = hooks
        self._core = core
        self._tables: _Tables | None = None

    @property
    def registry(self) -> Registry:
        """Return what the plugins that are on have registered now."""
        return self.hooks.registry

    @property
    def kinds(self) -> dict[str, ActivityKind]:
        """Return the kinds of activity by name."""
        return self.hooks.registry.kinds

    # --- commands ---------------------------------------------------------------------------------------------------

    def verbs(self) -> VerbTable:
        """Return all verbs there are, those too that somebody's role does not allow: whoever types one is told so."""
        return self._now().verbs

    def command(self, actor: Actor, verb: str) -> Owned[Command] | None:
        """Return a plugin's command; None where there is none of that name.

        :raises NotAllowed: the actor may not use it
        """
        found = self._now().commands.get(verb)
        if found and not self.allowed(actor, found.value.permission):
            entity, _, action = found.value.permission.partition(".")
            raise NotAllowed(entity=entity, action=action)
        return found

    def suggested(self, actor: Actor, verbs: Iterable[str]) -> list[str]:
        """Return those of some verbs that an actor may use."""
        hidden = set(self._hidden(self._now(), actor.role, actor.grants))
        return [verb for verb in verbs if verb not in hidden]

    def commands(self, role: str, grants: Mapping[str, str]) -> list[Owned[Command]]:
        """Return the plugins' commands that exist for a role, in the order of their plugins."""
        tables = self._now()
        hidden = set(self._hidden(tables, role, grants))
        return [owned for name, owned in tables.commands.items() if name not in hidden]

    def allowed(self, actor: Actor, permission: str) -> bool:
        """Tell whether an actor has a permission; the empty one everybody has."""
        return not permission or own_reach(self.hooks, actor, permission) != Reach.NONE

    def _hidden(self, tables: _Tables, role: str, grants: Mapping[str, str]) -> Iterable[str]:
        for name, permission in tables.restricted.items():
            if grants.get(permission, self.hooks.default_reach(permission, role)) == Reach.NONE:
                yield name

    def _now(self) -> _Tables:
        registry = self.hooks.registry
        if self._tables is None or self._tables.registry is not registry:
            self._tables = self._read(registry)
        return self._tables

    def _read(self, registry: Registry) -> _Tables:
        commands: dict[str, Owned[Command]] = {}
        verbs: list[Verb] = []
        for owned in registry.commands.values():
            try:
                self._core.plus([*verbs, owned.value.verb])
            except ValueError as exc:
                log.error("the command %r of plugin %s is left out: %s", owned.value.verb.name, owned.plugin, exc)
                continue
            verbs.append(owned.value.verb)
            commands[owned.value.verb.name] = owned
        restricted = {name: owned.value.permission for name, owned in commands.items() if owned.value.permission}
        return _Tables(registry, commands, restricted, self._core.plus(verbs) if verbs else self._core)

    # --- help and menu ----------------------------------------------------------------------------------------------

    def helps(self, words: Words, role: str, grants: Mapping[str, str]) -> dict[str, Help]:
        """Return what help says of each plugin's command that exists for a role, by its verb, in the reader's language."""
        return {owned.value.verb.name: self._help(words, owned) for owned in self.commands(role, grants)}

    def _help(self, words: Words, owned: Owned[Command]) -> Help:
        own, command = self.words_of(owned.plugin, words), owned.value
        by = words.t("by {plugin}", plugin=self.title(owned.plugin))
        more = own.t(command.more) if command.more else ""
        return Help(own.t(command.menu), tuple(command.examples), more, by)

    def title(self, plugin: str) -> str:
        """Return a plugin's name for people."""
        return self.hooks.manifest(plugin).title

    def loaded(self, plugin: str) -> Loaded:
        """Return a plugin as it is listed.

        :raises NotFound: there is none of that name
        """
        for found in self.hooks.plugins:
            if found.name == plugin:
                return found
        raise NotFound(ref=plugin)

    # --- buttons and words --------------------------------------------------------------------------------------------

    def button(self, actor: Actor, plugin: str, name: str) -> Owned[ButtonHandler] | None:
        """Return what a plugin's button does for an actor; None where the plugin is off or the permission is lacking."""
        found = self.hooks.registry.buttons.get((plugin, name))
        return found if found and self.allowed(actor, found.value.permission) else None

    def words_of(self, plugin: str, words: Words) -> Words:
        """Return words that look texts up in a plugin's catalogue first."""
        return words.with_catalogue(plugin, self.hooks.registry.locales.get(plugin))


def menu_name(verb: str) -> str | None:
    """Return a verb as Telegram's menu can show it ("meet in" as meet_in); None where it cannot."""
    name = verb.replace(" ", "_")
    return name if _MENU_NAME.fullmatch(name) else None
