"""vCard files and contacts that somebody of the staff sends or forwards to the bot."""

from typing import Any

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import Message

from botcrm import Chat, bold, clip
from botcrm_vcard.cards import Card
from botcrm_vcard.importing import READ
from botcrm_vcard.reading import read_cards
from botcrm_vcard.taking import summary, take

_TYPES = ("text/vcard", "text/x-vcard", "text/directory")
_ENDINGS = (".vcf", ".vcard")


async def is_vcard_file(message: Message) -> bool:
    """Tell whether a message carries a vCard file."""
    file = message.document
    return file is not None and (
        (file.mime_type or "").lower() in _TYPES or (file.file_name or "").lower().endswith(_ENDINGS)
    )


async def has_vcard(message: Message) -> bool:
    """Tell whether a message carries a contact with a vCard."""
    return message.contact is not None and bool(message.contact.vcard)


async def take_file(message: Message, chat: Chat) -> None:
    """Have a file fetched and taken in by a job; a download takes longer than a transaction may."""
    assert message.document is not None
    file, t = message.document, chat.words.t
    name = bold(clip(file.file_name or "vCard", 60))
    most = chat.plugin.settings.most_megabytes
    if (file.file_size or 0) > most * 1_000_000:
        await chat.reply("✋ " + t("{name} is larger than {n} MB: send it in parts.", name=name, n=most))
        return
    await chat.work.plan_job(
        READ,
        f"{READ}:{chat.work.id}",
        chat.work.now,
        file_id=file.file_id,
        name=file.file_name or "vCard",
        user_id=chat.user_id,
        work_id=chat.work.id,
        attempt=1,
    )
    await chat.reply("👥 " + t("Reading {name} …", name=name))


async def take_contact(message: Message, chat: Chat) -> None:
    """Take a contact in whose vCard says more than its name and number; another one the product takes itself."""
    assert message.contact is not None
    shared = message.contact
    card = _with_shared(next(read_cards((shared.vcard or "").encode()), Card()), shared)
    if not (card.company or card.emails or card.more or len(card.phones) > 1):
        raise SkipHandler
    taken = await take(chat.work, card, telegram_id=shared.user_id)
    await chat.work.flush()
    head = "👥 " + bold(clip(card.called, 60))
    known = 1 if taken.done == "known" else 0
    await chat.reply(await summary(chat.work, chat.words, chat.work.id, head=head, known=known, left=0, beyond=0))


def _with_shared(card: Card, shared: Any) -> Card:
    """Fill in what the contact itself says, where its vCard does not."""
    name = " ".join(filter(None, (shared.first_name, shared.last_name)))
    number = str(shared.phone_number or "")
    digits = {"".join(filter(str.isdigit, phone)) for phone in card.phones}
    fresh = (number,) if number and "".join(filter(str.isdigit, number)) not in digits else ()
    return Card(card.name or name, card.company, (*card.phones, *fresh), card.emails, card.more)


def make_router() -> Router:
    """Return a router for both."""
    router = Router(name="vcard")
    router.message.register(take_file, is_vcard_file)
    router.message.register(take_contact, has_vcard)
    return router
