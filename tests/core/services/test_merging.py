"""Merging and taking it back: whatever the graph of records and whatever people did since, exactly that remains."""

from __future__ import annotations

from datetime import datetime

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound, NothingToUndo
from botcrm.core.models import Activity, Contact, Deal, Lead, Note
from botcrm.core.services import activities, deals, leads, merging, records
from botcrm.core.services.access import load_any
from botcrm.core.services.activities import Due
from botcrm.core.services.merging import NotMergeable, merge, rehearse_merge
from botcrm.core.services.subjects import search
from botcrm.core.services.unmerging import unmerge
from tests.core.services.conftest import START, Office

DUE = Due(datetime(2026, 11, 25, 15))


async def two(office: Office) -> tuple[int, int]:
    """Add a contact twice, with something on each, and return their ids."""
    async with office.as_(office.anna) as work:
        acme = await records.add_company(work, "Acme")
        main = await records.add_contact(work, "Jan Nowak", phone="601 234 567", company_id=acme.id)
        other = await records.add_contact(work, "Nowak Jan", phone="602 000 111", email="jan@acme.pl")
        await records.add_tags(work, main, ["roof"])
        await records.add_tags(work, other, ["roof", "vip"])
        deal = await deals.add_deal(work, title="roof", contact_id=other.id)
        await activities.plan_activity(work, "call", "offer", DUE, deal_id=deal.id, contact_id=other.id)
        await activities.add_note(work, "likes e-mail", contact_id=other.id)
    return main.id, other.id


async def test_what_the_main_record_lacks_is_filled_and_all_that_hung_on_the_other_comes_over(office: Office) -> None:
    main_id, other_id = await two(office)
    async with office.as_(office.anna) as work:
        plan = await rehearse_merge(work, "contact", main_id, [other_id])
        assert [(one.unit, one.chosen) for one in plan.conflicts] == [("name", main_id)]
        assert (plan.filled, dict(plan.joined), dict(plan.moved), plan.losing) == (
            (),
            {"phone": 1, "email": 1, "tag": 1},
            {"deal": 1, "activity": 1, "note": 1},
            (),
        )
    async with office.as_(office.anna) as work:
        merged = await merge(work, "contact", main_id, [other_id])
    main = await Contact.get(id=main_id)
    assert (main.name, main.phone, main.more_phones) == ("Jan Nowak", "+48601234567", ["+48602000111"])
    assert (main.email, await records.tags_of("contact", main_id)) == ("jan@acme.pl", ["roof", "vip"])
    gone = await Contact.get(id=other_id)
    assert gone.merged_into_id == main_id
    assert gone.deleted_at is not None
    for model in (Deal, Activity, Note):
        assert {row.contact_id for row in await model.all()} == {main_id}
    async with office.as_(office.anna) as work:
        assert (await load_any(work, "contact", other_id)).id == main_id
        found = await search(work, "nowak")
        assert [(item.entity, item.record_id) for item in found if item.entity == "contact"] == [("contact", main_id)]
        assert "deal" in {item.entity for item in await search(work, "jan nowak")}
        back = await unmerge(work, merged.merges[0].id)
        assert (dict(back.kept), dict(back.elsewhere), dict(back.since)) == ({}, {}, {})
    main, gone = await Contact.get(id=main_id), await Contact.get(id=other_id)
    assert (main.phone, main.more_phones, main.email) == ("+48601234567", None, None)
    assert (gone.deleted_at, gone.merged_into_id, gone.phone) == (None, None, "+48602000111")
    assert await records.tags_of("contact", main_id) == ["roof"]
    assert {row.contact_id for row in await Deal.all()} == {other_id}
    async with office.as_(office.anna) as work:
        with pytest.raises(NothingToUndo):
            await unmerge(work, merged.merges[0].id)


async def test_a_tap_decides_what_stands(office: Office) -> None:
    main_id, other_id = await two(office)
    async with office.as_(office.anna) as work:
        merged = await merge(work, "contact", main_id, [other_id], {"name": other_id})
    assert (await Contact.get(id=main_id)).name == "Nowak Jan"
    async with office.as_(office.anna) as work:
        await unmerge(work, merged.merges[0].id)
    assert (await Contact.get(id=main_id)).name == "Jan Nowak"


async def test_what_people_did_since_stays_and_is_told(office: Office) -> None:
    main_id, other_id = await two(office)
    async with office.as_(office.anna) as work:
        merged = await merge(work, "contact", main_id, [other_id], {"name": other_id})
        third = await records.add_contact(work, "Third")
    office.move(minutes=1)
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, main_id, name="Johnny")
        await deals.change_deal(work, 1, contact_id=third.id)
        await deals.add_deal(work, title="new", contact_id=main_id)
    async with office.as_(office.anna) as work:
        back = await unmerge(work, merged.merges[0].id)
    assert back.kept == {"name": ["Johnny"]}
    assert back.elsewhere == {"deal": [1]}
    assert back.since == {"deal": 1}
    assert (await Contact.get(id=main_id)).name == "Johnny"
    assert [(deal.id, deal.contact_id) for deal in await Deal.all().order_by("id")] == [(1, third.id), (2, main_id)]
    assert {note.contact_id for note in await Note.all()} == {other_id}


