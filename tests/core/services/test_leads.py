"""What goes along when a lead is converted, and that all of it comes back; copies of records."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyClosed, InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.events import ContactChanged, DealChanged, LeadChanged
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Company, Contact, Deal, Lead, Note
from botcrm.core.services import activities, deals, leads, records
from botcrm.core.services.copying import copy_record
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.undo import undo
from tests.core.services.conftest import Office


async def _lead(office: Office, **values: object) -> Lead:
    async with office.as_(office.anna) as work:
        lead = await records.add_lead(
            work, "Roof", name="Jan Nowak", company_name="Acme", phone="+48601234567", source="fair"
        )
        await records.add_tags(work, lead, ["roof", "fair"])
        await activities.add_note(work, "wants two", lead_id=lead.id)
        values = {
            "more_phones": ["+48602000111"],
            "email": "jan@acme.example",
            "street": "Long 1",
            "city": "Gdynia",
            **values,
        }
        return await work.change(lead, LeadChanged, **values)


async def _fields(office: Office) -> dict[str, int]:
    async with office.as_(office.admin) as work:
        made = {}
        for entity, key, kind in (
            ("lead", "budget", "number"),
            ("deal", "budget", "number"),
            ("lead", "size", "text"),
            ("contact", "size", "number"),
            ("lead", "roof", "list"),
            ("company", "roof", "list"),
        ):
            one = await custom_fields.add_field(work, entity, key, kind)
            made[f"{entity}.{key}"] = one.id
        return made


async def test_everything_goes_along_and_comes_back(office: Office) -> None:
    lead = await _lead(office)
    async with office.as_(office.anna) as work:
        done = await leads.convert(work, lead.id, contact=leads.NEW, company=leads.NEW)
        undone = work.id
    contact, company, deal = done.contact, done.company, done.deal
    assert contact is not None
    assert company is not None
    assert deal is not None
    assert (contact.phone, contact.more_phones, contact.email) == ("+48601234567", ["+48602000111"], "jan@acme.example")
    assert (company.street, company.city, company.phone, contact.street) == ("Long 1", "Gdynia", None, None)
    assert (deal.source, deal.company_id, deal.contact_id) == ("fair", company.id, contact.id)
    assert await records.tags_of("deal", deal.id) == ["fair", "roof"]
    note = await Note.get(text="wants two")
    assert (note.deal_id, note.contact_id, note.company_id) == (deal.id, contact.id, company.id)
    now = await Lead.get(id=lead.id)
    assert (now.deal_id, now.contact_id, now.company_id) == (deal.id, contact.id, company.id)
    async with office.as_(office.anna) as work:
        await undo.undo(work, undone)
    now, note = await Lead.get(id=lead.id), await Note.get(id=note.id)
    assert (now.status, now.deal_id, now.contact_id, now.company_id) == ("new", None, None, None)
    assert (note.deal_id, note.contact_id, note.lead_id) == (None, None, lead.id)
    for model in (Deal, Contact, Company):
        assert not await model.filter(deleted_at=None).exists()


async def test_own_fields_of_the_same_key_and_type_go_along(office: Office) -> None:
    ids = await _fields(office)
    lead = await _lead(office, custom={str(ids["lead.budget"]): "12", str(ids["lead.size"]): "big"})
    async with office.as_(office.anna) as work:
        done = await leads.convert(work, lead.id, contact=leads.NEW, company=leads.NEW)
    assert done.deal is not None
    assert done.deal.custom == {str(ids["deal.budget"]): "12"}
    assert (await Contact.get(name="Jan Nowak")).custom is None
    assert (await db.fetch_one("SELECT count(*) AS n FROM field_value WHERE entity = 'deal'") or {})["n"] == 1


async def test_a_known_contact_gets_what_it_lacks_and_keeps_what_it_says(office: Office) -> None:
    async with office.as_(office.anna) as work:
        known = await records.add_contact(work, "J. Nowak", phone="+48609999999")
        await work.change(known, ContactChanged, street="Own 5")
    lead = await _lead(office)
    async with office.as_(office.anna) as work:
        done = await leads.convert(work, lead.id, contact=known.id, company=None, deal=False)
        undone = work.id
    assert done.deal is None
    now = await Contact.get(id=known.id)
    assert (now.name, now.phone, now.street, now.city) == ("J. Nowak", "+48609999999", "Own 5", None)
    assert (now.more_phones, now.email) == (["+48601234567", "+48602000111"], "jan@acme.example")
    assert await records.tags_of("contact", known.id) == ["fair", "roof"]
    async with office.as_(office.anna) as work:
        await undo.undo(work, undone)
    now = await Contact.get(id=known.id)
    assert (now.more_phones, now.email) == (None, None)
    assert await records.tags_of("contact", known.id) == []


async def test_a_namesake_with_another_phone_is_asked_about(office: Office) -> None:
    async with office.as_(office.anna) as work:
        await records.add_contact(work, "Jan Nowak", phone="+48609999999")
        acme = await records.add_company(work, "ACME")
    lead = await _lead(office)
    async with office.as_(office.anna) as work:
        proposal = await leads.propose_conversion(work, lead.id)
        assert (proposal.clear, proposal.company) == (False, acme.id)
        assert [item.name for item in proposal.contacts] == ["Jan Nowak"]


async def test_who_is_the_same_beyond_doubt_is_taken_without_asking(office: Office) -> None:
    async with office.as_(office.anna) as work:
        jan = await records.add_contact(work, "jan nowak", phone="+48601234567")
        acme = await records.add_company(work, "ACME")
    lead = await _lead(office)
    async with office.as_(office.anna) as work:
        proposal = await leads.propose_conversion(work, lead.id)
        assert (proposal.clear, proposal.contact, proposal.company) == (True, jan.id, acme.id)


async def test_what_cannot_be_chosen_is_refused(office: Office) -> None:
    lead = await _lead(office)
    async with office.as_(office.zofia) as work:
        secret = await records.add_contact(work, "Jan Nowak")
    async with office.as_(office.anna) as work:
        with pytest.raises(NotFound):
            await leads.convert(work, lead.id, contact=secret.id, company=None)
        with pytest.raises(InvalidValue):
            await leads.convert(work, lead.id, contact=None, company=None, deal=False)
        await leads.convert(work, lead.id, contact=None, company=None)
        with pytest.raises(AlreadyClosed):
            await leads.propose_conversion(work, lead.id)


async def test_a_copy_begins_anew(office: Office) -> None:
    async with office.as_(office.anna) as work:
        acme = await records.add_company(work, "Acme")
        deal = await deals.add_deal(work, title="roof", company_id=acme.id, stage="proposal", source="fair")
        await work.change(deal, DealChanged, expected_close=work.now.date() - timedelta(days=3))
        await records.add_tags(work, deal, ["roof"])
        await deals.close_deal(work, deal.id, DealStatus.WON)
        await work.change(
            await records.add_contact(work, "Anna", phone="+48601234567", company_id=acme.id, telegram_id=7),
            ContactChanged,
            birth_date=date(1990, 1, 2),
            job_title="CEO",
        )
    async with office.as_(office.boss) as work:
        copy = await copy_record(work, "deal", deal.id, "second roof")
        assert isinstance(copy, Deal)
        assert (copy.title, copy.status, copy.closed_at, copy.expected_close) == ("second roof", "open", None, None)
        assert (copy.company_id, copy.source, copy.owner_id) == (acme.id, "fair", office.boss.id)
        assert await records.tags_of("deal", copy.id) == ["roof"]
        anna = await copy_record(work, "contact", 1, "Anna 2")
        assert isinstance(anna, Contact)
        assert (anna.job_title, anna.phone, anna.telegram_id, anna.birth_date) == ("CEO", None, None, None)
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await copy_record(work, "deal", deal.id, "x")
    async with office.as_(office.anna) as work:
        # The grants at hand are everybody's of that role.
        barred = replace(work.actor, grants=work.actor.grants | {"deal.add": "none"})
        with pytest.raises(NotAllowed):
            await copy_record(work.acting_as(barred), "deal", deal.id, "x")
