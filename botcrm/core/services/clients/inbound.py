"""Clients write: recognise who it is, keep the message, tell the person responsible; and answer them."""

import logging
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyDone, CrmError, NotFound
from botcrm.core.domain.events import (
    ClientTaken,
    ContactChanged,
    FileAdded,
    FileChanged,
    LeadChanged,
    MessageAnswered,
    MessageEdited,
    MessageReceived,
    MessageSent,
)
from botcrm.core.domain.kinds import Action, Lane
from botcrm.core.domain.messages import Incoming, lane_number, short_key
from botcrm.core.models import Activity, Contact, File, Lead, Message, Record
from botcrm.core.services.access import load
from botcrm.core.services.activities import add_note
from botcrm.core.services.clients.incoming import settle_for, settle_messages
from botcrm.core.services.clients.recognition import reachable, recognise
from botcrm.core.services.records import add_lead
from botcrm.core.services.staff.people import front_desk, person_by_id, system
from botcrm.core.services.work import Work

log = logging.getLogger(__name__)

TELEGRAM = "telegram"


class TakenOver(CrmError):
    """Somebody else has taken the client meanwhile."""

    message = "{who} answers this client already."


class NoWayBack(CrmError):
    """What a client came by carries no answers."""

    message = "Nobody can be answered over “{channel}”. Call them, or write to their e-mail address."


async def receive_message(work: Work, channel: str, incoming: Incoming, *, answerable: bool = True) -> int | None:
    """Keep a client's message, with the lead it makes where nobody knows the sender, and tell whoever is responsible.

    The responsible person is the contact's or lead's owner. A new lead goes to whom a plugin chooses, else to the first
    administrator. Without an administrator the message is nobody's: the managers hear of it, else everybody, and who
    answers first takes it. It is the system that does all this, whoever hands the message over.

    :param answerable: whether the channel carries answers; what comes without a way back waits for somebody to deal with it
    :returns: the message's id; None for one that was here before, and for one that a plugin blocks
    """
    work = work.acting_as(system(work.company))
    chat_id, external_id = short_key(incoming.address), short_key(incoming.external_id)
    # The same message may arrive twice at once, and a new sender must become one lead: each address takes its turn.
    await db.alone(f"message:{channel}:{chat_id}")
    if external_id and await _is_kept(channel, chat_id, external_id):
        return None
    blocked = await work.hooks.first(work, "message_blocked", channel=channel, incoming=incoming)
    if blocked is not None:
        log.info("a message over %s was blocked: %s", channel, blocked)
        return None
    contact, lead = await recognise(work, channel, incoming)
    if contact:
        await _learn_account(work, contact, incoming)
    elif lead:
        known = {name: value for name, value in reachable(work, incoming).items() if getattr(lead, name) is None}
        lead = await work.change(lead, LeadChanged, **known)
    else:
        lead = await _new_lead(work, channel, incoming)
    deal_id = await _open_deal(contact) if contact else None
    owner_id, targets = await _responsible(work, contact or lead)
    message = await work.create(
        Message,
        MessageReceived,
        channel=channel,
        chat_id=chat_id,
        address=incoming.address if incoming.address != chat_id else None,
        external_id=external_id,
        direction="in",
        text=incoming.text,
        answerable=answerable,
        owner_id=owner_id,
        contact_id=contact.id if contact else None,
        lead_id=lead.id if lead else None,
        deal_id=deal_id,
    )
    kept: dict[str, Any] = {}
    if incoming.file:
        kept["file_id"] = (await _keep_file(work, message, incoming)).id
    await _tell(work, targets, "client_message", message, **kept)
    return message.id


async def _is_kept(channel: str, chat_id: str, external_id: str) -> bool:
    sql = (
        "SELECT 1 AS y FROM message WHERE channel = ? AND external_id = ? AND chat_id = ? AND direction = 'in' LIMIT 1"
    )
    return bool(await db.fetch_one(sql, channel, external_id, chat_id))


async def _learn_account(work: Work, contact: Contact, incoming: Incoming) -> None:
    """Remember the Telegram account of a contact who proved it is theirs, by their own phone number."""
    if incoming.telegram_id and contact.telegram_id is None:
        await work.change(contact, ContactChanged, telegram_id=incoming.telegram_id)


async def _new_lead(work: Work, channel: str, incoming: Incoming) -> Lead:
    marks = reachable(work, incoming)
    name = " ".join(incoming.name.split())
    lead = await add_lead(
        work,
        name or incoming.company.strip() or str(marks.get("phone") or marks.get("email") or incoming.address),
        name=name,
        company_name=" ".join(incoming.company.split()),
        source=incoming.source or channel,
        or_owner_id=(await front_desk())[0],
        **marks,
    )
    unread = [text for key, text in (("phone", incoming.phone), ("email", incoming.email)) if text and key not in marks]
    if unread:
        await add_note(work, "\n".join(unread), lead_id=lead.id)
    return lead


