"""A report's table as a phone shows it: a narrow grid where it fits, else a few lines for each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.contract.reports import ReportTable
from botcrm.contract.screens import esc
from botcrm.reports.values import FIGURES, Room, cut, padded, shown, width
from botcrm.words import Words

# Columns of Telegram's fixed-width font on a small phone.
MOST_WIDTH = 32
GRID_ROWS = 14
STACKED_ROWS = 6
# How a table is laid out shows in its first rows: on five pages of it.
MEASURED = 5 * GRID_ROWS
_LEAST_LABEL = 8
_MOST_VALUE = 200
_ROOMS: tuple[Room, ...] = ("narrow", "tight")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a table, as Telegram's HTML; `number` counts from 0."""

    text: str
    number: int
    count: int


def page_of(words: Words, table: ReportTable, currency: str, page: int = 0) -> Page:
    """Lay a page of a table out; however long the table is, only the page and the first rows are looked at."""
    first = table.rows[:MEASURED]
    size = GRID_ROWS if _fitting(words, table, first, currency)[1] else STACKED_ROWS
    count = max(1, -(-len(table.rows) // size))
    page = min(max(page, 0), count - 1)
    rows = table.rows[page * size : (page + 1) * size]
    # Wider than the first ones a page has a grid of its own, or is stacked: pages begin at the same rows all the same.
    measured = first if page * size + size <= len(first) else [*first, *rows]
    room, grid = _fitting(words, table, measured, currency) if size == GRID_ROWS else ("ample", None)
    text = _grid(words, table, rows, grid, currency, room) if grid else _stacked(words, table, rows, currency)
    return Page(text, page, count)


def _cells(words: Words, table: ReportTable, row: Sequence[Any], currency: str, room: Room) -> list[str]:
    return [
        shown(words, column.kind, value, currency, room) or "–"
        for column, value in zip(table.columns, row, strict=True)
    ]


def _fitting(
    words: Words, table: ReportTable, rows: Sequence[Sequence[Any]], currency: str
) -> tuple[Room, list[int] | None]:
    """Return how wide each column is where all of them fit side by side, None where they do not, with amounts rounded even."""
    looked_at = [*rows, *([table.total] if table.total is not None else [])]
    for room in _ROOMS:
        widths = _widths(table, [_cells(words, table, row, currency, room) for row in looked_at], currency)
        if widths:
            return room, widths
    return "ample", None


def _widths(table: ReportTable, rows: list[list[str]], currency: str) -> list[int] | None:
    """Return columns' widths that fit; text gives way to figures."""
    cells = [_heads(table, currency), *rows]
    widths = [max(width(row[place]) for row in cells) for place in range(len(table.columns))]
    over = sum(widths) + len(widths) - 1 - MOST_WIDTH
    labels = [place for place, column in enumerate(table.columns) if column.kind not in FIGURES]
    for place in sorted(labels, key=lambda place: -widths[place]):
        given = min(max(over, 0), max(0, widths[place] - _LEAST_LABEL))
        widths[place] -= given
        over -= given
    return widths if over <= 0 else None


def _heads(table: ReportTable, currency: str) -> list[str]:
    """Return the columns' heads; money's is its currency, which its cells leave out."""
    return [currency if column.kind == "money" else column.title for column in table.columns]


def _grid(
    words: Words, table: ReportTable, rows: Sequence[Sequence[Any]], widths: list[int], currency: str, room: Room
) -> str:
    def line(cells: Sequence[str]) -> str:
        return " ".join(
            padded(cut(cell, size), size, right=column.kind in FIGURES)
            for cell, size, column in zip(cells, widths, table.columns, strict=True)
        ).rstrip()

    rule = "─" * (sum(widths) + len(widths) - 1)
    parts = [line(_heads(table, currency)), rule, *(line(_cells(words, table, row, currency, room)) for row in rows)]
    if table.total is not None:
        parts += [rule, line(_cells(words, table, table.total, currency, room))]
    return f"<pre>{esc(chr(10).join(parts))}</pre>"


def _stacked(words: Words, table: ReportTable, rows: Sequence[Sequence[Any]], currency: str) -> str:
    parts = [_stack(words, table, row, currency) for row in rows]
    if table.total is not None:
        parts.append(_stack(words, table, table.total, currency))
    return "\n".join(parts)


def _stack(words: Words, table: ReportTable, row: Sequence[Any], currency: str) -> str:
    """Write a row as its label and a line of what is there: nothing and nought are left out."""
    label = shown(words, table.columns[0].kind, row[0], currency) or "—"
    facts = [
        f"{column.title} {cut(shown(words, column.kind, value, currency), _MOST_VALUE)}"
        for column, value in list(zip(table.columns, row, strict=True))[1:]
        if value not in (None, "", 0)
    ]
    return f"<b>{esc(cut(label, 60))}</b>\n   {esc(' · '.join(facts) or '—')}"
