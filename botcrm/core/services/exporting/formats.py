"""The formats that records go out in: CSV, JSON and XLSX, each a row at a time; no cell is run as a formula by a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

FORMATS = ("csv", "xlsx", "json")
# What a sheet holds, one line of it the names; what is more comes on a second one.
_MOST_ROWS = 1_048_575
_MOST_CELL = 32_767
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _json_value(value: Any) -> str:
    # A Decimal goes out digit by digit: as a float a large amount would lose its cents.
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


async def json_text(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    """Write rows as a JSON list, one row a line, piece by piece; `[]` where there are none."""
    before = "[\n"
    async for row in rows:
        yield before + "{" + ", ".join(f"{json.dumps(name)}: {_json_value(value)}" for name, value in row.items()) + "}"
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


# What a spreadsheet takes for a formula when a cell starts with it (OWASP, CSV injection).
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PHONES = re.compile(r"\+\d{5,15}(?:, \+\d{5,15})*")


def guarded(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it: with an apostrophe in front, which an import takes away again.

    What starts with apostrophes and such a sign gets one more, so that each text comes back as it was.
    """
    if not _FORMULA.match(text):
        return text
    # E.164 holds nothing that could be calculated, and has to come back in as it went out.
    return text if _PHONES.fullmatch(text) else f"'{text}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return guarded(value) if isinstance(value, str) else str(value)


async def csv_text(rows: AsyncIterator[dict[str, Any]], names: tuple[str, ...]) -> AsyncIterator[str]:
    """Write rows as CSV (RFC 4180) under a line of column names, piece by piece.

    A text that a spreadsheet would run as a formula gets an apostrophe in front; a phone number stays as it is.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(names)
    async for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


class Xlsx:
    """A workbook that grows row by row; what it holds is on disk, not in memory."""

    def __init__(self, names: Sequence[str]) -> None:
        import openpyxl

        self._names = tuple(names)
        self._book = openpyxl.Workbook(write_only=True)
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._sheet = self._book.create_sheet()
        self._sheet.freeze_panes = "A2"
        self._add(self._names)
        self._count = 0

    def row(self, row: dict[str, Any]) -> None:
        """Add a row: numbers as numbers, all else as text, a formula's text too."""
        if self._count >= _MOST_ROWS:
            self._begin()
        self._add([row[name] for name in self._names])
        self._count += 1

    def _add(self, values: Sequence[Any]) -> None:
        from openpyxl.cell import WriteOnlyCell

        cells: list[Any] = []
        for value in values:
            if value is None or (isinstance(value, int) and abs(value) < 10**15):
                cells.append(value)
            elif isinstance(value, Decimal) and abs(value) < 10**12:
                cells.append(float(value))
            else:
                text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
                # Of an apostrophe in front an import cannot tell who has put it there.
                text = guarded(text) if text.startswith("'") else text
                cell = WriteOnlyCell(self._sheet, "")
                # Said to be a text, it is none of those that are calculated, whatever it begins with.
                cell.value, cell.data_type = _ILLEGAL.sub("", text)[:_MOST_CELL], "s"
                cells.append(cell)
        self._sheet.append(cells)

    def save(self, path: Path) -> None:
        """Write the file."""
        self._book.save(path)
