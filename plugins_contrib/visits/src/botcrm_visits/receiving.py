"""Places that people share: only one's own live location counts, and only fresh."""

from datetime import UTC, datetime, timedelta

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.types import Message

from botcrm import Chat, Screen
from botcrm_visits.geo import Position, Where
from botcrm_visits.screens import ended_screen, how_to_share, located_screen
from botcrm_visits.tables import Visit
from botcrm_visits.visiting import FRESH, doubt, end, follow, open_visit, see

# What Telegram sends for a location that is shared until it is stopped.
_FOR_EVER = 0x7FFFFFFF


async def has_place(message: Message) -> bool:
    """Tell whether a message carries a place."""
    return message.location is not None


def _moment(message: Message) -> datetime:
    """Return when Telegram took this state of the message in."""
    if message.edit_date:
        return datetime.fromtimestamp(message.edit_date, UTC)
    return message.date.astimezone(UTC)


def _is_fresh(message: Message, chat: Chat) -> bool:
    return abs(chat.work.now - _moment(message)) <= FRESH


def _is_own(message: Message) -> bool:
    """Tell whether somebody shares it themselves: not forwarded, and not put there by another bot."""
    return message.forward_origin is None and message.via_bot is None


def _position(message: Message) -> Position:
    place = message.location
    assert place is not None
    return Position(_moment(message), place.latitude, place.longitude, place.horizontal_accuracy or 0.0)


async def take_place(message: Message, chat: Chat) -> None:
    """Take a place that was sent while somebody is checked in; without that it is the product's."""
    visit = await open_visit(chat.user_id)
    if visit is None:
        raise SkipHandler
    assert message.location is not None
    t, period = chat.words.t, message.location.live_period
    if not _is_own(message):
        await _doubted(chat, visit, "forwarded", t("A forwarded place does not count."))
    elif not period or message.venue is not None:
        await _doubted(chat, visit, "pin", t("A pin does not count: it can be put anywhere."))
    elif not _is_fresh(message, chat):
        await _doubted(chat, visit, "old", t("This place was sent too long ago."))
    else:
        until = None if period == _FOR_EVER else message.date.astimezone(UTC) + timedelta(seconds=period)
        await follow(visit, message.message_id, until)
        await _seen(chat, visit, message, first=True)


async def _doubted(chat: Chat, visit: Visit, why: str, text: str) -> None:
    if not visit.inside:
        await doubt(visit, why)
    await chat.reply(Screen(f"✋ {text} {how_to_share(chat.words)}"))


async def take_move(message: Message, chat: Chat) -> None:
    """Take a place in that changed, or is no longer shared."""
    visit = await open_visit(chat.user_id)
    if visit is None:
        raise SkipHandler
    assert message.location is not None
    period = message.location.live_period
    if not _is_own(message):
        return
    if period:
        if not _is_fresh(message, chat):
            if not visit.inside:
                await doubt(visit, "old")
            return
        if visit.message_id is None:
            until = None if period == _FOR_EVER else message.date.astimezone(UTC) + timedelta(seconds=period)
            await follow(visit, message.message_id, until)
        await _seen(chat, visit, message, first=False)
    elif message.message_id == visit.message_id and visit.inside:
        found = await see(chat.work, visit, _position(message), chat.plugin.settings)
        await _ended(chat, visit, message, "left" if found is Where.OUTSIDE else "stopped")


async def _seen(chat: Chat, visit: Visit, message: Message, *, first: bool) -> None:
    known = visit.latitude is not None
    found = await see(chat.work, visit, _position(message), chat.plugin.settings)
    if found is Where.OUTSIDE:
        await _ended(chat, visit, message, "left")
    elif visit.latitude is None:
        if first:
            text = chat.words.t("The place is too vague now; I wait for a better one. Step outside for a moment.")
            await chat.reply(f"📍 {text}")
    elif not known or first:
        await chat.reply(located_screen(chat.words, visit, chat.plugin.settings))


async def _ended(chat: Chat, visit: Visit, message: Message, how: str) -> None:
    await end(chat.work, visit, max(_moment(message), visit.began_at), how)
    await chat.reply(ended_screen(chat.words, visit))


def make_router() -> Router:
    """Return a router for both."""
    router = Router(name="visits")
    router.message.register(take_place, has_place)
    router.edited_message.register(take_move, has_place)
    return router
