"""One record is deleted: asked once, with what hangs on it, and taken back."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def left(table: str) -> list[int]:
    return [row["id"] for row in await db.fetch(f"SELECT id FROM {table} WHERE deleted_at IS NULL ORDER BY id")]


async def test_a_contact_is_deleted_by_a_line_and_comes_back(anna: Member) -> None:
    """`/delete c1` used to offer /deal and /meet: one record could not be deleted at all."""
    await anna.send("contact Jan Nowak +48 601 222 333")
    await anna.send("note Jan Nowak prefers mornings")
    said = await anna.send("delete c1")
    assert said.startswith("🗑 Delete Jan Nowak · c1?")
    assert "On it: 1 note. That stays, without it." in said
    assert await left("contact") == [1]
    assert "Deleted: Jan Nowak · c1" in await anna.tap("Delete")
    assert await left("contact") == []
    assert "Brought back" in await anna.tap("Undo")
    assert await left("contact") == [1]


async def test_a_deal_is_deleted_from_its_card(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("More")
    assert "Delete Acme roof · d1?" in await anna.tap("Delete")
    assert "Acme roof" in await anna.tap("Never mind")
    assert await left("deal") == [1]
    await anna.tap("More")
    await anna.tap("Delete")
    await anna.tap("Delete")
    assert await left("deal") == []
    assert await left("company") == [1]


@pytest.mark.parametrize(
    ("line", "asked"), [("/delete Acme", True), ("delete acme", True), ("delete the offer", False)]
)
async def test_a_name_will_do_and_a_sentence_is_a_note(anna: Member, line: str, asked: bool) -> None:
    await anna.send("company Acme")
    assert ("Delete Acme · o1?" in await anna.send(line)) is asked
    assert await left("company") == [1]


async def test_what_may_not_be_deleted_has_no_button(anna: Member, bob: Member, boss: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert (await bob.send("/delete d1")).startswith("🤷")
    await boss.send("d1")
    await boss.tap("More")
    row = await db.fetch_one("SELECT grants FROM role WHERE key = 'manager'")
    assert row is not None
    may = db.from_json(row["grants"]).get("deal.delete", "none") != "none"
    assert ("🗑 Delete" in boss.buttons) is may


async def test_a_card_that_changed_since_is_not_deleted(anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("delete d1")
    question = anna.card
    await anna.send("deal d1 15k")
    await anna.tap("Delete", question)
    assert await left("deal") == [1]
