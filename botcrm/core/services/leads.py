"""Leads: give up, or turn into contact, company and deal in one step."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botcrm.core.domain import merging
from botcrm.core.domain.errors import AlreadyClosed, InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.events import (
    CompanyChanged,
    CompanyCreated,
    ContactChanged,
    ContactCreated,
    DealChanged,
    Event,
    LeadConverted,
    LeadLost,
    RecordAttached,
)
from botcrm.core.domain.kinds import Action, LeadStatus
from botcrm.core.domain.money import Money
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Company, Contact, CustomField, Deal, File, Lead, Message, Note, Record
from botcrm.core.services.access import demand, load
from botcrm.core.services.custom.known import Known
from botcrm.core.services.custom.known import known as known_fields
from botcrm.core.services.deals import add_deal
from botcrm.core.services.duplicates.alike import Alike, Reason, look_alikes
from botcrm.core.services.merging.merge import facts
from botcrm.core.services.records import add_tags, tags_of
from botcrm.core.services.search.subjects import by_name
from botcrm.core.services.work import Work

_ADDRESS = ("street", "city", "postcode", "region", "country")
_WAYS = ("phone", "email", "more_phones", "more_emails")
# What tells of one person alone: who shares it and the name is the same without asking.
_CERTAIN = frozenset({"phone", "email", "telegram"})
_SHOWN = 3
NEW = 0


async def lose_lead(work: Work, lead_id: int, reason: str | None) -> Lead:
    """Give a lead up.

    :raises AlreadyClosed: it was converted or given up
    """
    lead = await _open(work, lead_id)
    return await work.change(lead, LeadLost, status=str(LeadStatus.LOST), lost_reason=reason[:500] if reason else None)


async def _open(work: Work, lead_id: int) -> Lead:
    lead = await load(work, Lead, lead_id, Action.CHANGE)
    if lead.status in (LeadStatus.CONVERTED, LeadStatus.LOST):
        raise AlreadyClosed(title=lead.title, status=lead.status)
    return lead


# --- what a lead would become --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a lead would become, and who there is already.

    :ivar contact_name, company_name: of those that would be made; empty where the lead names none
    :ivar contacts, companies: who may be the same, likeliest first
    :ivar contact, company: the id of the one to take, NEW for a new one, None for none
    :ivar clear: whether nobody needs to be asked
    """

    lead: Lead
    contact_name: str
    company_name: str
    contacts: tuple[Alike, ...]
    companies: tuple[Alike, ...]
    contact: int | None
    company: int | None
    clear: bool


async def propose_conversion(work: Work, lead_id: int) -> Proposal:
    """Say what a lead would become.

    :raises AlreadyClosed: it was converted or given up
    """
    await work.flush()  # what this work added is found as well
    lead = await _open(work, lead_id)
    contact_name, company_name = contact_name_of(lead), lead.company_name
    contacts, companies = tuple[Alike, ...](), tuple[Alike, ...]()
    contact: int | None = None
    company: int | None = None
    clear = True
    if contact_name:
        contacts = await _known(work, "contact", Contact(**_new(work, lead, contact_name)))
        alike = [item for item in contacts if fold(item.name) == fold(contact_name)]
        sure = [item for item in alike if _CERTAIN & {reason.what for reason in item.reasons}]
        contact = (sure or alike)[0].record_id if sure or alike else NEW
        clear = not contacts or len(contacts) == len(sure) == 1
    if company_name:
        companies = await _known(work, "company", Company(name=company_name, **_moments(work)))
        same = [item for item in companies if fold(item.name) == fold(company_name)]
        company = same[0].record_id if same else NEW
        clear = clear and (not companies or len(companies) == len(same) == 1)
    return Proposal(lead, contact_name, company_name, contacts, companies, contact, company, clear)


def contact_name_of(lead: Lead) -> str:
    """Return what the contact of a lead would be called; the lead's title where it names neither person nor company."""
    return lead.name or ("" if lead.company_name else lead.title[:300])


def _moments(work: Work) -> dict[str, Any]:
    return {"created_at": work.now, "updated_at": work.now}


def _new(work: Work, lead: Lead, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "telegram_id": lead.telegram_id,
        **{way: getattr(lead, way) for way in _WAYS},
        **_moments(work),
    }


async def _known(work: Work, entity: str, record: Contact | Company) -> tuple[Alike, ...]:
    """Return who may be the same as somebody who is not there yet: those alike, and those of the very name."""
    record.id = 0
    alike = await look_alikes(work, entity, record)
    named = [
        Alike(entity, found.record_id, found.name, 1.0, (Reason("name", 100),))
        for found in await by_name(work, [record.name], [entity])
        if found.record_id not in {item.record_id for item in alike}
    ]
    return tuple([*alike, *named][:_SHOWN])


# --- conversion ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Converted:
    """What a lead became."""

    lead: Lead
    contact: Contact | None
    company: Company | None
    deal: Deal | None


async def convert_lead(work: Work, lead_id: int) -> Deal:
    """Turn a lead into contact, company and deal, once; a company or contact of the same name is taken instead of a new one.

    :raises AlreadyClosed: it was converted or given up
    """
    proposal = await propose_conversion(work, lead_id)
    done = await convert(work, lead_id, contact=proposal.contact, company=proposal.company)
    assert done.deal is not None
    return done.deal


