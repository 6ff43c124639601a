"""Write the parts of the documentation that follow from the code: `python -m tools.docs`.

A generated part stands between `<!-- NAME: generated … -->` and `<!-- end -->`; the tests compare it with what is made here.
"""

import inspect
import re
from pathlib import Path

from botcrm import hookspecs
from botcrm.core.domain.events import EVENTS
from botcrm.core.domain.preferences import PREFERENCES, Preferences
from botcrm.settings import Settings, variable

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("docs/operations.md", "docs/user-guide.md", "docs/plugin-guide.md")
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


def hooks_reference() -> str:
    """Return every hook with its signature and its docstring."""
    parts = []
    for name, hook in inspect.getmembers(hookspecs, inspect.isfunction):
        if not hasattr(hook, "botcrm_spec"):
            continue
        word = "async def" if inspect.iscoroutinefunction(hook) else "def"
        signature = str(inspect.signature(hook)).replace("'", "")
        lines = (inspect.getdoc(hook) or "").replace(":param ", "- ").strip()
        parts.append(f"### `{name}`\n\n```\n{word} {name}{signature}\n```\n\n{lines}\n")
    return "\n" + "\n".join(parts) + "\n"


def events_table() -> str:
    """Return every event with its meaning."""
    text = _table("Event", "Meaning")
    for name, event in EVENTS.items():
        if name != "Created":
            text += _row(_code(name), inspect.getdoc(event) or "")
    return text


PARTS = {
    "settings": settings_table,
    "preferences": preferences_table,
    "hooks": hooks_reference,
    "events": events_table,
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
