"""Databases for tests: SQLite files, or databases on the PostgreSQL server that BOTCRM_TEST_POSTGRES names.

Migrating takes seconds, so one is migrated for the whole process, and each test gets a copy.
"""

import asyncio
import contextlib
import functools
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

VARIABLE = "BOTCRM_TEST_POSTGRES"
# URLs of copies: a bot that starts on one has nothing to migrate.
UP_TO_DATE: set[str] = set()

T = TypeVar("T")


class Databases(Protocol):
    """Where tests get their databases from."""

    def fresh(self, folder: Path) -> contextlib.AbstractContextManager[str]:
        """Give the URL of an empty database that is up to date, and drop it afterwards.

        :param folder: where a file may be made
        """
        ...


@contextlib.contextmanager
def databases() -> Iterator[Databases]:
    """Give the databases of this run."""
    server = os.environ.get(VARIABLE)
    if server:
        with _Postgres(server) as found:
            yield found
    else:
        yield _Sqlite()


@contextlib.contextmanager
def up_to_date(url: str) -> Iterator[str]:
    """Give a URL, and have bots that start on it meanwhile migrate nothing."""
    UP_TO_DATE.add(url)
    try:
        yield url
    finally:
        UP_TO_DATE.discard(url)


def _apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@functools.cache
def sqlite_template() -> bytes:
    """Return the content of an SQLite file that is up to date."""
    from botcrm.core import schema

    with tempfile.TemporaryDirectory(prefix="botcrm-template-") as folder:
        path = Path(folder) / "template.sqlite3"
        _apart(schema.migrate(f"sqlite://{path}"))
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


class _Sqlite:
    """Files, each a copy of a migrated one."""

    @contextlib.contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        path = folder / "botcrm.sqlite3"
        path.write_bytes(sqlite_template())
        with up_to_date(f"sqlite://{path}") as url:
            yield url


class _Postgres:
    """Databases on a server, each a copy of a migrated one."""

    def __init__(self, server: str) -> None:
        self._parts = urlsplit(server)._replace(scheme="postgres")
        self._run = secrets.token_hex(4)
        self._count = 0

    def __enter__(self) -> "_Postgres":
        from botcrm.core import schema

        self._template = self._create("template", "template0")
        _apart(schema.migrate(self._url(self._template)))
        return self

    def __exit__(self, *_: object) -> None:
        self._drop(self._template)

    @contextlib.contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        del folder
        self._count += 1
        name = self._create(f"test{self._count}", self._template)
        try:
            with up_to_date(self._url(name)) as url:
                yield url
        finally:
            self._drop(name)

    def _url(self, name: str) -> str:
        return self._parts._replace(path=f"/{name}").geturl()

    def _create(self, name: str, template: str) -> str:
        full = f"botcrm_plugin_{name}_{self._run}"
        _apart(self._execute(f'CREATE DATABASE "{full}" TEMPLATE "{template}"'))
        return full

    def _drop(self, name: str) -> None:
        _apart(self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    async def _execute(self, sql: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(
            self._parts._replace(path=self._parts.path.rstrip("/") or "/postgres").geturl()
        )
        try:
            await connection.execute(sql)
        finally:
            await connection.close()
