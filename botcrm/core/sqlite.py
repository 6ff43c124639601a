"""Tortoise's SQLite engine, made safe and quick for one busy process.

Two things differ from the stock engine (decisions/0003):

* transactions begin with BEGIN IMMEDIATE, so two processes that read then write wait for each other instead of failing;
* statements run on the event loop's own thread, because an indexed statement takes tens of microseconds, the hop to
  aiosqlite's thread and back ten times that, and milliseconds when the loop is busy and keeps the interpreter's lock.
  What may block for longer still goes through the thread: waiting for a write lock that another process holds, and commits
  on a disk whose fsync turns out to be slow.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import aiosqlite
from tortoise.backends.base.client import BaseDBAsyncClient, NestedTransactionContext, TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

# Seconds; a commit with its fsync takes a fraction of a millisecond on a solid-state disk.
_SLOW_COMMIT = 0.004


class _Connection(aiosqlite.Connection):
    """An aiosqlite connection whose quick statements skip the thread."""

    inline = False
    # How long another process's transaction is waited for.
    busy_ms = 10_000
    # Seconds that a commit took lately, smoothed.
    commit_takes = 0.0

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if self.inline:
            return fn(*args, **kwargs)
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def begin_now(self) -> bool:
        """Take the write lock if it is free; returns whether it was."""
        self._conn.execute("PRAGMA busy_timeout=0")
        try:
            self._conn.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        finally:
            self._conn.execute(f"PRAGMA busy_timeout={self.busy_ms}")
        return True

    async def commit_safely(self) -> None:
        """Commit, on the thread where the disk has been slow."""
        started = time.perf_counter()
        if self.commit_takes < _SLOW_COMMIT:
            self._conn.execute("COMMIT")
        else:
            await self.in_thread("COMMIT")
        self.commit_takes += (time.perf_counter() - started - self.commit_takes) / 8

    async def in_thread(self, sql: str) -> None:
        """Run one statement on the connection's thread; it may block there."""
        await super()._execute(self._conn.execute, sql)  # type: ignore[no-untyped-call]


def run(client: BaseDBAsyncClient, sql: str, values: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Run a statement at once where a transaction holds the connection; None where there is none.

    The library's own way takes a lock, a scan of the text and two awaits each time: three quarters of what an indexed
    statement costs.

    :raises OperationalError: as the library does
    :raises IntegrityError: as the library does
    """
    if not isinstance(client, SqliteTransactionWrapper):
        return None
    try:
        cursor = client._connection._conn.execute(sql, values)
        rows = cursor.fetchall()
    except sqlite3.OperationalError as exc:
        raise OperationalError(exc) from exc
    except sqlite3.IntegrityError as exc:
        raise IntegrityError(exc) from exc
    if not rows:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _connector(path: str) -> Any:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=2048)

    return connect


class Client(SqliteClient):
    """The engine's client: one connection, one writer."""

    _connection: _Connection | None

    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        connection = _Connection(_connector(str(self.filename)), 64)
        connection._thread.daemon = True
        self._connection = connection
        await connection
        connection._conn.row_factory = sqlite3.Row
        for pragma, value in self.pragmas.items():
            await connection.in_thread(f"PRAGMA {pragma}={value}")
        connection.busy_ms = int(self.pragmas.get("busy_timeout", connection.busy_ms))
        connection.inline = True
        await self._post_connect()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.inline = False
            await connection.close()

    def _in_transaction(self) -> SqliteTransactionContext:
        return _Context(_Transaction(self), self._lock)


class _Context(SqliteTransactionContext):
    """A transaction's block; when it cannot begin, nothing stays locked behind it."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        begun: TransactionalDBClient = self.connection
        return begun


class _Savepoint(SqliteTransactionWrapper):
    """A part of a transaction that can be taken back.

    All go by one name (SQLite means the innermost), so that the same few statements are compiled once, not anew each time.
    """

    _connection: _Connection

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(_Savepoint(self))

    async def savepoint(self) -> None:
        self._connection._conn.execute("SAVEPOINT part")

    async def savepoint_rollback(self) -> None:
        # Rolled back, a savepoint is still there until it is released.
        self._connection._conn.execute("ROLLBACK TO part")
        self._connection._conn.execute("RELEASE part")

    async def release_savepoint(self) -> None:
        self._connection._conn.execute("RELEASE part")


class _Transaction(SqliteTransactionWrapper):
    """A transaction that owns the write lock from its first statement."""

    _connection: _Connection

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(_Savepoint(self))

    async def begin(self) -> None:
        try:
            if not self._connection.begin_now():
                await self._connection.in_thread("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as exc:
            raise OperationalError(exc) from exc
        except asyncio.CancelledError:
            # The thread goes on: what it begins after that must not stay open for whoever comes next.
            with contextlib.suppress(sqlite3.Error):
                await self._connection.in_thread("ROLLBACK")
            raise

    async def commit(self) -> None:
        self._finish()
        try:
            await self._connection.commit_safely()
        except sqlite3.Error as exc:
            # A full disk, say. SQLite may have kept the transaction open; the next one could never begin.
            if self._connection._conn.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    await self._connection.in_thread("ROLLBACK")
            raise OperationalError(exc) from exc

    async def rollback(self) -> None:
        self._finish()
        if self._connection._conn.in_transaction:
            await self._connection.in_thread("ROLLBACK")

    def _finish(self) -> None:
        if self._finalized:
            raise TransactionManagementError("Transaction already finalised")
        self._finalized = True


client_class = Client
