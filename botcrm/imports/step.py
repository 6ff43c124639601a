"""The step of an import: one piece of its file, in the transaction it is given; how far it came is written with the piece.

Search and the matcher hear of the new records at once where a piece is small. A large file's come later, many at a time: their
indexes are spread over the whole table, and written in order they cost a third. What is owed stands in the progress, so that
whoever goes on after a kill pays it first.
"""

import asyncio
import atexit
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Operation
from botcrm.core.services.derived.many import Derived
from botcrm.core.services.derived.slices import Slices
from botcrm.core.services.files_out import MOST_BYTES, read_file, send_file
from botcrm.core.services.importing.owed import is_job, pay, ranges
from botcrm.core.services.importing.piece import COUNTS, MOST_ASKED, Importer, Outcome, build_frame, derive
from botcrm.core.services.importing.rows import Problem
from botcrm.core.services.operations.operations import advance
from botcrm.core.services.work import Work
from botcrm.imports import problems
from botcrm.imports.feed import Apart, Feed, Here, Spec
from botcrm.imports.opened import IDLE, Opened, Openings, Place, copied
from botcrm.words import Words

# Rows in a piece: what a chat waits for at most, and what a command does at a time.
PIECE, LARGE_PIECE = 200, 5_000
# Seconds for which a command holds the lock at a time: a piece has as many such parts as go into that.
_HELD = 1.5
# A file from here on is read by a process of its own, in bytes.
APART = 4_000_000
# While a file is being opened, others may write.
_AGAIN = timedelta(milliseconds=200)
# So many records may wait to be found. More than so many are written in slices.
MOST_OWED, WHOLE = 150_000, 20_000
# On PostgreSQL, where a transaction holds up nobody else, so many are written in one.
_AT_ONCE = 25_000


class FileGone(CrmError):
    message = "The file {name} is not there any more, or was changed. Import it anew."


@dataclass(slots=True)
class _State:
    """An import in the hands of this process.

    :ivar late: whether search hears later, as of a large file that a command takes in
    :ivar limit: so many records may be owed to it
    :ivar slices: what is being written of what was owed
    :ivar cut: how many slices are written
    :ivar ended: whether the file is read to its end
    """

    importer: Importer
    feed: Feed
    header: tuple[str, ...]
    delimiter: str
    at: tuple[int, int]
    late: bool
    owed: dict[str, list[tuple[int, Derived]]] = field(default_factory=dict)
    idle: asyncio.TimerHandle | None = None
    limit: int = field(default_factory=lambda: MOST_OWED if db.dialect() == "sqlite" else min(MOST_OWED, _AT_ONCE))
    slices: Slices | None = None
    cut: int = 0
    ended: bool = False

    @property
    def owing(self) -> int:
        return sum(map(len, self.owed.values()))

    def close(self) -> None:
        if self.idle:
            self.idle.cancel()
        self.feed.close()


