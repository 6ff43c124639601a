"""Act as a person: write, press, share, block; each deed becomes the update that Telegram would make of it."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from botcrm.simulator.answers import InlineSearch, Press
from botcrm.simulator.entities import TEXT_LIMIT, Entity, find_entities, trim, units
from botcrm.simulator.files import image_size
from botcrm.simulator.model import CONTENT, Bot, Chat, Message

if TYPE_CHECKING:
    from botcrm.simulator.telegram import Telegram

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # core.telegram.org/bots/features#deep-linking


class Person:
    """A Telegram user; every action takes ``bot`` (the first one by default) or, where it may be a group, ``chat``."""

    def __init__(self, telegram: Telegram, user_id: int, **profile: Any) -> None:
        self._telegram = telegram
        self.id = user_id
        self.first_name: str = profile.get("first_name") or f"User {user_id}"
        self.last_name: str | None = profile.get("last_name")
        self.username: str | None = profile.get("username")
        self.language_code: str | None = profile.get("language_code", "en")
        self.role: str = profile.get("role") or ""

    def user(self) -> dict[str, Any]:
        """Describe the person as the Bot API does."""
        body: dict[str, Any] = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if getattr(self, name):
                body[name] = getattr(self, name)
        return body

    def send(
        self,
        text: str,
        reply_to: Message | int | None = None,
        *,
        entities: list[Entity] | None = None,
        chat: Chat | None = None,
        bot: Bot | None = None,
    ) -> Message:
        """Send a text; one longer than 4,096 UTF-16 units goes as several messages, the last is returned."""
        while units(text) > TEXT_LIMIT:
            head = text[:TEXT_LIMIT] if units(text[:TEXT_LIMIT]) <= TEXT_LIMIT else text[: TEXT_LIMIT // 2]
            self.send(head, reply_to, chat=chat, bot=bot)
            text = text[len(head) :]
        text, kept = trim(text, entities or [])
        if not text:
            raise ValueError("a message needs a text")
        body: dict[str, Any] = {"text": text}
        if found := find_entities(text, kept):
            body["entities"] = found
        return self._post(body, reply_to, chat, bot)

    def start(self, payload: str | None = None, *, bot: Bot | None = None) -> Message:
        """Press Start, or open a deep link with a payload.

        :raises ValueError: the payload is not 1–64 of ``A-Za-z0-9_-``
        """
        if payload is not None and not _PAYLOAD.fullmatch(payload):
            raise ValueError(f"not a start payload: {payload!r}")
        if self._chat(bot).blocked:
            self.unblock(bot=bot)
        return self.send(f"/start {payload}" if payload else "/start", bot=bot)

    def edit(self, message: Message | int, text: str, *, bot: Bot | None = None) -> Message:
        """Change the text (or caption) of an own message."""
        own = self._own(message, bot)
        text, _ = trim(text, [])
        where, marks = ("caption", "caption_entities") if "text" not in own.data else ("text", "entities")
        if text == own.data.get(where):
            return own
        data = {**own.data, where: text, "edit_date": self._telegram.date()}
        data.pop(marks, None)
        if found := find_entities(text, []):
            data[marks] = found
        self._telegram.revise(own, data, "edited_message")
        return own

    def delete(self, message: Message | int, *, bot: Bot | None = None) -> None:
        """Delete a message; bots are not told."""
        self._telegram.remove(self._find(message, bot))

    def press(self, message: Message | int, wanted: str, *, bot: Bot | None = None) -> Press:
        """Press an inline button by label or callback data; a link or copy button is answered at once.

        :raises LookupError: no such button, or one that cannot be pressed here
        """
        found = self._find(message, bot)
        button = found.button(wanted)
        telegram, owner = self._telegram, self._bot_of(found.chat, bot)
        press = Press(str(secrets.randbits(62)), found, telegram.now(), self)
        if "url" in button or "copy_text" in button:
            press.settle({"url": button.get("url"), "copy_text": button.get("copy_text", {}).get("text")})
            return press
        if "callback_data" not in button:
            raise LookupError(f"button {wanted!r} does not call back")
        telegram.remember(owner.presses, press.id, press)
        query = {
            "id": press.id,
            "from": self.user(),
            "message": found.data,
            "chat_instance": owner.chat_instance(found.chat),
        }
        telegram.push(owner, "callback_query", query | {"data": button["callback_data"]}, found.chat)
        return press

    def press_keyboard(self, label: str, *, bot: Bot | None = None) -> Message:
        """Press a button of the reply keyboard: its text is sent, or the own contact or place it asks for.

        :raises LookupError: no such button
        """
        chat = self._chat(bot)
        for button in (button for row in (chat.keyboard or {}).get("keyboard", []) for button in row):
            if button["text"] == label:
                if button.get("request_contact"):
                    sent = self.share_contact(self._telegram.phone_of(self), bot=bot)
                elif button.get("request_location"):
                    sent = self.send_location(52.2297, 21.0122, bot=bot)
                else:
                    sent = self.send(label, bot=bot)
                if (chat.keyboard or {}).get("one_time_keyboard"):
                    chat.keyboard = None
                    self._telegram.changed("keyboard", chat)
                return sent
        raise LookupError(f"no button {label!r} on the keyboard {self.keyboard(bot=bot)}")

    def send_contact(
        self, phone: str, first_name: str, last_name: str | None = None, user_id: int | None = None,
        *, vcard: str | None = None, chat: Chat | None = None, bot: Bot | None = None,
    ) -> Message:  # fmt: skip
        """Send a contact card; ``user_id`` when the contact is a Telegram user."""
        contact = {
            "phone_number": phone,
            "first_name": first_name,
            "last_name": last_name,
            "vcard": vcard,
            "user_id": user_id,
        }
        return self._post(
            {"contact": {name: value for name, value in contact.items() if value is not None}}, None, chat, bot
        )

    def share_contact(self, phone: str, *, bot: Bot | None = None) -> Message:
        """Share the own phone number: a contact whose ``user_id`` is the sender's."""
        return self.send_contact(phone, self.first_name, self.last_name, self.id, bot=bot)

    def send_photo(
        self, data: bytes, caption: str | None = None, *, reply_to: Message | int | None = None,
        chat: Chat | None = None, bot: Bot | None = None,
    ) -> Message:  # fmt: skip
        """Send a picture."""
        width, height = image_size(data)
        sizes = self._telegram.photo(data, width, height)
        return self._post({"photo": sizes} | _caption(caption), reply_to, chat, bot)

    def send_document(
        self, data: bytes, name: str = "file.bin", caption: str | None = None, *, reply_to: Message | int | None = None,
        chat: Chat | None = None, bot: Bot | None = None,
    ) -> Message:  # fmt: skip
        """Send a file."""
        stored = self._telegram.files.add("document", data, name)
        return self._post({"document": stored.json()} | _caption(caption), reply_to, chat, bot)

    def send_voice(
        self, data: bytes, duration: int = 1, *, reply_to: Message | int | None = None, chat: Chat | None = None,
        bot: Bot | None = None,
    ) -> Message:  # fmt: skip
        """Send a voice message of ``duration`` seconds."""
        stored = self._telegram.files.add("voice", data, "voice.oga", "audio/ogg", duration=duration)
        return self._post({"voice": stored.json()}, reply_to, chat, bot)

    def send_location(
        self, latitude: float, longitude: float, live_period: int | None = None,
        horizontal_accuracy: float | None = None, *, reply_to: Message | int | None = None,
        chat: Chat | None = None, bot: Bot | None = None,
    ) -> Message:  # fmt: skip
        """Send a place in degrees, live for ``live_period`` seconds; the accuracy is in metres."""
        place = {
            "latitude": latitude,
            "longitude": longitude,
            "live_period": live_period,
            "horizontal_accuracy": horizontal_accuracy,
        }
        return self._post(
            {"location": {name: value for name, value in place.items() if value is not None}}, reply_to, chat, bot
        )

    def move_location(
        self, message: Message | int, latitude: float, longitude: float, *, bot: Bot | None = None
    ) -> Message:
        """Move a live location.

        :raises ValueError: it is not live (any more)
        """
        own = self._own(message, bot)
        place = own.data.get("location", {})
        if "live_period" not in place or self._telegram.now() > own.data["date"] + place["live_period"]:
            raise ValueError("this location is not live")
        moved = {
            **own.data,
            "location": {**place, "latitude": latitude, "longitude": longitude},
            "edit_date": self._telegram.date(),
        }
        self._telegram.revise(own, moved, "edited_message")
        return own

    def stop_location(self, message: Message | int, *, bot: Bot | None = None) -> Message:
        """Stop sharing a live location."""
        own = self._own(message, bot)
        place = {name: value for name, value in own.data["location"].items() if name != "live_period"}
        self._telegram.revise(
            own, {**own.data, "location": place, "edit_date": self._telegram.date()}, "edited_message"
        )
        return own

    def forward(
        self, message: Message, *, hidden_name: str | None = None, chat: Chat | None = None, bot: Bot | None = None
    ) -> Message:
        """Forward any message, also another person's; ``hidden_name`` when the author hides the account."""
        date = message.data.get("forward_origin", {}).get("date", message.data["date"])
        origin: dict[str, Any] = {"type": "user", "date": date, "sender_user": message.data["from"]}
        if hidden_name is not None:
            origin = {"type": "hidden_user", "date": date, "sender_user_name": hidden_name}
        carried = {name: message.data[name] for name in CONTENT if name in message.data}
        return self._post(carried | {"forward_origin": message.data.get("forward_origin", origin)}, None, chat, bot)

    def react(self, message: Message | int, emoji: str | None, *, bot: Bot | None = None) -> None:
        """Set or (None) take back a reaction."""
        found = self._find(message, bot)
        before = found.reactions.get(self.id, [])
        after = [emoji] if emoji else []
        if before == after:
            return
        found.reactions[self.id] = after
        telegram = self._telegram
        body = {
            "chat": found.chat.json(), "message_id": found.id, "user": self.user(), "date": telegram.date(),
            "old_reaction": [{"type": "emoji", "emoji": one} for one in before],
            "new_reaction": [{"type": "emoji", "emoji": one} for one in after],
        }  # fmt: skip
        telegram.push(self._bot_of(found.chat, bot), "message_reaction", body, found.chat)
        telegram.changed("edit", found.chat, found)

    def block(self, *, bot: Bot | None = None) -> None:
        """Block the bot."""
        self._set_blocked(self._chat(bot), True)

    def unblock(self, *, bot: Bot | None = None) -> None:
        """Unblock the bot."""
        self._set_blocked(self._chat(bot), False)

    def inline(self, query: str, offset: str = "", *, bot: Bot | None = None) -> InlineSearch:
        """Type ``@bot query`` in some chat."""
        telegram, target = self._telegram, self._telegram.bot_or_first(bot)
        search = InlineSearch(str(secrets.randbits(62)), self, target, query, telegram.now())
        telegram.remember(target.searches, search.id, search)
        body = {"id": search.id, "from": self.user(), "query": query, "offset": offset, "chat_type": "sender"}
        telegram.push(target, "inline_query", body, self._chat(target))
        return search

    def send_result(self, search: InlineSearch, result: dict[str, Any]) -> Message | None:
        """Send a chosen inline result into the chat with the bot and report the choice to the bot."""
        telegram = self._telegram
        chat = self._chat(search.bot)
        content = dict(result["content"]) if result.get("content") else {}
        sent = None
        if content:
            content["via_bot"] = search.bot.user()
            sent = self._post(content, None, chat, search.bot)
        body = {"result_id": result["id"], "from": self.user(), "query": search.query}
        telegram.push(search.bot, "chosen_inline_result", body, chat)
        return sent

    def messages(self, bot: Bot | None = None) -> list[Message]:
        """List the chat with the bot as it is now, oldest first."""
        return list(self._chat(bot).messages.values())

    def last(self, bot: Bot | None = None) -> Message:
        """Return the newest message of the bot.

        :raises LookupError: the bot has said nothing
        """
        for message in reversed(self._chat(bot).messages.values()):
            if message.from_bot:
                return message
        raise LookupError(f"the bot has not written to {self.first_name}")

    def keyboard(self, *, bot: Bot | None = None) -> list[list[str]]:
        """Return the labels of the reply keyboard in rows; empty when none is shown."""
        return [[button["text"] for button in row] for row in (self._chat(bot).keyboard or {}).get("keyboard", [])]

    def commands(self, *, bot: Bot | None = None) -> list[tuple[str, str]]:
        """Return the command menu that this person sees: names without slash, descriptions."""
        found = self._telegram.commands_for(self._telegram.bot_or_first(bot), self)
        return [(one["command"], one["description"]) for one in found]

    def chat(self, bot: Bot | None = None) -> Chat:
        """Return the private chat with a bot."""
        return self._chat(bot)

    def _chat(self, bot: Bot | None) -> Chat:
        return self._telegram.private_chat(self._telegram.bot_or_first(bot), self)

    def _bot_of(self, chat: Chat, bot: Bot | None) -> Bot:
        return chat.bot or self._telegram.bot_or_first(bot)

    def _find(self, message: Message | int, bot: Bot | None) -> Message:
        if isinstance(message, Message):
            if message.deleted:
                raise LookupError(f"message {message.id} was deleted")
            return message
        try:
            return self._chat(bot).messages[message]
        except KeyError:
            raise LookupError(f"no message {message} in the chat of {self.first_name}") from None

    def _own(self, message: Message | int, bot: Bot | None) -> Message:
        found = self._find(message, bot)
        if found.from_bot or found.data["from"]["id"] != self.id:
            raise LookupError(f"message {found.id} is not {self.first_name}'s")
        return found

    def _post(
        self, body: dict[str, Any], reply_to: Message | int | None, chat: Chat | None, bot: Bot | None
    ) -> Message:
        chat = chat or self._chat(bot)
        if chat.blocked:
            raise ValueError(f"{self.first_name} has blocked the bot")
        if reply_to is not None:
            replied = reply_to if isinstance(reply_to, Message) else chat.messages[reply_to]
            body["reply_to_message"] = {
                name: value for name, value in replied.data.items() if name != "reply_to_message"
            }
        chat.started = True
        return self._telegram.post(chat, self.user(), body)

    def _set_blocked(self, chat: Chat, blocked: bool) -> None:
        if chat.blocked == blocked or chat.bot is None:
            return
        chat.blocked = blocked
        user = chat.bot.user()
        member, kicked = {"user": user, "status": "member"}, {"user": user, "status": "kicked", "until_date": 0}
        body = {
            "chat": chat.json(), "from": self.user(), "date": self._telegram.date(),
            "old_chat_member": member if blocked else kicked, "new_chat_member": kicked if blocked else member,
        }  # fmt: skip
        self._telegram.push(chat.bot, "my_chat_member", body, chat)
        self._telegram.changed("chat", chat)


def _caption(caption: str | None) -> dict[str, Any]:
    if not caption:
        return {}
    text, _ = trim(caption, [])
    found = find_entities(text, [])
    return {"caption": text} | ({"caption_entities": found} if found else {})
