"""Bringing a database up to date: its tables by migrations or, new, in one go; and what search needs beside the tables."""

import contextlib
import functools
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from filelock import FileLock
from tortoise import Tortoise, connections

from botcrm.core import db
from botcrm.core.domain.errors import DatabaseUnusable

_MIGRATION_LOCK = 0x626F7463726D  # "botcrm": the key of PostgreSQL's advisory lock


async def pending_migrations(url: str) -> list[str]:
    """Return the names of the migrations that this database still lacks, oldest first."""
    from tortoise.migrations.executor import MigrationExecutor

    settings = db.config(url)
    await Tortoise.init(config=settings, init_connections=False)
    try:
        if db.sqlite_path(url) is not None:
            # Opened here first: in its own queries tortoise keeps a lock for ever when a file turns out to be no database.
            await connections.get("default").create_connection(with_db=True)
        plan = await MigrationExecutor(connections.get("default"), settings["apps"]).plan()
        return [step.migration.name for step in plan]
    finally:
        await db.close()


async def migrate(url: str) -> list[str]:
    """Bring the database up to date, alone: a lock keeps other processes out, and an SQLite file is copied first.

    :returns: the names of the migrations that were applied
    :raises DatabaseUnusable: the file or the server cannot be opened or written
    """
    db.config(url)  # refuses what is no database of ours
    try:
        async with migrating(url):
            return await _migrate(url)
    except (OSError, sqlite3.DatabaseError) as exc:
        raise DatabaseUnusable(reason=str(exc)) from exc


@contextlib.asynccontextmanager
async def migrating(url: str) -> AsyncIterator[None]:
    """Keep other processes from migrating meanwhile."""
    path = db.sqlite_path(url)
    if path is None:
        async with _advisory_lock(url):
            yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", timeout=60):
        yield


async def apply_migrations(url: str) -> None:
    """Run the migrations that are pending one after another, as on a database that holds something."""
    from tortoise.migrations.api.migrate import migrate as tortoise_migrate
    from tortoise.migrations.schema_generator.state import State

    State.clone = _as_it_stands  # type: ignore[method-assign,assignment]
    try:
        # Rebuilding a table with foreign keys on would cascade into its children (facts: SQLite RemoveField).
        await tortoise_migrate(config=db.config(url, foreign_keys=False), direction="forward")
    finally:
        await db.close()


def _as_it_stands(state: Any) -> Any:
    """Copy what tortoise keeps of the models before each operation.

    Its own way makes all classes of them anew, most of the time of a migration; few operations look at those.
    """
    from tortoise.migrations.schema_generator.state import State

    class Before(State):
        @functools.cached_property
        def apps(self) -> Any:  # type: ignore[override]
            return state.apps.clone(model_states=self.models)

        def __init__(self) -> None:
            self.models = {key: model.clone() for key, model in state.models.items()}

    return Before()


async def _migrate(url: str) -> list[str]:
    path = db.sqlite_path(url)
    filled = path is not None and path.exists() and path.stat().st_size > 0  # asked before connecting makes the file
    pending = await pending_migrations(url)
    # A file that was only looked at, by a command or a check, is not empty any more and holds nothing all the same.
    if pending and await _made_at_once(url, pending):
        pass
    elif pending:
        if path is not None and filled:
            copy_before(url, pending[0])
        await apply_migrations(url)
    await db.open_database(url)
    try:
        await _ensure_search()
    finally:
        await db.close()
    return pending


async def _made_at_once(url: str, migrations: list[str]) -> bool:
    """Make the tables of a new database; False where it is not new."""
    from botcrm.core.fresh import is_empty, make_tables

    await Tortoise.init(config=db.config(url))
    try:
        client = connections.get("default")
        if not await is_empty(client):
            return False
        await make_tables(client, migrations)
        return True
    finally:
        await db.close()


def copy_before(url: str, migration: str) -> None:
    """Copy an SQLite file before a migration is run on it; a server's databases are for their own backups."""
    source = db.sqlite_path(url)
    if source is None:
        return
    target = source.with_name(f"{source.name}.before-{migration}")
    with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
        old.backup(new)


@contextlib.asynccontextmanager
async def _advisory_lock(url: str) -> AsyncIterator[None]:
    import asyncpg

    try:
        lock = await asyncpg.connect(url.replace("asyncpg://", "postgres://", 1))
    except (asyncpg.PostgresError, OSError) as exc:
        raise DatabaseUnusable(reason=str(exc)) from exc
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        yield
    finally:
        await lock.close()


# --- search: what no model can say -------------------------------------------------------------------------------------

_SOUNDS = "key text NOT NULL, word text NOT NULL, PRIMARY KEY (key, word)"


async def _ensure_search() -> None:
    """Create what inexact search and search through texts need: words by trigrams and by sound, texts by words."""
    if db.dialect() == "sqlite":
        await db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS search_word USING fts5(word, tokenize='trigram')")
        await db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS search_gram USING fts5vocab('search_word', 'row')")
        await db.execute(f"CREATE TABLE IF NOT EXISTS search_sound ({_SOUNDS}) WITHOUT ROWID")
        # The words are folded before: the tokenizer is to split them at the blanks and do nothing else.
        await db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING "
            "fts5(words, detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 0')"
        )
        return
    await db.execute("CREATE TABLE IF NOT EXISTS search_word (word text PRIMARY KEY)")
    await db.execute(f"CREATE TABLE IF NOT EXISTS search_sound ({_SOUNDS})")
    await db.execute("CREATE TABLE IF NOT EXISTS search_text (id bigint PRIMARY KEY, words tsvector NOT NULL)")
    await db.execute("CREATE INDEX IF NOT EXISTS search_text_words ON search_text USING gin (words)")
    with contextlib.suppress(Exception):  # the extension needs a right that the database's owner may lack
        await db.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    if await db.has_trigrams():
        await db.execute("CREATE INDEX IF NOT EXISTS search_word_trgm ON search_word USING gin (word gin_trgm_ops)")
