"""Many deals are won or lost by a filter: asked as with a single one, and told in the words of a CRM."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def chosen(anna: Member, stage: str) -> str:
    await anna.send("deal Acme 12k roof #old\ndeal Bolt 9k gate #old")
    await anna.send("filter tag:old")
    await anna.tap("Do with all")
    await anna.tap("Move to a stage")
    return await anna.tap(stage)


async def states() -> list[tuple[str, str | None]]:
    return [
        (row["status"], row["lost_reason"])
        for row in await db.fetch("SELECT status, lost_reason FROM deal ORDER BY id")
    ]


async def test_why_many_deals_are_lost_is_asked(crm: Crm, anna: Member) -> None:
    """Bulk to Lost used to lose them all for no reason."""
    assert await chosen(anna, "Lost") == "Why are they lost?"
    assert "Move to Lost (Price)" in await anna.tap("Price")
    assert await states() == [("open", None)] * 2
    await anna.tap("Do it")
    await crm.advance(seconds=5)
    assert await states() == [("lost", "Price")] * 2


async def test_the_reason_of_many_can_be_typed_or_left_out(crm: Crm, anna: Member) -> None:
    await chosen(anna, "Lost")
    await anna.tap("Other…")
    assert "Move to Lost (the roof fell in)" in await anna.send("the roof fell in")
    await anna.tap("Do it")
    await crm.advance(seconds=5)
    assert await states() == [("lost", "the roof fell in")] * 2


async def test_winning_many_is_asked_once(crm: Crm, anna: Member) -> None:
    assert "Move to Won" in await chosen(anna, "Won")
    assert await states() == [("open", None)] * 2
    await anna.tap("Do it")
    await crm.advance(seconds=5)
    assert await states() == [("won", None)] * 2
