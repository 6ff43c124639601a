"""The rules of the house that import-linter cannot express. The directions between packages are in pyproject.toml."""

import ast
import functools
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "botcrm"
DOMAIN_LIBRARIES = {"babel", "dateutil", "holidays", "phonenumbers", "rapidfuzz"}
# What costs tens of milliseconds and megabytes is imported where it is used, not when the program starts.
LAZY_IN_DOMAIN = {"babel", "dateutil", "holidays", "phonenumbers"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def sources(*parts: str) -> list[Path]:
    """List the Python files of a part of botcrm, whether a module or a package."""
    path = PACKAGE.joinpath(*parts)
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@functools.cache
def imports(path: Path, *, at_top: bool = False) -> list[str]:
    """Return the dotted name of all that a file imports; relative imports are spelt out."""
    return list(imported(path, parsed(path), at_top))


def imported(path: Path, tree: ast.Module, at_top: bool) -> Iterator[str]:
    for node in tree.body if at_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = path.relative_to(ROOT).with_suffix("").parts
            base = ".".join(here[: -node.level]) if node.level else ""
            yield ".".join(part for part in (base, node.module) if part)


def first(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def label(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", sources("core", "domain"), ids=label)
def test_domain_needs_the_standard_library_and_a_few_pure_ones(path: Path) -> None:
    allowed = set(sys.stdlib_module_names) | DOMAIN_LIBRARIES
    for name in imports(path):
        assert first(name) in allowed or name.startswith("botcrm.core.domain"), name
    for name in imports(path, at_top=True):
        assert first(name) not in LAZY_IN_DOMAIN, f"import {name} inside the function that needs it"


@pytest.mark.parametrize("path", sources("core", "domain"), ids=label)
def test_domain_reads_no_clock_and_no_file(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            assert (node.func.value.id, node.func.attr) not in CLOCKS, f"line {node.lineno}: `now` is an argument here"
        if isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}, f"line {node.lineno}"


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("aiogram", {"telegram", "testing", "hookspecs"}),  # the specs name its types only
        ("apscheduler", {"reminders"}),
        ("tortoise", {"core", "hooks", "testing"}),
        ("prometheus_client", {"metrics", "web"}),
    ],
)
def test_a_library_stays_in_its_room(library: str, homes: set[str]) -> None:
    users = {
        label(path): path.relative_to(PACKAGE).with_suffix("").parts[0]
        for path in sources()
        if any(first(name) == library for name in imports(path))
    }
    assert not {path for path, room in users.items() if room not in homes}


def test_the_simulator_knows_nothing_of_botcrm() -> None:
    for path in sources("simulator"):
        for name in imports(path):
            assert first(name) != "botcrm" or name.startswith("botcrm.simulator"), f"{label(path)} imports {name}"
            allowed = first(name) in sys.stdlib_module_names or first(name) in {"aiohttp", "botcrm"}
            assert allowed, f"{label(path)} imports {name}"


def test_only_what_starts_the_simulator_imports_it() -> None:
    rooms = {
        path.relative_to(PACKAGE).with_suffix("").parts[0]
        for path in sources()
        if any(name.startswith("botcrm.simulator") for name in imports(path))
    }
    assert rooms <= {"simulator", "demo", "cli", "testing"}


def test_every_library_in_use_is_a_declared_dependency() -> None:
    """One that only arrives with another library would go when that one changes its mind."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    names = {first(name) for path in sources() for name in imports(path)}
    origins = packages_distributions()
    for name in names - set(sys.stdlib_module_names) - {"botcrm"}:
        found = {canonicalize_name(origin) for origin in origins[name]}
        # The pytest plugin for plugin authors runs under pytest, which brings itself.
        assert found & declared or found <= {"pytest", "pytest-asyncio"}, name


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "manager"])
def test_no_module_is_named_after_nothing(name: str) -> None:
    assert not [
        label(path) for path in sources() if path.stem == name or name in path.relative_to(PACKAGE).parent.parts
    ]


def test_every_package_says_that_it_is_one() -> None:
    folders = {path.parent for path in sources()}
    assert not [label(folder) for folder in folders if not (folder / "__init__.py").exists()]
