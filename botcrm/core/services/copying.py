"""Copying a record: its fields, links, tags and own fields into a new one; what happened around it stays with the first."""

from typing import Any

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.events import CompanyCreated, ContactCreated, DealCreated, Event, LeadCreated
from botcrm.core.domain.kinds import Action, DealStatus, LeadStatus
from botcrm.core.models import Company, Contact, Deal, Lead, Record
from botcrm.core.services.access import demand, load_any
from botcrm.core.services.deals import stages
from botcrm.core.services.records import add_tags, tags_of
from botcrm.core.services.work import Work

Copied = Company | Contact | Lead | Deal
ENTITIES = ("deal", "contact", "company", "lead")
_REACHED = ("phone", "email", "more_phones", "more_emails")
_ELSE = ("street", "city", "postcode", "region", "country", "custom")
# Not what tells one person or company from all others: a tax number, a birth date, a Telegram account; a person's phone
# and e-mail, by which the copy would be taken for the same person.
_FIELDS: dict[str, tuple[str, ...]] = {
    "deal": ("company_id", "contact_id", "pipeline_id", "amount", "currency", "source", "custom"),
    "contact": ("job_title", "company_id", *_ELSE),
    "company": ("website", *_REACHED, *_ELSE),
    "lead": ("name", "company_name", "source", "amount", "currency", *_ELSE),
}
_EVENTS: dict[str, type[Event]] = {
    "deal": DealCreated,
    "contact": ContactCreated,
    "company": CompanyCreated,
    "lead": LeadCreated,
}
_NAMED = {"deal": "title", "lead": "title", "contact": "name", "company": "name"}
_LONGEST = {"deal": 500, "lead": 500, "contact": 300, "company": 300}


def name_of(record: Copied) -> str:
    """Return what a record is called: a deal or lead by its title."""
    return record.title if isinstance(record, Deal | Lead) else record.name


async def copy_record(work: Work, entity: str, record_id: int, name: str) -> Copied:
    """Make a new record of a deal, contact, company or lead; the actor owns it, a deal begins at its pipeline's first stage.

    :param name: what the new one is called
    :raises NotFound: no such record within the actor's reach
    :raises NotAllowed: the actor may not add such records
    """
    if entity not in ENTITIES:
        raise NotFound(ref=f"{entity} {record_id}")
    demand(work, entity, Action.ADD)
    record = await load_any(work, entity, record_id)
    assert isinstance(record, Company | Contact | Lead | Deal)
    values: dict[str, Any] = {field: getattr(record, field) for field in _FIELDS[entity]}
    values |= {_NAMED[entity]: " ".join(name.split())[: _LONGEST[entity]] or name_of(record), "owner_id": work.actor.id}
    if isinstance(record, Deal):
        values |= await _begun(work, record)
    elif isinstance(record, Lead):
        values["status"] = str(LeadStatus.NEW)
    copied: Record = await work.create(type(record), _EVENTS[entity], **values)
    assert isinstance(copied, Company | Contact | Lead | Deal)
    await add_tags(work, copied, await tags_of(entity, record.id))
    return copied


async def _begun(work: Work, deal: Deal) -> dict[str, Any]:
    """Return how a copy of a deal begins."""
    first = next(stage for stage in await stages(deal.pipeline_id) if stage.kind == "open")
    expected = deal.expected_close if deal.expected_close and deal.expected_close > work.now.date() else None
    return {
        "stage_id": first.id,
        "status": str(DealStatus.OPEN),
        "stage_entered_at": work.now,
        "expected_close": expected,
    }
