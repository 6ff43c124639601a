"""Plugins out of the guide's pages: each written to disk as an author would, loaded, and its chats and tests run."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from botcrm.testing import Crm, Member, records
from botcrm.testing.migrations import write_migrations
from botcrm.testing.projects import find_project
from tests.docs.pages import ROOT, Block, fenced

REFUSED = ("✋", "🤷", "Kept. What is it?", "↩ Not undone", "That is ")


@dataclass(slots=True)
class Example:
    """A plugin of a page.

    :ivar heading: what it stands below: a hook's name on the page of the hooks
    :ivar files: by path; one file is a single-file plugin
    :ivar steps: chats, answers and tests that follow it
    """

    page: str
    heading: str
    name: str
    files: dict[str, str] = field(default_factory=dict)
    steps: list[Block] = field(default_factory=list)

    @property
    def is_package(self) -> bool:
        """Tell whether it is more than a single file."""
        return "pyproject.toml" in self.files

    @property
    def sources(self) -> Iterator[str]:
        """Yield the text of its Python files."""
        yield from (text for path, text in self.files.items() if path.endswith(".py"))


def examples(page: str) -> list[Example]:
    """Return the plugins of a page in their order.

    A block labelled `python plugin=NAME` begins one, as a single file; further files of it are labelled `file=PATH`.
    """
    found: list[Example] = []
    for heading, block in fenced(page):
        words = block.label.split()
        options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        if "plugin" in options:
            found.append(Example(page, heading.strip("`"), options["plugin"]))
        if "plugin" in options or "file" in options:
            found[-1].files[options.get("file", f"{found[-1].name}.py")] = block.text
        elif found and (words[:1] in (["chat"], ["answer"]) or words[:2] == ["python", "test"]):
            found[-1].steps.append(block)
    return found


def guide_pages() -> list[str]:
    """Return the pages for plugin authors."""
    return [
        "docs/plugin-guide.md",
        *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs/plugins").glob("*.md")),
    ]


def write(example: Example, folder: Path) -> Path:
    """Write an example to disk; returns what an author would hand to `botcrm plugin check`."""
    for name, text in example.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".po":
            with path.open("rb") as source, path.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, read_po(source))
    return folder if example.is_package else folder / f"{example.name}.py"


async def load(example: Example, folder: Path) -> tuple[types.ModuleType, set[str]]:
    """Write and import an example, its migrations made; returns the module and which of its hooks were called, as they are."""
    place = write(example, folder)
    project = find_project(str(place))
    for known in [name for name in sys.modules if name.split(".")[0] == project.module.split(".")[0]]:
        del sys.modules[known]
    importlib.invalidate_caches()
    module = project.load()
    if hasattr(module, "register_models"):
        assert await write_migrations(project)
    called: set[str] = set()
    for name, value in list(vars(module).items()):
        if hasattr(value, "botcrm_impl"):
            setattr(module, name, _noting(value, functools.partial(called.add, name)))
    return module, called


def _noting(hook: Callable[..., Any], note: Callable[[], None]) -> Callable[..., Any]:
    """Wrap a hook so that it is noted when it is called."""
    if inspect.iscoroutinefunction(hook):

        @functools.wraps(hook)
        async def waiting(*args: Any, **named: Any) -> Any:
            note()
            return await hook(*args, **named)

        return waiting

    @functools.wraps(hook)
    def plain(*args: Any, **named: Any) -> Any:
        note()
        return hook(*args, **named)

    return plain


class People:
    """Whom an example's chats and tests are about; each is there when first asked for, as the kit's fixtures are."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self._there: dict[str, Member] = {}

    async def member(self, name: str) -> Member:
        """Return rep, manager, admin or client."""
        if name not in self._there:
            match name:
                case "rep":
                    boss = await self.member("manager")
                    self._there[name] = await self.crm.join("rep", "Anna Rep", manager=boss)
                case "client":
                    self._there[name] = self.crm.stranger("Zoe Client")
                case _:
                    self._there[name] = await self.crm.join(name, "Marta Boss" if name == "manager" else "Ada Admin")
        return self._there[name]

    async def fixture(self, name: str) -> Any:
        """Return what a test asks for by name."""
        if name == "crm":
            return self.crm
        if name in ("clock", "join"):
            return getattr(self.crm, name)
        if name.startswith("make_"):
            return functools.partial(getattr(records, name), self.crm, owner=await self.member("rep"))
        return await self.member(name)


async def play(example: Example, people: People) -> int:
    """Go through the chats and tests of an example; returns how many answers and tests there were."""
    answer, checked = "", 0
    for block in example.steps:
        if block.label == "answer":
            shown = [line.strip() for line in answer.splitlines()]
            for line in block.lines:
                assert line.strip() in shown, f"{example.page}, {example.name}: {line}\n{answer}"
            checked += 1
        elif block.label.startswith("chat"):
            person = await people.member(block.label.removeprefix("chat").strip() or "rep")
            for line in block.lines:
                pressed = re.fullmatch(r"\[(.+)\]", line.strip())
                answer = await (person.tap(pressed[1]) if pressed else person.send(line))
                answer = f"{answer}\n{person.toast}\n{' '.join(person.buttons)}" if pressed else answer
                assert not answer.startswith(REFUSED), f"{example.page}, {example.name}: {line}\n{answer}"
        else:
            checked += await _run_tests(example, block, people)
    return checked


async def _run_tests(example: Example, block: Block, people: People) -> int:
    names: dict[str, Any] = {"__name__": f"test_{example.name}"}
    exec(compile(block.text, f"{example.page}: test of {example.name}", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        await test(**{name: await people.fixture(name) for name in inspect.signature(test).parameters})
    return len(tests)
