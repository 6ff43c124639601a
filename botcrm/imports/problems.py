"""The rows that were not taken, as a file to mend and send again: as they were, with what is wrong in a column."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from botcrm.core import db
from botcrm.core.services.exporting.formats import guarded
from botcrm.core.services.importing.cells import PROBLEMS
from botcrm.core.services.importing.rows import Problem, Understood
from botcrm.core.services.work import Work
from botcrm.imports.table import READING_PROBLEMS
from botcrm.words import Words

COLUMN = "botcrm_problem"


def reason(words: Words, problem: Problem) -> str:
    """Return what is wrong in the reader's language, with the column where it is one cell."""
    text = words.t(PROBLEMS.get(problem.code, problem.code))
    said = text.format(**problem.facts) if problem.facts else text
    return f"{problem.column}: {said}" if problem.column else said


def csv_lines(words: Words, rows: Sequence[Understood], width: int, delimiter: str) -> bytes:
    """Return rows as lines of a table, each with its problems behind as many cells as the header has.

    Cells that are more than the header has stand behind those: nothing of a row is lost. Of a line that could not be read the
    text is one cell, and its number is told.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter or ",")
    for row in rows:
        cells = row.cells
        told = list(dict.fromkeys(reason(words, problem) for problem in row.problems))
        if any(problem.code in READING_PROBLEMS for problem in row.problems):
            told.insert(0, words.t("Row {n}:", n=row.number))
        line = [*cells[:width], *[""] * (width - len(cells)), " ".join(told), *cells[width:]]
        # What came with an apostrophe in front goes back with that one: it would be one more each time.
        writer.writerow(cell if cell.startswith("'") else guarded(cell) for cell in line)
    return buffer.getvalue().encode()


def header_line(header: Sequence[str], delimiter: str) -> bytes:
    """Return the first line, with the mark by which spreadsheets know the encoding."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter or ",").writerow([*map(guarded, header), COLUMN])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def append(path: Path, written: int, content: bytes) -> int:
    """Write behind what was committed, whatever a process that died has left there; returns how long the file is now.

    :param written: how long it was when the piece before was committed; 0 begins it anew
    """
    mode = "r+b" if written and path.exists() else "wb"
    with path.open(mode) as file:
        file.truncate(written)
        file.seek(written)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return written + len(content)


async def keep_part(work: Work, operation_id: int, part: int, content: bytes) -> None:
    """Keep a piece's rows with the piece, where there is no folder to write a file in."""
    await db.insert("outgoing_file", name=f"{_name(operation_id)}{part:06d}", content=content, created_at=work.now)


async def whole(operation_id: int) -> bytes:
    """Return the parts of a file put together."""
    rows = await db.fetch(
        "SELECT content FROM outgoing_file WHERE name LIKE ? ORDER BY name", f"{_name(operation_id)}%"
    )
    return b"".join(bytes(row["content"]) for row in rows)


async def forget(operation_id: int) -> None:
    """Let go of the parts."""
    await db.execute("DELETE FROM outgoing_file WHERE name LIKE ?", f"{_name(operation_id)}%")


def _name(operation_id: int) -> str:
    return f"problems of {operation_id} part "
