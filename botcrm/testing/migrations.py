"""Write the migrations of a plugin's own tables."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from botcrm.contract.plugin import Tables
from botcrm.core import db
from botcrm.testing.projects import Project


class NoTables(Exception):
    """The plugin has no tables, or they cannot be read; the text says why."""


async def write_migrations(project: Project) -> list[Path]:
    """Compare a plugin's models with its migrations, and write what is missing; returns the new files.

    The package of the migrations is made where there is none.

    :raises NoTables: the plugin registers no tables, or its models cannot be read
    """
    tables = _tables(project)
    _make_package(project, tables.migrations)
    config: dict[str, Any] = db.config("sqlite://:memory:")
    app = {"models": [tables.models], "default_connection": "default", "migrations": tables.migrations}
    config["apps"] = {**config["apps"], project.name: app}
    await Tortoise.init(config=config)
    try:
        assert Tortoise.apps is not None
        _check_names(project, tables)
        writers = await MigrationAutodetector(Tortoise.apps, config["apps"]).changes()
        return [Path(writer.write()) for writer in writers if writer.app_label == project.name]
    finally:
        await db.close()


def _tables(project: Project) -> Tables:
    try:
        holder = project.load()
    except Exception as exc:
        raise NoTables(f"{project.name} cannot be imported: {type(exc).__name__}: {exc}") from exc
    register = getattr(holder, "register_models", None)
    found = register() if register else None
    if not isinstance(found, Tables):
        raise NoTables(f"{project.name} has no tables: let register_models return Tables(models=…, migrations=…)")
    return found


def _make_package(project: Project, name: str) -> None:
    folder = project.home.joinpath(*name.split("."))
    if importlib.util.find_spec(name.rpartition(".")[0] or name) is None:
        raise NoTables(f"the package around {name} cannot be found")
    if not (folder / "__init__.py").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text('"""Migrations, written by `botcrm plugin migrations`."""\n', "utf-8")
        importlib.invalidate_caches()
        sys.modules.pop(name, None)


def _check_names(project: Project, tables: Tables) -> None:
    assert Tortoise.apps is not None
    for model in Tortoise.apps[project.name].values():
        if not (model._meta.db_table or "").startswith(f"{project.name}_"):
            raise NoTables(
                f"the table of {model.__name__} in {tables.models} has to be called {project.name}_…: "
                "set `table` in its class Meta"
            )
