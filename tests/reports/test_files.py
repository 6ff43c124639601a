"""Reports as files: typed, safe to open, drawn apart, and never for long."""

from __future__ import annotations

import asyncio
import io
import struct
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from botcrm.contract.reports import Chart, Column, Report, ReportFilters, ReportTable
from botcrm.core.services.staff.people import system
from botcrm.reports import files
from botcrm.reports.files import Files, NoPicture, NotDrawn, csv_bytes
from botcrm.reports.question import Question
from botcrm.reports.running import Result, check_table
from botcrm.settings import Settings
from botcrm.words import Words

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PREFS = Settings(timezone="Europe/Warsaw", currency="PLN").preferences()
TABLE = ReportTable(
    columns=(
        Column("name", "Name"),
        Column("deals", "Deals", "number"),
        Column("worth", "Worth", "money"),
        Column("share", "Share", "percent"),
        Column("day", "Day", "date"),
        Column("at", "At", "moment"),
        Column("long", "Long", "duration"),
    ),
    rows=[
        ("=1+1", 3, Decimal("1234.50"), 0.25, date(2026, 11, 1), NOW, 90),
        ("Łódź $5 и 山田\x07", 1, Decimal(-7), None, None, None, None),
    ],
    total=("Total", 4, Decimal("1227.50"), None, None, None, 90),
    chart=Chart("bar", "name", ("deals",)),
)


def result(table: ReportTable = TABLE) -> Result:
    async def run(work: Any, filters: Any) -> ReportTable:
        return table

    report = Report("cellar", "Cellar: [all]", "", run)
    question = Question("cellar", date(2026, 11, 1), date(2026, 11, 30))
    return Result(report, question, ReportFilters(since=question.since, until=question.until), table, "PLN")


async def made(form: Any, table: ReportTable = TABLE, **how: Any) -> tuple[str, bytes]:
    return await Files(**how).made(result(table), form, system(PREFS), Words(PREFS, NOW))


def test_csv_runs_no_formula_and_keeps_numbers() -> None:
    assert csv_bytes(TABLE, "Europe/Warsaw").decode("utf-8-sig") == (
        "name,deals,worth,share,day,at,long\r\n"
        "'=1+1,3,1234.50,0.25,2026-11-01,2026-11-24T10:00:00,90\r\n"
        "Łódź $5 и 山田\x07,1,-7,,,,\r\n"
    )


async def test_xlsx_has_typed_cells_under_a_bold_head() -> None:
    name, content = await made("xlsx")
    assert name == "cellar-2026-11-01-2026-11-30.xlsx"
    book = load_workbook(io.BytesIO(content))
    sheet: Any = book.active
    assert sheet.title == "Cellar all"
    assert [cell.value for cell in sheet[1]] == ["Name", "Deals", "Worth (PLN)", "Share", "Day", "At", "Long"]
    assert all(cell.font.bold for row in (sheet[1], sheet[4]) for cell in row)
    first = sheet[2]
    assert (first[0].value, first[0].data_type) == ("=1+1", "s")
    assert [cell.value for cell in first][1:] == [
        3,
        1234.5,
        0.25,
        datetime(2026, 11, 1),
        datetime(2026, 11, 24, 10),
        90,
    ]
    assert first[3].number_format == "0.0%"
    assert sheet["A3"].value == "Łódź $5 и 山田"
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("kind", ["bar", "funnel", "line", "pie"])
async def test_a_picture_is_as_wide_as_a_phone(kind: Any) -> None:
    _, content = await made(
        "png", ReportTable(TABLE.columns, TABLE.rows, chart=Chart(kind, "name", ("deals", "worth")))
    )
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert width == 1080
    assert 400 < height < 2000


async def test_nothing_is_drawn_of_nothing() -> None:
    with pytest.raises(NoPicture):
        await made("png", ReportTable(TABLE.columns, TABLE.rows))
    with pytest.raises(NoPicture):
        await made("png", ReportTable(TABLE.columns, [], chart=TABLE.chart))


async def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[asyncio.subprocess.Process] = []
    begin = asyncio.create_subprocess_exec

    async def noted(*args: Any, **kwargs: Any) -> asyncio.subprocess.Process:
        process = await begin(*args, **kwargs)
        started.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    (tmp_path / "endless.py").write_text("import time\nwhile True:\n    time.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotDrawn):
        await Files(deadline=0.01).drawn("endless", {})
    assert [process.returncode for process in started] == [-9]


def test_the_bot_itself_never_loads_what_draws() -> None:
    heavy = "{'matplotlib', 'numpy', 'openpyxl'} & set(sys.modules)"
    aiogram = "botcrm.telegram.run.import_aiogram()"  # as the bot does, in a fourth of the time
    code = (
        f"import sys, botcrm.telegram.run; {aiogram}; import botcrm.telegram.front, botcrm.cli.report; print({heavy})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_drawing_process_is_given_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTCRM_TOKEN", "1:secret")
    assert "BOTCRM_TOKEN" not in files._environment()


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({"rows": []}, TypeError),
        (ReportTable((), []), ValueError),
        (ReportTable((Column("a", "A"), Column("a", "B")), []), ValueError),
        (ReportTable((Column("a", "A"),), [(1, 2)]), ValueError),
        (ReportTable((Column("a", "A"),), [(1,)], total=()), ValueError),
        (ReportTable((Column("a", "A"),), [(1,)], chart=Chart("bar", "a", ("b",))), ValueError),
        (ReportTable((Column("a", "A"),), [(1,)] * 20_001), ValueError),
        (ReportTable((Column("a", "A", "number"),), [("x",)]), ValueError),
        (ReportTable((Column("a", "A", "money"),), [(float("nan"),)]), ValueError),
        (ReportTable((Column("a", "A"),), [(object(),)]), ValueError),
        (ReportTable((Column("a", "A", "weird"),), []), ValueError),  # type: ignore[arg-type]
        (ReportTable((Column("a", "A"),), [("x",)], chart=Chart("donut", "a", ("a",))), ValueError),  # type: ignore[arg-type]
        (ReportTable((Column("a", "A"),), [("x",)], note=None), TypeError),  # type: ignore[arg-type]
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(table: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        check_table(table)
