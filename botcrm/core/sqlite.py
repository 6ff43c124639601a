"""Tortoise's SQLite engine, made safe and quick for one busy process.

Four things differ from the stock engine (decisions/0003):

* transactions begin with BEGIN IMMEDIATE, so two processes that read then write wait for each other instead of failing;
* statements run on the event loop's own thread, because an indexed statement takes tens of microseconds, the hop to
  aiosqlite's thread and back ten times that, and milliseconds when the loop is busy and keeps the interpreter's lock.
  What may block for longer still goes through the thread: waiting for a write lock that another process holds, and commits
  that turn out to be slow;
* a commit does not wait for the disk: a thread brings the log there once for all that wait, after the next transaction may
  have begun. Whoever committed goes on when that was done, so nothing is told to anybody before it is kept;
* what was committed to the write-ahead log is copied into the file by another thread, not by whichever commit happens to
  fill the log: that one would hold up the loop for tens of milliseconds in a large file.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from types import TracebackType
from typing import Any

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper, NestedTransactionContext, TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

from botcrm.core import lease
from botcrm.core.log_copier import LogCopier
from botcrm.core.log_syncer import LogSyncer
from botcrm.core.sqlite_connection import Connection, connector

log = logging.getLogger(__name__)

# Pages. A log of this length is copied in a commit; only statements outside of transactions can make one (see LogCopier).
LONGEST_LOG = 128_000
# Rows that one statement inserts.
_AT_ONCE = 100
# How long closing waits for the transaction in hand.
_CLOSE_SECONDS = 10.0


class Client(SqliteClient):
    """The engine's client: one connection, one writer."""

    _connection: Connection | None
    _is_closed = False

    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        self.refuse_if_closed()
        connection = Connection(connector(str(self.filename)), 64)
        connection._thread.daemon = True
        self._connection = connection
        await connection
        connection._conn.row_factory = sqlite3.Row
        for pragma, value in self.pragmas.items():
            await connection.in_thread(f"PRAGMA {pragma}={value}")
        connection.busy_ms = int(self.pragmas.get("busy_timeout", connection.busy_ms))
        if str(self.filename) != ":memory:":
            connection.copier = LogCopier(str(self.filename))
            if self.pragmas.get("synchronous") != "OFF":
                connection.syncer = LogSyncer(str(self.filename))
            await connection.in_thread(f"PRAGMA wal_autocheckpoint={LONGEST_LOG}")
        connection.inline = True
        await self._post_connect()

    async def close(self) -> None:
        """Wait for the transaction in hand, and close; whoever wants to begin another is refused.

        One that does not end within ten seconds is lost: closed under its statements, the library would take the process along.
        """
        self._is_closed = True
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            log.error("the database is closed under a transaction that does not end")
            await self._shut(break_off=True)
            return
        try:
            await self._shut(break_off=False)
        finally:
            self._lock.release()

    async def _shut(self, *, break_off: bool) -> None:
        connection, self._connection = self._connection, None
        if connection:
            if connection.copier:
                await connection.copier.close()
            await connection.shut(break_off=break_off)
            if connection.syncer:
                await connection.syncer.close()

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        return _Kept(self._lock, self)

    def refuse_if_closed(self) -> None:
        """Refuse to begin anything once the database is closed.

        :raises OperationalError: it is
        """
        if self._is_closed:
            raise OperationalError("the database is closed")

    def _in_transaction(self) -> SqliteTransactionContext:
        return Context(Transaction(self), self._lock)


class _Kept(ConnectionWrapper[aiosqlite.Connection]):
    """The connection for one statement; what it changed is on the disk when it is given back."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if kind is None and isinstance(self.connection, Connection):
            await self.connection.keep()


class Context(SqliteTransactionContext):
    """A transaction's block; when it cannot begin, nothing stays locked behind it, and when it ends, what it changed is kept.

    :ivar committed: called once it is committed, before anybody else begins
    """

    committed: Callable[[], None] | None = None

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            self.connection._parent.refuse_if_closed()
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        begun: TransactionalDBClient = self.connection
        return begun

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        except ValueError:
            # The library's own way back to where it was is gone with the database.
            self.connection._parent.refuse_if_closed()
            raise
        if kind is None:
            if self.committed:
                self.committed()
            await self.connection._connection.keep()


class _Lent(SqliteTransactionWrapper):
    """A transaction as the library uses it: it asks for the lease of whoever uses it."""

    _connection: Connection

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(_Savepoint(self))

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        lease.check()
        return super().acquire_connection()

    async def close(self) -> None:
        """Refuse: whoever closes the database here holds a transaction of it.

        :raises OperationalError: always
        """
        raise OperationalError("a transaction is in hand here: it ends before the database is closed")

    async def execute_script(self, query: str) -> None:
        """Run statements one by one: the driver's own way would commit what came before them."""
        lease.check()
        statement = ""
        for piece in query.split(";"):
            statement += f"{piece};"
            if sqlite3.complete_statement(statement):
                if statement.strip(" \t\r\n;"):
                    await self.execute_query(statement)
                statement = ""


