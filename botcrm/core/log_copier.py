"""SQLite's write-ahead log is copied into the file by a thread, not by whichever commit happens to fill it.

That one would hold up the event loop for tens of milliseconds in a large file (decisions/0003).
"""

import asyncio
import contextlib
import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor

# Seconds from one copying of the log to the next, while there are commits.
_COPY_EVERY = 2.0
# Pages. A longer log is copied to its end before the next transaction begins, so that it starts over.
_LONG_LOG = 64_000


class LogCopier:
    """Copies the write-ahead log into the file, on a thread and a connection of its own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.be_usual()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._connection: sqlite3.Connection | None = None
        self._running: Future[None] | None = None
        self._begun = 0.0
        # How many pages the log held when it was last copied.
        self._pages = 0

    def be_usual(self) -> None:
        """Copy often: a short log is quick to read through."""
        self.every, self.long = _COPY_EVERY, _LONG_LOG

    def committed(self) -> None:
        """Begin to copy, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._begun >= self.every and (self._running is None or self._running.done()):
            self._start(now)

    @property
    def is_long(self) -> bool:
        """Tell whether the log should start over before it is written to again."""
        return self._pages > self.long

    async def finish(self) -> None:
        """Copy all of the log; nobody may write meanwhile."""
        await self.idle()
        self._start(time.monotonic())
        self._pages = 0
        await self.idle()
        self._pages = 0

    async def close(self) -> None:
        """Let the copying under way end."""
        await self.idle()
        if self._connection:
            self._connection.close()
            self._connection = None
        self._pool.shutdown()

    def _start(self, now: float) -> None:
        self._begun = now
        self._running = self._pool.submit(self._copy)

    async def idle(self) -> None:
        """Wait until nothing is being copied."""
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
