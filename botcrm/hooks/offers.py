"""What a plugin registers: asked for and checked before it is switched on, so that nothing of a bad one is ever in use."""

import contextlib
import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from botcrm.contract.channels import Channel, WebRoute
from botcrm.contract.commands import ButtonHandler, CliCommand, Command
from botcrm.contract.plugin import Job, Permission, Settings, Tables
from botcrm.contract.reports import Report, ReportFilters
from botcrm.contract.rules import Condition, RuleAction, Trigger
from botcrm.core.domain.kinds import ActivityKind, Entity, Reach
from botcrm.core.domain.text import fold
from botcrm.core.domain.verbs import VERBS
from botcrm.core.services.staff.shipped_roles import ROLES
from botcrm.hooks.entry import Entry, Refused
from botcrm.hooks.loading import is_permission, told
from botcrm.hooks.registry import Offer, sort_of

_WORD = re.compile(r"[a-z][a-z0-9_]{0,29}")
# A verb's word: letters of any language; what reads as a reference (d12) or begins the next step is no command.
_VERB = re.compile(r"[^\W\d_]\w{0,29}")
_NO_VERB = re.compile(r"[a-z]\d+|next")
_YEAR = 366 * 24 * 3600
_AT = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_RESERVED_CHANNELS = frozenset({"telegram"})
# What stands in front of a button's arguments in the 64 bytes that Telegram gives back.
_MOST_BUTTON = 40


def offer_of(entry: Entry) -> Offer:
    """Ask a plugin for everything it registers.

    :raises Refused: something is wrong with it
    """
    offer = Offer(entry.name)
    with _sound():
        offer.settings = _one(entry, "register_settings", None)
        if offer.settings is not None:
            _check_settings(offer.settings)
        offer.tables = _one(entry, "register_models", Tables)
        offer.permissions = _many(entry, "register_permissions", Permission)
        offer.commands = _many(entry, "register_commands", Command)
        offer.buttons = _many(entry, "register_buttons", ButtonHandler)
        offer.kinds = _many(entry, "register_activity_kinds", ActivityKind)
        offer.rules = _rules(entry)
        offer.reports = _many(entry, "register_reports", Report)
        offer.routers = _routers(entry)
        offer.jobs = _many(entry, "register_jobs", Job)
        offer.cli = _many(entry, "register_cli", CliCommand)
        offer.locales = _locales(entry)
        _check(offer)
    return offer


def connect(entry: Entry, offer: Offer) -> None:
    """Have a plugin make its channels and routes; it has its settings by now.

    :raises Refused: something is wrong with them
    """
    with _sound():
        _connect(entry, offer)


def _connect(entry: Entry, offer: Offer) -> None:
    offer.channels = _many(entry, "register_channels", Channel)
    offer.routes = _many(entry, "register_web_routes", WebRoute)
    for channel in offer.channels:
        name, title = getattr(channel, "name", None), getattr(channel, "title", None)
        if not isinstance(name, str) or not _WORD.fullmatch(name) or name in _RESERVED_CHANNELS:
            raise Refused(f"its channel {name!r} needs another name: a-z, 0-9 and _, at most 30 characters")
        if not isinstance(title, str) or not title:
            raise Refused(f"its channel {name} has no title: set title = …")
        try:
            routes = list(channel.routes())
        except BaseException as exc:
            raise Refused(f"routes() of its channel {name} fails: {told(exc)}; mend its code") from exc
        offer.routes += routes
    _unique("channel", [channel.name for channel in offer.channels])
    registered: list[Any] = offer.routes
    for route in registered:
        if not isinstance(route, WebRoute) or route.method.upper() not in _METHODS or route.path.startswith("/"):
            raise Refused(f"its route {route!r} is wrong: WebRoute('POST', 'path/without/slash/in/front', handler)")
        _demand_async(f"handler of its route {route.path!r}", route.handler)
    _unique("route", [f"{route.method.upper()} {route.path}" for route in offer.routes])


@contextlib.contextmanager
def _sound() -> Iterator[None]:
    """Refuse what is not even as the contract's types say, wherever that shows."""
    try:
        yield
    except Refused:
        raise
    except Exception as exc:
        raise Refused(f"what it registers is not as the contract says: {told(exc)}; mend its code") from exc


def _ask(entry: Entry, hook: str) -> Any:
    implementation = entry.implementations.get(hook)
    if implementation is None:
        return None
    arguments = {"plugin": entry.api}
    try:
        found = implementation.function(**{name: arguments[name] for name in implementation.names})
        return list(found) if isinstance(found, Iterable) and not isinstance(found, str | bytes) else found
    except BaseException as exc:
        raise Refused(f"its {hook} fails: {told(exc)}; mend its code") from exc


