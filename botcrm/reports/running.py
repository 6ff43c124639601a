"""Running a report: guarded, outside of any transaction, and checked for what it returned."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from botcrm.contract.reports import CellKind, Chart, Report, ReportFilters, ReportTable
from botcrm.core.services.actor import Actor
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.reading import Reading
from botcrm.hooks import PluginManager
from botcrm.reports.bites import in_bites
from botcrm.reports.question import Question, Reports, UnknownReport, filters_of, names_of, reach_of

# Seconds: a year of a large base takes some; nobody else waits for it.
DEADLINE = 20.0
MOST_ROWS = 20_000
_FIGURE = (int, float, Decimal)
# Dates may stand ready as texts, as in the total's row.
_HELD: dict[CellKind, tuple[type, ...]] = {
    "text": (str, *_FIGURE, date),
    "number": _FIGURE,
    "money": _FIGURE,
    "percent": _FIGURE,
    "date": (date, str),
    "moment": (datetime, str),
    "duration": _FIGURE,
    "person": (str,),
}


@dataclass(frozen=True, slots=True)
class Result:
    """A report that was run: its table, and what it was asked.

    :ivar people: names of those whose records were counted, empty for everybody within reach
    :ivar others: whether the reader may have other people's records counted than these
    """

    report: Report
    question: Question
    filters: ReportFilters
    table: ReportTable
    currency: str
    people: tuple[str, ...] = ()
    others: bool = False


def reports_of(host: PluginManager) -> Reports:
    """Return the reports there are now."""
    found: Reports = host.registry.reports
    return found


async def run_report(host: PluginManager, actor: Actor, now: datetime, question: Question) -> Result:
    """Run a report with the actor's rights as they are now.

    :raises UnknownReport: it is gone, with its plugin perhaps
    :raises CrmError: it may not be read, a filter does not fit, or its plugin failed
    """
    reports = reports_of(host)
    owned = reports.get(question.report)
    if owned is None:
        raise UnknownReport(name=question.report, names=", ".join(sorted(reports)) or "none")
    report, work = owned.value, Reading(actor, now, Buffer(hooks=host))
    reach = reach_of(work, report)
    filters = await filters_of(work, report, question)

    async def run() -> ReportTable:
        return await checked_table(await report.run(work, filters))

    table = await host.call(owned.plugin, f"report {report.name}", run, deadline=DEADLINE)
    names = tuple(await names_of(question.people)) if question.people else ()
    return Result(
        report, question, filters, table, table.currency or actor.prefs.currency, names, reach is None or len(reach) > 1
    )


def _fits(kind: CellKind, value: Any) -> bool:
    """Tell whether a value can stand in a column; a figure must be finite."""
    return isinstance(value, _HELD[kind]) and not (isinstance(value, float | Decimal) and not math.isfinite(value))


def check_table(table: Any) -> ReportTable:
    """Return a report's table if everything about it fits together; at one go.

    :raises TypeError: it is no table
    :raises ValueError: rows, the total or the chart do not fit the columns
    """
    found, check = _checks(table)
    for row in found.rows:
        check(row)
    return found


async def checked_table(table: Any) -> ReportTable:
    """Return a report's table if everything about it fits together; others have their turn meanwhile.

    :raises TypeError: it is no table
    :raises ValueError: rows, the total or the chart do not fit the columns
    """
    found, check = _checks(table)
    await in_bites(found.rows, check)
    return found


def _checks(table: Any) -> tuple[ReportTable, Callable[[Sequence[Any]], None]]:
    """Check everything about a table but its rows, and return it with what checks a row."""
    if not isinstance(table, ReportTable):
        raise TypeError(f"a report returns a ReportTable, not {type(table).__name__}")
    width = len(table.columns)
    keys = {column.key for column in table.columns}
    texts: tuple[Any, ...] = (table.note, table.currency)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a table's note and currency are texts")
    if not width or len(keys) < width:
        raise ValueError("a report has columns, each with a key of its own")
    if len(table.rows) > MOST_ROWS:
        raise ValueError(f"a report has at most {MOST_ROWS} rows, this one has {len(table.rows)}")
    if table.chart and (table.chart.kind not in get_args(get_type_hints(Chart)["kind"])):
        raise ValueError(f"there is no chart of kind {table.chart.kind!r}")
    for column in table.columns:
        if column.kind not in _HELD:
            raise ValueError(f"there is no column of kind {column.kind!r}: {', '.join(_HELD)}")
    if table.chart and not {table.chart.label, *table.chart.values, *table.chart.bad} <= keys:
        raise ValueError("a chart names columns of its table by their keys")

    def check(row: Sequence[Any]) -> None:
        if len(row) != width:
            raise ValueError(
                f"a row has a value for each of the {width} columns, None where there is none; here {len(row)}"
            )
        for column, value in zip(table.columns, row, strict=True):
            if value is not None and not _fits(column.kind, value):
                raise ValueError(
                    f"the column {column.key!r} is of kind {column.kind}, and has {type(value).__name__} in it"
                )

    if table.total is not None:
        check(table.total)
    return table, check
