"""Exports narrowed by a query on the command line."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.money import Money
from botcrm.core.domain.query import parse_query
from botcrm.core.services import deals, records
from botcrm.core.services.queries.saved import save_filter
from botcrm.settings import Settings
from tests.cli.conftest import Run
from tests.starting import start_up_to_date


@pytest.fixture
def roofs(migrated_url: str) -> None:
    """Put two deals in, one with a tag, and a shared filter."""

    async def fill() -> None:
        app = App(Settings(database_url=migrated_url, timezone="Europe/Warsaw", region="PL"))
        await start_up_to_date(app)
        try:
            async with app.work() as work:
                roof = await deals.add_deal(work, title="Roof", amount=Money(Decimal(12000), "PLN"))
                await records.add_tags(work, roof, ["roof"])
                await deals.add_deal(work, title="Fence", amount=Money(Decimal(500), "PLN"))
                await save_filter(work, "Big ones", parse_query("amount>10k"), shared=True)
        finally:
            await app.stop()
            await db.close()

    asyncio.run(fill())


@pytest.mark.usefixtures("roofs")
def test_an_export_takes_a_query_or_a_shared_filters_name(botcrm: Run) -> None:
    for query in ("tag:roof", "amount>10k -tag:fence", "big ones"):
        found = json.loads(botcrm("export", "deals", "--filter", query).out)
        assert [row["title"] for row in found] == ["Roof"]
    assert json.loads(botcrm("export", "deals", "--filter", "status:won").out) == []


def test_a_query_that_means_nothing_is_said_and_nothing_is_written(botcrm: Run) -> None:
    answer = botcrm("export", "deals", "--filter", "amont>10k")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "botcrm: There is no field “amont” in deals. Did you mean: amount?\n"
    assert "It is about contacts." in botcrm("export", "deals", "--filter", "contacts city:x").err
    assert botcrm("export", "events", "--filter", "x").err == "botcrm: events cannot be filtered\n"
