"""Leads: give up, or turn into contact, company and deal in one step."""

from botcrm.core.domain.errors import AlreadyClosed
from botcrm.core.domain.events import ContactChanged, LeadConverted, LeadLost, RecordAttached
from botcrm.core.domain.kinds import Action, LeadStatus
from botcrm.core.domain.money import Money
from botcrm.core.models import Activity, Contact, Deal, File, Lead, Message, Note
from botcrm.core.services.access import load
from botcrm.core.services.deals import add_deal
from botcrm.core.services.records import add_company, add_contact
from botcrm.core.services.subjects import by_name
from botcrm.core.services.work import Work


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


async def convert_lead(work: Work, lead_id: int) -> Deal:
    """Turn a lead into contact, company and deal, once; a company or contact of the same name is taken instead of a new one.

    What hangs on the lead (activities, notes, files, messages) goes along to the deal; the lead stays as the trace.
    """
    await work.flush()  # what this work added is found by its name as well
    lead = await _open(work, lead_id)
    company_id = None
    if lead.company_name:
        known = await by_name(work, [lead.company_name], ["company"])
        company_id = (
            known[0].record_id if known else (await add_company(work, lead.company_name, owner_id=lead.owner_id)).id
        )
    name = lead.name or ("" if lead.company_name else lead.title)
    contact_id = None
    if name:
        known = await by_name(work, [name], ["contact"])
        contact = await Contact.get(id=known[0].record_id) if known else None
        if contact is None or (lead.telegram_id and contact.telegram_id not in (None, lead.telegram_id)):
            contact = await add_contact(
                work,
                name,
                phone=lead.phone,
                email=lead.email,
                company_id=company_id,
                telegram_id=lead.telegram_id,
                owner_id=lead.owner_id,
            )
        elif lead.telegram_id and contact.telegram_id is None:
            await work.change(contact, ContactChanged, telegram_id=lead.telegram_id)
        contact_id = contact.id
    money = Money(lead.amount, lead.currency) if lead.amount is not None else None
    deal = await add_deal(
        work,
        title=lead.title,
        company_id=company_id,
        contact_id=contact_id,
        amount=money,
        source=lead.source,
        owner_id=lead.owner_id,
    )
    links = {"deal_id": deal.id, "contact_id": contact_id}
    for model in (Activity, Note, File, Message):
        for hanging in await model.filter(lead_id=lead.id, deleted_at=None):
            await work.change(hanging, RecordAttached, **links)
    await work.change(
        lead,
        LeadConverted,
        status=str(LeadStatus.CONVERTED),
        converted_at=work.now,
        deal_id=deal.id,
        contact_id=contact_id,
    )
    return deal
