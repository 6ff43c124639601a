"""Read the first filled sheet of an XLSX workbook, row by row."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcrm.imports.table import MOST_COLUMNS, About, Row, Table, UnreadableFile, names_once

# What a workbook may grow to when it is unpacked, in bytes; its texts are held in memory.
MOST_UNPACKED = 1_500_000_000
_MOST_TEXTS = 150_000_000
# A sheet packs to a tenth or so; what packs to less than this share of a large part is made to fill a disk.
_MOST_RATIO = 150
_LARGE = 5_000_000


class Workbook(Table):
    """An XLSX file; formulas count as the values they had when it was saved.

    :raises UnreadableFile: it is damaged, locked by a password, or unpacks to more than a table does
    """

    def __init__(self, path: Path, *, name: str = "") -> None:
        import openpyxl

        self._name = name or path.name
        self._size = path.stat().st_size
        self._check(path)
        try:
            self._book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except Exception as exc:  # the library raises whatever the file makes it trip over
            raise UnreadableFile(name=self._name, reason="it is damaged, or locked by a password.") from exc
        try:
            self._find_header()
        except BaseException:
            self.close()
            raise

    def _check(self, path: Path) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                parts = archive.infolist()
                large = sum(part.file_size for part in parts) > MOST_UNPACKED
                texts = any("sharedstrings" in part.filename.lower() and part.file_size > _MOST_TEXTS for part in parts)
                bomb = any(part.file_size > max(_LARGE, part.compress_size * _MOST_RATIO) for part in parts)
                if large or texts or bomb or len(parts) > 10_000:
                    raise UnreadableFile(name=self._name, reason="it unpacks to more than a table does.")
                if not any(part.filename == "[Content_Types].xml" for part in parts):
                    raise UnreadableFile(
                        name=self._name, reason="it is no table. CSV, XLSX and vCard files can be read."
                    )
                for part in parts:
                    if part.filename.endswith((".xml", ".rels")):
                        with archive.open(part) as file:
                            # A workbook declares no entities; who does wants them to grow.
                            if b"<!DOCTYPE" in file.read(4096):
                                raise UnreadableFile(name=self._name, reason="it is damaged, or locked by a password.")
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as exc:
            raise UnreadableFile(name=self._name, reason="it is damaged, or locked by a password.") from exc

    def _find_header(self) -> None:
        for sheet in self._book.worksheets:
            self._sheet = sheet
            # What the file says of its own size is wrong in the exports of some programs.
            sheet.reset_dimensions()
            for row in self._raw():
                if any(cell.strip() for cell in row.cells):
                    self._header = names_once(_trimmed(row.cells))
                    self._below = row.end
                    self._about = About("xlsx", sheet=str(sheet.title), size=self._size)
                    return
        raise UnreadableFile(name=self._name, reason="there is nothing in it.")

    def _raw(self) -> Iterator[Row]:
        try:
            for number, values in enumerate(self._sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), 1):
                yield Row(number, [as_text(value) for value in values], number)
        except Exception as exc:
            raise UnreadableFile(name=self._name, reason="it is damaged, or locked by a password.") from exc

    @property
    def header(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return self._header

    @property
    def about(self) -> About:
        """Return how the file was understood."""
        return self._about

    def rows(self, number: int = 0, end: int = 0) -> Iterator[Row]:
        """Yield the rows, from an earlier row's end where one is given: those before are read once more, and passed over."""
        width = len(self._header)
        after = end or self._below
        for row in self._raw():
            if row.number > after:
                cells = row.cells[:width]
                number += 1
                if any(cells):
                    yield Row(number, cells, row.end)

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()


def _trimmed(cells: list[str]) -> list[str]:
    """Leave out the empty cells on the right: a formatted sheet has hundreds."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def as_text(value: Any) -> str:
    """Return a cell's value as it would stand in a text table: days as 2026-11-22, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        number = Decimal(repr(value))
        return f"{number.quantize(Decimal(1)) if number == number.to_integral_value() and abs(number) < 10**18 else number:f}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
