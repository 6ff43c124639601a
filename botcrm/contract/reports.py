"""Reports: a function from filters to a typed table; the platform does rights, paging, chat, CSV, XLSX and pictures."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from botcrm.core.services.work import Work

CellKind = Literal["text", "number", "money", "percent", "date", "moment", "duration", "person"]
"""How a column's values are held and shown: str, int/float/Decimal, Decimal in the report's currency, a share (0.25 is 25 %),
date, aware datetime, minutes, a person's name."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report's table.

    :ivar key: its name in CSV
    :ivar title: its head for people
    """

    key: str
    title: str
    kind: CellKind = "text"


@dataclass(frozen=True, slots=True)
class Chart:
    """How to draw the table: `label` names a column with words, `values` columns with numbers.

    :ivar kind: bar (one group a row), funnel (bars that narrow), line (rows in order), pie (one value column)
    :ivar bad: those of the values that are bad news: they are red, and nothing else is
    """

    kind: Literal["bar", "funnel", "line", "pie"]
    label: str
    values: tuple[str, ...]
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportTable:
    """What a report returns.

    :ivar rows: a value for each column, None where there is none
    :ivar total: a last row, or None
    :ivar note: what to know about the figures, e.g. the bottleneck; plain text, lines apart
    :ivar currency: what money is in (ISO 4217); the reader's where empty
    """

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] | None = None
    chart: Chart | None = None
    note: str = ""
    currency: str = ""


class ReportFilters(BaseModel):
    """What every report is asked with; a report with filters of its own extends this by typed fields with defaults.

    `since` and `until` are days in the reader's zone, both included. `people` are the ids of the owners to count, already cut
    down to whom the reader may see; None stands for everybody and is given only to readers who may see everybody.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: date
    until: date
    people: tuple[int, ...] | None = None
    pipeline_id: int | None = Field(default=None, description="Pipeline")


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    :ivar name: what is typed after /report: small letters, digits and _, 30 at most
    :ivar run: `async def run(work, filters) -> ReportTable`; its work only reads, outside of any transaction: `services.fetch`
        asks the database, and may take its time (20 seconds)
    :ivar filters: the type of its filters
    :ivar permission: what the reader must be allowed: reach over it decides whose records are counted
    """

    name: str
    title: str
    about: str
    run: Callable[[Work, Any], Awaitable[ReportTable]]
    filters: type[ReportFilters] = ReportFilters
    permission: str = "deal.read"
