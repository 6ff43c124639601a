"""One update in hand: who asks where, the work it runs in, and what is answered."""

from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.kinds import ActivityKind, Lane
from botcrm.core.models import Draft, Record, User
from botcrm.core.services.work import Work
from botcrm.telegram.screens.base import Screen, base36, pack
from botcrm.words import Words


@dataclass(slots=True)
class Context:
    """What a command or a button works with.

    :ivar work: the unit of work, in the hands of whoever wrote or pressed
    :ivar message_id: the message that was typed, or the card whose button was pressed
    :ivar about: the record of the card that was replied to or pressed on
    :ivar main: the record that the line made or changed; a reply to the answer is about it
    :ivar line_id: the stored line that is answered
    """

    work: Work
    words: Words
    kinds: dict[str, ActivityKind]
    chat_id: int
    message_id: int
    bot_username: str = ""
    about: tuple[str, int] | None = None
    main: tuple[str, int] | None = None
    line_id: int | None = None
    query_id: str = ""
    toasted: bool = False

    @property
    def user_id(self) -> int:
        """Return the id of the person who acts."""
        assert self.work.actor.id is not None
        return self.work.actor.id

    @property
    def undo(self) -> str:
        """Return the callback data that takes back what this work did."""
        return pack("un", base36(self.work.id))

    async def reply(self, screen: Screen) -> None:
        """Answer with a new message."""
        await self.work.send(
            self.chat_id,
            "sendMessage",
            screen.payload(self.chat_id),
            user_id=self.work.actor.id,
            about=screen.about,
            line_id=self.line_id,
        )

    async def edit(self, screen: Screen, message_id: int | None = None) -> None:
        """Change a card in place: the one pressed on, unless another is named."""
        target = message_id or self.message_id
        await self.work.send(
            self.chat_id,
            "editMessageText",
            screen.payload(self.chat_id) | {"message_id": target},
            user_id=self.work.actor.id,
            about=screen.about,
        )
        if screen.about:
            # The message shows another record now: a reply to it is about that one.
            await db.execute(
                "UPDATE outbox SET entity = ?, record_id = ? WHERE chat_id = ? AND message_id = ? AND method <> 'editMessageText'",
                *screen.about,
                self.chat_id,
                target,
            )

    async def send(self, method: str, payload: dict[str, Any], *, lane: Lane = Lane.REPLY) -> None:
        """Make another Bot API call after the commit."""
        await self.work.send(
            self.chat_id, method, {"chat_id": self.chat_id, **payload}, lane=lane, user_id=self.work.actor.id
        )

    def toast(self, text: str = "", *, alert: bool = False) -> None:
        """Answer a pressed button; the text shows for a moment."""
        if self.query_id and not self.toasted:
            self.toasted = True
            payload: dict[str, Any] = {"callback_query_id": self.query_id}
            if text:
                payload |= {"text": text[:200], "show_alert": alert}
            self.work.after.append(("answerCallbackQuery", payload))

    async def ask(self, kind: str, **data: Any) -> Draft:
        """Remember a question that waits for this person's answer."""
        return await Draft.create(
            user_id=self.user_id, chat_id=self.chat_id, kind=kind, data=data, created_at=self.work.now
        )

    async def colleagues(self) -> list[User]:
        """Return the people the actor can hand things to: the team, and the own manager."""
        people = await User.filter(active=True).order_by("name").limit(200)
        me = next((user for user in people if user.id == self.user_id), None)
        wide = self.work.actor.role == "admin"
        near = self.work.actor.team | ({me.manager_id} if me and me.manager_id else set())
        return [user for user in people if user.id != self.user_id and (wide or user.id in near)]


def about_of(record: Record) -> tuple[str, int]:
    """Return how a message remembers which record it shows."""
    return record._meta.db_table, record.id