def _one(entry: Entry, hook: str, kind: type[Any] | None) -> Any:
    found = _ask(entry, hook)
    if found is not None and kind is not None and not isinstance(found, kind):
        raise Refused(f"its {hook} returns {type(found).__name__}: return botcrm.{kind.__name__}")
    return found


def _many(entry: Entry, hook: str, kind: type[Any]) -> list[Any]:
    found = _ask(entry, hook)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Refused(f"its {hook} returns {type(found).__name__}: return a list of botcrm.{kind.__name__}")
    for item in found:
        if not isinstance(item, kind):
            raise Refused(
                f"its {hook} returns a list with {type(item).__name__} in it: return botcrm.{kind.__name__} only"
            )
    return found


def _rules(entry: Entry) -> list[Any]:
    found = _ask(entry, "register_rules") or []
    parts: list[Any] = found if isinstance(found, list) else [found]
    for part in parts:
        if not inspect.isclass(part) or not issubclass(part, Trigger | Condition | RuleAction):
            raise Refused("its register_rules must return a list of classes made from Trigger, Condition or RuleAction")
        for attribute in ("name", "title"):
            if not isinstance(getattr(part, attribute, None), str) or not getattr(part, attribute):
                raise Refused(f"its rule part {part.__name__} has no {attribute}: set {attribute}: ClassVar[str] = …")
        if not _WORD.fullmatch(part.name):
            raise Refused(f"its rule part {part.name!r} needs another name: a-z, 0-9 and _, at most 30 characters")
        if issubclass(part, Trigger) and getattr(part, "entity", None) not in set(Entity):
            raise Refused(f"its trigger {part.__name__} does not say what it is about: set entity: ClassVar[str] = …")
    return parts


def _routers(entry: Entry) -> list[Any]:
    found = _ask(entry, "register_routers") or []
    routers = found if isinstance(found, list) else [found]
    for router in routers:
        # Told by the name: this layer does not import the messenger's library.
        if not any(kind.__name__ == "Router" for kind in type(router).__mro__):
            raise Refused(f"its register_routers returns {type(router).__name__}: return a list of aiogram.Router")
    return routers


def _locales(entry: Entry) -> Any:
    from pathlib import Path

    found = _one(entry, "register_locales", Path)
    if found is not None and not found.is_dir():
        raise Refused("its register_locales names a folder that is not there: ship the catalogues with the package")
    return found


def _check_settings(kind: Any) -> None:
    if not inspect.isclass(kind) or not issubclass(kind, Settings):
        raise Refused("its register_settings must return a class made from botcrm.Settings")
    missing = [name for name, field in kind.model_fields.items() if field.is_required()]
    if missing:
        raise Refused(f"its settings {', '.join(missing)} have no default: give each field one")


def _check(offer: Offer) -> None:
    name = offer.plugin
    for permission in offer.permissions:
        if not permission.name.startswith(f"{name}."):
            raise Refused(f"its permission {permission.name!r} must start with its own name: {name}.{permission.name}")
        for role, reach in permission.roles.items():
            if role not in ROLES or reach not in set(Reach):
                raise Refused(
                    f"its permission {permission.name} gives {role!r} the reach {reach!r}: "
                    f"roles are {', '.join(ROLES)}, reaches own, department and all"
                )
    _unique("permission", [permission.name for permission in offer.permissions])
    for button in offer.buttons:
        if not _WORD.fullmatch(button.name) or len(f"x:{name}:{button.name}:") > _MOST_BUTTON:
            raise Refused(
                f"its button {button.name!r} needs another name: a-z, 0-9 and _, short, as it travels in 64 bytes"
            )
        _demand_permission(name, f"button {button.name}", button.permission)
        _demand_async(f"handler of its button {button.name}", button.handler)
    _unique("button", [button.name for button in offer.buttons])
    for command in offer.commands:
        _check_command(name, command)
        _demand_async(f"handler of its command {command.verb.name!r}", command.handler)
        if not set(command.subject) <= set(Entity):
            raise Refused(
                f"its command {command.verb.name!r} has the subject {command.subject}: name entities such as deal"
            )
    _unique("command", [command.verb.name for command in offer.commands])
    _unique("activity kind", [kind.name for kind in offer.kinds])
    _unique("report", [report.name for report in offer.reports])
    _unique("terminal command", [cli.name for cli in offer.cli])
    for report in offer.reports:
        if not report.title or not _are_texts(report.title, report.about):
            raise Refused(f"its report {report.name} has no title, or an about that is no text")
        filters: Any = report.filters
        if not inspect.isclass(filters) or not issubclass(filters, ReportFilters):
            raise Refused(f"the filters of its report {report.name} must be a class made from botcrm.ReportFilters")
        _demand_permission(name, f"report {report.name}", report.permission)
        if not _WORD.fullmatch(report.name):
            raise Refused(f"its report {report.name!r} needs another name: a-z, 0-9 and _")
        _demand_async(f"run of its report {report.name}", report.run)
    for job in offer.jobs:
        _check_job(name, job)
    _unique("job", [job.kind for job in offer.jobs])
    for cli in offer.cli:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,29}", cli.name):
            raise Refused(f"its terminal command {cli.name!r} needs another name: a-z, 0-9 and -")
        _demand_async(f"run of its terminal command {cli.name}", cli.run)