async def _open_deal(contact: Contact) -> int | None:
    row = await db.fetch_one(
        "SELECT id FROM deal WHERE contact_id = ? AND status = 'open' AND deleted_at IS NULL ORDER BY id DESC LIMIT 1",
        contact.id,
    )
    return int(row["id"]) if row else None


async def _keep_file(work: Work, message: Message, incoming: Incoming) -> File:
    file = incoming.file
    assert file is not None
    return await work.create(
        File,
        FileAdded,
        kind=file.kind,
        file_id=file.file_id,
        name=file.name[:300],
        mime=file.mime[:100],
        size=file.size,
        channel=None if file.file_id else message.channel,
        url=None if file.file_id else file.url,
        caption=message.text,
        owner_id=message.owner_id,
        contact_id=message.contact_id,
        lead_id=message.lead_id,
        deal_id=message.deal_id,
    )


async def edit_message(work: Work, channel: str, chat_id: str, external_id: str, text: str) -> Message | None:
    """Keep a message's new words after its client changed it, and tell the person responsible, once for each change.

    The file of a caption gets the new words too.

    :returns: None where no such message was kept
    """
    message = (
        await Message.filter(
            channel=channel,
            chat_id=short_key(chat_id),
            external_id=short_key(external_id),
            direction="in",
            deleted_at=None,
        )
        .order_by("-id")
        .first()
    )
    if message is None or message.text == text:
        return message
    before = message.text
    message = await work.change(message, MessageEdited, text=text)
    file_id = await file_with(message)
    if file_id:
        await work.change(await File.get(id=file_id), FileChanged, caption=text)
    about: Record | None = None
    if message.contact_id:
        about = await Contact.filter(id=message.contact_id).first()
    elif message.lead_id:
        about = await Lead.filter(id=message.lead_id).first()
    await _tell(work, (await _responsible(work, about))[1], "client_edited", message, before=before)
    return message


async def receive_edit(work: Work, channel: str, incoming: Incoming, *, answerable: bool = True) -> int | None:
    """Keep what a client made of a message of theirs, known by its address and id; one that was never kept is taken as new.

    :returns: the message's id; None for a new one that a plugin blocks
    """
    work = work.acting_as(system(work.company))
    # It may overtake the message that it changes.
    await db.alone(f"message:{channel}:{short_key(incoming.address)}")
    if incoming.external_id:
        message = await edit_message(work, channel, incoming.address, incoming.external_id, incoming.text)
        if message is not None:
            return message.id
    return await receive_message(work, channel, incoming, answerable=answerable)


async def file_with(message: Message) -> int | None:
    """Return the id of the file that came with a client's message."""
    row = await db.fetch_one(
        "SELECT record_id FROM event WHERE type = 'FileAdded' AND work_id = "
        "(SELECT work_id FROM event WHERE type = 'MessageReceived' AND entity = 'message' AND record_id = ?)",
        message.id,
    )
    return int(row["record_id"]) if row else None


_People = list[tuple[int, int]]


async def _responsible(work: Work, about: Record | None) -> tuple[int | None, _People]:
    """Return whose a client's message is, and whom to tell as (user id, chat id)."""
    owner_id = getattr(about, "owner_id", None)
    person = await person_by_id(work.prefs, owner_id) if owner_id else None
    if person and person.telegram_id:
        return person.id, [(person.id, person.telegram_id)]
    first, desk = await front_desk()
    return (person.id if person and first else first), desk


async def _tell(work: Work, targets: _People, notice: str, message: Message, **args: Any) -> None:
    for user_id, chat_id in targets:
        await work.tell(user_id, chat_id, notice, about=("message", message.id), message_id=message.id, **args)


async def link_telegram(work: Work, contact_id: int, telegram_id: int) -> Contact:
    """Remember the Telegram account of a contact."""
    contact = await load(work, Contact, contact_id, Action.CHANGE)
    return await work.change(contact, ContactChanged, telegram_id=telegram_id)


# --- answering ---------------------------------------------------------------------------------------------------------


async def client_message(work: Work, message_id: int, action: Action = Action.READ) -> Message:
    """Return a message within the actor's reach, or one that is nobody's yet and waits for the actor among others.

    :raises TakenOver: the actor was told of it, and somebody else was quicker
    :raises NotFound: there is none for the actor
    """
    message = await Message.filter(id=message_id, deleted_at=None).first() if 0 < message_id < 2**31 else None
    if message and message.owner_id is None:
        _, desk = await front_desk()
        if work.actor.id in {user_id for user_id, _ in desk}:
            return message
    try:
        return await load(work, Message, message_id, action)
    except NotFound:
        if message and message.owner_id and await _was_told(work, message_id):
            owner = await person_by_id(work.prefs, message.owner_id)
            raise TakenOver(who=owner.name if owner else "?") from None
        raise


