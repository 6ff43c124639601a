"""The index of search put right: of a base that an older version filled, and of one where rows were lost."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.events import ContactChanged
from botcrm.core.models import Contact, Deal, Note
from botcrm.core.services import activities, deals, records
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.search.recount import drop_lost_entries, recount_entries, recount_texts
from botcrm.core.services.search.subjects import search
from botcrm.core.services.search.texts import search_said
from tests.core.services.conftest import Office

LAST = 1_000_000


@pytest.fixture
async def filled(office: Office) -> Office:
    async with office.as_(office.admin) as work:
        size = await custom_fields.add_field(work, "contact", "shoe", "text")
    async with office.as_(office.anna) as work:
        acme = await records.add_company(work, "Acme", phone="+48601234567", email="office@acme.example")
        jan = await records.add_contact(work, "Иван Петров", phone="+48602000111", company_id=acme.id)
        await work.change(
            jan, ContactChanged, more_phones=["+48603000222"], tax_id="PL 12", custom={str(size.id): "велика"}
        )
        deal = await deals.add_deal(work, title="roof repair", company_id=acme.id, contact_id=jan.id)
        await records.add_lead(work, "Website", name="Olga Maj", company_name="Mirex")
        await activities.add_note(work, "wants two variants", deal_id=deal.id)
        await activities.plan_activity(work, "task", "order scaffolding", None, deal_id=deal.id)
        gone = await records.add_contact(work, "Gone Girl")
        await activities.add_note(work, "never mind", contact_id=gone.id)
    async with office.as_(office.anna) as work:
        await records.delete_record(work, gone)
        await records.change_record(work, type(acme), acme.id, name="Zenith")
    return office


async def _recount() -> int:
    wrong = await drop_lost_entries(0, LAST)
    for entity in ("contact", "company", "lead", "deal"):
        wrong += await recount_entries(entity, 0, LAST)
    for entity in ("note", "activity"):
        wrong += await recount_texts(entity, 0, LAST)
    return wrong


async def _rows() -> list[object]:
    number = "id" if db.dialect() == "postgres" else "rowid"
    return [
        await db.fetch(
            "SELECT entity, record_id, owner_id, name, folded, open FROM search_entry ORDER BY entity, record_id"
        ),
        await db.fetch(
            "SELECT e.entity, e.record_id, t.term, t.owner_id FROM search_term t JOIN search_entry e ON e.id = t.entry_id "
            "ORDER BY e.entity, e.record_id, t.term"
        ),
        await db.fetch("SELECT key, word FROM search_sound ORDER BY key, word"),
        await db.fetch(f"SELECT {number} AS id FROM search_text ORDER BY {number}"),
    ]


async def test_what_is_kept_with_each_change_is_right(filled: Office) -> None:
    async with filled.app.work():
        assert await _recount() == 0


async def test_an_index_that_is_gone_is_made_again_as_it_was(filled: Office) -> None:
    async with filled.app.work():
        await db.execute("DELETE FROM search_sound WHERE word IN ('gone', 'girl')")  # which nothing says any more
        before = await _rows()
        for table in ("search_entry", "search_term", "search_sound", "search_text"):
            await db.execute(f"DELETE FROM {table}")
        assert await _recount() == 7
        assert await _rows() == before
        assert await _recount() == 0
    async with filled.as_(filled.anna) as work:
        assert [one.name for one in await search(work, "ivan petrov")][:1] == ["Иван Петров"]
        assert [one.name for one in await search(work, "0222", ["contact"])] == ["Иван Петров"]
        assert [one.name for one in await search(work, "велика", ["contact"])] == ["Иван Петров"]
        assert [one.name for one in await search_said(work, "variants")] == ["Zenith roof repair"]


async def test_what_says_something_else_is_put_right_and_the_lost_goes(filled: Office) -> None:
    jan, deal = await Contact.get(name="Иван Петров"), await Deal.get(title="roof repair")
    async with filled.app.work():
        before = await _rows()
        await db.execute("UPDATE contact SET name = 'Semyon' WHERE id = ?", jan.id)
        await db.execute("UPDATE note SET text = 'other' WHERE id = ?", (await Note.get(deal_id=deal.id)).id)
        assert await recount_entries("contact", 0, LAST) == 1
        assert await recount_texts("note", 0, LAST) == 1
        await db.execute("UPDATE contact SET name = 'Иван Петров' WHERE id = ?", jan.id)
        await db.execute("UPDATE note SET text = 'wants two variants' WHERE deal_id = ?", deal.id)
        assert await _recount() == 2
        await db.execute("DELETE FROM search_sound WHERE word = 'semyon'")
        assert await _rows() == before
        await db.execute("UPDATE lead SET deleted_at = updated_at")
        assert await drop_lost_entries(0, LAST) == 1
        assert await recount_entries("deal", deal.id, LAST) == 0


async def test_deleted_notes_are_not_kept(filled: Office) -> None:
    async with filled.app.work():
        await db.execute("UPDATE note SET deleted_at = updated_at WHERE text = 'never mind'")
        assert await recount_texts("note", 0, LAST) == 1
