"""Opening the file of an import beside the transaction that waits for it: a large workbook takes seconds, and others write meanwhile."""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from botcrm.imports.analysing import SAMPLE
from botcrm.imports.opening import open_table
from botcrm.imports.table import Row, Table

# So long a piece waits for its file; then it comes again. In seconds.
PATIENCE = 1.0
# What nobody asks for any more is closed after so long, and a copy that a kill has left is deleted, in seconds.
IDLE, _LEFT = 60.0, 3600.0
PREFIX = "botcrm-import-"


@dataclass(frozen=True, slots=True)
class Place:
    """A file, how it is read, and the row behind which reading goes on.

    :ivar temporary: whether it is a copy, whose name goes as soon as it is open
    """

    path: Path
    temporary: bool
    name: str
    encoding: str
    delimiter: str
    at: tuple[int, int]


@dataclass(slots=True)
class Opened:
    """A file that is open, and stands behind the row that was asked for."""

    table: Table
    sample: list[list[str]]
    rows: Iterator[Row]


def open_at(place: Place) -> Opened:
    """Open a file, and go to its place: a workbook is read through up to there.

    :raises UnreadableFile: it is no table
    """
    try:
        table = open_table(place.path, encoding=place.encoding, delimiter=place.delimiter, name=place.name)
        try:
            sample = [row.cells for row, _ in zip(table.rows(), range(SAMPLE), strict=False)]
            rows = table.rows(*place.at)
            first = list(itertools.islice(rows, 1))
        except BaseException:
            table.close()
            raise
    finally:
        if place.temporary:
            place.path.unlink(missing_ok=True)
    return Opened(table, sample, itertools.chain(first, rows))


class Openings:
    """The files that are being opened, by the work of their imports."""

    def __init__(self) -> None:
        self._tasks: dict[int, tuple[tuple[int, int], asyncio.Task[Opened]]] = {}
        self._idle: dict[int, asyncio.TimerHandle] = {}

    def pending(self, work_id: int, at: tuple[int, int]) -> bool:
        """Tell whether this is being opened for reading on from here."""
        return self._tasks.get(work_id, (None,))[0] == at

    def begin(self, work_id: int, place: Place) -> None:
        """Begin to open a file."""
        self.drop(work_id)
        self._tasks[work_id] = (place.at, asyncio.create_task(asyncio.to_thread(open_at, place)))

    async def done(self, work_id: int) -> Opened | None:
        """Return the file that was begun to be opened; None where that takes longer than a piece may wait.

        :raises UnreadableFile: it is no table
        """
        _, task = self._tasks[work_id]
        self._stay(work_id)
        if not (await asyncio.wait({task}, timeout=PATIENCE))[0]:
            # Should nobody come again, it was stopped.
            self._idle[work_id] = asyncio.get_running_loop().call_later(IDLE, self.drop, work_id)
            return None
        del self._tasks[work_id]
        return task.result()

    def drop(self, work_id: int) -> None:
        """Let go of what is being opened."""
        self._stay(work_id)
        found = self._tasks.pop(work_id, None)
        if found:
            found[1].add_done_callback(_close)

    def _stay(self, work_id: int) -> None:
        handle = self._idle.pop(work_id, None)
        if handle:
            handle.cancel()


def copied(content: bytes) -> Path:
    """Write a copy of a file that is going to be opened; what a kill has left of earlier ones goes."""
    folder = Path(tempfile.gettempdir())
    for left in folder.glob(f"{PREFIX}*"):
        # Somebody else's, or gone this moment.
        with contextlib.suppress(OSError):
            if time.time() - left.lstat().st_mtime > _LEFT:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    with tempfile.NamedTemporaryFile(prefix=PREFIX, delete=False) as copy:
        copy.write(content)
    return Path(copy.name)


def _close(task: "asyncio.Task[Opened]") -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().table.close()