class _Savepoint(_Lent):
    """A part of a transaction that can be taken back, as the library makes it.

    All go by one name (SQLite means the innermost), so that the same few statements are compiled once, not anew each time.
    """

    async def savepoint(self) -> None:
        lease.check()
        self._connection._conn.execute("SAVEPOINT inner_part")

    async def savepoint_rollback(self) -> None:
        if lease.is_over():
            return
        # Rolled back, a savepoint is still there until it is released.
        self._connection._conn.execute("ROLLBACK TO inner_part")
        self._connection._conn.execute("RELEASE inner_part")

    async def release_savepoint(self) -> None:
        lease.check()
        self._connection._conn.execute("RELEASE inner_part")


class Part:
    """A part of a transaction, from `begin` to `end`.

    Its name is its depth, so that the same few statements are compiled once, not anew each time.
    """

    __slots__ = ("_depth", "_of")

    def __init__(self, of: "Transaction") -> None:
        self._of = of
        self._depth = 0

    def _run(self, sql: str) -> None:
        self._of._connection._conn.execute(sql)

    def begin(self) -> None:
        """Begin it.

        :raises LeaseOver: the transaction was taken back from whoever is here
        """
        lease.check()
        self._depth = depth = self._of._depth + 1
        self._run(f"SAVEPOINT part{depth}")
        self._of._depth = depth

    def end(self, *, taken_back: bool) -> None:
        """Keep what was done in it, or take it back.

        :raises LeaseOver: the transaction was taken back from whoever is here; then nothing of it is left to end
        """
        if not taken_back:
            lease.check()
            self._run(f"RELEASE part{self._depth}")
        elif lease.is_over():
            return
        else:
            # Rolled back, a savepoint is still there until it is released.
            self._run(f"ROLLBACK TO part{self._depth}")
            self._run(f"RELEASE part{self._depth}")
        self._of._depth = self._depth - 1


class Transaction(_Lent):
    """A transaction that owns the write lock from its first statement.

    Its statements run at once: the library's own way takes a lock, a scan of the text and two awaits for each, which is three
    quarters of what an indexed statement costs. They raise OperationalError and IntegrityError as the library does,
    and LeaseOver where the transaction was taken back from whoever runs them.
    """

    # How many parts are open, one in the other.
    _depth = 0

    def rows(self, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        """Run a query and return its rows."""
        lease.check()
        try:
            cursor = self._connection._conn.execute(sql, values)
            rows = cursor.fetchall()
        except sqlite3.OperationalError as exc:
            raise OperationalError(exc) from exc
        except sqlite3.IntegrityError as exc:
            raise IntegrityError(exc) from exc
        if not rows:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def column(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Run a query and return the first value of each row."""
        lease.check()
        try:
            return [row[0] for row in self._connection._conn.execute(sql, values)]
        except sqlite3.OperationalError as exc:
            raise OperationalError(exc) from exc

    def change(self, sql: str, values: Sequence[Any]) -> int:
        """Run a statement and return how many rows it changed."""
        lease.check()
        try:
            return max(0, self._connection._conn.execute(sql, values).rowcount)
        except sqlite3.OperationalError as exc:
            raise OperationalError(exc) from exc
        except sqlite3.IntegrityError as exc:
            raise IntegrityError(exc) from exc

    def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows of values."""
        lease.check()
        try:
            self._connection._conn.executemany(sql, rows)
        except sqlite3.OperationalError as exc:
            raise OperationalError(exc) from exc
        except sqlite3.IntegrityError as exc:
            raise IntegrityError(exc) from exc

    def insert_many(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows of SQLite's own types, many by one statement: that takes half as long as one by one.

        :raises IntegrityError: one may not be there; those before it are, until this transaction or part is taken back
        """
        # OR FAIL: else each statement keeps aside every page it changes, to take back itself alone.
        head = f'INSERT OR FAIL INTO "{table}" ({", ".join(columns)}) VALUES '
        row = f"({', '.join('?' * len(columns))})"
        whole = len(rows) - len(rows) % _AT_ONCE
        if whole:
            sql = head + ", ".join([row] * _AT_ONCE)
            parts = (rows[at : at + _AT_ONCE] for at in range(0, whole, _AT_ONCE))
            self.change_many(sql, (list(chain.from_iterable(part)) for part in parts))
        if whole < len(rows):
            self.change_many(head + row, rows[whole:])

    def part(self) -> "Part":
        """Return a part of the transaction that can be taken back alone, with the parts inside it."""
        return Part(self)

    async def begin(self) -> None:
        if self._connection.copier and self._connection.copier.is_long:
            await self._connection.copier.finish()
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
            await self._connection.take_back()

    def _finish(self) -> None:
        if self._finalized:
            raise TransactionManagementError("Transaction already finalised")
        self._finalized = True


client_class = Client
