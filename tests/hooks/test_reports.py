"""register_reports: what a plugin's report gets of the platform, and what a bad one does not take along."""

from __future__ import annotations

import asyncio
import csv
import io
import types
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import Field

from botcrm import Chart, Column, Manifest, Report, ReportFilters, ReportTable, Work, hookimpl, services
from botcrm.testing import Crm, Member


class TastingFilters(ReportFilters):
    """A filter of the report's own."""

    least: int = Field(0, description="At least")


async def tasting(work: Work, filters: TastingFilters) -> ReportTable:
    """Count deals by owner, and show how each kind of value looks."""
    rows = await services.fetch(
        work,
        f"SELECT owner_id, count(*) AS n FROM deal WHERE {services.owned_sql('owner_id', filters.people)} "
        "AND deleted_at IS NULL GROUP BY owner_id ORDER BY owner_id",
    )
    return ReportTable(
        (Column("who", "Who"), Column("deals", "Deals", "number"), Column("worth", "Worth", "money")),
        [("=cmd|' /C calc'!A0", row["n"], Decimal(row["n"] * 1000)) for row in rows if row["n"] >= filters.least],
        chart=Chart("bar", "who", ("deals",)),
        note=f"{filters.since} to {filters.until}",
    )


async def fails(work: Work, filters: ReportFilters) -> ReportTable:
    """Raise."""
    raise ZeroDivisionError


async def writes(work: Work, filters: ReportFilters) -> ReportTable:
    """Try to write by a query, and by a service."""
    await services.fetch(work, "UPDATE deal SET title = 'gone' RETURNING id")
    return ReportTable((Column("a", "A"),), [])


async def adds(work: Work, filters: ReportFilters) -> ReportTable:
    """Try to write by a service."""
    await services.add_deal(work, title="sneaked in")
    return ReportTable((Column("a", "A"),), [])


async def crooked(work: Work, filters: ReportFilters) -> ReportTable:
    """Return rows that do not fit the columns."""
    return ReportTable((Column("a", "A"), Column("b", "B")), [(1,)])


async def waits(work: Work, filters: ReportFilters) -> ReportTable:
    """Never end."""
    await asyncio.Event().wait()
    raise AssertionError


BAD = {"fails": fails, "writes": writes, "adds": adds, "crooked": crooked, "waits": waits}


def plugin() -> types.ModuleType:
    module = types.ModuleType("cellar")
    module.manifest = Manifest(title="Cellar")  # type: ignore[attr-defined]

    @hookimpl
    def register_reports() -> list[Report]:
        made = [Report("tasting", "Tasting", "Deals tasted.", tasting, filters=TastingFilters)]
        return made + [Report(name, name.title(), "Bad.", run) for name, run in BAD.items()]

    module.register_reports = register_reports  # type: ignore[attr-defined]
    return module


@pytest.fixture
async def crm(database_url: str) -> AsyncIterator[Crm]:
    running = await Crm.start(database_url, plugins={"cellar": plugin()})
    yield running
    await running.stop()


@pytest.fixture
async def anna(crm: Crm) -> Member:
    member = await crm.join("rep", "Anna")
    for number in range(3):
        await member.send(f"deal Acme{number} 1k")
    return member


async def test_register_reports_gives_a_card_files_and_filters(crm: Crm, anna: Member) -> None:
    said = await anna.send("/report tasting 2026-11 least:2")
    assert said == (
        "📊 Tasting\nthis month (1–30 Nov 2026) · At least: 2\n"
        "Who                Deals   PLN\n"
        "──────────────────────────────\n"
        "=cmd|' /C calc'!A0     3 3,000\n"
        "2026-11-01 to 2026-11-30"
    )
    await anna.tap("CSV")
    content = crm.telegram.files.get(anna.card.data["document"]["file_id"]).data
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == [
        ["who", "deals", "worth"],
        ["'=cmd|' /C calc'!A0", "3", "3000"],
    ]
    assert (await anna.send("/report tasting least:9")).endswith("Nothing in this period.\n2026-11-01 to 2026-11-30")
    assert (await anna.send("/report tasting least:many")).startswith("✋ least: “many” does not fit.")
    assert "least:…" in await anna.send("/report tasting most:9")


@pytest.mark.parametrize("name", sorted(set(BAD) - {"waits"}))
async def test_register_reports_a_bad_one_fails_alone(crm: Crm, anna: Member, name: str) -> None:
    said = await anna.send(f"/report {name}")
    assert said == "✋ The plugin Cellar failed; nothing was changed. The administrator was told."
    assert "Reports" in anna.buttons
    async with crm.work() as work:
        assert await services.fetch(work, "SELECT title FROM deal WHERE title IN ('gone', 'sneaked in')") == []
    assert (await anna.send("/report funnel")).startswith("📊 Funnel")


async def test_register_reports_one_that_never_ends_is_broken_off(
    crm: Crm, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcrm.reports.running.DEADLINE", 0.05)
    assert (await anna.send("/report waits")).startswith("✋ The plugin Cellar failed")


async def test_register_reports_vanish_with_their_plugin(crm: Crm, anna: Member) -> None:
    await anna.send("/report tasting")
    await crm.app.hooks.switch("cellar", on=False)
    assert "Tasting" not in await anna.send("/report")
    card = anna.with_button("CSV")
    await anna.tap("CSV", card)
    assert anna.toast.startswith("✋ There is no report “tasting”")


async def test_a_query_outside_of_a_work_waits_for_nobody_and_writes_nothing(crm: Crm, anna: Member) -> None:
    async with crm.work() as work:
        await services.add_deal(work, title="inside")
        assert len(await services.fetch(work, "SELECT id FROM deal")) == 4
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            await services.fetch(work, "DELETE FROM deal RETURNING id")
        await services.add_deal(work, title="still writable")
    async with crm.work() as work:
        assert len(await services.fetch(work, "SELECT id FROM deal")) == 5
