"""Write a new plugin: a package that works, with tests that pass as they are written."""

import re
from importlib.resources import files
from pathlib import Path
from string import Template

from botcrm import __version__
from botcrm.contract.plugin import NAME, TAKEN

KINDS = ("command", "channel", "rule", "report")

_SOURCES = {"command": "commands", "channel": "channel", "rule": "rules", "report": "reports"}
_HOOKS = {
    "command": ("register_buttons", "register_commands"),
    "channel": ("register_channels", "register_settings"),
    "rule": ("register_rules",),
    "report": ("register_reports",),
}
_ADDS = {
    "command": "- `/{name} Acme`: keeps a thank-you on a deal or contact, with a button that plans a call.",
    "channel": "- A channel: the provider calls `/plugins/{name}/in`, answers go to its address. Set `BOTCRM_{upper}_KEY` to the "
    "secret that both show, and the address in the chat: `/plugins`.",
    "rule": "- For rules (`/rules`): the trigger *a deal's amount grows*, the condition *the title holds a word*, the action *keep "
    "a note*.",
    "report": "- `/report {name}_sources`: deals by where they came from.",
}
_ABOUT = {
    "command": "Thank people.",
    "channel": "One more way for clients to write.",
    "rule": "More for rules.",
    "report": "One more report.",
}


class NotWritten(Exception):
    """The plugin cannot be written here; the text says why."""


def write_plugin(name: str, kinds: tuple[str, ...], parent: Path) -> Path:
    """Write a package for a plugin into a new folder and return the folder.

    :param name: letters, digits and underscores or hyphens; the plugin's name has underscores
    :param kinds: some of KINDS
    :raises NotWritten: the name does not do, or there is something already
    """
    plain = name.replace("-", "_")
    if not re.fullmatch(NAME, plain):
        raise NotWritten(
            f"{name!r} cannot be a plugin's name: 1 to 20 small letters, digits and underscores, a letter first"
        )
    if plain in TAKEN:
        raise NotWritten(f"{name!r} is a word of the product's own permissions and jobs: choose another")
    root = parent / f"botcrm-{plain.replace('_', '-')}"
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise NotWritten(f"{root} exists already")
    for place, text in _files(plain, kinds).items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def _files(name: str, kinds: tuple[str, ...]) -> dict[str, str]:
    module = f"botcrm_{name}"
    hooks = {hook: _SOURCES[kind] for kind in kinds for hook in _HOOKS[kind]}
    values = {
        "name": name,
        "dist": name.replace("_", "-"),
        "module": module,
        "upper": name.upper(),
        "camel": "".join(part.capitalize() for part in name.split("_")),
        "title": name.replace("_", " ").capitalize(),
        "version": __version__,
        "adds": "\n".join(_ADDS[kind].format(name=name, upper=name.upper()) for kind in kinds),
        "about": " ".join(_ABOUT[kind] for kind in kinds),
        "imports": "\n".join(_import(module, kind) for kind in sorted(kinds, key=_SOURCES.__getitem__)),
        "all": "".join(f'    "{exported}",\n' for exported in ["manifest", *sorted(hooks)]),
    }
    package = f"src/{module}"
    wanted = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".gitignore": "gitignore",
        f"{package}/__init__.py": "init.py",
        "tests/conftest.py": "conftest.py",
    }
    for kind in kinds:
        wanted[f"{package}/{_SOURCES[kind]}.py"] = f"{_SOURCES[kind]}.py"
        wanted[f"tests/test_{_SOURCES[kind]}.py"] = f"test_{_SOURCES[kind]}.py"
    skeleton = files("botcrm.testing") / "skeleton"
    texts = {
        place: Template((skeleton / f"{source}.txt").read_text("utf-8")).substitute(values)
        for place, source in wanted.items()
    }
    return texts | {f"{package}/py.typed": ""}


def _import(module: str, kind: str) -> str:
    return f"from {module}.{_SOURCES[kind]} import {', '.join(_HOOKS[kind])}"
