"""Write the parts of the documentation that follow from the code: `python -m tools.docs`.

A generated part stands between `<!-- NAME: generated … -->` and `<!-- end -->`; the tests compare it with what is made here.
"""

import ast
import functools
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botcrm
from botcrm import hookspecs, services
from botcrm.core.domain.events import EVENTS
from botcrm.core.domain.preferences import PREFERENCES, Preferences
from botcrm.settings import Settings, variable

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/operations.md", "docs/user-guide.md", "docs/plugins/hooks.md", "docs/plugins/reference.md")
_PART = re.compile(r"(<!-- (\w+): generated[^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
# Defaults that follow from the machine.
_FOUND_OUT = {"database_url": "an SQLite file in your data folder", "timezone": "the machine's"}


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _table(*heads: str) -> str:
    return _row(*heads) + "|---" * len(heads) + "|\n"


def _code(value: object) -> str:
    return f"`{value}`" if str(value) else ""


def _shown(value: object) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def settings_table() -> str:
    """Return the table of all BOTCRM_* variables."""
    text = _table("Variable", "Meaning", "Default", "Example")
    for name, field in Settings.model_fields.items():
        default = _FOUND_OUT.get(name)
        if default is None:
            default = _code(_shown(field.default)) if field.default not in (None, "", ()) else "not set"
        text += _row(_code(variable(name)), field.description or "", default, _code((field.examples or [""])[0]))
    return text


def preferences_table() -> str:
    """Return the table of what people set in the chat."""
    text = _table("Setting", "Meaning", "Default", "Example", "Whose")
    for key, preference in PREFERENCES.items():
        default = _code(_shown(getattr(Preferences(), key)))
        text += _row(
            _code(key),
            preference.meaning,
            default,
            _code(preference.example),
            "yours" if preference.personal else "company",
        )
    return text


def hooks() -> dict[str, Callable[..., Any]]:
    """Return every hook by name, in the order of the contract."""
    return {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "botcrm_spec")}


def hook_reference(name: str) -> str:
    """Return a hook's signature and what its docstring says."""
    hook = hooks()[name]
    going = getattr(hook, "botcrm_spec").get("warn_on_impl")  # noqa: B009 - pluggy puts it there
    ending = f"\n**It will go:** {going}\n" if going else ""
    return f"```\n{signature(name, hook)}\n```\n\n{told(hook)}\n{ending}"


def signature(name: str, function: Callable[..., Any]) -> str:
    """Return the line that a function is defined by."""
    word = "async def" if inspect.iscoroutinefunction(function) else "def"
    written = str(inspect.signature(function)).replace("'", "")
    for long, short in _SHORT:
        written = re.sub(long, short, written)
    return f"{word} {name}{written}"


# How types are written by those who have imported them.
_SHORT = (
    (r"\b(?:botcrm|decimal|datetime|typing|pathlib|contextlib|collections\.abc)\.(?:\w+\.)*(?=\w)", ""),
    (r"<(Action\.\w+): \w+>", r"\1"),
    (r"~(\w)\b", r"\1"),
)


