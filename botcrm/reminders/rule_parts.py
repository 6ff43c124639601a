"""A stored rule and what it is made of: its trigger, conditions and actions as living objects, each called guarded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from botcrm.contract.filling import checked
from botcrm.contract.rules import Condition, RuleAction, Trigger
from botcrm.contract.work import Run
from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Rule
from botcrm.core.services.work import Work
from botcrm.hooks import Owned, PluginManager, Registry
from botcrm.hooks.copies import argument_copy
from botcrm.words import Words


class PartUnusable(CrmError):
    """A part of a rule that cannot be used now: its plugin is off or gone, or its parameters do not fit any more."""

    message = "“{part}” of the rule cannot be used: {reason}"


class PartGone(PartUnusable):
    """No plugin that is switched on brings the part."""

    message = "“{part}” is missing: no plugin brings it."


class PartOff(PartGone):
    """The plugin that brings the part is switched off, or cannot be switched on."""

    message = "“{part}” is missing: its plugin {plugin} is switched off."


class PartLeft(PartGone):
    """The plugin that brought the part is no longer installed, or no longer has it."""

    message = "“{part}” is missing: its plugin {plugin} is no longer here, or no longer has it."


@dataclass(frozen=True)
class Parts:
    """What a rule is made of, each with the plugin that it comes from."""

    trigger: Owned[Trigger]
    conditions: tuple[Owned[Condition], ...]
    actions: tuple[Owned[RuleAction], ...]


def manager_of(work: Work) -> PluginManager | None:
    """Return the plugins behind a work; None where there are none, as in a test of the core."""
    return work.hooks if isinstance(work.hooks, PluginManager) else None


def part_gone(hooks: PluginManager, sort: str, name: str) -> PartGone:
    """Return why a part is not there, in the words of the plugin that brought it.

    :param sort: trigger, condition or action
    """
    found = hooks.whose_part(sort, name)
    if found is None:
        return PartGone(part=name)
    title, plugin, plugin_title = found
    gone = PartLeft if plugin is None or plugin.state == "on" else PartOff
    return gone(part=title, plugin=plugin_title)


def part_of(hooks: PluginManager, sort: str, name: str, params: Mapping[str, Any]) -> Owned[Any]:
    """Return one part, filled in.

    :param sort: trigger, condition or action
    :raises PartGone: no plugin brings it
    :raises PartUnusable: a parameter is missing or does not fit
    """
    owned = known_parts(hooks.registry, sort).get(name)
    if owned is None:
        raise part_gone(hooks, sort, name)
    try:
        return Owned(owned.plugin, checked(owned.value.model_validate, dict(params)))
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        field = ".".join(str(place) for place in first["loc"]) or name
        raise PartUnusable(part=owned.value.title, reason=f"{field} is to be filled in") from None


def known_parts(registry: Registry, sort: str) -> Mapping[str, Owned[Any]]:
    """Return the triggers, conditions or actions that there are now, by their names."""
    sorts: dict[str, Mapping[str, Owned[Any]]] = {
        "trigger": registry.triggers,
        "condition": registry.conditions,
        "action": registry.actions,
    }
    return sorts[sort]


def parts_of(hooks: PluginManager, rule: Rule) -> Parts:
    """Return a rule's parts.

    :raises PartGone: a plugin is switched off or gone
    :raises PartUnusable: a parameter is missing or does not fit
    """
    return Parts(
        part_of(hooks, "trigger", rule.trigger, rule.trigger_params),
        tuple(part_of(hooks, "condition", part["name"], part["params"]) for part in rule.conditions),
        tuple(part_of(hooks, "action", part["name"], part["params"]) for part in rule.actions),
    )


async def ask_part(
    hooks: PluginManager, work: Work, owned: Owned[Any], where: str, *args: Any, run: Run | None = None
) -> Any:
    """Call a method of a part, as hooks are asked: in a savepoint of its own, by a handle of its plugin's, on copies.

    :param run: the run of the rule that it is asked in
    :raises PluginFailed: it failed
    :raises CrmError: it refused
    """
    func: Callable[..., Any] = getattr(owned.value, where)
    copies = [argument_copy(value) for value in args]
    with work.apart():
        lent = hooks.lend(owned.plugin, work, run)
        return await hooks.call(owned.plugin, f"{type(owned.value).name}.{where}", func, lent, *copies, work=work)


async def say(hooks: PluginManager, work: Work, sort: str, name: str, params: Any) -> str:
    """Return a part as a manager reads it, whatever state it is in; plain text."""
    try:
        owned = part_of(hooks, sort, name, params)
    except PartGone as exc:
        words = Words(work.prefs, work.now)
        if isinstance(exc, PartOff):
            return words.t("“{part}” (by {plugin}, which is off)", **exc.facts)
        if isinstance(exc, PartLeft):
            return words.t("“{part}” (by {plugin}, which no longer has it)", **exc.facts)
        return words.t("“{part}” (no plugin has it)", **exc.facts)
    except PartUnusable:
        return f"{known_parts(hooks.registry, sort)[name].value.title} …"
    try:
        return str(await ask_part(hooks, work, owned, "say"))
    except CrmError:
        return str(owned.value.title)
