"""A plugin on disk: a package with a pyproject.toml, or a single file."""

import importlib
import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from botcrm.contract.plugin import NAME
from botcrm.testing.findings import Finding
from botcrm.testing.static import check_file

ENTRY_POINT = '[project.entry-points.botcrm]\nvisits = "botcrm_visits"'


class NoPlugin(Exception):
    """There is no plugin here; the text says what was looked for."""


@dataclass(frozen=True, slots=True)
class Project:
    """A plugin as it lies on disk.

    :ivar name: the name it is registered under
    :ivar target: its module, perhaps with an object in it: "botcrm_visits" or "botcrm_visits:plugin"
    :ivar home: the folder that its module is imported from
    :ivar settings: what pyproject.toml holds; empty for a single file
    """

    root: Path
    name: str
    target: str
    home: Path
    settings: dict[str, Any]

    @property
    def module(self) -> str:
        """Return the dotted name of its module."""
        return self.target.partition(":")[0]

    @property
    def place(self) -> Path:
        """Return the folder of its package, or its single file."""
        path = self.home.joinpath(*self.module.split("."))
        return path if path.is_dir() else path.with_suffix(".py")

    @property
    def sources(self) -> list[Path]:
        """Return its Python files, tests left out."""
        return sorted(self.place.rglob("*.py")) if self.place.is_dir() else [self.place]

    @property
    def tests(self) -> list[Path]:
        """Return the Python files of its tests; a single file has none."""
        return sorted((self.root / "tests").rglob("*.py")) if self.settings else []

    def load(self) -> Any:
        """Import the plugin and return its module or object.

        :raises Exception: whatever its import raises
        """
        return import_target(self.target, self.home)


def import_target(target: str, home: Path) -> Any:
    """Import "module" or "module:object" from a folder, which takes precedence over what is installed."""
    module, _, attribute = target.partition(":")
    if str(home) not in sys.path:
        sys.path.insert(0, str(home))
    found: Any = importlib.import_module(module)
    for part in attribute.split(".") if attribute else ():
        found = getattr(found, part)
    return found


def find_project(place: str) -> Project:
    """Find a plugin by its path, or an installed one by its name.

    :raises NoPlugin: there is none
    """
    path = Path(place).resolve()
    if path.is_file() and path.suffix == ".py":
        return Project(path.parent, path.stem, path.stem, path.parent, {})
    if (path / "pyproject.toml").is_file():
        return _package(path)
    if re.fullmatch(NAME, place):
        for point in entry_points(group="botcrm"):
            if point.name == place:
                return _installed(place, point.value)
    raise NoPlugin(f"{place}: there is no file of this name, no folder with a pyproject.toml, and no installed plugin")


def _package(root: Path) -> Project:
    try:
        settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise NoPlugin(f"{root / 'pyproject.toml'}: {exc}") from None
    points = settings.get("project", {}).get("entry-points", {}).get("botcrm", {})
    if len(points) != 1:
        what = "no entry point" if not points else "several entry points"
        raise NoPlugin(f"pyproject.toml has {what} in the group botcrm; one is needed:\n{ENTRY_POINT}")
    ((name, target),) = points.items()
    module = target.partition(":")[0].split(".")
    for home in (root / "src", root):
        found = home.joinpath(*module)
        if found.is_dir() or found.with_suffix(".py").is_file():
            return Project(root, name, target, home, settings)
    raise NoPlugin(f"pyproject.toml names the module {'.'.join(module)}; neither src/ nor the folder itself has it")


def _installed(name: str, target: str) -> Project:
    module = target.partition(":")[0]
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise NoPlugin(f"{name} is installed, but its module {module} cannot be found")
    place = Path(spec.origin)
    depth = module.count(".") + (2 if place.name == "__init__.py" else 1)
    home = place.parents[depth - 1]
    return Project(place.parent if place.name == "__init__.py" else place, name, target, home, {})


def check_project(project: Project) -> list[Finding]:
    """Check a plugin without running it: its package, and every file."""
    found = list(_packaging(project))
    for path in project.sources:
        found += check_file(path, project.root)
    for path in project.tests:
        found += check_file(path, project.root, kit=True)
    return found


def _packaging(project: Project) -> Iterator[Finding]:
    if not re.fullmatch(NAME, project.name):
        yield Finding(
            "pyproject.toml" if project.settings else project.place.name,
            f"{project.name!r} is no name of a plugin",
            "use 1 to 20 small letters, digits and underscores, a letter first",
        )
    if not project.settings:
        return
    about = project.settings.get("project", {})
    needs = [_requirement(line) for line in about.get("dependencies", [])]
    if not any(need is not None and need.name == "botcrm" for need in needs):
        yield Finding("pyproject.toml", "it does not depend on botcrm", 'dependencies = ["botcrm>=0.1"]')
    if "version" not in about and "version" not in about.get("dynamic", []):
        yield Finding("pyproject.toml", "it has no version", 'version = "0.1.0"')
    if not any(path.name.startswith("test_") for path in project.tests):
        yield Finding("tests/", "there are no tests", "botcrm plugin new writes some to begin with")
    if not list(project.root.glob("README*")):
        yield Finding("README.md", "there is none", "say what the plugin does and how it is set up", grave=False)


def _requirement(line: str) -> Requirement | None:
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None
