"""What every report has to do right: its reader's rights, columns that hold what they say, and each form it is shown in."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from botcrm.contract.reports import CellKind, ReportTable
from botcrm.core import db
from botcrm.core.domain.money import Money
from botcrm.core.services.activities import log_activity
from botcrm.core.services.deals import add_deal
from botcrm.core.services.staff.people import actor_by_id
from botcrm.hooks import PluginFailed
from botcrm.reports.files import csv_bytes
from botcrm.reports.question import Question
from botcrm.reports.running import Result, run_report
from botcrm.testing.chat import Crm
from botcrm.testing.member import Member
from botcrm.testing.records import in_hands_of

_SHOWN: dict[CellKind, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float, Decimal),
    "money": (Decimal,),
    "percent": (int, float, Decimal),
    "date": (dt.date,),
    "moment": (dt.datetime,),
    "duration": (int, float, Decimal),
    "person": (str,),
}


@pytest.mark.asyncio
class ReportContract:
    """Name the `report`; where deals and calls do not fill it, say in `fill` what does."""

    report: ClassVar[str]
    """The report's name."""
    by_period: ClassVar[bool] = True
    """Whether it counts what happened in a period; else how things stand now."""
    fills: ClassVar[bool] = True
    """Whether `fill` makes it count something."""

    async def fill(self, crm: Crm, owner: Member, count: int) -> None:
        """Have something to report: so many deals that somebody owns, and calls on them."""
        async with crm.work() as work:
            theirs = await in_hands_of(work, owner)
            for number in range(count):
                money = Money(Decimal(100 + number), crm.settings.currency)
                deal = await add_deal(theirs, title=f"Deal {number}", amount=money, source="web")
                if number % 4 == 0:
                    await log_activity(theirs, "call", "Talked", duration=5, result="ok", deal_id=deal.id)
        await crm.settle()

    async def result(self, crm: Crm, reader: Member, days_back: int = 0) -> Result:
        """Run the report for a reader, over the 31 days that end so many days ago."""
        async with crm.work() as work:
            assert reader.user_id is not None
            actor = await actor_by_id(work.prefs, reader.user_id)
        assert actor is not None
        until = crm.clock().date() - dt.timedelta(days=days_back)
        question = Question(self.report, until - dt.timedelta(days=30), until)
        try:
            return await run_report(crm.app.hooks, actor, crm.clock(), question)
        except PluginFailed as exc:
            raise AssertionError(f"it fails: {exc.__cause__}") from exc

    async def table(self, crm: Crm, reader: Member, days_back: int = 0) -> ReportTable:
        """Return the table that a reader gets."""
        return (await self.result(crm, reader, days_back)).table

    async def test_it_introduces_itself(self, crm: Crm) -> None:
        """It has a title and a sentence about it, and its own filters have a default and a description."""
        report = crm.app.hooks.registry.reports[self.report].value
        assert report.title.strip(), "title: its name for people"
        assert report.about.strip(), "about: what it tells, in a sentence"
        for name, info in report.filters.model_fields.items():
            if name not in ("since", "until", "people", "pipeline_id"):
                assert not info.is_required(), f"the filter {name} needs a default"
                assert info.description, f"the filter {name} needs a Field(description=…)"

    async def test_an_empty_base_makes_an_empty_table(self, crm: Crm, rep: Member, manager: Member) -> None:
        """With nothing in the base it says so, and does not fail."""
        for reader in (rep, manager):
            _holds(await self.table(crm, reader))

    async def test_a_column_holds_what_it_says(self, crm: Crm, rep: Member) -> None:
        """The columns stay the same whatever is counted, and each value is of its column's kind."""
        empty = await self.table(crm, rep)
        await self.fill(crm, rep, 1)
        table = await self.table(crm, rep)
        _holds(table)
        assert table.columns == empty.columns

    async def test_a_thousand_are_counted_in_time(self, crm: Crm, rep: Member) -> None:
        """A thousand records make a table within the deadline, and the same one again."""
        await self.fill(crm, rep, 1_000)
        table = await self.table(crm, rep)
        _holds(table)
        assert list(map(list, (await self.table(crm, rep)).rows)) == list(map(list, table.rows))

    async def test_a_rep_sees_only_their_own(
        self, crm: Crm, rep: Member, manager: Member, admin: Member, join: Callable[..., Any]
    ) -> None:
        """Others' records are not counted; a manager has the department's, an administrator everybody's."""
        other = await join("rep", "Other Rep")
        before = _figures(await self.table(crm, other))
        empty = {reader.person.id: _figures(await self.table(crm, reader)) for reader in (rep, manager, admin)}
        await self.fill(crm, rep, 3)
        assert _figures(await self.table(crm, other)) == before, "it counts records that the reader may not see"
        for reader in (rep, manager, admin) if self.fills else ():
            assert _figures(await self.table(crm, reader)) != empty[reader.person.id], (
                "nothing was counted: override fill()"
            )

    async def test_another_period_is_another_matter(self, crm: Crm, rep: Member) -> None:
        """What happened now is not in the figures of a year ago."""
        if not self.by_period:
            pytest.skip("it reports how things stand now")
        before = _figures(await self.table(crm, rep, days_back=365))
        await self.fill(crm, rep, 3)
        assert _figures(await self.table(crm, rep, days_back=365)) == before

    async def test_it_only_reads(self, crm: Crm, rep: Member) -> None:
        """Looking at it changes nothing."""
        await self.fill(crm, rep, 1)
        before = await _events()
        await self.table(crm, rep)
        assert await _events() == before

    async def test_it_shows_in_the_chat_and_as_files(self, crm: Crm, rep: Member) -> None:
        """`/report` shows it, and its buttons send it as CSV, XLSX, and as a picture where it has a chart."""
        await self.fill(crm, rep, 3)
        answer = await rep.send(f"/report {self.report}")
        title = crm.app.hooks.registry.reports[self.report].value.title
        assert title in answer, answer
        result = await self.result(crm, rep)
        wanted = {"CSV": b"\xef\xbb\xbf", "XLSX": b"PK"} | ({"Picture": b"\x89PNG"} if result.table.chart else {})
        for label, begin in wanted.items():
            known = len(rep.files)
            await rep.tap(label)
            assert len(rep.files) == known + 1, f"[{label}] sent nothing: {rep.last}"
            assert rep.files[-1][1].startswith(begin)

    async def test_csv_has_a_line_for_each_row(self, crm: Crm, rep: Member) -> None:
        """The file has the same rows as the table."""
        await self.fill(crm, rep, 3)
        table = await self.table(crm, rep)
        text = csv_bytes(table, "UTC").decode("utf-8-sig")
        assert text.splitlines()[0].split(",") == [column.key for column in table.columns]
        assert len(text.splitlines()) >= 1 + len(table.rows)


def _holds(table: ReportTable) -> None:
    for row in (*table.rows, *([table.total] if table.total is not None else [])):
        assert len(row) == len(table.columns), f"a row has {len(row)} values for {len(table.columns)} columns"
        for column, value in zip(table.columns, row, strict=True):
            total = row is table.total and isinstance(value, str)  # the word "Total" may stand anywhere
            fits = value is None or total or (isinstance(value, _SHOWN[column.kind]) and not isinstance(value, bool))
            assert fits, f"{column.key} is a {column.kind}, and {value!r} is none"
            if column.kind == "moment" and isinstance(value, dt.datetime):
                assert value.tzinfo is not None, f"{column.key}: moments are aware of their zone"
    keys = [column.key for column in table.columns]
    assert len(set(keys)) == len(keys), "two columns have one key"


def _figures(table: ReportTable) -> list[Any]:
    """Return a table's values, as something to compare."""
    return [list(row) for row in table.rows] + [list(table.total or [])]


async def _events() -> int:
    row = await db.fetch_one("SELECT count(*) AS n FROM event")
    assert row is not None
    return int(row["n"])
