"""Changes to messages that bots make: edits, deletions, reactions, live locations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import bad_request
from botcrm.simulator.markup import read_inline_markup
from botcrm.simulator.methods.media import attach
from botcrm.simulator.methods.table import caption_of, find_chat, find_message, read_caption, read_text

if TYPE_CHECKING:
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot, Message
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
_DELETABLE_SECONDS = 48 * 3600  # core.telegram.org/bots/api#deletemessage
_MEDIA = ("photo", "document", "voice", "audio", "video", "animation")


def _editable(telegram: Telegram, bot: Bot, params: Params) -> Message:
    if params.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    message = find_message(find_chat(telegram, bot, params), params.integer("message_id"), "edit")
    if not message.from_bot or message.data["from"]["id"] != bot.id or "forward_origin" in message.data:
        raise bad_request("message can't be edited")
    return message


def _markup(params: Params) -> dict[str, Any] | None:
    return read_inline_markup(params.json("reply_markup", "reply keyboard markup"))


def _revised(telegram: Telegram, message: Message, dropped: tuple[str, ...], fields: dict[str, Any]) -> dict[str, Any]:
    """Apply an edit; an edit without reply_markup takes the keyboard away, as in Telegram.

    :raises ApiError: 400 ``message is not modified: …``
    """
    gone = (*dropped, "reply_markup")
    data = {name: value for name, value in message.data.items() if name not in gone}
    data |= {name: value for name, value in fields.items() if value is not None}
    if data == message.data:
        raise bad_request(NOT_MODIFIED)
    telegram.revise(message, data | {"edit_date": telegram.date()})
    return message.data


def edit_message_text(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Change text, entities and inline keyboard of a text message."""
    body, markup = read_text(telegram, params), _markup(params)
    message = _editable(telegram, bot, params)
    if "text" not in message.data:
        raise bad_request("there is no text in the message to edit")
    return _revised(
        telegram,
        message,
        ("text", "entities", "link_preview_options"),
        _preview(params) | body | {"reply_markup": markup},
    )


def _preview(params: Params) -> dict[str, Any]:
    options = params.json("link_preview_options")
    return {"link_preview_options": options} if isinstance(options, dict) else {}


def edit_message_caption(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Change caption and inline keyboard of a message with a file."""
    caption, markup = caption_of(telegram, params), _markup(params)
    message = _editable(telegram, bot, params)
    if not any(kind in message.data for kind in _MEDIA):
        raise bad_request("there is no caption in the message to edit")
    return _revised(telegram, message, ("caption", "caption_entities"), caption | {"reply_markup": markup})


def edit_message_media(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Replace the file of a message."""
    media, markup = params.json("media"), _markup(params)
    if not isinstance(media, dict) or media.get("type") not in _MEDIA:
        raise bad_request("can't parse InputMedia: wrong type specified")
    message = _editable(telegram, bot, params)
    caption = read_caption(telegram, media.get("caption"), media.get("parse_mode"), media.get("caption_entities"))
    file = {media["type"]: attach(telegram, media["type"], media.get("media"), params)}
    dropped = ("text", "entities", "caption", "caption_entities", *_MEDIA)
    return _revised(telegram, message, dropped, file | caption | {"reply_markup": markup})


def edit_message_reply_markup(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Change only the inline keyboard."""
    markup = _markup(params)
    return _revised(telegram, _editable(telegram, bot, params), (), {"reply_markup": markup})


def _live(telegram: Telegram, bot: Bot, params: Params) -> Message:
    message = _editable(telegram, bot, params)
    place = message.data.get("location", {})
    if "live_period" not in place or telegram.now() > message.data["date"] + place["live_period"]:
        raise bad_request("message can't be edited")
    return message


def edit_message_live_location(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Move a live location."""
    latitude, longitude = params.number("latitude"), params.number("longitude")
    if latitude is None or longitude is None:
        raise bad_request("latitude is empty" if latitude is None else "longitude is empty")
    message, markup = _live(telegram, bot, params), _markup(params)
    place = {**message.data["location"], "latitude": latitude, "longitude": longitude}
    for name in ("horizontal_accuracy", "heading", "proximity_alert_radius"):
        if (value := params.number(name)) is not None:
            place[name] = value
    return _revised(telegram, message, (), {"location": place, "reply_markup": markup})


def stop_message_live_location(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Stop a live location where it is."""
    message, markup = _live(telegram, bot, params), _markup(params)
    place = {name: value for name, value in message.data["location"].items() if name != "live_period"}
    return _revised(telegram, message, (), {"location": place, "reply_markup": markup})


def _delete(telegram: Telegram, bot: Bot, message: Message) -> None:
    if telegram.now() - message.data["date"] > _DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    if not message.chat.is_private and not message.from_bot:
        raise bad_request("message can't be deleted")
    telegram.remove(message)


def delete_message(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Delete a message younger than 48 hours."""
    chat = find_chat(telegram, bot, params)
    _delete(telegram, bot, find_message(chat, params.integer("message_id"), "delete"))
    return True


def delete_messages(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Delete up to 100 messages, skipping those that are gone."""
    chat = find_chat(telegram, bot, params)
    wanted = params.json("message_ids")
    if not isinstance(wanted, list) or not wanted:
        raise bad_request("message identifiers are not specified")
    if len(wanted) > 100:
        raise bad_request("too many message identifiers specified")
    for message_id in wanted:
        if message_id in chat.messages:
            _delete(telegram, bot, chat.messages[message_id])
    return True


def set_message_reaction(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Set the bot's reaction, at most one emoji; an empty list takes it back."""
    chat = find_chat(telegram, bot, params)
    message = find_message(chat, params.integer("message_id"), "react")
    wanted = params.json("reaction") or []
    if not isinstance(wanted, list) or any(not isinstance(one, dict) or one.get("type") != "emoji" for one in wanted):
        raise bad_request("can't parse reaction types JSON object")
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    message.reactions[bot.id] = [str(one["emoji"]) for one in wanted]
    telegram.changed("edit", chat, message)
    return True


def pin_chat_message(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Pin a message."""
    chat = find_chat(telegram, bot, params)
    message = find_message(chat, params.integer("message_id"), "pin")
    chat.pinned = [*(one for one in chat.pinned if one != message.id), message.id]
    telegram.changed("chat", chat)
    return True


def unpin_chat_message(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Unpin a message, the newest pinned one by default."""
    chat = find_chat(telegram, bot, params)
    message_id = params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned = [one for one in chat.pinned if one != message_id]
    telegram.changed("chat", chat)
    return True


def unpin_all_chat_messages(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Unpin every message."""
    chat = find_chat(telegram, bot, params)
    chat.pinned = []
    telegram.changed("chat", chat)
    return True


METHODS: dict[str, Handler] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editMessageLiveLocation": edit_message_live_location,
    "stopMessageLiveLocation": stop_message_live_location,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "setMessageReaction": set_message_reaction,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
}
