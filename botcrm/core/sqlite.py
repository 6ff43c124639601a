"""Tortoise's SQLite engine, made safe and quick for one busy process.

Three things differ from the stock engine (decisions/0003):

* transactions begin with BEGIN IMMEDIATE, so two processes that read then write wait for each other instead of failing;
* statements run on the event loop's own thread, because an indexed statement takes tens of microseconds, the hop to
  aiosqlite's thread and back ten times that, and milliseconds when the loop is busy and keeps the interpreter's lock.
  What may block for longer still goes through the thread: waiting for a write lock that another process holds, and commits
  on a disk whose fsync turns out to be slow;
* what was committed to the write-ahead log is copied into the file by another thread, not by whichever commit happens to
  fill the log: that one would hold up the loop for tens of milliseconds in a large file.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper, NestedTransactionContext, TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

from botcrm.core import lease

# Seconds; a commit with its fsync takes a fraction of a millisecond on a solid-state disk.
_SLOW_COMMIT = 0.004
# Seconds from one copying of the log to the next, while there are commits.
_COPY_EVERY = 0.25
# Pages. A longer log is copied to its end before the next transaction begins, so that it starts over; the engine itself
# would do that in a commit at the second limit, which only statements outside of transactions can reach.
_LONG_LOG = 8_000
_LONGEST_LOG = 32_000


class _LogCopier:
    """Copies the write-ahead log into the file, on a thread and a connection of its own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._connection: sqlite3.Connection | None = None
        self._running: Future[None] | None = None
        self._begun = 0.0
        # How many pages the log held when it was last copied.
        self._pages = 0

    def committed(self) -> None:
        """Begin to copy, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._begun >= _COPY_EVERY and (self._running is None or self._running.done()):
            self._start(now)

    @property
    def is_long(self) -> bool:
        """Tell whether the log should start over before it is written to again."""
        return self._pages > _LONG_LOG

    async def finish(self) -> None:
        """Copy all of the log; nobody may write meanwhile."""
        await self._idle()
        self._start(time.monotonic())
        self._pages = 0
        await self._idle()
        self._pages = 0

    async def close(self) -> None:
        """Let the copying under way end."""
        await self._idle()
        if self._connection:
            self._connection.close()
            self._connection = None
        self._pool.shutdown()

    def _start(self, now: float) -> None:
        self._begun = now
        self._running = self._pool.submit(self._copy)

    async def _idle(self) -> None:
        if self._running and not self._running.done():
            await asyncio.wait([asyncio.wrap_future(self._running)])

    def _copy(self) -> None:
        # Whatever is in its way, a full disk say, is met by the next commit, which can tell somebody.
        with contextlib.suppress(sqlite3.Error):
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                self._connection.execute("PRAGMA synchronous=FULL")
            row = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._pages = max(0, row[1])


class _Connection(aiosqlite.Connection):
    """An aiosqlite connection whose quick statements skip the thread."""

    inline = False
    # How long another process's transaction is waited for.
    busy_ms = 10_000
    # Seconds that a commit took lately, smoothed.
    commit_takes = 0.0
    copier: _LogCopier | None = None

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
        if self.copier:
            self.copier.committed()

    async def in_thread(self, sql: str) -> None:
        """Run one statement on the connection's thread; it may block there."""
        await super()._execute(self._conn.execute, sql)  # type: ignore[no-untyped-call]


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
        if str(self.filename) != ":memory:":
            connection.copier = _LogCopier(str(self.filename))
            await connection.in_thread(f"PRAGMA wal_autocheckpoint={_LONGEST_LOG}")
        connection.inline = True
        await self._post_connect()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            if connection.copier:
                await connection.copier.close()
            connection.inline = False
            await connection.close()

    def _in_transaction(self) -> SqliteTransactionContext:
        return _Context(Transaction(self), self._lock)


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


class _Lent(SqliteTransactionWrapper):
    """A transaction as the library uses it: it asks for the lease of whoever uses it."""

    _connection: _Connection

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(_Savepoint(self))

    def acquire_connection(self) -> ConnectionWrapper[aiosqlite.Connection]:
        lease.check()
        return super().acquire_connection()

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

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """Hold a part of the transaction that is taken back alone when it raises, with the parts inside it.

        Its name is its depth, so that the same few statements are compiled once, not anew each time.

        :raises LeaseOver: the transaction was taken back from whoever is here
        """
        lease.check()
        run = self._connection._conn.execute
        depth = self._depth + 1
        run(f"SAVEPOINT part{depth}")
        self._depth = depth
        try:
            yield
            lease.check()
        except BaseException:
            if not lease.is_over():
                # Rolled back, a savepoint is still there until it is released.
                run(f"ROLLBACK TO part{depth}")
                run(f"RELEASE part{depth}")
                self._depth = depth - 1
            raise
        run(f"RELEASE part{depth}")
        self._depth = depth - 1

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
            await self._connection.in_thread("ROLLBACK")

    def _finish(self) -> None:
        if self._finalized:
            raise TransactionManagementError("Transaction already finalised")
        self._finalized = True


client_class = Client
