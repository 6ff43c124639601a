"""Chats and their members, and the topics of forums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import bad_request
from botcrm.simulator.methods.table import find_chat

if TYPE_CHECKING:
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot, Chat
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

TOPIC_NAME_LIMIT = 128


def get_chat(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Describe a chat in full."""
    chat = find_chat(telegram, bot, params)
    body = chat.json() | {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False, "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }  # fmt: skip
    if chat.pinned and chat.pinned[-1] in chat.messages:
        body["pinned_message"] = chat.messages[chat.pinned[-1]].data
    return body


def _member(telegram: Telegram, chat: Chat, user_id: int | None) -> dict[str, Any]:
    bot = telegram.bots.get(user_id or 0)
    if bot is not None and (bot is chat.bot or bot in chat.bots):
        return {"user": bot.user(), "status": "member"}
    person = telegram.people.get(user_id or 0)
    if person is None:
        raise bad_request("invalid user_id specified" if not user_id else "user not found")
    if person is chat.person:
        return {"user": person.user(), "status": "member"}
    if person.id not in chat.members:
        return {"user": person.user(), "status": "left"}
    is_owner = next(iter(chat.members)) == person.id
    if is_owner:
        return {"user": person.user(), "status": "creator", "is_anonymous": False}
    return {"user": person.user(), "status": "member"}


def get_chat_member(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Describe one member; the first member of a group is its owner."""
    return _member(telegram, find_chat(telegram, bot, params), params.integer("user_id"))


def get_chat_member_count(telegram: Telegram, bot: Bot, params: Params) -> int:
    """Count people and bots of a chat."""
    chat = find_chat(telegram, bot, params)
    return 2 if chat.is_private else len(chat.members) + len(chat.bots)


def get_chat_administrators(telegram: Telegram, bot: Bot, params: Params) -> list[dict[str, Any]]:
    """List the owner of a group."""
    chat = find_chat(telegram, bot, params)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    return [_member(telegram, chat, user_id) for user_id in list(chat.members)[:1]]


def leave_chat(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Leave a group."""
    chat = find_chat(telegram, bot, params)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.bots.remove(bot)
    return True


def _forum(telegram: Telegram, bot: Bot, params: Params) -> Chat:
    chat = find_chat(telegram, bot, params)
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    return chat


def _topic_name(params: Params) -> str:
    name = (params.text("name") or "").strip()
    if not 1 <= len(name) <= TOPIC_NAME_LIMIT:
        raise bad_request("topic title is too long" if name else "topic title must be non-empty")
    return name


def create_forum_topic(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Open a topic; its id is that of the service message which opens it."""
    chat, name = _forum(telegram, bot, params), _topic_name(params)
    telegram.spend(bot, chat)
    topic = {"name": name, "icon_color": params.integer("icon_color") or 7322096}
    message = telegram.post(chat, bot.user(), {"forum_topic_created": topic, "is_topic_message": True})
    telegram.revise(message, message.data | {"message_thread_id": message.id})
    chat.topics[message.id] = name
    return {"message_thread_id": message.id} | topic


def _topic(chat: Chat, params: Params) -> int:
    topic = params.integer("message_thread_id")
    if topic is None or topic not in chat.topics:
        raise bad_request("TOPIC_ID_INVALID")
    return topic


def edit_forum_topic(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Rename a topic."""
    chat = _forum(telegram, bot, params)
    topic = _topic(chat, params)
    name = _topic_name(params)
    if chat.topics[topic] == name:
        raise bad_request("TOPIC_NOT_MODIFIED")
    chat.topics[topic] = name
    return True


def delete_forum_topic(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Delete a topic with its messages."""
    chat = _forum(telegram, bot, params)
    topic = _topic(chat, params)
    del chat.topics[topic]
    for message in [one for one in chat.messages.values() if one.data.get("message_thread_id") == topic]:
        telegram.remove(message)
    return True


METHODS: dict[str, Handler] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatMemberCount": get_chat_member_count,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "deleteForumTopic": delete_forum_topic,
}
