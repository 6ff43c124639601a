"""Databases for tests: SQLite files, or databases on the PostgreSQL server that BOTCRM_TEST_POSTGRES names.

Migrating takes seconds, so one is migrated for the whole run, and each test gets a copy.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

VARIABLE = "BOTCRM_TEST_POSTGRES"

T = TypeVar("T")


class Databases(Protocol):
    """Where tests get their databases from."""

    def fresh(self, folder: Path) -> contextlib.AbstractContextManager[str]:
        """Give the URL of an empty database that is up to date, and drop it afterwards.

        :param folder: where a file may be made
        """
        ...


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[Databases]:
    """Give the databases of this run.

    :param folder: where a file may be made
    """
    server = os.environ.get(VARIABLE)
    if server:
        with _Postgres(server) as found:
            yield found
    else:
        yield _Sqlite(folder)


def _apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class _Sqlite:
    """Files, each a copy of a migrated one."""

    def __init__(self, folder: Path) -> None:
        from botcrm.core import db

        self._template = folder / "template.sqlite3"
        _apart(db.migrate(f"sqlite://{self._template}"))
        with contextlib.closing(sqlite3.connect(self._template)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        path = folder / "botcrm.sqlite3"
        shutil.copyfile(self._template, path)
        yield f"sqlite://{path}"


class _Postgres:
    """Databases on a server, each a copy of a migrated one."""

    def __init__(self, server: str) -> None:
        self._parts = urlsplit(server)._replace(scheme="postgres")
        self._run = secrets.token_hex(4)
        self._count = 0

    def __enter__(self) -> "_Postgres":
        from botcrm.core import db

        self._template = self._create("template", "template0")
        _apart(db.migrate(self._url(self._template)))
        return self

    def __exit__(self, *_: object) -> None:
        self._drop(self._template)

    @contextlib.contextmanager
    def fresh(self, folder: Path) -> Iterator[str]:
        del folder
        self._count += 1
        name = self._create(f"test{self._count}", self._template)
        try:
            yield self._url(name)
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
