"""The step of an import: one piece of its file, in the transaction it is given; how far it came is written with the piece.

Search and the matcher hear of the new records at once where a piece is small. A large file's come later, many at a time: their
indexes are spread over the whole table, and written in order they cost a third. What is owed stands in the progress, so that
whoever goes on after a kill pays it first.
"""

import asyncio
import atexit
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Operation
from botcrm.core.services.derive_many import Derived
from botcrm.core.services.files_out import MOST_BYTES, read_file, send_file
from botcrm.core.services.importing import COUNTS, MOST_ASKED, Importer, Outcome, build_frame, derive
from botcrm.core.services.importing_owed import is_job, pay, ranges
from botcrm.core.services.importing_rows import Problem
from botcrm.core.services.operations import advance
from botcrm.core.services.work import Work
from botcrm.imports import problems
from botcrm.imports.analysing import SAMPLE
from botcrm.imports.feed import Feed, Spec, open_feed
from botcrm.imports.opening import open_table
from botcrm.words import Words

# Rows in a piece: what a chat waits for at most, and what a command does at a time.
PIECE, LARGE_PIECE = 200, 2_000
# A file from here on is read by a process of its own, in bytes.
APART = 4_000_000
# So many records may wait to be found.
MOST_OWED = 25_000
# So long may that keep others from writing, in seconds; on a slow machine fewer are written at a time.
_HELD = 2.0


class FileGone(CrmError):
    message = "The file {name} is not there any more, or was changed. Import it anew."


@dataclass(slots=True)
class _State:
    """An import in the hands of this process.

    :ivar late: whether search hears later, as of a large file that a command takes in
    :ivar limit: so many records may be owed to it
    """

    importer: Importer
    feed: Feed
    header: tuple[str, ...]
    delimiter: str
    path: Path
    at: tuple[int, int]
    late: bool
    owed: dict[str, list[tuple[int, Derived]]] = field(default_factory=dict)
    temporary: bool = False
    limit: int = field(default_factory=lambda: MOST_OWED)

    @property
    def owing(self) -> int:
        return sum(map(len, self.owed.values()))

    def close(self) -> None:
        self.feed.close()
        if self.temporary:
            self.path.unlink(missing_ok=True)


class Imports:
    """Takes imports in; it keeps a file open from one piece to the next."""

    def __init__(self) -> None:
        # By the operation's work id: two bases have the same numbers.
        self._states: dict[int, _State] = {}
        atexit.register(self.close)

    def close(self) -> None:
        """Let go of all files."""
        for state in self._states.values():
            state.close()
        self._states.clear()

    async def step(self, work: Work, operation: Operation) -> bool:
        """Do one piece; True when nothing is left.

        :raises FileGone: the file is not what it was
        :raises CrmError: the actor may not import any more, or the file cannot be read
        """
        try:
            return await self._step(work, operation)
        except BaseException:
            self._drop(operation.work_id)
            raise

    def _drop(self, work_id: int) -> None:
        state = self._states.pop(work_id, None)
        if state:
            state.close()

    async def _step(self, work: Work, operation: Operation) -> bool:
        progress: dict[str, Any] = dict(operation.progress)
        at = (int(progress.get("number", 0)), int(progress.get("end", 0)))
        state = self._states.get(operation.work_id)
        if state is None or state.at != at:
            self._drop(operation.work_id)
            if progress.get("owed") and await pay(work, progress["owed"]):
                await advance(work, operation, progress=progress, counts=operation.counts)
                return False
            progress.pop("owed", None)
            state = self._states[operation.work_id] = await self._open(work, operation, at)
        late = state.late
        if state.owing >= state.limit:
            await self._pay(work, operation, state, progress)
            return False
        chunk = await asyncio.to_thread(state.feed.take) if late else state.feed.take()
        if chunk is None:
            if state.owing:
                await self._pay(work, operation, state, progress)
            await self._end(work, operation)
            self._drop(operation.work_id)
            return True
        outcome = await state.importer.take(work, chunk.rows, chunk.prepared)
        await self._set_aside(work, operation, state, progress, outcome)
        if late:
            for entity, made in outcome.made.items():
                state.owed.setdefault(entity, []).extend(made)
            progress["owed"] = ranges(state.owed)
        else:
            await derive(work, outcome.made)
            state.importer.links.forget()
        progress |= {"number": chunk.number, "end": chunk.end}
        counts = {name: operation.counts.get(name, 0) + outcome.counts[name] for name in COUNTS}
        counts["total"] = max(int(operation.counts.get("total", 0)), counts["seen"])
        await advance(work, operation, progress=progress, counts=counts)
        state.at = (chunk.number, chunk.end)
        return False

    # --- beginning and end -----------------------------------------------------------------------------------------

    async def _open(self, work: Work, operation: Operation, at: tuple[int, int]) -> _State:
        params = operation.params
        path, temporary = await _file(params)
        try:
            table = open_table(
                path, encoding=params.get("encoding", ""), delimiter=params.get("delimiter", ""), name=params["name"]
            )
            try:
                sample = [row.cells for row, _ in zip(table.rows(), range(SAMPLE), strict=False)]
                header, about = table.header, table.about
            finally:
                table.close()
            if list(header) != list(params["header"]):
                raise FileGone(name=params["name"])
            frame = await build_frame(
                work,
                operation.entity,
                header,
                params["mapping"],
                sample,
                source=params.get("source", ""),
                default_owner=params.get("owner_id"),
            )
            # Gone on with from the chat, what was begun as a command is the bot's, which has others to serve.
            late = bool(params.get("here")) and not await is_job(operation.id)
            spec = Spec(
                path,
                params["name"],
                about.encoding,
                about.delimiter,
                frame,
                LARGE_PIECE if late else PIECE,
            )
            feed = open_feed(spec, *at, apart=late and about.size > APART)
        except BaseException:
            if temporary:
                path.unlink(missing_ok=True)
            raise
        importer = Importer(frame, rule=params.get("rule", "skip"), heard=bool(params.get("heard")))
        return _State(importer, feed, header, about.delimiter, path, at, late, temporary=temporary)

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
        began = time.monotonic()
        await derive(work, state.owed)
        state.limit = max(1, min(MOST_OWED, round(state.owing * _HELD / max(0.001, time.monotonic() - began))))
        state.owed = {}
        state.importer.links.forget()
        progress.pop("owed", None)
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
    with tempfile.NamedTemporaryFile(prefix="botcrm-import-", delete=False) as copy:
        copy.write(found[1])
    return Path(copy.name), True


def fingerprint(path: Path) -> str:
    """Return what tells a file from another version of it: its size and when it was written; empty where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size}:{facts.st_mtime_ns}"
