"""A file's rows on their way in: read, understood and prepared a chunk at a time, here or by a process of its own.

Reading costs as much as writing: a second process has the next rows ready while the ones before are written.
"""

import contextlib
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from botcrm.core.services.derived.many import Derived, derived
from botcrm.core.services.importing.cells import Frame
from botcrm.core.services.importing.rows import Understanding, Understood
from botcrm.imports.opening import open_table
from botcrm.imports.table import Row, Table, UnreadableFile

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Chunk:
    """Rows that follow each other.

    :ivar prepared: what their records will be found by, by the row's number
    :ivar number: of the last one
    :ivar end: where that ended
    """

    rows: list[Understood]
    prepared: dict[int, Derived]
    number: int
    end: int


@dataclass(frozen=True, slots=True)
class Spec:
    """What file is read, and how.

    :ivar size: how many rows a chunk has
    """

    path: Path
    name: str
    encoding: str
    delimiter: str
    frame: Frame
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the other process cannot go on: the facts of an UnreadableFile, else a text."""

    text: str
    facts: dict[str, str]


class Feed(Protocol):
    """Chunks in order."""

    def take(self) -> Chunk | None:
        """Return the next chunk, None behind the last one."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Here(Feed):
    """Reads in this process.

    :param rows: of the table, those that are still to be taken
    """

    def __init__(self, spec: Spec, table: Table, rows: Iterator[Row]) -> None:
        self._size = spec.size
        self._frame = spec.frame
        self._understanding = Understanding(spec.frame)
        self._table = table
        self._rows = rows

    def take(self) -> Chunk | None:
        """Return the next chunk."""
        rows: list[Understood] = []
        prepared: dict[int, Derived] = {}
        last: Row | None = None
        for row in self._rows:
            last = row
            understood = self._understanding.row(row.number, row.cells, row.problem)
            rows.append(understood)
            if not understood.problems:
                prepared[row.number] = prepare(self._frame.entity, understood)
            if len(rows) == self._size:
                break
        return Chunk(rows, prepared, last.number, last.end) if last else None

    def close(self) -> None:
        """Let go of the file."""
        self._table.close()


def prepare(entity: str, row: Understood) -> Derived:
    """Return what a row's record will be found by, as far as the row tells."""
    values = {**row.values}
    if entity != "deal":
        values |= {
            "phone": row.phones[0] if row.phones else None,
            "email": row.emails[0] if row.emails else None,
            "more_phones": row.phones[1:],
            "more_emails": row.emails[1:],
        }
    return derived(entity, values, row.company, row.contact)


class Apart(Feed):
    """Has another process read ahead: while a chunk is written, the next one is brought here.

    Should that process die, another one goes on where it was.
    """

    def __init__(self, spec: Spec, number: int, end: int) -> None:
        self._spec = spec
        self._at = (number, end)
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._begin()

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "botcrm.imports.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((self._spec, *self._at), self._process.stdin, protocol=5)
            self._process.stdin.close()
        self._bring()

    def _bring(self) -> None:
        assert self._process.stdout
        self._next = self._thread.submit(pickle.load, self._process.stdout)

    def take(self) -> Chunk | None:
        """Return the next chunk.

        :raises UnreadableFile: the file is damaged here
        :raises OSError: it cannot be read
        """
        try:
            found = self._next.result()
        except Exception as exc:
            # Whatever a process that was killed has left in the pipe.
            if self._closed:
                raise
            log.warning("the process that reads a file ended at row %s: %s", self._at[0], type(exc).__name__)
            self._end()
            self._begin()
            try:
                found = self._next.result()
            except Exception as again:
                raise RuntimeError("the process that reads the file ended") from again
        if isinstance(found, Failed):
            raise UnreadableFile(**found.facts) if found.facts else OSError(found.text)
        if found is None:
            return None
        assert isinstance(found, Chunk)
        self._at = (found.number, found.end)
        self._bring()
        return found

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._end()
        self._thread.shutdown()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        # Now nobody waits for the pipe any more.
        wait([self._next])
        assert self._process.stdout
        self._process.stdout.close()


def _environment() -> dict[str, str]:
    """Return what the process needs of ours: no setting, and so no secret."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOTCRM_")}
    home = str(Path(__file__).resolve().parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))}


def read_here(spec: Spec, number: int, end: int) -> Here:
    """Open a file and begin to read it behind a row."""
    table = open_table(spec.path, encoding=spec.encoding, delimiter=spec.delimiter, name=spec.name)
    return Here(spec, table, table.rows(number, end))


def open_feed(spec: Spec, number: int, end: int, *, apart: bool) -> Feed:
    """Begin to read behind a row, from the first one where it is 0.

    :raises UnreadableFile: it is no table any more
    """
    return Apart(spec, number, end) if apart else read_here(spec, number, end)
