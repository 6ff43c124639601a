"""Amounts and days with an index of their own: rare ones by it, common ones by going through; the same is found."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from botcrm.core import db
from botcrm.core.domain.money import Money
from botcrm.core.domain.query import parse_query
from botcrm.core.services.deals import add_deal, change_deal
from botcrm.core.services.queries import parts, queries
from tests.core.services.conftest import Office

QUERIES = {
    "amount>5k": ["Deal 6", "Deal 7"],
    "amount>=5k": ["Deal 5", "Deal 6", "Deal 7"],
    "amount<1.5k": ["Deal 1"],
    "amount:2k..3k": ["Deal 2", "Deal 3"],
    "amount:2k PLN": ["Deal 2"],
    "amount:2k EUR": [],
    "amount>2k EUR": ["Deal 7"],
    "amount:none": ["Deal 0"],
    "-amount>2k": ["Deal 0", "Deal 1", "Deal 2"],
    "amount:1k,3k": ["Deal 1", "Deal 3"],
    "close:2026-12-03": ["Deal 3"],
    "close<2026-12-02": ["Deal 1"],
    "-close>2026-12-02": ["Deal 0", "Deal 1", "Deal 2"],
    "created:today": [f"Deal {n}" for n in range(4, 8)],
    "created:yesterday amount>2k": ["Deal 3"],
}


@pytest.fixture
async def filled(office: Office) -> Office:
    """Eight deals of the boss's own, made on two days: the first without an amount, the last in another currency."""
    for number in range(8):
        async with office.as_(office.boss) as work:
            money = Money(Decimal(number * 1000), "EUR" if number == 7 else "PLN") if number else None
            deal = await add_deal(work, title=f"Deal {number}", amount=money)
            if number:
                await change_deal(work, deal.id, expected_close=date(2026, 12, 1) + timedelta(days=number - 1))
        if number == 3:
            office.move(days=1)
    return office


@pytest.mark.parametrize("few", [2000, -1])
async def test_rare_and_common_are_found_alike(filled: Office, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_FEW", few)
    monkeypatch.setattr(parts, "_SHARE", 10**9)
    for text, names in QUERIES.items():
        async with filled.as_(filled.admin) as work:
            found = await queries.compiled(work, parse_query(text))
            ids = await queries.ids_of(work, found, limit=50)
            assert await queries.ids_of(work, found, limit=50, many=True) == ids
            assert (await queries.count(work, found)).count == len(ids)
            assert sorted(item.name for item in await queries.items("deal", ids)) == names, text


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", ["amount>5k", "amount:2k..3k", "close<2026-12-02", "created:today", "closed:today"])
async def test_only_what_is_rare_is_found_by_the_index(
    filled: Office, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole base is not walked through for hardly anything, nor an index for nearly all of it."""

    async def plan() -> str:
        async with filled.as_(filled.admin) as work:
            found = await queries.compiled(work, parse_query(text))
            sql = f"EXPLAIN QUERY PLAN SELECT t.id FROM deal t WHERE {queries.where(work, found)}"
            return " / ".join(row["detail"] for row in await db.fetch(sql, *found.values))

    assert "SCAN t" not in await plan()
    monkeypatch.setattr(parts, "_FEW", 0)
    monkeypatch.setattr(parts, "_SHARE", 10**9)
    if text != "closed:today":
        assert await plan() == "SCAN t"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_in_a_large_base_more_are_few(filled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_FEW", 0)
    monkeypatch.setattr(parts, "_SHARE", 4)  # of eight: two
    async with filled.as_(filled.admin) as work:
        forms = {
            text: (await queries.compiled(work, parse_query(text))).condition.startswith("(t.id IN (")
            for text in ("amount>5k", "amount>=5k")
        }
    assert forms == {"amount>5k": True, "amount>=5k": False}