class Imports:
    """Takes imports in; it keeps a file open from one piece to the next."""

    def __init__(self) -> None:
        # By the operation's work id: two bases have the same numbers.
        self._states: dict[int, _State] = {}
        self._openings = Openings()
        atexit.register(self.close)

    def close(self) -> None:
        """Let go of all files."""
        for state in self._states.values():
            state.close()
        self._states.clear()

    @property
    def held(self) -> frozenset[int]:
        """Return the works of the imports whose files are open."""
        return frozenset(self._states)

    async def step(self, work: Work, operation: Operation) -> bool | timedelta:
        """Do one piece; True when nothing is left, how long to wait while the file is being opened.

        :raises FileGone: the file is not what it was
        :raises CrmError: the actor may not import any more, or the file cannot be read
        """
        try:
            done = await self._step(work, operation)
        except BaseException:
            self.drop(operation.work_id)
            raise
        state = self._states.get(operation.work_id)
        if state and not state.late:
            # Nobody says that it was stopped; who goes on later opens the file again.
            state.idle = asyncio.get_running_loop().call_later(IDLE, self.drop, operation.work_id)
        return done

    def drop(self, work_id: int) -> None:
        """Let go of an import's file."""
        self._openings.drop(work_id)
        state = self._states.pop(work_id, None)
        if state:
            state.close()

    async def _step(self, work: Work, operation: Operation) -> bool | timedelta:
        progress: dict[str, Any] = dict(operation.progress)
        at = (int(progress.get("number", 0)), int(progress.get("end", 0)))
        state = self._states.get(operation.work_id)
        if state is None or (state.at, state.cut) != (at, progress.get("cut", 0)):
            if not self._openings.pending(operation.work_id, at):
                self.drop(operation.work_id)
            if progress.get("owed") and await pay(work, progress):
                await advance(work, operation, progress=progress, counts=operation.counts)
                return False
            opened = await self._opened(operation, at)
            if opened is None:
                return _AGAIN
            state = self._states[operation.work_id] = await self._open(work, operation, at, opened)
        if state.idle:
            state.idle.cancel()
        if state.slices or state.owing >= state.limit or (state.ended and state.owing):
            await self._pay(work, operation, state, progress)
            return False
        if not state.ended:
            await self._take_in(work, operation, state, progress)
        if not state.ended or state.owing:
            return False
        await self._end(work, operation)
        self.drop(operation.work_id)
        return True

    async def _take_in(self, work: Work, operation: Operation, state: _State, progress: dict[str, Any]) -> None:
        """Take the file's next rows in, as a command as many as the lock may be held for.

        The more rows at a time, the fewer times is each page of an index written.
        """
        began, took, before = time.perf_counter(), 0.0, 0.0
        while not state.ended and state.owing < state.limit and 2 * took - before <= (_HELD if state.late else 0.0):
            await self._take(work, operation, state, progress)
            took, before = time.perf_counter() - began, took

    async def _take(self, work: Work, operation: Operation, state: _State, progress: dict[str, Any]) -> None:
        """Take the file's next rows in; `ended` where there are none."""
        chunk = await asyncio.to_thread(state.feed.take) if state.late else state.feed.take()
        if chunk is None:
            state.ended = True
            return
        outcome = await state.importer.take(work, chunk.rows, chunk.prepared)
        await self._set_aside(work, operation, state, progress, outcome)
        if state.late:
            for entity, made in outcome.made.items():
                state.owed.setdefault(entity, []).extend(made)
            progress["owed"] = ranges(state.owed)
        else:
            await derive(work, outcome.made)
            state.importer.forget()
        progress |= {"number": chunk.number, "end": chunk.end}
        counts = {name: operation.counts.get(name, 0) + outcome.counts[name] for name in COUNTS}
        counts["total"] = max(int(operation.counts.get("total", 0)), counts["seen"])
        await advance(work, operation, progress=progress, counts=counts)
        state.at = (chunk.number, chunk.end)

    # --- beginning and end -----------------------------------------------------------------------------------------

    async def _opened(self, operation: Operation, at: tuple[int, int]) -> Opened | None:
        params = operation.params
        if not self._openings.pending(operation.work_id, at):
            path, temporary = await _file(params)
            encoding, delimiter = params.get("encoding", ""), params.get("delimiter", "")
            self._openings.begin(operation.work_id, Place(path, temporary, params["name"], encoding, delimiter, at))
        return await self._openings.done(operation.work_id)

    async def _open(self, work: Work, operation: Operation, at: tuple[int, int], opened: Opened) -> _State:
        params, table = operation.params, opened.table
        header, about = table.header, table.about
        try:
            if list(header) != list(params["header"]):
                raise FileGone(name=params["name"])
            frame = await build_frame(
                work,
                operation.entity,
                header,
                params["mapping"],
                opened.sample,
                source=params.get("source", ""),
                default_owner=params.get("owner_id"),
            )
            # Gone on with from the chat, what was begun as a command is the bot's, which has others to serve.
            late = bool(params.get("here")) and not await is_job(operation.id)
            size = LARGE_PIECE if late else PIECE
            spec = Spec(Path(params.get("path", "")), params["name"], about.encoding, about.delimiter, frame, size)
            # What has no path is a copy, which nobody else can open any more.
            feed: Feed
            if late and about.size > APART and "path" in params:
                feed = Apart(spec, *at)
                table.close()
            else:
                feed = Here(spec, table, opened.rows)
        except BaseException:
            table.close()
            raise
        importer = Importer(frame, rule=params.get("rule", "skip"), heard=bool(params.get("heard")))
        return _State(importer, feed, header, about.delimiter, at, late)

    async def _end(self, work: Work, operation: Operation) -> None:
        counts = dict(operation.counts)
        counts["total"] = counts.get("seen", 0)
        progress = dict(operation.progress)
        if progress.pop("parts", 0):
            content = await problems.whole(operation.id)
            await problems.forget(operation.id)
            if operation.chat_id is not None and len(content) <= MOST_BYTES:
                said = Words(work.prefs, work.now).t(
                    "Mend the rows and send this file back; the last column says what is wrong."
                )
                name = f"{Path(operation.params['name']).stem}.problems.csv"
                await send_file(work, operation.chat_id, name, content, said)
        if progress.get("asked") and operation.chat_id is not None and operation.actor_id is not None:
            await work.tell(operation.actor_id, operation.chat_id, "import_asked", operation_id=operation.id)
        await advance(work, operation, progress=progress, counts=counts)

    async def _pay(self, work: Work, operation: Operation, state: _State, progress: dict[str, Any]) -> None:
        if state.slices is None and (state.owing <= WHOLE or db.dialect() != "sqlite"):
            await derive(work, state.owed)
            state.owed = {}
        else:
            state.slices = state.slices or Slices(state.owed)
            state.owed = {}
            done = await state.slices.step(work)
            state.cut = progress["cut"] = state.cut + 1
            if done:
                state.slices, state.cut = None, 0
        if state.slices is None:
            state.importer.forget()
            progress.pop("owed", None)
            progress.pop("cut", None)
        await advance(work, operation, progress=progress, counts=operation.counts)

    async def _set_aside(
        self, work: Work, operation: Operation, state: _State, progress: dict[str, Any], outcome: Outcome
    ) -> None:
        """Keep what was not taken: the bad rows for the file, the unclear ones to be asked about."""
        asked: list[dict[str, Any]] = progress.setdefault("asked", [])
        for row, match in outcome.asked:
            if len(asked) < MOST_ASKED:
                progress["day_first"] = state.importer.frame.day_first
                asked.append({"cells": row.cells, "number": row.number, "record_id": match.record_id, "by": match.by})
                outcome.counts["asked"] += 1
            else:
                row.problems.append(Problem("asked", "", {"value": match.name}))
                outcome.bad.append(row)
                outcome.counts["bad"] += 1
        if not outcome.bad:
            return
        content = problems.csv_lines(Words(work.prefs, work.now), outcome.bad, len(state.header), state.delimiter)
        written = int(progress.get("written", 0))
        first = problems.header_line(state.header, state.delimiter) if not written else b""
        path = operation.params.get("problems")
        if path:
            progress["written"] = problems.append(Path(path), written, first + content)
        else:
            progress["parts"] = int(progress.get("parts", 0)) + 1
            await problems.keep_part(work, operation.id, progress["parts"], first + content)
            progress["written"] = written + len(first) + len(content)


async def _file(params: Mapping[str, Any]) -> tuple[Path, bool]:
    """Return where a file is, and whether it is a copy that is thrown away.

    :raises FileGone: it is not there, or not the one that was looked at
    """
    if "path" in params:
        path = Path(params["path"])
        if fingerprint(path) != params.get("fingerprint"):
            raise FileGone(name=params["name"])
        return path, False
    found = await read_file(int(params["stored"]))
    if found is None:
        raise FileGone(name=params["name"])
    return await asyncio.to_thread(copied, found[1]), True


def fingerprint(path: Path) -> str:
    """Return what tells a file from another version of it: its size and when it was written; empty where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size}:{facts.st_mtime_ns}"
