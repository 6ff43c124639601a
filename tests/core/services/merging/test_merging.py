"""Merging and taking it back: whatever the graph of records and whatever people did since, exactly that remains."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import NewerChange, NotAllowed, NotFound, NothingToUndo
from botcrm.core.models import Activity, Contact, Deal, Lead, Note
from botcrm.core.services import activities, deals, leads, records
from botcrm.core.services.access import load_any
from botcrm.core.services.activities import Due
from botcrm.core.services.merging import merge as merging
from botcrm.core.services.merging.merge import NotMergeable, merge, rehearse_merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.search.subjects import search
from botcrm.core.services.undo.standing import is_undone
from botcrm.core.services.undo.undo import undo
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
        # The company itself by the name that went into it as well.
        assert [(item.entity, item.name) for item in await search(work, "zenith")] == [("company", "Acme")]
        await unmerge(work, merged.merges[0].id)
    async with office.as_(office.anna) as work:
        assert {item.entity for item in await search(work, "zenith")} == {"company", "contact", "deal"}
        assert {item.entity for item in await search(work, "acme")} == {"company"}


async def people(office: Office, count: int, **values: Any) -> list[int]:
    async with office.as_(office.anna) as work:
        return [(await records.add_contact(work, f"Jan {number}", **values)).id for number in range(count)]


async def went() -> dict[int, int | None]:
    return {one.id: one.merged_into_id for one in await Contact.all()}


async def test_a_work_of_several_merges_stands_until_the_last_one_is_taken_back(office: Office) -> None:
    one, two, three, four = await people(office, 4)
    async with office.as_(office.anna) as work:
        merged, merging_work = await merge(work, "contact", one, [two, three]), work.id
    async with office.as_(office.anna) as work:
        await unmerge(work, merged.merges[0].id)
    async with office.as_(office.anna) as work:
        await merge(work, "contact", four, [two])
    async with office.as_(office.anna) as work:
        assert not await is_undone(merging_work)
        await undo(work, merging_work)
    assert await went() == {one: None, two: four, three: None, four: None}
    async with office.as_(office.anna) as work:
        assert await is_undone(merging_work)
        with pytest.raises(NothingToUndo):
            await undo(work, merging_work)


async def test_what_went_into_another_one_is_not_undone_as_if_it_stood_by_itself(office: Office) -> None:
    async with office.as_(office.anna) as work:
        main = await records.add_contact(work, "Jan")
    async with office.as_(office.anna) as work:
        other, making = await records.add_contact(work, "Janek"), work.id
    async with office.as_(office.anna) as work:
        await merge(work, "contact", main.id, [other.id])
    async with office.as_(office.anna) as work:
        with pytest.raises(NewerChange):
            await undo(work, making)
    assert await went() == {main.id: None, other.id: main.id}


async def test_whoever_merged_takes_apart_no_more_than_they_may_change_now(office: Office) -> None:
    one, two = await people(office, 2)
    async with office.as_(office.anna) as work:
        merged = await merge(work, "contact", one, [two])
    async with office.as_(office.admin) as work:
        await records.change_record(work, Contact, one, owner_id=office.zofia.id)
    for who in (office.anna, office.zofia):
        async with office.as_(who) as work:
            with pytest.raises(NotFound):
                await unmerge(work, merged.merges[0].id)
    assert await went() == {one: None, two: one}
    async with office.as_(office.admin) as work:
        await unmerge(work, merged.merges[0].id)
    assert await went() == {one: None, two: None}


async def test_two_take_two_out_of_one_at_the_same_time(office: Office) -> None:
    for trial in range(6):
        ids = await people(office, 4, phone="601234567")
        async with office.as_(office.anna) as work:
            for one in ids[1:]:
                await records.add_tags(work, await Contact.get(id=one), ["vip"])
        merges = []
        # The last one takes the main record of the others along.
        for main_id, other_id in ((ids[0], ids[1]), (ids[0], ids[2]), (ids[3], ids[0])):
            async with office.as_(office.anna) as work:
                merges.append((await merge(work, "contact", main_id, [other_id])).merges[0].id)
        together = asyncio.Event()

        async def take_out(merge_id: int, together: asyncio.Event = together) -> None:
            await together.wait()
            async with office.as_(office.anna) as work:
                await unmerge(work, merge_id)

        tasks = [asyncio.create_task(take_out(one)) for one in (merges if trial % 2 else merges[::-1])]
        await asyncio.sleep(0)
        together.set()
        await asyncio.gather(*tasks)
        found = await Contact.filter(id__in=ids).order_by("id")
        assert [(one.merged_into_id, one.phone, one.more_phones) for one in found] == [(None, "+48601234567", None)] * 4
        tags = [await records.tags_of("contact", one) for one in ids]
        assert tags == [[], ["vip"], ["vip"], ["vip"]]


async def test_taken_apart_by_two_at_once_it_comes_apart_once(office: Office) -> None:
    one, two = await people(office, 2)
    async with office.as_(office.anna) as work:
        merged = await merge(work, "contact", one, [two])

    async def take_out() -> None:
        async with office.as_(office.anna) as work:
            await unmerge(work, merged.merges[0].id)

    done = await asyncio.gather(take_out(), take_out(), return_exceptions=True)
    assert [type(one) for one in done if one] == [NothingToUndo]
    assert await db.column("SELECT count(*) FROM event WHERE type = 'RecordUnmerged'") == [1]
