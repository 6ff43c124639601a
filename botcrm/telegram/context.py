"""One update in hand: who asks where, the work it runs in, and what is answered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import deal_name
from botcrm.core.domain.kinds import ActivityKind, Lane
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Company, Deal, Draft, Record, User
from botcrm.core.services.queries.values import ME
from botcrm.core.services.records import hand_over
from botcrm.core.services.staff.people import one_called
from botcrm.core.services.work import Work
from botcrm.telegram.plugged.catalogue import Plugged
from botcrm.telegram.screens.base import Screen, base36, pack
from botcrm.words import Words

# A line that is older when it is read waited for a bot that was down.
_HELD_UP = timedelta(hours=1)
# Questions whose answer is the next text that is typed; `drafts` knows what each is for.
WAITING = (
    "when",
    "step",
    "note",
    "client",
    "reason",
    "search",
    "told",
    "told_about",
    "plugin",
    "field",
    "field_text",
    "wait",
    "why",
    "meeting",
    "place",
    "filter_name",
    "filter_text",
    "bulk_value",
    "own_value",
    "own_field",
    "own_field_name",
    "own_field_words",
    "words",
    "word",
    "word_list",
    "role_name",
    "department",
    "erase",
    "import_system",
)


@dataclass(slots=True)
class Context:
    """What a command or a button works with.

    :ivar work: the unit of work, in the hands of whoever wrote or pressed
    :ivar plugged: what the plugins that are on add to the chat
    :ivar message_id: the message that was typed, or the card whose button was pressed
    :ivar about: the record of the card that was replied to or pressed on
    :ivar asked: the notice that was replied to, with its arguments: a question of a colleague's
    :ivar main: the record that the line made or changed; a reply to the answer is about it
    :ivar line_id: the stored line that is answered
    :ivar apart: what is asked in messages of its own after the answer
    :ivar written_at: when the message was written or edited, where Telegram says so
    """

    work: Work
    words: Words
    plugged: Plugged
    chat_id: int
    message_id: int
    bot_username: str = ""
    about: tuple[str, int] | None = None
    asked: tuple[str, dict[str, Any]] | None = None
    main: tuple[str, int] | None = None
    line_id: int | None = None
    query_id: str = ""
    toasted: bool = False
    apart: list[Screen] = field(default_factory=list)
    written_at: datetime | None = None

    @property
    def kinds(self) -> dict[str, ActivityKind]:
        """Return the kinds of activity by name."""
        return self.plugged.kinds

    @property
    def user_id(self) -> int:
        """Return the id of the person who acts."""
        assert self.work.actor.id is not None
        return self.work.actor.id

    @property
    def said_at(self) -> datetime:
        """Return the moment that `in 1m` and `15:00` count from: when it was written, if that was within the last hour.

        The bot may read a line late. What is older waited for a bot that was down: its times are read as of now.
        """
        now = self.work.now
        return self.written_at if self.written_at and timedelta() <= now - self.written_at <= _HELD_UP else now

    @property
    def said_wall(self) -> datetime:
        """Return that moment on the reader's wall clock, naive."""
        return self.words.wall(self.said_at)

    @property
    def undo(self) -> str:
        """Return the callback data that takes back what this work did."""
        return pack("un", base36(self.work.id))

    async def reply(self, screen: Screen) -> None:
        """Answer with a new message; a screen without a text says that everything was said already."""
        if not screen.text:
            return
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
        if not screen.text:
            return
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

    def is_past(self, wall: datetime) -> bool:
        """Tell whether a time on the reader's wall clock has gone by, as one on an old button may have."""
        return wall <= self.words.wall(self.work.now)

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

    async def wait_for(self, kind: str, **data: Any) -> Draft:
        """Take the next text this person types for an answer; a question that waited before is dropped."""
        await Draft.filter(user_id=self.user_id, chat_id=self.chat_id, kind__in=WAITING).delete()
        return await self.ask(kind, **data)

    async def colleagues(self) -> list[User]:
        """Return the people the actor can hand things to: the team, and the own manager."""
        people = User.filter(active=True).exclude(id=self.user_id)
        if self.work.actor.role != "admin":
            me = await User.get(id=self.user_id)
            people = people.filter(id__in=self.work.actor.team | ({me.manager_id} if me.manager_id else set()))
        return await people.order_by("name", "id").limit(1000)

    async def colleague(self, name: str) -> User:
        """Return the one person that things can be handed to (oneself counts) of a name or the start of one.

        :raises NotFound: nobody, or more than one
        """
        own = await User.filter(id=self.user_id)
        return own[0] if own and fold(name.lstrip("@")) in ME else one_called([*await self.colleagues(), *own], name)

    async def give(self, record: Record, target: User) -> None:
        """Hand a record over and tell whom it went to.

        :raises NotAllowed: the actor may not change it
        :raises NotFound: that person is no colleague within reach
        """
        if getattr(record, "owner_id", None) == target.id:
            return
        await hand_over(self.work, record, target.id)
        if target.id != self.user_id:
            entity, record_id = about_of(record)
            await self.work.tell(
                target.id,
                target.telegram_id,
                "handed_over",
                about=(entity, record_id),
                entity=entity,
                record_id=record_id,
                by=self.user_id,
            )

    async def name_of(self, record: Record) -> str:
        """Return what a record is called where people read it: a deal with its company, an activity by its text or its kind."""
        if isinstance(record, Deal):
            company = await Company.filter(id=record.company_id, deleted_at=None).first() if record.company_id else None
            return deal_name(record.title, company.name if company else "")
        name = next((str(value) for key in ("title", "name", "text") if (value := getattr(record, key, ""))), "")
        if isinstance(record, Activity):
            kind = self.kinds.get(record.kind)
            return name or (self.words.t(kind.label) if kind else record.kind)
        return name or self.words.t(record._meta.db_table)

    async def join(self, record: Record) -> None:
        """Count what follows to the work that made the record, if it is the actor's own: one undo takes back both."""
        entity, record_id = about_of(record)
        row = await db.fetch_one(
            "SELECT work_id, actor_id FROM event WHERE entity = ? AND record_id = ? ORDER BY id LIMIT 1",
            entity,
            record_id,
        )
        if row is None or row["actor_id"] != self.user_id:
            return
        if not await db.fetch_one("SELECT 1 AS y FROM event WHERE undoes = ? LIMIT 1", row["work_id"]):
            self.work.id = int(row["work_id"])


def about_of(record: Record) -> tuple[str, int]:
    """Return how a message remembers which record it shows."""
    return record._meta.db_table, record.id
