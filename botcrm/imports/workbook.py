"""Read the first filled sheet of an XLSX workbook, row by row."""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from botcrm.imports.headers import TITLE_ROWS, header_place
from botcrm.imports.table import MOST_COLUMNS, About, Row, Table, UnreadableFile, names_once

# What a workbook may grow to when it is unpacked, in bytes. All but its sheets is held in memory, at eight times the size.
MOST_UNPACKED = 1_500_000_000
_MOST_HELD = 40_000_000
# A sheet packs to a tenth or so; what packs to less than this share of something large is made to fill a disk.
_MOST_RATIO = 150
_LARGE = 5_000_000
# As many rows as a sheet can have: a row numbered a billion would have the reader make up those before it.
_MOST_ROWS = 1_048_576
_OVERRIDE = re.compile(r"<(?:\w+:)?Override\b[^>]*>")
_ATTRIBUTE = re.compile(r"""(PartName|ContentType)\s*=\s*["']([^"']*)["']""")
# What is read a piece at a time, or not at all.
_APART = ("worksheet+xml", "pivotcacherecords+xml")
_DAMAGED = "it is damaged, or locked by a password."
_TOO_MUCH = "it unpacks to more than a table does. Save it as CSV."


class Workbook(Table):
    """An XLSX file; formulas count as the values they had when it was saved.

    :raises UnreadableFile: it is damaged, locked by a password, or unpacks to more than a table does
    """

    def __init__(self, path: Path, *, name: str = "") -> None:
        import openpyxl

        self._name = name or path.name
        self._size = path.stat().st_size
        # Given a name, the library refuses one that does not end as Excel's do.
        self._file: BinaryIO = path.open("rb")
        try:
            self._check()
            self._book = openpyxl.load_workbook(self._file, read_only=True, data_only=True, keep_links=False)
        except UnreadableFile:
            self._file.close()
            raise
        except Exception as exc:  # the library raises whatever the file makes it trip over
            self._file.close()
            raise UnreadableFile(name=self._name, reason=_DAMAGED) from exc
        try:
            self._find_header()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        """Refuse what would fill memory or time, before anything of it is unpacked."""
        try:
            with zipfile.ZipFile(self._file) as archive:
                parts = archive.infolist()
                whole = sum(part.file_size for part in parts)
                if whole > MOST_UNPACKED or whole > max(_LARGE, self._size * _MOST_RATIO) or len(parts) > 10_000:
                    raise UnreadableFile(name=self._name, reason=_TOO_MUCH)
                if any(part.file_size > max(_LARGE, part.compress_size * _MOST_RATIO) for part in parts):
                    raise UnreadableFile(name=self._name, reason=_TOO_MUCH)
                if not any(part.filename == "[Content_Types].xml" for part in parts):
                    raise UnreadableFile(
                        name=self._name, reason="it is no table. CSV, XLSX and vCard files can be read."
                    )
                apart = _read_apart(archive)
                if any(part.file_size > _MOST_HELD and f"/{part.filename}" not in apart for part in parts):
                    raise UnreadableFile(name=self._name, reason=_TOO_MUCH)
                for part in parts:
                    if part.filename.endswith((".xml", ".rels")):
                        with archive.open(part) as file:
                            # A workbook declares no entities; who does wants them to grow.
                            if b"<!DOCTYPE" in file.read(4096):
                                raise UnreadableFile(name=self._name, reason=_DAMAGED)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as exc:
            raise UnreadableFile(name=self._name, reason=_DAMAGED) from exc

    def _find_header(self) -> None:
        # What is hidden holds the lists that cells are chosen from.
        for sheet in [one for one in self._book.worksheets if one.sheet_state == "visible"] or self._book.worksheets:
            self._sheet = sheet
            # What the file says of its own size is wrong in the exports of some programs.
            sheet.reset_dimensions()
            first: list[Row] = []
            for row in self._raw():
                if first or any(cell.strip() for cell in row.cells):
                    first.append(row)
                if len(first) > TITLE_ROWS:
                    break
            if first:
                header = first[header_place([row.cells for row in first])]
                self._header = names_once(_trimmed(header.cells))
                self._below = header.end
                self._about = About("xlsx", sheet=str(sheet.title), size=self._size)
                return
        raise UnreadableFile(name=self._name, reason="there is nothing in it.")

    def _raw(self) -> Iterator[Row]:
        try:
            # Told how wide or long a sheet is, the library fills up what is missing with empty cells, of which each costs time.
            for number, values in enumerate(self._sheet.iter_rows(values_only=True), 1):
                if number > _MOST_ROWS:
                    return
                yield Row(number, [as_text(value) for value in values[:MOST_COLUMNS]], number)
        except Exception as exc:
            raise UnreadableFile(name=self._name, reason=_DAMAGED) from exc

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
                number += 1
                cells = row.cells[:width]
                if any(cell.strip() for cell in row.cells[width:]):
                    yield Row(number, _trimmed(row.cells), row.end, "The row has more cells than there are columns.")
                elif any(cells):
                    yield Row(number, cells, row.end)

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()
        self._file.close()


def _read_apart(archive: zipfile.ZipFile) -> set[str]:
    """Return the names of a workbook's sheets: what is declared as one, and as nothing else."""
    with archive.open("[Content_Types].xml") as file:
        told = file.read(2_000_000).decode("utf-8", "replace")
    kinds = [dict(_ATTRIBUTE.findall(one)) for one in _OVERRIDE.findall(told)]
    times = Counter(kind.get("PartName", "") for kind in kinds)
    return {
        kind["PartName"]
        for kind in kinds
        if kind.get("ContentType", "").lower().endswith(_APART) and times[kind.get("PartName", "")] == 1
    }


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
