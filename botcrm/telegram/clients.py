"""What somebody who is none of the staff does: they write, change what they wrote, or come by a link that says from where."""

import re
from typing import Any

from aiogram.types import Message

from botcrm.core.domain.messages import Incoming, IncomingFile
from botcrm.core.models import Draft
from botcrm.core.models import Message as Kept
from botcrm.core.services.clients.inbound import TELEGRAM, edit_message, receive_message
from botcrm.core.services.work import Work
from botcrm.telegram.offers import file_in
from botcrm.telegram.screens.texts import client_greeting
from botcrm.words import Words

# What Telegram lets a deep link carry.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_START = "start"


def start_token(message: Message) -> str:
    """Return what the link brought along that somebody pressed Start on; empty where it was none."""
    verb, _, rest = (message.text or "").partition(" ")
    token = rest.strip()
    return token if verb == "/start" and _TOKEN.fullmatch(token) else ""


async def wrote(work: Work, words: Words, message: Message, raw: dict[str, Any]) -> str:
    """Keep what a client wrote, or where they come from; return what to answer, empty for nothing.

    A link's token waits for the first message, which makes a lead with that source.
    """
    assert message.from_user is not None
    token = start_token(message)
    if token:
        await _forget_source(message.chat.id)
        await Draft.create(user_id=0, chat_id=message.chat.id, kind=_START, data={"source": token}, created_at=work.now)
    if token or (message.text or "").strip() == "/start":
        return words.t("Hello! Write here what you need, and we will answer.")
    chat_id = str(message.chat.id)
    known = await Kept.filter(channel=TELEGRAM, chat_id=chat_id).exists()
    waiting = await Draft.filter(user_id=0, chat_id=message.chat.id, kind=_START).first()
    shared = message.contact
    # A number is the sender's own only where Telegram says so; anybody can pass on anybody's.
    own = shared is not None and shared.user_id == message.from_user.id
    file = file_in(raw)
    incoming = Incoming(
        address=chat_id,
        text=message.text or message.caption or _shared_text(message, words),
        external_id=str(message.message_id),
        name=message.from_user.full_name,
        phone=f"+{shared.phone_number.lstrip('+')}" if shared and own else None,
        source=str(waiting.data["source"]) if waiting else "",
        file=IncomingFile(**file) if file else None,
        telegram_id=message.from_user.id,
    )
    kept = await receive_message(work, TELEGRAM, incoming)
    await _forget_source(message.chat.id)
    return client_greeting(words) if kept and not known else ""


async def edited(work: Work, words: Words, message: Message, raw: dict[str, Any]) -> str:
    """Keep what a client made of a message of theirs; one that was never kept is taken as new. Returns what to answer."""
    if message.text is None and message.caption is None and file_in(raw) is None:
        return ""  # a live location moves
    text = message.text or message.caption or ""
    if await edit_message(work, TELEGRAM, str(message.chat.id), str(message.message_id), text):
        return ""
    return await wrote(work, words, message, raw)


async def _forget_source(chat_id: int) -> None:
    await Draft.filter(user_id=0, chat_id=chat_id, kind=_START).delete()


def _shared_text(message: Message, words: Words) -> str:
    """Write down what a client sent instead of words."""
    if message.contact:
        return f"{message.contact.first_name} {message.contact.last_name or ''} {message.contact.phone_number}".strip()
    if message.location:
        return f"https://maps.google.com/?q={message.location.latitude:.6f},{message.location.longitude:.6f}"
    if message.sticker:
        return message.sticker.emoji or words.t("(a sticker)")
    return ""
