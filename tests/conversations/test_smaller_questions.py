"""Buttons and answers that say what they did, and offer only what can be done."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.models import Operation
from botcrm.core.services.operations import operations
from botcrm.core.services.staff.people import actor_by_id
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def test_merging_again_says_so(anna: Member) -> None:
    """It used to answer "Undone"."""
    await anna.send("contact Zed Alfa +48 601 222 333\ncontact Adam Beta +48 602 222 333")
    await anna.send("merge c1 c2")
    await anna.tap("Merge")
    await anna.tap("Undo")
    said = await anna.tap("Merge again")
    assert said.startswith("🔗 Merged again\n   Into: contact ")
    assert "Undone" not in said


async def test_a_copy_of_a_person_has_none_of_their_numbers(anna: Member) -> None:
    """A copy with the same phone was a certain duplicate, and a call to the number went to either of them."""
    await anna.send("contact Anna Nowak +48 601 222 333 anna@acme.example at Acme")
    assert "Phone and e-mail are not copied" in await anna.send("copy c1 Ola Nowak")
    rows = await db.fetch("SELECT name, phone, email, company_id FROM contact ORDER BY id")
    assert [(row["phone"], row["email"]) for row in rows] == [("+48601222333", "anna@acme.example"), (None, None)]
    assert rows[1]["company_id"] == rows[0]["company_id"]
    await anna.send("company Bolt")
    assert "not copied" not in await anna.send("copy o2 Bolt two")


async def test_deals_are_not_merged(anna: Member) -> None:
    await anna.send("deal Acme 12k roof\ndeal Acme 5k gate")
    for line in ("merge d1 d2", "merge d1"):
        assert "Only contacts, companies and leads can be merged." in await anna.send(line)


async def test_a_fields_name_that_is_too_long_is_refused_at_once(boss: Member) -> None:
    await boss.send("/fields deals")
    await boss.tap("New field")
    said = await boss.send("roof " * 16)
    assert "type" not in boss.buttons
    assert "Number" not in boss.buttons
    assert "roof roof" in said
    await boss.send("Roof type")
    assert any("Number" in label for label in boss.buttons)


async def test_the_words_of_a_new_list_may_be_typed_at_once(boss: Member) -> None:
    """They used to be "Kept. What is it?"."""
    await boss.send("/fields deals")
    await boss.tap("New field")
    await boss.send("Roof type")
    await boss.tap("List")
    assert "Kept" not in await boss.send("flat, gable, hip")
    names = await db.column("SELECT name FROM choice WHERE dictionary = 'deal.roof_type' ORDER BY position")
    assert names == ["flat", "gable", "hip"]


async def test_taking_a_list_that_is_there_ends_the_question_for_words(boss: Member) -> None:
    await boss.send("/fields deals")
    await boss.tap("New field")
    await boss.send("Why not")
    await boss.tap("List")
    await boss.tap("Lost reasons")
    assert "Kept" in await boss.send("flat, gable, hip")


async def _sent(crm: Crm, anna: Member) -> Operation:
    """Have a message to a client be what a bulk change sent."""
    actor = await actor_by_id(crm.app.defaults, anna.user_id or 0)
    assert actor
    async with crm.app.work(actor) as work:
        operation = await operations.start(
            work, "bulk", "contact", "Write to the clients: hello", params={"change": {"kind": "message"}}
        )
        await operations.finish(work, operation, counts={"sent": 1})
    return operation


async def test_what_was_sent_has_no_undo(crm: Crm, anna: Member) -> None:
    await _sent(crm, anna)
    await anna.send("/operations")
    await anna.tap("Write to")
    assert "sent: 1" in anna.last
    assert "↩ Undo" not in anna.buttons


async def test_bringing_back_is_not_called_taking_back(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof #hot\ndeal Bolt 9k gate #hot")
    await anna.send("filter tag:hot")
    for tap in ("Do with all", "Delete", "Do it"):
        await anna.tap(tap)
    await crm.advance(seconds=5)
    for title in ("Take back: Delete", "Bring back: Delete", "Take back: Delete"):
        await anna.tap("Undo")
        await crm.advance(seconds=5)
        assert title in anna.last
