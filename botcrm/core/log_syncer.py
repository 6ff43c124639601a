"""What was committed to SQLite's write-ahead log is brought to the disk by a thread, once for all who wait for it.

With `synchronous=FULL` each commit would do it itself, and whoever wants to write next would wait for the disk; with NORMAL, as
here, the library does it before it copies the log into the file, so that the file is whole after any loss of power. What was
committed counts as kept, and is told to somebody, once this was done too (decisions/0003).
"""

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

_to_disk = getattr(os, "fdatasync", os.fsync)


class LogSyncer:
    """Brings one file's log to the disk.

    :param path: of the database; its log lies beside it
    """

    def __init__(self, path: str) -> None:
        self._log = f"{path}-wal"
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="log-sync")
        self._file: int | None = None
        # Commits, counted: how many there were, and how many of them are on the disk.
        self._committed = self._kept = 0
        self._failed: OSError | None = None

    def committed(self) -> None:
        """Note that something was committed."""
        self._committed += 1

    async def keep(self) -> None:
        """Return once everything committed until now is on the disk, also what others committed: it may have been read.

        :raises OSError: the disk does not take it; from then on always, since what it lost it does not tell again
        """
        if self._failed:
            raise self._failed
        if self._kept < self._committed:
            await asyncio.wrap_future(self._pool.submit(self._keep, self._committed))

    def _keep(self, number: int) -> None:
        if self._failed:
            raise self._failed
        if self._kept >= number:
            return
        upto = self._committed
        if self._file is None:
            try:
                self._file = os.open(self._log, os.O_RDWR)
            except FileNotFoundError:
                # On a file system without shared memory there is no such log: commits go into the file, and to the disk.
                self._kept = upto
                return
        try:
            _to_disk(self._file)
        except OSError as exc:
            self._failed = exc
            raise
        self._kept = upto

    async def close(self) -> None:
        """Let what waits be brought to the disk."""
        with contextlib.suppress(OSError):
            await self.keep()
        self._pool.shutdown()
        if self._file is not None:
            os.close(self._file)
