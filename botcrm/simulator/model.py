"""What the simulated Telegram remembers: bots, chats and messages."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botcrm.simulator.updates import KINDS_ON_REQUEST, UpdateQueue

if TYPE_CHECKING:
    from botcrm.simulator.answers import InlineSearch, Press
    from botcrm.simulator.people import Person
    from botcrm.simulator.webhooks import WebhookSender


# The fields that are a message's content, carried along by copies and forwards.
CONTENT = (
    "text", "entities", "caption", "caption_entities", "photo", "document", "voice", "audio", "video", "animation",
    "sticker", "contact", "location", "venue",
)  # fmt: skip


@dataclass(eq=False, slots=True)
class Message:
    """A message as it is now; ``data`` is its Bot API JSON and is replaced, never changed in place, by an edit."""

    chat: Chat
    data: dict[str, Any]
    from_bot: bool
    deleted: bool = False
    reactions: dict[int, list[str]] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The message_id."""
        return int(self.data["message_id"])

    @property
    def text(self) -> str:
        """The text, else the caption, else nothing."""
        return str(self.data.get("text") or self.data.get("caption") or "")

    @property
    def caption(self) -> str:
        """The caption, or nothing."""
        return str(self.data.get("caption", ""))

    @property
    def entities(self) -> list[dict[str, Any]]:
        """The entities of the text or caption."""
        return list(self.data.get("entities") or self.data.get("caption_entities") or [])

    @property
    def inline_rows(self) -> list[list[dict[str, Any]]]:
        """The inline buttons in rows, as Bot API JSON."""
        return list(self.data.get("reply_markup", {}).get("inline_keyboard", []))

    @property
    def buttons(self) -> list[list[str]]:
        """The labels of the inline buttons in rows."""
        return [[button["text"] for button in row] for row in self.inline_rows]

    def button(self, wanted: str) -> dict[str, Any]:
        """Find a button by its label, its callback data or, if only one fits, a part of its label.

        :raises LookupError: none, or several, fit
        """
        every = [button for row in self.inline_rows for button in row]
        for fits in (
            [button for button in every if button["text"] == wanted],
            [button for button in every if button.get("callback_data") == wanted],
            [button for button in every if wanted in button["text"]],
        ):
            if len(fits) == 1 or (fits and fits[0].get("callback_data") == fits[-1].get("callback_data")):
                return fits[0]
            if fits:
                break
        raise LookupError(f"no single button {wanted!r} among {self.buttons} of {self.text!r}")


@dataclass(eq=False, slots=True)
class Chat:
    """A private chat of one person with one bot, or a group."""

    id: int
    type: str
    title: str = ""
    bot: Bot | None = None
    person: Person | None = None
    members: dict[int, Person] = field(default_factory=dict)
    bots: list[Bot] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    keyboard: dict[str, Any] | None = None
    pinned: list[int] = field(default_factory=list)
    topics: dict[int, str] = field(default_factory=dict)
    is_forum: bool = False
    username: str = ""
    started: bool = False
    blocked: bool = False
    read_to: int = 0
    action: tuple[str, float] = ("", 0.0)
    next_message_id: int = 1

    @property
    def is_private(self) -> bool:
        """Whether this is a chat of two."""
        return self.type == "private"

    def json(self) -> dict[str, Any]:
        """Describe the chat as the Bot API does."""
        body: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.person is not None:
            user = self.person.user()
            return body | {name: user[name] for name in ("first_name", "last_name", "username") if name in user}
        body["title"] = self.title
        if self.username:
            body["username"] = self.username
        if self.is_forum:
            body["is_forum"] = True
        return body

    def new_message_id(self) -> int:
        """Take the next message id; private chats share the bot's row of numbers, as in Telegram."""
        counter: Chat | Bot = self.bot if self.bot is not None else self
        message_id = counter.next_message_id
        counter.next_message_id += 1
        return message_id


@dataclass(eq=False, slots=True)
class Bot:
    """A bot known by its token."""

    token: str
    id: int
    username: str
    name: str
    queue: UpdateQueue
    chats: dict[int, Chat] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    menu_buttons: dict[int, dict[str, Any]] = field(default_factory=dict)
    descriptions: dict[tuple[str, str], str] = field(default_factory=dict)
    presses: dict[str, Press] = field(default_factory=dict)
    searches: dict[str, InlineSearch] = field(default_factory=dict)
    allowed_updates: list[str] = field(default_factory=list)
    sender: WebhookSender | None = None
    reads_groups: bool = False
    next_message_id: int = 1

    def user(self) -> dict[str, Any]:
        """Describe the bot as a sender."""
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def wants(self, kind: str) -> bool:
        """Tell whether the bot asked for this kind of update."""
        return kind in self.allowed_updates if self.allowed_updates else kind not in KINDS_ON_REQUEST

    def chat_instance(self, chat: Chat) -> str:
        """Make the identifier of a chat that callback queries carry."""
        return str(zlib.crc32(f"{self.token}/{chat.id}".encode()) * 4294967291 + 1)
