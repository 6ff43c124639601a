"""Reports of 20,000 rows: how much is done at one go, counted in rows, and what they look like."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, overload

import pytest

from botcrm.contract.reports import Chart, Column, Report, ReportFilters, ReportTable
from botcrm.core.domain.preferences import Preferences
from botcrm.core.services.staff.people import system
from botcrm.reports import layout
from botcrm.reports.bites import BITE
from botcrm.reports.chart import _BAD, _colours
from botcrm.reports.files import Files
from botcrm.reports.layout import GRID_ROWS, MEASURED, STACKED_ROWS, page_of
from botcrm.reports.question import Question
from botcrm.reports.running import MOST_ROWS, Result, checked_table
from botcrm.settings import Settings
from botcrm.words import Words

PREFS: Preferences = Settings(timezone="Europe/Warsaw", currency="PLN").preferences()
WORDS = Words(PREFS, datetime(2026, 11, 24, 9, tzinfo=UTC))
COLUMNS = (Column("name", "Name"), Column("n", "Number", "number"), Column("amount", "Amount", "money"))
WIDE = (*COLUMNS, *(Column(f"more{n}", f"More {n}", "money") for n in range(6)))


class Counted(Sequence[Sequence[Any]]):
    """Rows that count how many of them were looked at since somebody else had a turn."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self.rows = rows
        self.now = self.most = self.all = 0

    def turn(self) -> None:
        self.most, self.now = max(self.most, self.now), 0

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Sequence[Any]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Sequence[Any]]: ...
    def __getitem__(self, place: int | slice) -> Any:
        found = self.rows[place]
        self._count(len(found) if isinstance(place, slice) else 1)
        return found

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self.rows:
            self._count(1)
            yield row

    def _count(self, more: int) -> None:
        self.now += more
        self.all += more


def long_table(columns: Sequence[Column] = COLUMNS) -> tuple[ReportTable, Counted]:
    rows = Counted([(f"n{number}", number % 100, *[number % 1000] * (len(columns) - 2)) for number in range(MOST_ROWS)])
    return ReportTable(tuple(columns), rows, total=("Total", 1, *[1] * (len(columns) - 2))), rows


def result(table: ReportTable) -> Result:
    async def run(work: Any, filters: Any) -> ReportTable:
        return table

    since = date(2026, 11, 1)
    report = Report("long", "Long", "Long", run)
    return Result(report, Question("long", since, since), ReportFilters(since=since, until=since), table, "PLN")


async def watched(rows: Counted, doing: Callable[[], Awaitable[Any]]) -> Any:
    """Do something beside somebody who wants a turn as often as there is one."""
    over = False

    async def others() -> None:
        while not over:
            rows.turn()
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    try:
        return await doing()
    finally:
        over = True
        await beside
        rows.turn()


@pytest.mark.parametrize("columns", [COLUMNS, WIDE])
@pytest.mark.parametrize("page", [0, 3, 700, 10**6])
def test_of_a_long_report_only_a_page_is_laid_out(
    monkeypatch: pytest.MonkeyPatch, columns: Sequence[Column], page: int
) -> None:
    table, rows = long_table(columns)
    laid = 0
    once = layout._cells

    def counted(*args: Any) -> list[str]:
        nonlocal laid
        laid += 1
        return once(*args)

    monkeypatch.setattr(layout, "_cells", counted)
    shown = page_of(WORDS, table, "PLN", page)
    size = GRID_ROWS if columns is COLUMNS else STACKED_ROWS
    assert shown.count == -(-MOST_ROWS // size)
    assert f"n{shown.number * size}" in shown.text
    # Measured twice, in two widths each, then written.
    assert laid <= 5 * (MEASURED + size + 2)
    assert rows.all <= 2 * (MEASURED + size)


def test_pages_begin_at_the_same_rows_also_where_later_ones_are_wider() -> None:
    rows = (
        [("ab", 1, 5)] * (MEASURED + 3) + [("a longer name than there is room for", 10**12, 10**12)] + [("last", 1, 5)]
    )
    table = ReportTable(COLUMNS, rows)
    pages = [page_of(WORDS, table, "PLN", number) for number in range(-(-len(rows) // GRID_ROWS))]
    assert [page.count for page in pages] == [len(pages)] * len(pages)
    whole = "\n".join(page.text for page in pages)
    assert whole.count("ab") == MEASURED + 3
    assert whole.count("a longer") == 1
    assert "1,000,000,000,000" in pages[-1].text.replace("1T", "1,000,000,000,000")
    assert "last" in pages[-1].text


async def test_a_long_report_is_checked_in_bites() -> None:
    table, rows = long_table()
    assert await watched(rows, lambda: checked_table(table)) is table
    assert rows.all == MOST_ROWS
    assert rows.most <= BITE


async def test_csv_of_a_long_report_is_written_in_bites() -> None:
    table, rows = long_table()
    _, content = await watched(rows, lambda: Files().made(result(table), "csv", system(PREFS), WORDS))
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert (len(read), read[-1]) == (MOST_ROWS + 1, ["n19999", "99", "999"])
    assert rows.most <= BITE


async def test_the_process_that_makes_a_sheet_is_told_in_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    table, rows = long_table()
    told: list[Any] = []

    async def drawn(self: Files, module: str, task: Any) -> bytes:
        told.append(json.loads(task))
        return b"sheet"

    monkeypatch.setattr(Files, "drawn", drawn)
    await watched(rows, lambda: Files().made(result(table), "xlsx", system(PREFS), WORDS))
    (task,) = told
    assert (task["title"], len(task["rows"]), task["rows"][-1]) == ("Long", MOST_ROWS, ["n19999", 99, 999])
    assert task["total"] == ["Total", 1, 1]
    assert task["columns"][2] == ["Amount (PLN)", "money"]
    assert rows.most <= BITE


async def test_what_is_bad_news_is_red_and_nothing_else_is() -> None:
    series = [{"title": str(n), "values": [1], "texts": ["1"], "bad": n == 2} for n in range(9)]
    colours = _colours(series)
    assert colours.index(_BAD) == 2
    assert colours.count(_BAD) == 1
    assert "#eb5757" not in colours
    plain = _colours([one | {"bad": False} for one in series])
    assert _BAD not in plain
    table = ReportTable(COLUMNS, [("a", 1, 1)], chart=Chart("bar", "name", ("n",), bad=("nothing",)))
    with pytest.raises(ValueError, match="by their keys"):
        await checked_table(table)
