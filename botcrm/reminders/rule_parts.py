"""A stored rule and what it is made of: its trigger, conditions and actions as living objects, each called guarded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from botcrm.contract.filling import checked
from botcrm.contract.rules import Condition, Part, RuleAction, Trigger
from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Rule
from botcrm.core.services.work import Work
from botcrm.hooks import Owned, PluginFailed, PluginManager, Registry

P = TypeVar("P", bound=Part)


class PartUnusable(CrmError):
    """A part of a rule that cannot be used now: its plugin is off or gone, or its parameters do not fit any more."""

    message = "“{part}” of the rule cannot be used: {reason}"


class PartGone(PartUnusable):
    """The plugin that brings the part is switched off or gone."""

    message = "“{part}” comes from a plugin that is switched off."


@dataclass(frozen=True)
class Parts:
    """What a rule is made of, each with the plugin that it comes from."""

    trigger: Owned[Trigger]
    conditions: tuple[Owned[Condition], ...]
    actions: tuple[Owned[RuleAction], ...]


def manager_of(work: Work) -> PluginManager | None:
    """Return the plugins behind a work; None where there are none, as in a test of the core."""
    return work.hooks if isinstance(work.hooks, PluginManager) else None


def part_of(known: Mapping[str, Owned[type[P]]], name: str, params: Mapping[str, Any]) -> Owned[P]:
    """Return one part, filled in.

    :raises PartGone: no plugin brings it
    :raises PartUnusable: a parameter is missing or does not fit
    """
    owned = known.get(name)
    if owned is None:
        raise PartGone(part=name)
    try:
        return Owned(owned.plugin, checked(owned.value.model_validate, dict(params)))
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        field = ".".join(str(place) for place in first["loc"]) or name
        raise PartUnusable(part=owned.value.title, reason=f"{field} is to be filled in") from None


def parts_of(registry: Registry, rule: Rule) -> Parts:
    """Return a rule's parts.

    :raises PartGone: a plugin is switched off or gone
    :raises PartUnusable: a parameter is missing or does not fit
    """
    return Parts(
        part_of(registry.triggers, rule.trigger, rule.trigger_params),
        tuple(part_of(registry.conditions, part["name"], part["params"]) for part in rule.conditions),
        tuple(part_of(registry.actions, part["name"], part["params"]) for part in rule.actions),
    )


async def ask_part(hooks: PluginManager, work: Work, owned: Owned[Any], where: str, *args: Any) -> Any:
    """Call a method of a part in a savepoint of its own.

    :raises PluginFailed: it failed
    :raises CrmError: it refused
    """
    func: Callable[..., Any] = getattr(owned.value, where)
    return await hooks.call(owned.plugin, f"{type(owned.value).name}.{where}", func, work, *args, work=work)


async def say(hooks: PluginManager, work: Work, known: Mapping[str, Owned[type[P]]], name: str, params: Any) -> str:
    """Return a part as a manager reads it, whatever state it is in; plain text."""
    try:
        owned = part_of(known, name, params)
    except PartGone:
        return f"{name} (its plugin is off)"
    except PartUnusable:
        return f"{known[name].value.title} …"
    try:
        return str(await ask_part(hooks, work, owned, "say"))
    except (PluginFailed, CrmError):
        return owned.value.title