def _are_texts(*values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _check_command(name: str, command: Command) -> None:
    verb = command.verb
    for words in (verb.name.split(" "), *([alias] for alias in verb.aliases)):
        if len(words) > 2 or not all(_VERB.fullmatch(word) and not _NO_VERB.fullmatch(fold(word)) for word in words):
            raise Refused(
                f"its command {verb.name!r} needs another name: one word or two, of letters, none that reads like d12"
            )
    if not _are_texts(command.menu, command.more) or not command.menu.strip():
        raise Refused(f"its command {verb.name!r} does not say in menu what it does")
    if not _are_texts(*command.examples):
        raise Refused(f"the examples of its command {verb.name!r} are no texts")
    _demand_permission(name, f"command {verb.name!r}", command.permission)


def _demand_permission(name: str, what: str, permission: str) -> None:
    if permission and not is_permission(name, permission):
        raise Refused(f"its {what} asks for {permission!r}, which is no permission: they are called entity.action")


def _check_job(name: str, job: Job) -> None:
    if not job.kind.startswith(f"{name}.") or len(job.kind) > 60:
        raise Refused(f"its job {job.kind!r} must start with its own name: {name}.{job.kind}")
    if job.every is not None and job.daily_at is not None:
        raise Refused(f"its job {job.kind} has both every and daily_at: keep one")
    figures = (job.deadline, *(() if job.every is None else (job.every,)))
    if not all(isinstance(figure, int | float) and math.isfinite(figure) for figure in figures):
        raise Refused(f"its job {job.kind} is planned wrongly: every and deadline are seconds, as numbers")
    if (job.every is not None and not 1 <= job.every <= _YEAR) or (
        job.daily_at is not None and not _AT.fullmatch(job.daily_at)
    ):
        raise Refused(
            f"its job {job.kind} is planned wrongly: every is from a second to a year, daily_at is like '07:30'"
        )
    if not 0 < job.deadline <= 3600:
        raise Refused(f"its job {job.kind} has a deadline of {job.deadline} s: it may be up to 3600")
    _demand_async(f"run of its job {job.kind}", job.run)


def _demand_async(what: str, function: Callable[..., Any]) -> None:
    call = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004 - its type
    bare = getattr(call, "func", call)
    if not inspect.iscoroutinefunction(bare):
        raise Refused(f"the {what} is a plain function: write async def")


def _unique(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Refused(f"it registers the {what} {name!r} twice: take one away")


def clash(offer: Offer, others: Iterable[Offer], core_cli: Iterable[str]) -> str | None:
    """Return what of an offer is taken already by the product or by another plugin, None where nothing is."""
    taken = _names(Offer("botcrm"), core=True)
    taken |= {("terminal command", name): "botcrm" for name in core_cli}
    for other in others:
        taken |= _names(other)
    for what, name in _names(offer):
        owner = taken.get((what, name))
        if owner is not None:
            remedy = "name it otherwise" if owner == "botcrm" else f"name it otherwise, or switch {owner} off"
            return f"its {what} {name!r} is taken by {owner}: {remedy}"
    verbs = {name for what, name in taken if what == "word"} | {name for what, name in _names(offer) if what == "word"}
    for command in offer.commands:
        first, _, second = command.verb.name.partition(" ")
        if second and fold(first) not in verbs:
            return f"its command {command.verb.name!r} extends {first!r}, which is no command: name one that exists"
    return None


def _names(offer: Offer, *, core: bool = False) -> dict[tuple[str, str], str]:
    verbs = [*VERBS] if core else [command.verb for command in offer.commands]
    found = [("word", fold(word)) for verb in verbs for word in (verb.name, *verb.aliases)]
    found += [("channel", channel.name) for channel in offer.channels]
    for part in offer.rules:
        found.append((sort_of(part), part.name))
    found += [("report", report.name) for report in offer.reports]
    found += [("terminal command", command.name) for command in offer.cli]
    return dict.fromkeys(found, "botcrm" if core else offer.plugin)
