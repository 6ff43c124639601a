"""What an export of a search takes along: all that the search finds, however many."""

from __future__ import annotations

from botcrm.core import db
from botcrm.core.models import Company, ExternalRef
from botcrm.core.services import records
from botcrm.core.services.deals import add_deal, change_deal
from botcrm.core.services.search.searching import all_found, search
from tests.core.services.conftest import Office


async def _ids(office: Office, text: str, who: object) -> set[int]:
    async with office.as_(who) as work:  # type: ignore[arg-type]
        condition, values = await all_found(work, text, "contact")
        return set(await db.column(f"SELECT t.id FROM contact t WHERE {condition}", *values))


async def test_all_that_is_found_goes_out_and_only_what_is_within_reach(office: Office) -> None:
    async with office.as_(office.anna) as work:
        for number in range(230):
            await records.add_contact(work, f"Anna {number}")
        await records.add_contact(work, "Иванов")
        called = await records.add_contact(work, "Nobody")
        await ExternalRef.create(entity="contact", record_id=called.id, source="x", external_id="K-1")
        assert len(await search(work, "anna", ["contact"], 1000)) < 230
    async with office.as_(office.zofia) as work:
        await records.add_contact(work, "Anna Secret")
    assert len(await _ids(office, "anna", office.anna)) == 230
    assert len(await _ids(office, "anna", office.admin)) == 231
    assert len(await _ids(office, "ana 17", office.anna)) == 11
    assert len(await _ids(office, "anna 17", office.anna)) == 11
    assert len(await _ids(office, "ivanov", office.anna)) == 1
    assert await _ids(office, "K-1", office.anna) == {called.id}
    assert await _ids(office, "K-1", office.zofia) == set()
    assert await _ids(office, "", office.anna) == set()


async def test_a_deal_renamed_along_with_its_company_is_entered_once(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        deal = await add_deal(work, title="roof", company_id=company.id)
    async with office.as_(office.anna) as work:
        await records.change_record(work, Company, company.id, name="Zenith")
        await change_deal(work, deal.id, title="gutter")
    terms = (
        "SELECT t.term FROM search_term t JOIN search_entry e ON e.id = t.entry_id WHERE e.entity = ? ORDER BY t.term"
    )
    assert await db.column(terms, "deal") == ["gutter", "zenith"]
    assert await db.column(terms, "company") == ["zenith"]
