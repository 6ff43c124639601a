"""The shape of a Bot API method and what many of them read from their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botcrm.simulator.entities import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    Entity,
    check_bounds,
    find_entities,
    read_entities,
    trim,
    units,
)
from botcrm.simulator.errors import ApiError, bad_request
from botcrm.simulator.html_text import parse_html
from botcrm.simulator.markdown_text import parse_markdown, parse_markdown_v2

if TYPE_CHECKING:
    from botcrm.simulator.model import Bot, Chat, Message
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

    Handler = Callable[[Telegram, Bot, Params], Any]
else:
    Handler = Callable[..., Any]

_PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}


def find_chat(telegram: Telegram, bot: Bot, params: Params, name: str = "chat_id") -> Chat:
    """Find the chat that a call is about.

    :raises ApiError: 400 ``chat_id is empty``, 400 ``chat not found``, 403 for a stranger or a foreign group
    """
    given = params.text(name)
    if not given:
        raise bad_request(f"{name} is empty")
    if given.startswith("@"):
        for group in telegram.groups.values():
            if group.username and group.username.lower() == given[1:].lower():
                return _entered(group, bot)
        raise bad_request("chat not found")
    chat_id = params.integer(name)
    if chat_id is None:
        raise bad_request("chat not found")
    chat = bot.chats.get(chat_id)
    if chat is not None and (chat.started or not chat.is_private):
        return _entered(chat, bot)
    if chat_id in telegram.groups:
        return _entered(telegram.groups[chat_id], bot)
    if chat_id in telegram.people:
        raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
    if chat_id in telegram.bots:
        raise ApiError(403, "Forbidden: bots can't send messages to bots")
    raise bad_request("chat not found")


def _entered(chat: Chat, bot: Bot) -> Chat:
    if not chat.is_private and bot not in chat.bots:
        raise ApiError(403, "Forbidden: bot is not a member of the supergroup chat")
    return chat


def find_message(chat: Chat, message_id: int | None, deed: str) -> Message:
    """Find a message of a chat.

    :raises ApiError: 400 ``message to <deed> not found``
    """
    if message_id is None:
        raise bad_request("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {deed} not found")
    return message


def _formatted(telegram: Telegram, text: str, mode: str | None, given: Any) -> tuple[str, list[Entity]]:
    if mode and mode.lower() != "none":
        if mode.lower() not in _PARSERS:
            raise bad_request("unsupported parse_mode")
        text, entities = _PARSERS[mode.lower()](text)
        entities = check_bounds(text, entities)
    else:
        entities = read_entities(text, given)
    text, entities = trim(text, entities)
    named = []
    for entity in find_entities(text, entities):
        if entity["type"] == "text_mention":
            user_id = entity.pop("user_id", None) or entity["user"].get("id")
            person = telegram.people.get(user_id)
            if person is None:
                continue  # Telegram drops mentions of users the bot cannot know
            entity["user"] = person.user()
        named.append(entity)
    return text, named


def read_text(telegram: Telegram, values: dict[str, Any] | Params) -> dict[str, Any]:
    """Read ``text`` with its formatting into message fields.

    :raises ApiError: 400 ``message text is empty``, ``message is too long``, ``can't parse entities: …``
    """
    if isinstance(values, dict):
        text, mode, given = values.get("message_text"), values.get("parse_mode"), values.get("entities")
    else:
        text, mode, given = values.text("text"), values.text("parse_mode"), values.json("entities", "message entities")
    if not text:
        raise bad_request("message text is empty")
    text, entities = _formatted(telegram, text, mode, given)
    if not text:
        raise bad_request("text must be non-empty")
    if units(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": text} | ({"entities": entities} if entities else {})


def read_caption(telegram: Telegram, text: Any, mode: Any, given: Any) -> dict[str, Any]:
    """Read a caption with its formatting into message fields; empty for none.

    :raises ApiError: 400 ``message caption is too long``, ``can't parse entities: …``
    """
    if not text:
        return {}
    text, entities = _formatted(telegram, str(text), mode, given)
    if units(text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return ({"caption": text} if text else {}) | ({"caption_entities": entities} if entities else {})


def caption_of(telegram: Telegram, params: Params) -> dict[str, Any]:
    """Read the caption arguments of a call."""
    given = params.json("caption_entities", "caption entities")
    return read_caption(telegram, params.text("caption"), params.text("parse_mode"), given)
