"""When a deal is expected to close: said in a line, shown on its card, changed on [Fields] and for many at once."""

from __future__ import annotations

from datetime import date

from botcrm.core.models import Activity, Deal
from botcrm.testing import Crm, Member

CHRISTMAS = date(2026, 12, 24)


async def close_of(deal_id: int = 1) -> date | None:
    return (await Deal.get(id=deal_id)).expected_close


async def test_a_new_deal_says_when_it_closes(crm: Crm, anna: Member) -> None:
    said = await anna.send("deal Acme 12k roof close 24.12 next fri 10:00 visit")
    assert "Expected close: Thu 24 Dec" in said
    deal = await Deal.get(id=1)
    assert (deal.title, int(deal.amount or 0), deal.expected_close) == ("roof", 12000, CHRISTMAS)
    assert (await Activity.get(deal_id=1)).title == "visit"
    await anna.send("deal Acme close:24.12.2026 gate 5k")
    assert await close_of(2) == CHRISTMAS
    await anna.send("deal Acme close gap 5k")
    assert (await Deal.get(id=3)).title == "close gap"


async def test_it_is_changed_emptied_and_undone(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("deal d1 close 24.12")
    deal = await Deal.get(id=1)
    assert (deal.title, int(deal.amount or 0), deal.expected_close) == ("roof", 12000, CHRISTMAS)
    await anna.send("deal d1 close 31 jan")
    assert await close_of() == date(2027, 1, 31)
    await anna.tap("Undo")
    assert await close_of() == CHRISTMAS
    for line in ("deal d1 close -", "deal d1 close:-"):
        await anna.send("deal d1 close:24.12")
        assert "Expected close" not in await anna.send(line)
        assert await close_of() is None
    assert "expected close Thu 24 Dec → none" in await anna.send("timeline d1")


async def test_what_is_no_day_is_said_and_nothing_else_changes(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof close 24.12")
    for typed in ("close 31.2.", "close 5/6", "close:31.2.", "close:soon"):
        assert "✋ Expected close: “" in await anna.send(f"deal d1 {typed}")
        deal = await Deal.get(id=1)
        assert (deal.title, int(deal.amount or 0), deal.expected_close) == ("roof", 12000, CHRISTMAS)
    assert "For the field: close:24.12" in await anna.send("deal d1 closes:24.12")


async def test_a_day_gone_by_is_pointed_out_while_the_deal_is_open(crm: Crm, anna: Member) -> None:
    assert "❗ Expected close: Wed 1 Jan 2020" in await anna.send("deal Acme 12k roof close 2020-01-01")
    assert "Expected close" not in await anna.send("won d1")


async def test_an_edited_line_changes_it(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof close 24.12")
    line = anna.mine
    await anna.edit(line, "deal Acme 12k roof close 31 jan")
    assert await close_of() == date(2027, 1, 31)
    await anna.edit(line, "deal Acme 12k roof")
    assert await close_of() is None


async def test_it_stands_among_the_fields(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("More")
    await anna.tap("Fields")
    await anna.tap("Expected close")
    assert "is no date" in await anna.send("31.2.")
    assert "Expected close: Thu 24 Dec" in await anna.send("24 dec")
    assert await close_of() == CHRISTMAS
    await anna.tap("Expected close")
    await anna.tap("None")
    assert await close_of() is None
    await anna.tap("Undo")
    assert await close_of() == CHRISTMAS


async def test_it_is_set_for_many(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof close 24.12")
    await anna.send("deal Bolt 3k gate")

    async def set_all(typed: str) -> str:
        await anna.send("filter owner:me")
        for label in ("Do with all", "Set a field", "expected close"):
            await anna.tap(label)
        return await anna.send(typed)

    assert "is no date" in await set_all("31.2.")
    rehearsed = await anna.send("24 dec")
    assert "Set expected close: Thu 24 Dec" in rehearsed
    assert "1 of 2 deals" in rehearsed
    await anna.tap("Do it")
    await crm.advance(seconds=5)
    assert [await close_of(1), await close_of(2)] == [CHRISTMAS, CHRISTMAS]
    assert "2 of 2 deals" in await set_all("-")
    await anna.tap("Do it")
    await crm.advance(seconds=5)
    assert [await close_of(1), await close_of(2)] == [None, None]
    await anna.send("/operations")
    await anna.tap("Set expected close: –")
    await anna.tap("Undo")
    await crm.advance(seconds=5)
    assert [await close_of(1), await close_of(2)] == [CHRISTMAS, CHRISTMAS]
