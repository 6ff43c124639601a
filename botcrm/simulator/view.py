"""What the page and scripts see: chats, messages and changes as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botcrm.simulator.answers import Press

if TYPE_CHECKING:
    from botcrm.simulator.model import Bot, Chat, Message
    from botcrm.simulator.people import Person
    from botcrm.simulator.telegram import Change, Telegram

_FILE_KINDS = ("document", "voice", "audio", "video", "animation", "sticker")


def person_json(person: Person) -> dict[str, Any]:
    """Describe a person with the role shown on the page."""
    return person.user() | {"role": person.role}


def bot_json(bot: Bot | None) -> dict[str, Any] | None:
    """Describe a bot without its token."""
    if bot is None:
        return None
    return bot.user() | {
        "description": bot.descriptions.get(("description", ""), ""),
        "connected": bot.queue.polled or bot.sender is not None,
    }


def message_json(telegram: Telegram, message: Message) -> dict[str, Any]:
    """Describe a message with ``out`` (sent by the person), ``reactions`` and, for files, ``file_url``."""
    body = dict(message.data) | {"out": not message.from_bot}
    reactions: dict[str, dict[str, Any]] = {}
    for user_id, emojis in message.reactions.items():
        for emoji in emojis:
            one = reactions.setdefault(emoji, {"emoji": emoji, "count": 0, "mine": False})
            one["count"] += 1
            one["mine"] = one["mine"] or user_id == message.chat.id
    body["reactions"] = list(reactions.values())
    for size in body.get("photo", [])[-1:]:
        body["file_url"] = _url(telegram, size["file_id"])
    for kind in _FILE_KINDS:
        if kind in body:
            body["file_url"] = _url(telegram, body[kind]["file_id"])
    return body


def _url(telegram: Telegram, file_id: str) -> str:
    stored = telegram.files.known(file_id)
    return f"/sim/file/{stored.path}" if stored else ""


def chat_json(telegram: Telegram, chat: Chat, *, messages: int = 300) -> dict[str, Any]:
    """Describe a private chat with its newest messages."""
    bot, person = chat.bot, chat.person
    if bot is None or person is None:
        raise LookupError("not a private chat")
    shown = list(chat.messages.values())[-messages:]
    return state_json(telegram, chat) | {
        "person": person_json(person),
        "bot": bot_json(bot),
        "messages": [message_json(telegram, message) for message in shown],
    }


def state_json(telegram: Telegram, chat: Chat) -> dict[str, Any]:
    """Describe what surrounds the messages of a private chat: keyboard, commands, marks."""
    bot, person = chat.bot, chat.person
    if bot is None or person is None:
        raise LookupError("not a private chat")
    action, until = chat.action
    return {
        "keyboard": chat.keyboard,
        "commands": telegram.commands_for(bot, person),
        "menu_button": bot.menu_buttons.get(chat.id) or bot.menu_buttons.get(0) or {"type": "default"},
        "started": chat.started,
        "blocked": chat.blocked,
        "pinned": chat.pinned,
        "read_to": chat.read_to,
        "action": action if until > telegram.now() else "",
    }


def change_json(telegram: Telegram, change: Change) -> dict[str, Any] | None:
    """Describe a change for the stream; None for one that no page shows."""
    body: dict[str, Any] = {"kind": change.kind}
    chat, message = change.chat, change.message
    if chat is None:
        return body
    if chat.person is None or chat.bot is None:
        return None
    body |= {"person": chat.id, "bot": chat.bot.id}
    if change.kind in ("message", "edit") and message is not None:
        return body | {"message": message_json(telegram, message)}
    if change.kind == "delete" and message is not None:
        return body | {"message_id": message.id}
    if change.kind == "answer" and isinstance(change.detail, Press) and message is not None:
        return body | {"message_id": message.id, "press": change.detail.id, "answer": change.detail.answer}
    return body | {"state": state_json(telegram, chat)}