async def _was_told(work: Work, message_id: int) -> bool:
    sql = "SELECT 1 AS y FROM outbox WHERE chat_id = ? AND user_id = ? AND notice = 'client_message' AND record_id = ?"
    return bool(await db.fetch_one(sql, work.actor.telegram_id or 0, work.actor.id, message_id))


async def take_client(work: Work, message_id: int) -> Message:
    """Make the actor responsible for a client who is nobody's yet; one who is somebody's stays as they are.

    The contact or lead goes along, and all that this client wrote and nobody answers for.

    :raises TakenOver: somebody else was quicker
    :raises NotFound: no such message for the actor
    """
    message = await client_message(work, message_id, Action.CHANGE)
    if message.owner_id is not None:
        return message
    waiting = Message.filter(channel=message.channel, chat_id=message.chat_id, owner_id=None, deleted_at=None)
    taken: list[Record] = list(await waiting.order_by("id"))
    about: Contact | Lead | None = None
    if message.contact_id:
        about = await Contact.filter(id=message.contact_id, deleted_at=None).first()
        taken += await _nobodys(contact_id=message.contact_id)
    elif message.lead_id:
        about = await Lead.filter(id=message.lead_id, deleted_at=None).first()
        taken += await _nobodys(lead_id=message.lead_id)
    if about and not (about.owner_id and await person_by_id(work.prefs, about.owner_id)):
        taken.append(about)
    for record in taken:
        await work.change(record, ClientTaken, owner_id=work.actor.id)
    return await load(work, Message, message_id)


async def _nobodys(**about: int) -> list[Record]:
    """Return the files of a client and what is planned for them that belong to nobody yet."""
    files = await File.filter(**about, owner_id=None, deleted_at=None)
    return [*files, *await Activity.filter(**about, owner_id=None, status="planned", deleted_at=None)]


async def answer_client(work: Work, message_id: int, text: str) -> Message:
    """Answer a client where they wrote, and mark what they wrote as answered; nobody's client is the actor's then.

    :raises NotFound: no such message within the actor's reach
    :raises TakenOver: somebody else has taken the client meanwhile
    :raises NoWayBack: the channel carries no answers
    """
    asked = await client_message(work, message_id, Action.CHANGE)
    if not asked.answerable:
        raise NoWayBack(channel=asked.channel)
    asked = await take_client(work, message_id)
    sent = await write_back(work, asked, text, asked.deal_id, Lane.REPLY)
    for waiting in await Message.filter(channel=asked.channel, chat_id=asked.chat_id, direction="in", answered=False):
        await work.change(waiting, MessageAnswered, answered=True)
    links = {"contact": asked.contact_id, "lead": asked.lead_id, "deal": asked.deal_id}
    await settle_for(work, links, work.now)
    return sent


async def deal_with(work: Work, message_id: int) -> Message:
    """Mark a client's message, and what else came from there, as dealt with, without an answer; nobody's client is the actor's then.

    :raises NotFound: no such message within the actor's reach
    :raises TakenOver: somebody else has taken the client meanwhile
    """
    message = await take_client(work, message_id)
    if not await settle_messages(work, message):
        raise AlreadyDone(title=message.text[:60], status="dealt with")
    return message


async def write_back(work: Work, asked: Message, text: str, deal_id: int | None, lane: Lane) -> Message:
    """Write a message down and send it where a client's own came from."""
    sent = await work.create(
        Message,
        MessageSent,
        channel=asked.channel,
        chat_id=asked.chat_id,
        address=asked.address,
        direction="out",
        text=text,
        answered=True,
        owner_id=asked.owner_id,
        contact_id=asked.contact_id,
        lead_id=asked.lead_id,
        deal_id=deal_id,
    )
    chat, method, payload = sending(sent)
    about = ("message", sent.id)
    await work.send(chat, method, payload, lane=lane, audience="client", user_id=work.actor.id, about=about)
    return sent


def sending(sent: Message) -> tuple[int, str, dict[str, Any]]:
    """Return what sends a message: the chat it is kept in order by, the method and its arguments."""
    if sent.channel == TELEGRAM:
        chat_id = int(sent.chat_id)
        return chat_id, "sendMessage", {"chat_id": chat_id, "text": sent.text}
    address = sent.address or sent.chat_id
    arguments = {"address": address, "text": sent.text, "message_id": sent.id}
    return lane_number(sent.channel, address), f"channel:{sent.channel}", arguments


async def tell_person(work: Work, user_id: int, notice: str, **args: Any) -> int | None:
    """Tell a colleague something; None where they have no chat with the bot."""
    person = await person_by_id(work.prefs, user_id)
    return await work.tell(user_id, person.telegram_id, notice, lane=Lane.REMINDER, **args) if person else None