def told(thing: Any) -> str:
    """Return a docstring as a page shows it: parameters, attributes and errors as a list."""
    text = re.sub(r"(?<!`)(<\w+>)(?!\w*`)", r"\\\1", inspect.getdoc(thing) or "")
    text = re.sub(r"^:(?:param|ivar) (\w+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    text = re.sub(r"^:raises (\w+): ", r"- raises `\1`: ", text, flags=re.MULTILINE)
    text = re.sub(r"^:returns?: ", "- returns ", text, flags=re.MULTILINE)
    # A list begins after an empty line.
    return re.sub(r"(?m)^(?!- |    |\n)(.+)\n(?=- )", r"\1\n\n", text).strip()


def events_table() -> str:
    """Return every event with its meaning."""
    text = _table("Event", "Meaning")
    for name, event in EVENTS.items():
        if name != "Created":
            text += _row(_code(name), inspect.getdoc(event) or "")
    return text


# The pages' order of what plugins import; a test holds it against `botcrm.__all__`.
CONTRACT = {
    "a plugin": "Manifest Plugin Settings Tables Permission Job API_VERSION hookimpl",
    "commands, buttons, screens": "Command Verb Line ButtonHandler Chat Screen Button bold clip dots esc lines Words CliCommand",
    "channels and the web": "Channel Incoming IncomingFile Outgoing NotDelivered TryLater WebRoute WebRequest WebAnswer",
    "rules": "Trigger Condition RuleAction Occasion Run Choice StageId PipelineId PersonId KindName FieldId",
    "reports": "Report ReportTable Column Chart ReportFilters",
    "cards and records": "TimelineItem Evidence ActivityKind Money Due Action Reach",
    "work and what happened": "Work Actor Event CrmError",
    "modules": "services models events",
}


def contract_reference() -> str:
    """Return everything that `botcrm` exports, with its docstrings."""
    text = ""
    for title, names in CONTRACT.items():
        text += f"\n### {title[0].upper()}{title[1:]}\n\n"
        text += "\n".join(_exported(name) for name in names.split())
    return text + "\n"


def _exported(name: str) -> str:
    thing = getattr(botcrm, name)
    head = f"#### `{name}`\n\n"
    if inspect.isclass(thing):
        return head + _class(name, thing)
    if inspect.isfunction(thing):
        return head + f"```\n{signature(name, thing)}\n```\n\n{told(thing)}\n"
    if inspect.ismodule(thing):
        return head + (inspect.getdoc(thing) or "").split("\n\n")[0] + f" {_MODULES[name]}\n"
    return head + _VALUES[name] + "\n"


_MODULES = {
    "services": "Each one is [below](#services).",
    "models": "Read them; services write them.",
    "events": "Each one is [below](#events).",
}
_VALUES = {
    "API_VERSION": f'`"{botcrm.API_VERSION}"`: the version of the contract; see [compatibility](compatibility.md).',
    "hookimpl": "The mark of a hook: `@hookimpl`, or `@hookimpl(tryfirst=True)` and `@hookimpl(trylast=True)`.",
    "StageId": "An `int` that a form lets pick among the stages.",
    "PipelineId": "An `int` that a form lets pick among the pipelines.",
    "PersonId": "An `int` that a form lets pick among the staff.",
    "KindName": "A `str` that a form lets pick among the kinds of activity.",
    "FieldId": "An `int` that a form lets pick among the fields that the company made for itself.",
}
# What authors see of a class beside its fields.
_METHODS = {
    "Plugin": "settings public_url now work download",
    "Chat": "user_id reply send_file ask toast",
    "Channel": "routes start stop receive send fetch",
    "Trigger": "matches find say",
    "Condition": "holds say",
    "RuleAction": "run say",
    "Words": "t n money clock day date when ago minutes",
    "Line": "text_after",
    "Work": "acting_as prefs company plan_job cancel_jobs savepoint",
    "Actor": "is_system",
}


def _class(name: str, kind: type) -> str:
    text = f"{told(kind)}\n"
    fields = _fields(kind)
    if fields:
        text += "\n```\n" + "\n".join(fields) + "\n```\n"
    for method in _METHODS.get(name, "").split():
        found = inspect.getattr_static(kind, method)
        if isinstance(found, property):
            text += f"\n`{name}.{method}`: {told(found.fget)}\n" if told(found.fget) else ""
        else:
            plain = inspect.unwrap(found)
            text += f"\n```\n{signature(f'{name}.{method}', plain)}\n```\n\n{told(plain)}\n"
    return text


def _fields(kind: type) -> list[str]:
    """Return a class's own fields as its source declares them."""
    tree = ast.parse(inspect.getsource(importlib.import_module(kind.__module__)))
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__), [])
    return [
        ast.unparse(node)
        for node in body
        if isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_")
    ]


def services_reference() -> str:
    """Return what `botcrm.services` offers."""
    text = ""
    for name in sorted(services.__all__):
        function = getattr(services, name)
        text += f"\n#### `services.{name}`\n\n```\n{signature(name, function)}\n```\n\n{told(function)}\n"
    return text + "\n"


def columns_table() -> str:
    """Return the tables that plugins read, with their columns."""
    text = _table("Table", "Model", "Columns")
    for model in _TABLES.split():
        kind = getattr(botcrm.models, model)
        names = [field.source_field or name for name, field in kind._meta.fields_map.items() if field.has_db_field]
        names += [f"{name}_id" for name in sorted(kind._meta.fk_fields) if f"{name}_id" not in names]
        columns = ", ".join(map(_code, names))
        text += _row(_code(kind._meta.db_table), _code(model), columns)
    return text


# What counts as the contract; the rest of the tables is the product's own.
_TABLES = "Deal Contact Company Lead Activity Note File Message Tag User Department Pipeline Stage EventRow"


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "preferences": preferences_table,
    "events": events_table,
    "contract": contract_reference,
    "services": services_reference,
    "columns": columns_table,
    **{f"hook_{name}": functools.partial(hook_reference, name) for name in hooks()},
}


def renewed(page: str) -> str:
    """Return a page with its generated parts as they should be."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}{PARTS[match[2]]()}{match[3]}"

    return _PART.sub(part, page)


def main() -> None:
    """Bring the pages up to date."""
    for name in PAGES:
        path = ROOT / name
        old = path.read_text(encoding="utf-8")
        new = renewed(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(f"{name} rewritten")


if __name__ == "__main__":
    main()
