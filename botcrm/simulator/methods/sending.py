"""Messages that bots send: texts, places, contacts, copies and forwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import ApiError, bad_request
from botcrm.simulator.markup import read_markup
from botcrm.simulator.methods.table import caption_of, find_chat, find_message, read_text
from botcrm.simulator.model import CONTENT

if TYPE_CHECKING:
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot, Chat, Message
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip


def open_chat(telegram: Telegram, bot: Bot, params: Params) -> Chat:
    """Find a chat that the bot may write to now.

    :raises ApiError: 400, 403 blocked, 429
    """
    chat = find_chat(telegram, bot, params)
    if chat.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    telegram.spend(bot, chat)
    return chat


def deliver(telegram: Telegram, bot: Bot, params: Params, body: dict[str, Any], chat: Chat | None = None) -> Message:
    """Send a message with the arguments all messages share: reply, topic, reply markup.

    :raises ApiError: as ``open_chat``; 400 for a wrong reply or markup
    """
    markup = read_markup(params.json("reply_markup", "reply keyboard markup"))
    reply = params.json("reply_parameters", "reply parameters")
    reply_id = params.integer("reply_to_message_id")
    lenient = params.flag("allow_sending_without_reply")
    if isinstance(reply, dict):
        if not isinstance(reply.get("message_id"), int):
            raise bad_request('can\'t find field "message_id"')
        reply_id, lenient = reply["message_id"], bool(reply.get("allow_sending_without_reply"))
    if chat is None:
        chat = open_chat(telegram, bot, params)
    fields: dict[str, Any] = {}
    topic = params.integer("message_thread_id")
    if topic:
        if topic not in chat.topics:
            raise bad_request("message thread not found")
        fields |= {"message_thread_id": topic, "is_topic_message": True}
    if reply_id:
        replied = chat.messages.get(reply_id)
        if replied is None and not lenient:
            raise bad_request("message to be replied not found")
        if replied is not None:
            fields["reply_to_message"] = {
                name: value for name, value in replied.data.items() if name != "reply_to_message"
            }
    fields |= body
    if markup is not None and "inline_keyboard" in markup:
        fields["reply_markup"] = markup
    if params.flag("protect_content"):
        fields["has_protected_content"] = True
    chat.action = ("", 0.0)
    message = telegram.post(chat, bot.user(), fields)
    if markup is not None and "inline_keyboard" not in markup:
        chat.keyboard = markup if "keyboard" in markup else None
        telegram.changed("keyboard", chat)
    return message


def send_message(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Send a text."""
    body = read_text(telegram, params)
    options = params.json("link_preview_options")
    if isinstance(options, dict):
        body["link_preview_options"] = options
    return deliver(telegram, bot, params, body).data


def _place(params: Params) -> dict[str, Any]:
    latitude, longitude = params.number("latitude"), params.number("longitude")
    if latitude is None or longitude is None:
        raise bad_request("latitude and longitude must be specified" if params.has("latitude") else "latitude is empty")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise bad_request("wrong coordinates specified" if abs(latitude) > 90 else "wrong longitude specified")
    return {"latitude": latitude, "longitude": longitude}


def send_location(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Send a place; live with ``live_period`` of 60 s to a day, or 2³¹-1 for ever."""
    place = _place(params)
    period = params.integer("live_period")
    if period:
        if period != 0x7FFFFFFF and not 60 <= period <= 86400:
            raise bad_request("wrong live location period specified")
        place["live_period"] = period
    for name in ("horizontal_accuracy", "heading", "proximity_alert_radius"):
        if (value := params.number(name)) is not None:
            place[name] = value
    return deliver(telegram, bot, params, {"location": place}).data


def send_venue(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Send a named place."""
    place = _place(params)
    title, address = params.text("title"), params.text("address")
    if not title:
        raise bad_request("venue title must be non-empty")
    if not address:
        raise bad_request("venue address must be non-empty")
    return deliver(
        telegram, bot, params, {"venue": {"location": place, "title": title, "address": address}, "location": place}
    ).data


def send_contact(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Send a contact card."""
    phone, first_name = params.text("phone_number"), params.text("first_name")
    if not phone:
        raise bad_request("phone_number is empty")
    if not first_name:
        raise bad_request("first_name is empty")
    contact = {"phone_number": phone, "first_name": first_name}
    for name in ("last_name", "vcard"):
        if value := params.text(name):
            contact[name] = value
    return deliver(telegram, bot, params, {"contact": contact}).data


def send_chat_action(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Show that the bot is typing or uploading, for five seconds."""
    action = params.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = find_chat(telegram, bot, params)
    if chat.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    chat.action = (action, telegram.now() + 5)
    telegram.changed("action", chat)
    return True


def _source(telegram: Telegram, bot: Bot, params: Params, deed: str) -> Message:
    return find_message(find_chat(telegram, bot, params, "from_chat_id"), params.integer("message_id"), deed)


def _copied(telegram: Telegram, bot: Bot, params: Params, source: Message) -> Message:
    body = {name: source.data[name] for name in CONTENT if name in source.data}
    if params.has("caption") and "text" not in body:
        body.pop("caption_entities", None)
        body |= {"caption": ""} | caption_of(telegram, params)
    return deliver(telegram, bot, params, body)


def copy_message(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Send the content of a message again, without a link to it."""
    return {"message_id": _copied(telegram, bot, params, _source(telegram, bot, params, "copy")).id}


def _forwarded(telegram: Telegram, bot: Bot, params: Params, source: Message) -> Message:
    if source.data.get("has_protected_content"):
        raise bad_request("message can't be forwarded")
    origin = {"type": "user", "sender_user": source.data["from"], "date": source.data["date"]}
    body = {name: source.data[name] for name in CONTENT if name in source.data}
    return deliver(telegram, bot, params, body | {"forward_origin": source.data.get("forward_origin", origin)})


def forward_message(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Forward a message."""
    return _forwarded(telegram, bot, params, _source(telegram, bot, params, "forward")).data


def _several(telegram: Telegram, bot: Bot, params: Params, deed: str) -> list[Message]:
    chat = find_chat(telegram, bot, params, "from_chat_id")
    wanted = params.json("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 100:
        raise bad_request(
            "message identifiers are not specified" if not wanted else "too many message identifiers specified"
        )
    found = [chat.messages[message_id] for message_id in wanted if message_id in chat.messages]
    if not found:
        raise bad_request(f"there are no messages to {deed}")
    return found


def copy_messages(telegram: Telegram, bot: Bot, params: Params) -> list[dict[str, Any]]:
    """Copy several messages, skipping those that are gone."""
    return [{"message_id": _copied(telegram, bot, params, one).id} for one in _several(telegram, bot, params, "copy")]


def forward_messages(telegram: Telegram, bot: Bot, params: Params) -> list[dict[str, Any]]:
    """Forward several messages, skipping those that are gone."""
    return [
        {"message_id": _forwarded(telegram, bot, params, one).id} for one in _several(telegram, bot, params, "forward")
    ]


METHODS: dict[str, Handler] = {
    "sendMessage": send_message,
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendContact": send_contact,
    "sendChatAction": send_chat_action,
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
}
