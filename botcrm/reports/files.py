"""A report as a file: CSV, XLSX or a picture. What is heavy is drawn by a process of its own, one at a time."""

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from botcrm.contract.reports import ReportTable
from botcrm.core.domain.errors import CrmError
from botcrm.core.services.actor import Actor
from botcrm.core.services.exporting.formats import guarded
from botcrm.reports.bites import in_bites
from botcrm.reports.running import Result
from botcrm.reports.values import period_text, plain, shown
from botcrm.words import Words

Format = Literal["csv", "xlsx", "png"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "png")
# Seconds.
DEADLINE = 20.0
# More bars than this cannot be read on a phone; the first ones are drawn and the picture says so.
MOST_BARS = 24
MOST_SERIES = 6


class NoPicture(CrmError):
    message = "This report has nothing to draw. CSV and XLSX have all of it."


class NotDrawn(CrmError):
    """The process that draws failed or took too long."""

    message = "The file could not be made; nothing else is affected. Try a shorter period, or CSV."


class Files:
    """Makes files of reports; one process draws at a time."""

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._turn = asyncio.Semaphore(1)

    async def made(self, result: Result, form: Format, actor: Actor, words: Words) -> tuple[str, bytes]:
        """Return a file's name and content.

        :raises NoPicture: the report has no chart, or no rows
        :raises NotDrawn: it took longer than the deadline, or failed
        """
        name = f"{result.report.name}-{result.question.since}-{result.question.until}.{form}"
        if form == "csv":
            sheet = _Csv(result.table, actor.prefs.zone)
            await in_bites(result.table.rows, sheet.add)
            return name, sheet.content()
        if form == "xlsx":
            return name, await self.drawn("botcrm.reports.sheet", await _sheet(result, actor, words))
        return name, await self.drawn("botcrm.reports.chart", _chart(result, words))

    async def drawn(self, module: str, task: dict[str, Any] | bytes) -> bytes:
        """Have one of the drawing modules make a file of what it is told, as a dict or as JSON.

        :raises NotDrawn: it took longer than the deadline, or failed
        """
        told = task if isinstance(task, bytes) else json.dumps(task).encode()
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
            )
            try:
                async with asyncio.timeout(self._deadline):
                    content, _ = await process.communicate(told)
            except TimeoutError:
                raise NotDrawn from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode or not content:
            raise NotDrawn
        return content


def _environment() -> dict[str, str]:
    """Return what the process needs of ours: no setting, and so no secret."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BOTCRM_")}
    home = str(Path(__file__).resolve().parents[2])
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH")))),
        "MPLBACKEND": "Agg",
    }


# --- CSV -------------------------------------------------------------------------------------------------------------------


def csv_bytes(table: ReportTable, zone: str) -> bytes:
    """Write a table as CSV (RFC 4180), UTF-8 with the mark that spreadsheets want, under the columns' keys.

    A text that a spreadsheet would run as a formula gets an apostrophe in front. Shares are fractions, lengths of time minutes.
    """
    made = _Csv(table, zone)
    for row in table.rows:
        made.add(row)
    return made.content()


class _Csv:
    """A table's CSV, row by row."""

    def __init__(self, table: ReportTable, zone: str) -> None:
        self._kinds = [column.kind for column in table.columns]
        self._zone = zone
        self._out = io.StringIO(newline="")
        self._writer = csv.writer(self._out)
        self._writer.writerow([_cell(column.key) for column in table.columns])

    def add(self, row: Sequence[Any]) -> None:
        """Write one more row."""
        cells = zip(self._kinds, row, strict=True)
        self._writer.writerow([_cell(plain(kind, value, self._zone)) for kind, value in cells])

    def content(self) -> bytes:
        """Return what was written."""
        return b"\xef\xbb\xbf" + self._out.getvalue().encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case str():
            return guarded(value)
    return str(value)


# --- what the drawing processes are told ------------------------------------------------------------------------------------


async def _sheet(result: Result, actor: Actor, words: Words) -> bytes:
    """Describe a sheet as JSON: heads, kinds, rows of plain values."""

    def values(row: Any) -> list[Any]:
        cells = (
            plain(column.kind, value, actor.prefs.zone) for column, value in zip(result.table.columns, row, strict=True)
        )
        return [
            value.isoformat() if isinstance(value, date) else float(value) if isinstance(value, Decimal) else value
            for value in cells
        ]

    table = result.table
    head = {
        "title": words.t(result.report.title),
        "columns": [
            [f"{column.title} ({result.currency})" if column.kind == "money" else column.title, column.kind]
            for column in table.columns
        ],
        "total": values(table.total) if table.total is not None else None,
    }
    rows = await in_bites(table.rows, lambda row: json.dumps(values(row)))
    return f'{json.dumps(head)[:-1]}, "rows": [{", ".join(rows)}]}}'.encode()


def _chart(result: Result, words: Words) -> dict[str, Any]:
    """Describe a picture: what to draw, and every text as its reader writes it."""
    table, chart = result.table, result.table.chart
    if chart is None or not table.rows:
        raise NoPicture
    place = {column.key: number for number, column in enumerate(table.columns)}
    label = place[chart.label]
    rows = list(table.rows)[-MOST_BARS:] if chart.kind == "line" else list(table.rows)[:MOST_BARS]
    today = words.wall(words.now).date()
    about = [period_text(words, result.question.period, today), ", ".join(result.people)]
    if len(rows) < len(table.rows):
        about.append(words.t("{n} of {all} shown", n=len(rows), all=len(table.rows)))
    return {
        "kind": chart.kind,
        "title": words.t(result.report.title),
        "subtitle": " · ".join(filter(None, about)),
        "labels": [shown(words, table.columns[label].kind, row[label], result.currency) for row in rows],
        "series": [
            {
                "title": table.columns[place[key]].title,
                "bad": key in chart.bad,
                "values": [float(row[place[key]] or 0) for row in rows],
                "texts": [
                    shown(words, table.columns[place[key]].kind, row[place[key]], result.currency) for row in rows
                ],
            }
            for key in chart.values[:MOST_SERIES]
        ],
    }
