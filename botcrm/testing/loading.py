"""Put the plugins under test into the bot, and leave out whatever else is installed."""

import functools
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from botcrm.hooks.entry import Found
from botcrm.testing.projects import Project, find_project


def named(wanted: Any) -> list[Found]:
    """Return plugins by what authors name them with.

    :param wanted: the name of an installed one, a path to a package or a file, a module or object, {"name": object}, or
        several of these in a list
    :raises NoPlugin: nothing is installed under a name, or lies at a path
    """
    found = {one.name: one for one in _each(wanted)}
    return list(found.values())


def _each(wanted: Any) -> Iterator[Found]:
    if isinstance(wanted, str | Path):
        yield _project(find_project(str(wanted)))
    elif isinstance(wanted, Found):
        yield wanted
    elif isinstance(wanted, Mapping):
        for name, holder in wanted.items():
            yield Found(name, "installed", str(getattr(holder, "__version__", "")), functools.partial(_itself, holder))
    elif isinstance(wanted, list | tuple | set | frozenset):
        for one in wanted:
            yield from _each(one)
    else:
        yield Found(_name_of(wanted), "installed", "", functools.partial(_itself, wanted))


def _itself(holder: Any) -> Any:
    return holder


def _project(project: Project) -> Found:
    return Found(project.name, "installed", "", project.load)


def _name_of(holder: Any) -> str:
    """Return what a module or object is called: by its entry point, else by its own name."""
    name = holder.__name__ if isinstance(holder, ModuleType) else type(holder).__name__.lower()
    points: list[EntryPoint] = [point for point in entry_points(group="botcrm") if point.value == name]
    return points[0].name if points else name.rpartition(".")[2].removeprefix("botcrm_")