async def convert(
    work: Work, lead_id: int, *, contact: int | None, company: int | None, deal: bool = True
) -> Converted:
    """Turn a lead into what was chosen, once: a known contact or company by its id, NEW for a new one, None for none.

    What hangs on the lead (activities, notes, files, messages) goes along; the lead stays as the trace. The ways to reach
    somebody, the address, tags and the values of own fields that the other entity has as well go along, too; what a known
    contact or company says already stays.

    :raises AlreadyClosed: it was converted or given up
    :raises InvalidValue: nothing was chosen
    :raises NotFound: what was chosen is gone, or out of reach
    """
    lead = await _open(work, lead_id)
    if contact is None and company is None and not deal:
        raise InvalidValue(
            what="lead", value=lead.title, how="Choose what it is to become: a contact, a company or a deal."
        )
    took_company = await _company(work, lead, company, ways=contact is None)
    took_contact = await _contact(work, lead, contact, took_company)
    made = await _deal(work, lead, took_contact, took_company) if deal else None
    for record in (made, took_contact, took_company):
        if record is not None:
            # What the actor may only see stays as it is.
            with contextlib.suppress(NotAllowed):
                await add_tags(work, record, await tags_of("lead", lead.id))
            break
    ids = {
        "deal_id": made.id if made else None,
        "contact_id": took_contact.id if took_contact else None,
        "company_id": took_company.id if took_company else None,
    }
    links = {name: value for name, value in ids.items() if value is not None}
    for model in (Activity, Note, File, Message):
        fields = {name: value for name, value in links.items() if name in model._meta.fields_map}
        for hanging in await model.filter(lead_id=lead.id, deleted_at=None):
            await work.change(hanging, RecordAttached, **fields)
    await work.change(lead, LeadConverted, status=str(LeadStatus.CONVERTED), converted_at=work.now, **ids)
    return Converted(lead, took_contact, took_company, made)


async def _deal(work: Work, lead: Lead, contact: Contact | None, company: Company | None) -> Deal:
    money = Money(lead.amount, lead.currency) if lead.amount is not None else None
    company_id = company.id if company else contact.company_id if contact else None
    made = await add_deal(
        work,
        title=lead.title,
        company_id=company_id if company or await _reached(work, Company, company_id) else None,
        contact_id=contact.id if contact else None,
        amount=money,
        source=lead.source,
        owner_id=lead.owner_id,
    )
    custom = await _own(lead, "deal", made.pipeline_id)
    if custom:
        await work.change(made, DealChanged, custom=custom)
    return made


async def _reached(work: Work, model: type[Record], record_id: int | None) -> bool:
    try:
        return record_id is not None and await load(work, model, record_id) is not None
    except NotFound:
        return False


async def _company(work: Work, lead: Lead, chosen: int | None, *, ways: bool) -> Company | None:
    """Return the company of a lead: the known one filled up, or a new one.

    :param ways: whether telephone and e-mail are the company's, there being no person
    """
    if chosen is None:
        return None
    values = {name: getattr(lead, name) for name in (*_ADDRESS, *(_WAYS if ways else ()))}
    values["custom"] = await _own(lead, "company")
    if chosen != NEW:
        company = await load(work, Company, chosen)
        await _fill(work, company, values, CompanyChanged)
        return company
    demand(work, "company", Action.ADD)
    owner_id = lead.owner_id or work.actor.id
    name = lead.company_name or lead.title[:300]
    return await work.create(Company, CompanyCreated, name=name, owner_id=owner_id, **values)


async def _contact(work: Work, lead: Lead, chosen: int | None, company: Company | None) -> Contact | None:
    if chosen is None:
        return None
    values = {name: getattr(lead, name) for name in (*_WAYS, "telegram_id", *(() if company else _ADDRESS))}
    values |= {"company_id": company.id if company else None, "custom": await _own(lead, "contact")}
    if chosen != NEW:
        contact = await load(work, Contact, chosen)
        if lead.telegram_id and contact.telegram_id not in (None, lead.telegram_id):
            raise InvalidValue(
                what="contact", value=contact.name, how="It has another Telegram account: make a new one."
            )
        await _fill(work, contact, values, ContactChanged)
        return contact
    demand(work, "contact", Action.ADD)
    owner_id = lead.owner_id or work.actor.id
    return await work.create(Contact, ContactCreated, name=contact_name_of(lead), owner_id=owner_id, **values)


async def _fill(work: Work, record: Contact | Company, values: Mapping[str, Any], event: type[Event]) -> None:
    """Add to a known record what it lacks; one that the actor may not change stays as it is."""
    entity = record._meta.db_table
    try:
        await load(work, type(record), record.id, Action.CHANGE)
    except NotAllowed:
        return
    mine = facts(record)
    taken = merging.take(entity, mine, dict.fromkeys(mine) | dict(values))
    await work.change(record, event, **merging.filled(entity, mine, taken))


async def _own(lead: Lead, entity: str, pipeline_id: int | None = None) -> dict[str, Any] | None:
    """Return the values of a lead's own fields that an entity has by the same key and type."""
    if not lead.custom:
        return None
    known = await known_fields()
    theirs = {
        (one.key, one.type): one
        for one in known.fields
        if one.entity == entity and one.pipeline_id in (None, pipeline_id)
    }
    found: dict[str, Any] = {}
    for one in known.fields:
        value, other = lead.custom.get(str(one.id)), theirs.get((one.key, one.type))
        if one.entity == "lead" and value is not None and other is not None:
            value = value if one.dictionary == other.dictionary else _in_words_of(known, value, one, other)
            if value is not None:
                found[str(other.id)] = value
    return found or None


def _in_words_of(known: Known, value: Any, one: CustomField, other: CustomField) -> Any:
    """Return what was chosen from one list as the words of the same name in another; None where it has none."""
    called = known.names.get(one.dictionary, {})
    words = {fold(word.name): word.id for word in known.choices.get(other.dictionary, ())}
    if isinstance(value, list):
        return [words[name] for each in value if (name := fold(called.get(each, ""))) in words] or None
    return words.get(fold(called.get(value, "")))
