"""Migrations say what the models say, run alone, and copy an SQLite file before they touch it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise, connections, fields
from tortoise.exceptions import OperationalError
from tortoise.migrations import operations as ops
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from botcrm.core import db, schema
from botcrm.core.domain.errors import DatabaseUnusable
from botcrm.core.fresh import is_empty, make_tables

# What search needs beside is made by schema._ensure_search, tortoise's own table by tortoise.
_NOT_MODELS = re.compile(r"search_(word|gram|sound|text)|tortoise_migrations|sqlite_|pg_")
# The first paragraph of a model's docstring becomes its table's comment, a description its column's.
_DESCRIBED = re.compile(r'description="[^"]*;|^    """[^"\n]*;', re.MULTILINE)
ROOT = Path(__file__).resolve().parent.parent
Schema = dict[str, set[tuple[Any, ...]]]


async def _schema() -> Schema:
    """Return, for each table, its columns and its indexes as (unique, columns): names of indexes are nobody's business."""
    return await (_sqlite_schema() if db.dialect() == "sqlite" else _postgres_schema())


async def _sqlite_schema() -> Schema:
    found: Schema = {}
    for row in await db.fetch("SELECT name FROM sqlite_master WHERE type = 'table'"):
        table = row["name"]
        columns = await db.fetch(f'PRAGMA table_info("{table}")')
        found[table] = {
            (
                "column",
                c["name"],
                c["type"].upper(),
                bool(c["notnull"]) or bool(c["pk"]),
                c["dflt_value"],
                bool(c["pk"]),
            )
            for c in columns
        }
        for key in await db.fetch(f'PRAGMA foreign_key_list("{table}")'):
            found[table].add(("key", key["from"], key["table"], key["to"], key["on_delete"]))
        for index in await db.fetch(f'PRAGMA index_list("{table}")'):
            parts = await db.fetch(f'PRAGMA index_info("{index["name"]}")')
            found[table].add(("index", bool(index["unique"]), tuple(part["name"] for part in parts)))
    return found


async def _postgres_schema() -> Schema:
    found: Schema = {}
    for c in await db.fetch(
        "SELECT table_name, column_name, data_type, character_maximum_length AS most, numeric_precision AS digits, "
        "numeric_scale AS places, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        default = re.sub(r"nextval\(.*", "nextval", c["column_default"] or "")
        found.setdefault(c["table_name"], set()).add(
            ("column", c["column_name"], c["data_type"], c["most"], c["digits"], c["places"], c["is_nullable"], default)
        )
    for row in await db.fetch("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"):
        unique, columns = " UNIQUE " in row["indexdef"], row["indexdef"].split(" USING ")[1]
        found[row["tablename"]].add(("index", unique, columns))
    for row in await db.fetch(
        "SELECT c.conrelid::regclass::text AS name, pg_get_constraintdef(c.oid) AS says FROM pg_constraint c "
        "JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'public' AND c.contype = 'f'"
    ):
        found[row["name"].strip('"')].add(("key", row["says"]))
    return found


def _of_models(schema: Schema) -> Schema:
    return {table: parts for table, parts in schema.items() if not _NOT_MODELS.match(table)}


async def _emptied(url: str) -> None:
    if db.dialect() == "sqlite":
        await db.close()
        db.sqlite_path(url).unlink()  # type: ignore[union-attr]
    else:
        await connections.get("default").execute_script("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await db.close()


async def _names_of_indexes() -> set[str]:
    sqlite = db.dialect() == "sqlite"
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'index'" if sqlite else "SELECT indexname AS name FROM pg_indexes"
    )
    names = {row["name"] for row in await db.fetch(sql)}
    return {name for name in names if not name.startswith(("search_", "pg_"))}


async def test_a_new_database_made_at_once_is_what_the_migrations_come_to(blank_database_url: str) -> None:
    """Also the indexes' names: a later migration finds them by name, whichever way the database was made."""
    await schema.migrate(blank_database_url)
    await db.open_database(blank_database_url)
    at_once, names = _of_models(await _schema()), await _names_of_indexes()
    noted = await db.column("SELECT name FROM tortoise_migrations ORDER BY id")
    assert set(at_once) == {model.describe()["table"] for model in Tortoise.apps["core"].values()}
    await _emptied(blank_database_url)
    await schema.apply_migrations(blank_database_url)
    await db.open_database(blank_database_url)
    one_by_one = _of_models(await _schema())
    for table, parts in one_by_one.items():
        assert at_once[table] == parts, table
    assert set(at_once) == set(one_by_one)
    assert await _names_of_indexes() == names
    assert await db.column("SELECT name FROM tortoise_migrations ORDER BY id") == noted


def test_an_operation_is_told_the_models_as_they_were_before_it() -> None:
    state = State(models={}, apps=StateApps())
    key = fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)
    ops.CreateModel(name="Shoe", fields=[("id", key)]).state_forward("core", state)
    before = schema._as_it_stands(state)
    ops.AddField(model_name="Shoe", name="size", field=fields.IntField()).state_forward("core", state)
    assert set(state.apps.get_model("core.Shoe")._meta.fields_map) == {"id", "size"}
    assert set(before.apps.get_model("core.Shoe")._meta.fields_map) == {"id"}
    assert set(before.models["core", "Shoe"].fields) == {"id"}


async def test_tables_that_cannot_all_be_made_are_not_made_at_all(blank_database_url: str) -> None:
    await db.open_database(blank_database_url)
    client = connections.get("default")
    assert await is_empty(client)
    with pytest.raises(OperationalError):
        await make_tables(client, ["0001_initial", "it's wrong"])
    await db.close()
    await db.open_database(blank_database_url)
    assert await is_empty(connections.get("default"))
    await db.close()
    assert await schema.migrate(blank_database_url) != []


def test_no_description_holds_a_semicolon() -> None:
    """The library cuts SQLite's statements apart at every one, also inside of a comment."""
    wrong = [path.name for path in (ROOT / "botcrm/core/models").glob("*.py") if _DESCRIBED.search(path.read_text())]
    assert wrong == []


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_no_model_changed_without_a_migration(database_url: str) -> None:
    """If this fails: .venv/bin/tortoise -c botcrm.core.db.MIGRATIONS makemigrations"""
    settings = db.config(database_url)
    await db.open_database(database_url)
    assert Tortoise.apps is not None
    changes = await MigrationAutodetector(Tortoise.apps, settings["apps"]).changes()
    assert [str(change) for change in changes] == []


_SCRIPT = "import asyncio, sys; from botcrm.core import schema; print(len(asyncio.run(schema.migrate(sys.argv[1]))))"


async def test_three_processes_migrate_at_once(blank_database_url: str) -> None:
    """Tortoise alone fails here: two of three stop at a duplicate key."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _SCRIPT,
            blank_database_url,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    answers = await asyncio.wait_for(asyncio.gather(*(process.communicate() for process in processes)), 600)
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert sorted(int(out) for out, _ in answers)[:2] == [0, 0]
    assert await schema.pending_migrations(blank_database_url) == []


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_an_existing_file_is_copied_before_it_is_migrated(database_url: str) -> None:
    path = db.sqlite_path(database_url)
    assert path
    assert await schema.migrate(database_url) == []
    assert list(path.parent.glob("*.before-*")) == []
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO press (key, at) VALUES ('kept', '2026-01-01 00:00:00+00:00')")
        connection.execute("DELETE FROM tortoise_migrations")
    before = shutil.copyfile(path, path.with_name("as-it-was"))
    assert (await schema.pending_migrations(database_url))[0] == "0001_initial"
    with contextlib.suppress(Exception):  # its tables are there already: this one cannot succeed
        await schema.migrate(database_url)
    (copy,) = path.parent.glob("*.before-0001_initial")
    for file in (before, copy):
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT key FROM press").fetchall() == [("kept",)]
            assert connection.execute("SELECT count(*) FROM tortoise_migrations").fetchone() == (0,)


async def test_a_new_file_leaves_no_copy_behind(tmp_path: Path) -> None:
    await schema.migrate(f"sqlite://{tmp_path / 'deep' / 'new.sqlite3'}")
    assert [path.name for path in (tmp_path / "deep").glob("*before*")] == []


async def test_what_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "text.sqlite3"
    path.write_text("this is a letter, and a rather long one, to somebody who collects databases\n" * 20)
    with pytest.raises(DatabaseUnusable):
        await schema.migrate(f"sqlite://{path}")
    for url in ("mysql://x", "nothing"):
        with pytest.raises(DatabaseUnusable):
            await schema.migrate(url)
