"""Read tables of text: whatever the encoding, the delimiter and the line ends; broken rows are told, the others go on."""

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from botcrm.imports.encodings import SAMPLE, detect, is_binary
from botcrm.imports.headers import TITLE_ROWS, header_place
from botcrm.imports.table import About, Row, Table, UnreadableFile, names_once

# A longer line is no row of a table; a quote that is never closed would swallow the rest of the file.
MOST_LINE = 1_000_000
_MOST_LINES = 500  # of one row
_MOST_CELL = 131_072  # the csv module's own limit, of one cell
_TOO_MANY = "The row has more cells than there are columns."
_FOREIGN = "Some letters are not in the file's encoding."
_CANDIDATES = ",;\t|^~"
_SNIFFED = 65_536
_LINES_SNIFFED = 100
# Between cells where there is one column only: no text has it.
_NOTHING = "\x1f"
# So much of a line that cannot be read goes back to whoever sent it.
_MOST_SHOWN = 10_000


class Delimited(Table):
    """A file of delimited text.

    :param encoding: as Python names it; found out where empty
    :param delimiter: one character; found out where empty, as it stays where there is one column only
    :raises UnreadableFile: it is no text, or empty, or the encoding does not exist
    """

    def __init__(self, path: Path, *, encoding: str = "", delimiter: str = "", name: str = "") -> None:
        self._path = path
        self._file: BinaryIO = path.open("rb")
        try:
            self._open(name or path.name, encoding, delimiter)
        except BaseException:
            self._file.close()
            raise

    def _open(self, name: str, encoding: str, delimiter: str) -> None:
        start = self._file.read(SAMPLE)
        if not start.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
            raise UnreadableFile(name=name, reason="there is nothing in it.")
        if is_binary(start):
            raise UnreadableFile(name=name, reason="it is no table. CSV, XLSX and vCard files can be read.")
        try:
            self.encoding = encoding or detect(start)
            text = start[:_SNIFFED].decode(self.encoding, "replace")
        except LookupError:
            raise UnreadableFile(name=name, reason="there is no such encoding.") from None
        wide = "utf-16" in self.encoding.lower().replace("_", "-")
        little = not start.startswith(b"\xfe\xff") and not self.encoding.lower().endswith("be")
        mark = 2 if start[:2] in (b"\xff\xfe", b"\xfe\xff") else 3 if start.startswith(b"\xef\xbb\xbf") else 0
        self._codec = ("utf-16-le" if little else "utf-16-be") if wide else self.encoding.replace("-sig", "")
        ending = "\n" if "\n" in text else "\r" if "\r" in text else "\n"
        self._ending = ending.encode(self._codec)
        self._returns = ending == "\r"
        self._first = mark
        text = text.lstrip("\ufeff")
        hint = text.split("\n", 1)[0].strip()
        if hint.lower().startswith("sep=") and len(hint) == 5:
            delimiter = delimiter or hint[4]
            self._first = mark + self._line_length(start[mark:])
            text = text.split("\n", 1)[1] if "\n" in text else ""
        above, found = _title(text, delimiter, ending)
        for _ in range(above):
            self._first += self._line_length(start[self._first :])
        self.delimiter = delimiter or found
        self._header: tuple[str, ...] = ()
        reading = _Reading(self, self._first)
        for row in reading.rows(-1):
            if any(cell.strip() for cell in row.cells):
                self._header = names_once(row.cells)
                self._begin = row.end
                self._skipped = row.number
                break
        else:
            raise UnreadableFile(name=name, reason="there is nothing in it.")
        size = os.fstat(self._file.fileno()).st_size
        read = min(size, SAMPLE)
        lines = start.count(self._ending)
        self._about = About(
            "csv", self.encoding, self.delimiter, rows=max(0, round(lines * size / max(1, read))), size=size
        )

    def _line_length(self, start: bytes) -> int:
        place = start.find(self._ending)
        return len(start) if place < 0 else place + len(self._ending)

    @property
    def header(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return self._header

    @property
    def about(self) -> About:
        """Return how the file was understood."""
        return self._about

    def rows(self, number: int = 0, end: int = 0) -> Iterator[Row]:
        """Yield the rows, from an earlier row's end where one is given."""
        return _Reading(self, end or self._begin).rows(number)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class _Reading:
    """One pass over a file: lines with their places, and records made of them."""

    def __init__(self, table: Delimited, at: int) -> None:
        self._file = table._file
        self._codec = table._codec
        self._ending = table._ending
        self._returns = table._returns
        self._delimiter = table.delimiter or _NOTHING
        # Of the header itself, which is read without one, nothing is too wide.
        self._width = len(table._header) or 1_000_000
        self.at = at
        # Of the record in hand: where its first line ends, how many lines it has, and whether a quote is open.
        self._first_end = at
        self._first_line = ""
        self._count = 0
        self._open = False
        self._too_long = False
        self._foreign = False
        self._ended = False
        # The wide encodings and the Mac's line ends need a search of our own.
        self._plain = self._ending == b"\n"
        self._block = b""

    def rows(self, number: int) -> Iterator[Row]:
        reader = self._reader()
        while True:
            start = self.at
            self._count, self._open, self._too_long, self._foreign = 0, False, False, False
            problem = ""
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                cells, problem = self._once_more()
            if self._too_long:
                problem = "The line is too long."
            elif not problem and self._count > 1 and self._open and self._ended:
                problem = "A quote is not closed."
            elif not problem and len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
                # Where the record has several lines it was a quote that swallowed them.
                problem = "A quote is not closed." if self._count > 1 else _TOO_MANY
            elif not problem and self._foreign:
                problem = _FOREIGN
            if problem not in ("", _TOO_MANY, _FOREIGN):
                cells = [self._first_line[:_MOST_SHOWN].rstrip("\n")]
            if problem not in ("", _FOREIGN) and self._count > 1:
                # What follows the line with the slip is read on its own.
                self.at, self._ended = self._first_end, False
                reader = self._reader()
            elif problem:
                reader = self._reader()
            if self.at == start:  # the file grew shorter under our hands
                return
            number += 1
            if problem or any(cell and not cell.isspace() for cell in cells):
                yield Row(number, cells, self.at, problem)

    def _reader(self) -> Iterator[list[str]]:
        self._block = b""
        self._file.seek(self.at)
        return csv.reader(self._lines(), delimiter=self._delimiter, strict=True)

    def _once_more(self) -> tuple[list[str], str]:
        """Read a record that breaks the rules: text behind a closing quote means no harm where it is one line by itself."""
        if self._count == 1 and not self._open and not self._too_long:
            try:
                return next(csv.reader([self._first_line], delimiter=self._delimiter)), ""
            except csv.Error:
                pass
        return [], "A quote is not closed, or a cell is too long."

    def _lines(self) -> Iterator[str]:
        while True:
            self._follow()
            raw = self._line()
            if not raw:
                self._ended = True
                return
            self.at += len(raw)
            self._count += 1
            if self._count == 1:
                self._first_end = self.at
            if len(raw) > MOST_LINE:
                self._too_long = True
                if not raw.endswith(self._ending):
                    self._skip_rest()
                if self._count == 1:
                    self._first_end = self.at
                    self._first_line = raw[: _MOST_SHOWN * 4].decode(self._codec, "replace")
                yield "\n"
                continue
            line = raw.decode(self._codec, "replace")
            if "\ufffd" in line:
                self._foreign = True
            if '"' in line:
                self._open ^= bool(line.count('"') % 2)
            if self._open and self._count > _MOST_LINES:
                raise csv.Error("a quote is not closed")
            if "\r" in line:
                # Elsewhere in a line it is no end, and the csv module would refuse it.
                line = line.replace("\r\n", "\n").replace("\r", "\n" if self._returns else " ")
            if self._count == 1:
                self._first_line = line
            yield line

    def _follow(self) -> None:
        """Stand where this pass is: another one may have read from the same file meanwhile."""
        if self._file.tell() != self.at + len(self._block):
            self._block = b""
            self._file.seek(self.at)

    def _line(self) -> bytes:
        if self._plain:
            return self._file.readline(MOST_LINE + 1)
        found = self._find(self._block)
        while found < 0 and len(self._block) <= MOST_LINE:
            more = self._file.read(65_536)
            if not more:
                break
            self._block += more
            found = self._find(self._block)
        end = found + len(self._ending) if found >= 0 else len(self._block)
        raw, self._block = self._block[:end], self._block[end:]
        return raw

    def _find(self, block: bytes) -> int:
        place = block.find(self._ending)
        # In the wide encodings a zero of one letter and the next one's first byte are no line end.
        while place >= 0 and place % len(self._ending):
            place = block.find(self._ending, place + 1)
        return place

    def _skip_rest(self) -> None:
        while True:
            self._follow()
            raw = self._line()
            self.at += len(raw)
            if not raw or raw.endswith(self._ending):
                return


def _title(text: str, delimiter: str, ending: str) -> tuple[int, str]:
    """Return how many lines stand above the header, and by which delimiter the table below them is cut."""
    cut = delimiter or sniff(text)
    lines = text.split(ending)
    rows: list[list[str]] = []
    for place, line in enumerate(lines[: TITLE_ROWS + 1]):
        told = delimiter or (sniff(ending.join(lines[place:])) if place else cut)
        rows.append(next(csv.reader([line.strip("\r\n")], delimiter=told or _NOTHING), []))
        if len([cell for cell in rows[0] if cell.strip()]) > 1:
            return 0, cut
    above = header_place(rows)
    if not any(cell.strip() for row in rows[:above] for cell in row):
        return 0, cut
    return above, delimiter or sniff(ending.join(lines[above:]))


def sniff(text: str) -> str:
    """Return the delimiter of a table by its first lines: the one that cuts them into as many cells each, and into most.

    Empty where the header has none: there is one column only.
    """
    best, most = "", 0.0
    whole = text.rsplit("\n", 1)[0] if text.count("\n") > 1 else text
    for candidate in _CANDIDATES:
        if candidate not in whole:
            continue
        try:
            records = [record for record in csv.reader(io.StringIO(whole, newline=""), delimiter=candidate) if record]
        except csv.Error:
            continue
        counts = Counter(len(record) for record in records[:_LINES_SNIFFED])
        width, alike = counts.most_common(1)[0]
        if width < 2:
            width = len(records[0])
            alike = 0 if width < 2 else 1
        # The header counts: a delimiter that is not in it is one of the texts' own.
        score = alike / sum(counts.values()) * math.log(1 + width) if len(records[0]) > 1 else 0.0
        if score > most:
            best, most = candidate, score
    return best
