"""Plugins' own tables: their migrations and models, kept apart from the product's."""

import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.models import Model
from tortoise.transactions import in_transaction

from botcrm.contract.plugin import Tables
from botcrm.core import db, schema
from botcrm.core.replay import Executor
from botcrm.hooks.entry import Refused
from botcrm.hooks.loading import told


async def prepare(url: str, plugin: str, found: Tables) -> None:
    """Bring a plugin's tables up to date and have its models used; in one transaction, alone, an SQLite file copied first.

    :raises Refused: they cannot be; the database is as it was
    """
    try:
        models = _models(plugin, found)
        async with schema.migrating(url):
            await _migrate(url, plugin, found)
        _use(plugin, found, models)
    except Refused:
        raise
    except BaseException as exc:
        raise Refused(
            f"its tables cannot be brought up to date: {told(exc)}; mend its migrations, the database is as it was"
        ) from exc


def _models(plugin: str, found: Tables) -> list[type[Model]]:
    module = importlib.import_module(found.models)
    importlib.import_module(found.migrations)
    models = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Model) and value.__module__ == module.__name__
    ]
    for model in models:
        if not model._meta.abstract and not (model._meta.db_table or "").startswith(f"{plugin}_"):
            raise Refused(
                f"its table {model._meta.db_table or model.__name__!r} must be called {plugin}_…: "
                "set table in the model's Meta"
            )
    return models


# A key into the product's tables, or a dependency on its migrations, as a migration writes it.
_OF_THE_PRODUCT = re.compile(r"""['"]core['".]""")


def _apps(plugin: str, found: Tables) -> dict[str, Any]:
    """Return what the migrations are run over: with the product's tables only where they have keys into them.

    To know the product's tables is to go through all of its migrations, which takes seconds.
    """
    own = {"models": [found.models], "default_connection": "default", "migrations": found.migrations}
    package = importlib.import_module(found.migrations)
    texts = (path.read_text("utf-8") for folder in package.__path__ for path in sorted(Path(folder).glob("*.py")))
    product = dict(db.MIGRATIONS["apps"]) if any(map(_OF_THE_PRODUCT.search, texts)) else {}
    return {**product, plugin: own}


async def _migrate(url: str, plugin: str, found: Tables) -> None:
    apps = _apps(plugin, found)
    settings = db.config(url, foreign_keys=False)
    # A connection of its own: the product's is in use, and on SQLite a table is rebuilt without looking at foreign keys.
    async with TortoiseContext() as context:
        # Its connections alone: the models are in use with those of the product.
        context.connections._init_config(settings["connections"])
        pending = await MigrationExecutor(context.connections.get("default"), apps).plan(_target(plugin))
        if not pending:
            return
        schema.copy_before(url, f"{plugin}-{pending[0].migration.name}")
        async with in_transaction("default") as client:
            before = await _schema(client, plugin)
            executor = Executor(client, apps)
            await executor.migrate(_target(plugin), direction="forward")
            changed = _differences(before, await _schema(client, plugin))
            if changed:
                raise Refused(
                    f"its migration {pending[0].migration.name} touches {', '.join(changed)}: "
                    f"let it touch only tables called {plugin}_…; the database is as it was"
                )


def _target(plugin: str) -> list[MigrationTarget]:
    return [MigrationTarget(app_label=plugin, name="__latest__")]


async def _schema(client: Any, plugin: str) -> dict[str, Any]:
    """Return how the tables of others look."""
    if client.capabilities.dialect == "sqlite":
        rows = await client.execute_query_dict("SELECT tbl_name AS name, type, sql AS shape FROM sqlite_master")
    else:
        rows = await client.execute_query_dict(
            "SELECT table_name AS name, column_name AS type, data_type AS shape FROM information_schema.columns "
            "WHERE table_schema = current_schema()"
        )
    found: dict[str, Any] = {}
    for row in rows:
        if not row["name"].startswith(f"{plugin}_") and not row["name"].startswith("sqlite_"):
            found.setdefault(row["name"], set()).add((row["type"], row["shape"]))
    return found


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    names: Iterable[str] = before.keys() | after.keys()
    return sorted(name for name in names if before.get(name) != after.get(name))


def _use(plugin: str, found: Tables, models: list[type[Model]]) -> None:
    """Have models used on the connection that is open; they stay known while the process runs."""
    apps = Tortoise.apps
    if apps is None or plugin in apps.apps:
        return
    for model in models:
        model._meta.default_connection = "default"
    apps.init_app(plugin, [found.models])
    apps._build_initial_querysets()
