"""Who wrote: the contact or lead behind a client's message."""

import logging
from typing import Any

from botcrm.core import db
from botcrm.core.domain.emails import normal_email
from botcrm.core.domain.messages import Incoming, short_key
from botcrm.core.domain.phones import normal_phone
from botcrm.core.domain.text import fold
from botcrm.core.models import Contact, Lead
from botcrm.core.services.access import current
from botcrm.core.services.work import Work

log = logging.getLogger(__name__)

_OPEN = ("new", "working")


async def recognise(work: Work, channel: str, incoming: Incoming) -> tuple[Contact | None, Lead | None]:
    """Return the contact who wrote, or else the open lead; neither where nobody like that is known.

    Asked are, in this order: plugins, the Telegram account, the phone number, the e-mail address, and with whom the last
    conversation at this address was. What several contacts share, as an office's number, is decided by the rest and the name.
    """
    chosen = await work.hooks.first(work, "contact_from_message", channel=channel, incoming=incoming)
    if chosen is not None:
        contact = await Contact.filter(id=chosen, deleted_at=None).first() if isinstance(chosen, int) else None
        if contact:
            return contact, None
        log.warning("a plugin took the writer of a message for contact %r, which there is not", chosen)
    marks = reachable(work, incoming)
    contact = await _contact(marks, incoming.name) or await _merged(marks)
    if contact:
        return contact, None
    lead = None
    for name, value in marks.items():
        lead = lead or await Lead.filter(**{name: value}, status__in=_OPEN, deleted_at=None).order_by("-id").first()
    former = await _converted(marks) if lead is None else None
    if former:
        return former, None
    if lead is None:
        return await _of_conversation(channel, incoming.address)
    return None, lead


def reachable(work: Work, incoming: Incoming) -> dict[str, Any]:
    """Return how the sender of a message is reached, normalised: telegram_id, phone and email, those that are known."""
    found = {
        "telegram_id": incoming.telegram_id,
        "phone": normal_phone(incoming.phone, work.company.region) if incoming.phone else None,
        "email": normal_email(incoming.email) if incoming.email else None,
    }
    return {name: value for name, value in found.items() if value}


async def _contact(marks: dict[str, Any], sender: str) -> Contact | None:
    for name, value in marks.items():
        found = await Contact.filter(**{name: value}, deleted_at=None).order_by("id").limit(50)
        if found:
            return min(found, key=lambda contact: (_distance(contact, marks, sender), contact.id))
    return None


async def _merged(marks: dict[str, Any]) -> Contact | None:
    """Return whom a contact with one of these marks was merged into: one keeps a single Telegram account."""
    for name, value in marks.items():
        former = await Contact.filter(**{name: value}, merged_into_id__not_isnull=True).order_by("-id").first()
        if former:
            contact = await Contact.filter(id=await current("contact", former.id), deleted_at=None).first()
            if contact:
                return contact
    return None


def _distance(contact: Contact, marks: dict[str, Any], sender: str) -> tuple[int, bool]:
    return sum(getattr(contact, name) != value for name, value in marks.items()), fold(contact.name) != fold(sender)


async def _converted(marks: dict[str, Any]) -> Contact | None:
    """Return whom a lead with one of these marks became."""
    for name, value in marks.items():
        leads = Lead.filter(**{name: value}, status="converted", deleted_at=None)
        lead = await leads.filter(contact_id__not_isnull=True).order_by("-id").first()
        if lead:
            return await Contact.filter(id=lead.contact_id, deleted_at=None).first()
    return None


async def _of_conversation(channel: str, address: str) -> tuple[Contact | None, Lead | None]:
    row = await db.fetch_one(
        "SELECT contact_id, lead_id FROM message WHERE channel = ? AND chat_id = ? AND deleted_at IS NULL "
        "ORDER BY id DESC LIMIT 1",
        channel,
        short_key(address),
    )
    if row is None:
        return None, None
    lead = await Lead.filter(id=row["lead_id"] or 0, deleted_at=None).first()
    contact_id = row["contact_id"] or (lead.contact_id if lead else None)
    contact = await Contact.filter(id=contact_id, deleted_at=None).first() if contact_id else None
    return contact, (lead if contact is None and lead and lead.status in _OPEN else None)
