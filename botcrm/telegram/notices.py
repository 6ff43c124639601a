"""Wording what the core and the jobs tell people, in the reader's language, zone and rights, at the moment it is sent."""

from collections.abc import Awaitable, Callable
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import LETTERS, Entity
from botcrm.core.models import Message, Note
from botcrm.core.services.access import load, load_any
from botcrm.core.services.cards import activity_card
from botcrm.core.services.home import home, team
from botcrm.core.services.people import person_by_id
from botcrm.core.services.work import Work
from botcrm.telegram.screens import notices
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.cards import Kinds
from botcrm.words import Words

Args = dict[str, Any]


async def _due(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return notices.reminder_screen(words, kinds, card, early=args["early"], minutes_late=args.get("minutes_late", 0))


async def _overdue(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    if card.activity.status != "planned":
        return None
    return notices.overdue_screen(words, kinds, card, await _name(work, args["user_id"]))


async def _name(work: Work, user_id: int) -> str:
    person = await person_by_id(work.prefs, user_id)
    return person.name if person else "?"


async def _digest(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return notices.digest_screen(words, kinds, await home(work, size=6), await team(work), work.actor.name)


async def _client(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    message = await load(work, Message, args["message_id"])
    entity, record_id = ("contact", message.contact_id) if message.contact_id else ("lead", message.lead_id)
    row = await db.fetch_one("SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", entity, record_id or 0)
    name = row["name"] if row else words.t("A client")
    return notices.client_screen(words, message, name, args.get("file_id"))


async def _unsure(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    return notices.unsure_screen(words, await load(work, Message, args["message_id"]), args["outbox_id"])


async def _asked(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    return notices.asked_screen(words, card, await _name(work, args["by"]), args["by"])


async def _answered(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    card = await activity_card(work, args["activity_id"])
    return notices.answered_screen(words, card, await load(work, Note, args["note_id"]), await _name(work, args["by"]))


async def _handed(work: Work, words: Words, kinds: Kinds, args: Args) -> Screen | None:
    record = await load_any(work, args["entity"], args["record_id"])
    row = await db.fetch_one(
        "SELECT name FROM search_entry WHERE entity = ? AND record_id = ?", args["entity"], record.id
    )
    name = str(row["name"] if row else getattr(record, "title", "") or words.t(args["entity"]))
    ref = f"{LETTERS[Entity(args['entity'])]}{record.id}"
    return notices.handed_screen(words, name, ref, await _name(work, args["by"]), (args["entity"], record.id))


_NOTICES: dict[str, Callable[[Work, Words, Kinds, Args], Awaitable[Screen | None]]] = {
    "activity_due": _due,
    "activity_overdue": _overdue,
    "digest": _digest,
    "client_message": _client,
    "delivery_unsure": _unsure,
    "asked": _asked,
    "answered": _answered,
    "handed_over": _handed,
}


async def word(work: Work, kinds: Kinds, notice: str, args: Args) -> Screen | None:
    """Return a notice as its reader sees it; None when it is of no use any more or not theirs to see.

    :param work: in the hands of the reader
    """
    words = Words(work.prefs, work.now)
    if notice not in _NOTICES:
        return notices.alarm_screen(words, notice, args)
    try:
        return await _NOTICES[notice](work, words, kinds, args)
    except NotFound:
        return None