async def test_out_of_reach_is_answered_like_nothing(office: Office) -> None:
    main_id, other_id = await two(office)
    async with office.as_(office.zofia) as work:
        mine = await records.add_contact(work, "Jan Nowak")
        for main, other in ((mine.id, other_id), (main_id, other_id), (other_id, mine.id), (mine.id, 999)):
            with pytest.raises(NotFound):
                await rehearse_merge(work, "contact", main, [other])
            with pytest.raises(NotFound):
                await merge(work, "contact", main, [other])
        with pytest.raises(NotMergeable):
            await merge(work, "contact", mine.id, [mine.id])
    async with office.as_(office.boss) as work:
        merged = await merge(work, "contact", main_id, [other_id])
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await unmerge(work, merged.merges[0].id)
        with pytest.raises(NotFound):
            await load_any(work, "contact", other_id)


async def test_who_may_see_but_not_change_may_not_merge(office: Office) -> None:
    main_id, other_id = await two(office)
    await db.execute(
        """UPDATE role SET grants = ? WHERE key = 'rep'""",
        db.to_json({"contact.read": "all", "contact.change": "none"}),
    )
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotAllowed):
            await merge(work, "contact", main_id, [other_id])


async def test_who_would_lose_sight_of_it_is_named(office: Office) -> None:
    async with office.as_(office.anna) as work:
        main = await records.add_contact(work, "Jan")
    async with office.as_(office.zofia) as work:
        other = await records.add_contact(work, "Jan")
    async with office.as_(office.admin) as work:
        assert (await rehearse_merge(work, "contact", main.id, [other.id])).losing == ("Zofia",)
        assert (await rehearse_merge(work, "contact", other.id, [main.id])).losing == ("Anna", "Marek")
        chosen = await rehearse_merge(work, "contact", main.id, [other.id], {"owner": other.id})
        assert chosen.losing == ("Anna", "Marek")
        assert [(one.unit, one.values) for one in chosen.conflicts] == [
            ("owner", ((main.id, [office.anna.id]), (other.id, [office.zofia.id])))
        ]
        await merge(work, "contact", main.id, [other.id], {"owner": other.id})
    assert (await Contact.get(id=main.id)).owner_id == office.zofia.id


async def test_an_address_is_one_thing(office: Office) -> None:
    async with office.as_(office.anna) as work:
        main, other = await records.add_contact(work, "Jan"), await records.add_contact(work, "Jan")
        await work.change(main, merging.CHANGED["contact"], city="Gdynia")
        await work.change(other, merging.CHANGED["contact"], city="Warszawa", street="Długa 1")
        await merge(work, "contact", main.id, [other.id])
    main = await Contact.get(id=main.id)
    assert (main.city, main.street) == ("Gdynia", None)


async def test_the_lead_that_came_further_goes_on(office: Office) -> None:
    async with office.as_(office.anna) as work:
        main, other = await records.add_lead(work, "Roof", name="Jan"), await records.add_lead(work, "Roof", name="Jan")
        deal = await leads.convert_lead(work, other.id)
    async with office.as_(office.anna) as work:
        merged = await merge(work, "lead", main.id, [other.id])
    lead = await Lead.get(id=main.id)
    assert (lead.status, lead.deal_id, lead.converted_at) == ("converted", deal.id, START)
    async with office.as_(office.anna) as work:
        await unmerge(work, merged.merges[0].id)
    lead = await Lead.get(id=main.id)
    assert (lead.status, lead.deal_id, lead.converted_at, lead.contact_id) == ("new", None, None, None)


async def test_a_company_takes_its_people_and_deals_along_and_search_finds_them_by_its_name(office: Office) -> None:
    async with office.as_(office.anna) as work:
        main, other = await records.add_company(work, "Acme"), await records.add_company(work, "Zenith")
        await records.add_contact(work, "Jan", company_id=other.id)
        await deals.add_deal(work, title="roof", company_id=other.id)
    async with office.as_(office.anna) as work:
        merged = await merge(work, "company", main.id, [other.id])
    async with office.as_(office.anna) as work:
        assert {item.entity for item in await search(work, "acme")} == {"company", "contact", "deal"}
        assert await search(work, "zenith") == []
        await unmerge(work, merged.merges[0].id)
    async with office.as_(office.anna) as work:
        assert {item.entity for item in await search(work, "zenith")} == {"company", "contact", "deal"}
        assert {item.entity for item in await search(work, "acme")} == {"company"}
