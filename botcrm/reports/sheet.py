"""`python -m botcrm.reports.sheet`: a table as JSON in, an XLSX file out. Only this process imports the library for it."""

import json
import sys
from datetime import date, datetime
from io import BytesIO
from typing import Any

_FORMATS = {
    "money": "#,##0.00",
    "percent": "0.0%",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "duration": "0",
}
_MOST_WIDTH = 60


def sheet(task: dict[str, Any]) -> bytes:
    """Write a sheet: a bold head that stays in sight, typed cells, columns as wide as what stands in them."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page = book.create_sheet(_sheet_name(task["title"]))
    columns = task["columns"]
    rows = [*task["rows"], *([task["total"]] if task["total"] else [])]
    for place, (title, _) in enumerate(columns):
        longest = max([len(title), *(len(str(row[place])) for row in rows if row[place] is not None)])
        page.column_dimensions[get_column_letter(place + 1)].width = min(_MOST_WIDTH, longest + 3)
    page.freeze_panes = "A2"

    def cell(value: Any, kind: str, *, bold: bool = False) -> Any:
        made = WriteOnlyCell(page, value=None)
        if isinstance(value, str) and kind not in ("date", "moment"):
            made.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            made.data_type = "s"  # a text that starts with = stays a text
        else:
            made.value = _typed(value, kind)
            made.number_format = _FORMATS.get(kind, "General")
        if bold:
            made.font = Font(bold=True)
        return made

    page.append([cell(title, "text", bold=True) for title, _ in columns])
    for row in task["rows"]:
        page.append([cell(value, kind) for value, (_, kind) in zip(row, columns, strict=True)])
    if task["total"]:
        page.append([cell(value, kind, bold=True) for value, (_, kind) in zip(task["total"], columns, strict=True)])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(value: Any, kind: str) -> Any:
    if isinstance(value, str) and kind == "date":
        return date.fromisoformat(value)
    if isinstance(value, str) and kind == "moment":
        return datetime.fromisoformat(value)
    return value


def _sheet_name(title: str) -> str:
    """Return a title as Excel takes it for a sheet's name: 31 characters, none of []:*?/\\."""
    return "".join(char for char in title if char not in "[]:*?/\\'")[:31] or "Report"


if __name__ == "__main__":
    sys.stdout.buffer.write(sheet(json.load(sys.stdin)))
