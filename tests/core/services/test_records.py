"""Companies, contacts and leads: kept clean, handed over with what goes along, converted once."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

import pytest

from botcrm.core.domain.errors import AlreadyClosed, CrmError, InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.messages import Incoming
from botcrm.core.domain.money import Money
from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Message, Role
from botcrm.core.services import activities, deals, leads, records
from botcrm.core.services.activities import Due
from botcrm.core.services.clients.inbound import answer_client, receive_message
from tests.core.services.conftest import Office

DUE = Due(datetime(2026, 11, 25, 15))


async def test_phones_and_addresses_have_one_form(office: Office) -> None:
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, "  Jan   Nowak ", phone="601 234 567", email=" Jan@Example.COM")
        assert (contact.name, contact.phone, contact.email) == ("Jan Nowak", "+48601234567", "jan@example.com")
        for values in ({"phone": "12"}, {"email": "no address"}, {"name": " "}):
            with pytest.raises(InvalidValue):
                await records.change_record(work, Contact, contact.id, **values)
        with pytest.raises(InvalidValue):
            await records.add_company(work, "  ")


async def test_a_deal_goes_over_with_what_belongs_to_it(office: Office) -> None:
    piotr = await office.person("Piotr", manager_id=office.boss.id)
    async with office.as_(office.anna) as work:
        shared = await records.add_company(work, "Shared")
        only = await records.add_contact(work, "Only")
        deal = await deals.add_deal(work, title="one", company_id=shared.id, contact_id=only.id)
        await deals.add_deal(work, title="two", company_id=shared.id)
        hers = await activities.plan_activity(work, "call", "", DUE, deal_id=deal.id)
        done = await activities.log_activity(work, "call", "", deal_id=deal.id)
    async with office.as_(office.boss) as work:
        own = await activities.plan_activity(work, "call", "", DUE, deal_id=deal.id)
        await records.hand_over(work, deal, piotr.id)
    owner = {
        "deal": (await Deal.get(id=deal.id)).owner_id,
        "planned": (await Activity.get(id=hers.id)).owner_id,
        "done": (await Activity.get(id=done.id)).owner_id,
        "boss's": (await Activity.get(id=own.id)).owner_id,
        "company with another deal": (await Company.get(id=shared.id)).owner_id,
        "contact": (await Contact.get(id=only.id)).owner_id,
    }
    assert owner == {
        "deal": piotr.id,
        "planned": piotr.id,
        "done": office.anna.id,
        "boss's": office.boss.id,
        "company with another deal": office.anna.id,
        "contact": piotr.id,
    }


async def test_nothing_goes_to_somebody_out_of_reach(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="one")
        for person_id in (office.zofia.id, office.admin.id, 999):
            with pytest.raises(NotFound):
                await records.hand_over(work, deal, person_id)
        await records.hand_over(work, deal, office.boss.id)
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await records.hand_over(work, deal, office.zofia.id)


async def test_deleting_needs_the_right_to(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
    rep = await Role.get(key="rep")
    await Role.filter(key="rep").update(grants=rep.grants | {"company.delete": "none"})
    async with office.as_(office.anna) as work:
        with pytest.raises(NotAllowed):
            await records.delete_record(work, company)


async def test_tags_hang_once(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        await records.add_tags(work, company, ["#Roof", "roof", "", "VIP"])
        await records.add_tags(work, company, ["vip"])
        assert [event.type for event in work.events].count("TagAdded") == 2
    assert await records.tags_of("company", company.id) == ["roof", "vip"]


async def _lead(office: Office, **values: object) -> Lead:
    async with office.as_(office.anna) as work:
        return await records.add_lead(work, "Website", **values)  # type: ignore[arg-type]


async def test_a_lead_becomes_contact_company_and_deal(office: Office) -> None:
    lead = await _lead(
        office,
        name="Jan Nowak",
        company_name="Acme",
        phone="+48601234567",
        source="ads",
        amount=Money(Decimal("1000.005"), "EUR"),
    )
    async with office.as_(office.anna) as work:
        deal = await leads.convert_lead(work, lead.id)
    company, contact = await Company.get(id=deal.company_id), await Contact.get(id=deal.contact_id)
    assert (deal.title, deal.amount, deal.currency, deal.source) == ("Website", Decimal("1000.01"), "EUR", "ads")
    assert (company.name, contact.name, contact.phone, contact.company_id) == (
        "Acme",
        "Jan Nowak",
        "+48601234567",
        company.id,
    )
    now = await Lead.get(id=lead.id)
    assert (now.status, now.deal_id, now.contact_id) == ("converted", deal.id, contact.id)
    for again in (leads.convert_lead(work, lead.id), leads.lose_lead(work, lead.id, "late")):
        async with office.as_(office.anna) as work:
            with pytest.raises(AlreadyClosed):
                await again


async def test_known_names_are_taken_instead_of_new_ones(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "ACME")
        contact = await records.add_contact(work, "jan nowak")
    lead = await _lead(office, name="Jan Nowak", company_name="Acme")
    async with office.as_(office.anna) as work:
        deal = await leads.convert_lead(work, lead.id)
    assert (deal.company_id, deal.contact_id) == (company.id, contact.id)


async def test_what_this_work_added_is_known_as_well(office: Office) -> None:
    lead = await _lead(office, company_name="Acme")
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        assert (await leads.convert_lead(work, lead.id)).company_id == company.id


async def test_a_reps_lead_that_the_manager_converts_stays_the_reps(office: Office) -> None:
    lead = await _lead(office, name="Jan", company_name="Acme")
    async with office.as_(office.boss) as work:
        deal = await leads.convert_lead(work, lead.id)
    owners = {deal.owner_id, (await Company.get(id=deal.company_id)).owner_id}
    assert owners | {(await Contact.get(id=deal.contact_id)).owner_id} == {office.anna.id}


@pytest.mark.parametrize("migrated_url", ["postgres"], indirect=True)
async def test_two_who_convert_at_once_make_one_deal(office: Office) -> None:
    lead = await _lead(office, name="Jan", company_name="Acme")

    async def convert() -> None:
        async with office.as_(office.anna) as work:
            await leads.convert_lead(work, lead.id)

    ends = await asyncio.gather(*(convert() for _ in range(3)), return_exceptions=True)
    assert [end for end in ends if not isinstance(end, CrmError)] == [None]
    assert (await Deal.all().count(), await Company.all().count(), await Contact.all().count()) == (1, 1, 1)


def _from_jan(text: str) -> Incoming:
    return Incoming("500", text, name="Jan", telegram_id=500)


async def test_a_client_stays_known_when_the_lead_becomes_a_contact_that_was_there(office: Office) -> None:
    """Their next message used to make another lead."""
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, "Jan")
    async with office.as_(None) as work:
        first = await Message.get(id=await receive_message(work, "telegram", _from_jan("hello")))
    async with office.as_(office.admin) as work:
        lead = await Lead.get(id=first.lead_id)
        assert (lead.owner_id, lead.source) == (office.admin.id, "telegram")
        deal = await leads.convert_lead(work, lead.id)
        assert deal.contact_id == contact.id
    async with office.as_(None) as work:
        second = await Message.get(id=await receive_message(work, "telegram", _from_jan("me again")))
    assert (second.contact_id, second.lead_id, second.deal_id) == (contact.id, None, deal.id)
    assert second.owner_id == office.anna.id
    assert await Lead.all().count() == 1


async def test_an_answer_goes_to_the_client_and_clears_the_counter(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await records.add_contact(work, "Jan", telegram_id=500)
    async with office.as_(None) as work:
        asked = [await receive_message(work, "telegram", _from_jan(text)) for text in ("a", "b")]
        assert asked[0]
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await answer_client(work, asked[0], "mine now")
    async with office.as_(office.anna) as work:
        await answer_client(work, asked[0], "here I am")
        assert len(work.outbox_ids) == 1
    assert await Message.filter(answered=False).count() == 0
