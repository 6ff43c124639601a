"""Clients write: recognise who it is, keep the message, tell the person responsible."""

from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.events import ContactChanged, FileAdded, MessageAnswered, MessageReceived, MessageSent
from botcrm.core.domain.kinds import Action, Lane
from botcrm.core.models import Contact, File, Lead, Message
from botcrm.core.services.access import load
from botcrm.core.services.people import administrators, person_by_id
from botcrm.core.services.records import add_lead
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class Sender:
    """A client as a channel knows them."""

    channel: str
    chat_id: str
    name: str
    telegram_id: int | None = None


async def receive_message(
    work: Work, sender: Sender, text: str, external_id: str = "", file: dict[str, Any] | None = None
) -> Message:
    """Keep a client's message, with the lead it makes where nobody knows the sender, and tell whoever is responsible.

    The responsible person is the contact's or lead's owner, the administrators where there is none.

    :param file: what came with it, as the columns of File: kind, file_id, name, mime, size
    """
    contact = (
        await Contact.filter(telegram_id=sender.telegram_id, deleted_at=None).first() if sender.telegram_id else None
    )
    lead = None
    if contact is None and sender.telegram_id:
        lead = await Lead.filter(telegram_id=sender.telegram_id, status__in=("new", "working"), deleted_at=None).first()
        if lead is None:
            lead = await add_lead(
                work,
                sender.name,
                name=sender.name,
                source=sender.channel,
                telegram_id=sender.telegram_id,
                owner_id=await _first_administrator(),
            )
    deal_id = None
    if contact:
        row = await db.fetch_one(
            "SELECT id FROM deal WHERE contact_id = ? AND status = 'open' AND deleted_at IS NULL ORDER BY id DESC LIMIT 1",
            contact.id,
        )
        deal_id = row["id"] if row else None
    owner_id = contact.owner_id if contact else lead.owner_id if lead else None
    message = await work.create(
        Message,
        MessageReceived,
        channel=sender.channel,
        chat_id=sender.chat_id,
        external_id=external_id,
        direction="in",
        text=text,
        answered=False,
        owner_id=owner_id,
        contact_id=contact.id if contact else None,
        lead_id=lead.id if lead else None,
        deal_id=deal_id,
    )
    kept: dict[str, Any] = {}
    if file:
        links = {"contact_id": message.contact_id, "lead_id": message.lead_id, "deal_id": deal_id}
        kept["file_id"] = (await work.create(File, FileAdded, owner_id=owner_id, caption=text, **file, **links)).id
    person = await person_by_id(work.prefs, owner_id) if owner_id else None
    targets = [(person.id, person.telegram_id)] if person and person.telegram_id else await administrators()
    for user_id, chat_id in targets:
        await work.tell(
            user_id, chat_id, "client_message", about=("message", message.id), message_id=message.id, **kept
        )
    return message


async def _first_administrator() -> int | None:
    people = await administrators()
    return people[0][0] if people else None


async def link_telegram(work: Work, contact_id: int, telegram_id: int) -> Contact:
    """Remember the Telegram account of a contact."""
    contact = await load(work, Contact, contact_id, Action.CHANGE)
    return await work.change(contact, ContactChanged, telegram_id=telegram_id)


async def answer_client(work: Work, message_id: int, text: str) -> Message:
    """Answer a client in the chat they wrote in, and mark what they wrote as answered.

    :raises NotFound: no such message within the actor's reach
    """
    asked = await load(work, Message, message_id, Action.CHANGE)
    if asked.channel != "telegram":
        raise NotFound(ref=f"message {message_id}")
    sent = await work.create(
        Message,
        MessageSent,
        channel=asked.channel,
        chat_id=asked.chat_id,
        direction="out",
        text=text,
        answered=True,
        owner_id=asked.owner_id,
        contact_id=asked.contact_id,
        lead_id=asked.lead_id,
        deal_id=asked.deal_id,
    )
    for waiting in await Message.filter(channel=asked.channel, chat_id=asked.chat_id, direction="in", answered=False):
        await work.change(waiting, MessageAnswered, answered=True)
    await work.send(
        int(asked.chat_id),
        "sendMessage",
        {"chat_id": int(asked.chat_id), "text": text},
        lane=Lane.REPLY,
        audience="client",
        user_id=work.actor.id,
        about=("message", sent.id),
    )
    return sent


async def delivery_unsure(work: Work, outbox_id: int) -> None:
    """Ask whoever answered a client whether the answer arrived, after a crash in the middle of sending."""
    row = await db.fetch_one("SELECT user_id, record_id FROM outbox WHERE id = ?", outbox_id)
    person = await person_by_id(work.prefs, row["user_id"]) if row and row["user_id"] else None
    if row and person:
        await work.tell(
            person.id,
            person.telegram_id,
            "delivery_unsure",
            key=f"unsure:{outbox_id}",
            message_id=row["record_id"],
            outbox_id=outbox_id,
        )


async def resend(work: Work, outbox_id: int) -> None:
    """Send again what may not have arrived.

    :raises NotFound: it is none of the actor's messages in doubt
    """
    taken = await db.execute(
        "UPDATE outbox SET state = 'waiting', lease_until = NULL, not_before = ? "
        "WHERE id = ? AND state IN ('unsure', 'failed') AND user_id = ?",
        work.now,
        outbox_id,
        work.actor.id,
    )
    if not taken:
        raise NotFound(ref=f"message {outbox_id}")
    work.outbox_ids.append(outbox_id)


async def tell_person(work: Work, user_id: int, notice: str, **args: Any) -> int | None:
    """Tell a colleague something; None where they have no chat with the bot."""
    person = await person_by_id(work.prefs, user_id)
    return await work.tell(user_id, person.telegram_id, notice, lane=Lane.REMINDER, **args) if person else None
