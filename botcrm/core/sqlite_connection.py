"""One connection to an SQLite file, whose quick statements skip aiosqlite's thread (see `sqlite`)."""

import asyncio
import sqlite3
import time
from typing import Any, NoReturn, cast

import aiosqlite
from tortoise.exceptions import OperationalError

from botcrm.core.log_copier import LogCopier
from botcrm.core.log_syncer import LogSyncer

# Seconds; a commit writes its pages to the log in a fraction of that.
_SLOW_COMMIT = 0.004


class _Closed:
    """What stands in the place of a connection that is closed: it refuses."""

    def close(self) -> None:
        """Do nothing."""

    def __getattr__(self, name: str) -> NoReturn:
        raise OperationalError("the database is closed")


class Connection(aiosqlite.Connection):
    """An aiosqlite connection whose quick statements skip the thread."""

    inline = False
    # How long another process's transaction is waited for.
    busy_ms = 10_000
    # Seconds that a commit took lately, smoothed.
    commit_takes = 0.0
    copier: LogCopier | None = None
    syncer: LogSyncer | None = None
    # How many rows had been changed here when it was last known what is to be brought to the disk.
    _changed = 0

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
        """Commit into the log, on the thread where writing has been slow; `keep` brings it to the disk."""
        started = time.perf_counter()
        if self.commit_takes < _SLOW_COMMIT:
            self._conn.execute("COMMIT")
        else:
            await self.in_thread("COMMIT")
        self.commit_takes += (time.perf_counter() - started - self.commit_takes) / 8
        if self.copier:
            self.copier.committed()

    async def keep(self) -> None:
        """Return once everything that was committed here is on the disk.

        :raises OperationalError: the disk does not take it
        """
        if self.syncer is None:
            return
        changed = self._conn.total_changes
        if changed != self._changed:
            self._changed = changed
            self.syncer.committed()
        try:
            await self.syncer.keep()
        except OSError as exc:
            raise OperationalError(exc) from exc

    async def take_back(self) -> None:
        """Roll the transaction back, on the thread."""
        await self.in_thread("ROLLBACK")
        self._changed = self._conn.total_changes

    async def shut(self, *, break_off: bool = False) -> None:
        """Close it; from now on everything is refused.

        :param break_off: also a statement that the thread is running; what is not committed is lost
        """
        last = self._conn
        self.inline = False
        self._connection = cast("sqlite3.Connection", _Closed())
        if break_off:
            last.interrupt()
        # In the thread's turn, so that it closes nothing under a statement of its own; nobody else has it in hand.
        closed = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((closed, last.close))
        try:
            await closed
        finally:
            if stopped := self.stop():
                await stopped
            self._connection = cast("sqlite3.Connection", _Closed())

    def __del__(self) -> None:
        if not isinstance(self._connection, _Closed | None):
            super().__del__()  # type: ignore[no-untyped-call]

    async def in_thread(self, sql: str) -> None:
        """Run one statement on the connection's thread; it may block there."""
        await super()._execute(self._conn.execute, sql)  # type: ignore[no-untyped-call]


def connector(path: str) -> Any:
    """Return what opens a file's connection."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=2048)

    return connect
