"""The unit of work: one transaction that carries who acts and when, and writes rows, events, jobs and messages together."""

import contextlib
import functools
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from botcrm.core import db, lease
from botcrm.core.domain.errors import Stale
from botcrm.core.domain.events import Event
from botcrm.core.domain.kinds import LANE_ORDER, ActivityKind, Lane, Reach
from botcrm.core.domain.messages import channel_title
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import Activity, Company, Contact, Deal, File, Lead, Message, Note, Record, Rule
from botcrm.core.services.attention import keep_attention
from botcrm.core.services.derive import derive

R = TypeVar("R", bound=Record)

ENTITIES: dict[type[Record], str] = {
    Company: "company",
    Contact: "contact",
    Lead: "lead",
    Deal: "deal",
    Activity: "activity",
    Note: "note",
    File: "file",
    Message: "message",
    Rule: "rule",
}
MODELS: dict[str, type[Record]] = {name: model for model, name in ENTITIES.items()}

_LINKS = ("deal", "contact", "company", "lead")


# Entity, action and reach by the role -> reach.
Gate = Callable[[str, str, Reach], Reach]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a person of the staff, or the system itself (id None).

    `grants` maps "deal.read" and the like to a reach; `team` holds the ids within department reach, the actor's own included.
    `gate` narrows grants, where a plugin does so; a work sets it.
    """

    id: int | None
    name: str
    role: str
    grants: dict[str, str]
    team: frozenset[int]
    prefs: Preferences
    telegram_id: int | None = None
    gate: Gate | None = field(default=None, repr=False, compare=False)

    @property
    def is_system(self) -> bool:
        """Tell whether nobody in particular acts."""
        return self.role == "system"


class Hooks(Protocol):
    """The plugins as the core asks them: each in a savepoint of its own, with a deadline; one that fails has no answer."""

    @property
    def activity_kinds(self) -> Mapping[str, ActivityKind]:
        """Return the kinds of activity by name."""
        ...

    async def ask(self, work: "Work", hook: str, /, **args: Any) -> list[tuple[str, Any]]:
        """Return every plugin's answer that is not None, with the plugin's name."""
        ...

    async def first(self, work: "Work", hook: str, /, **args: Any) -> Any:
        """Return the first answer that is not None."""
        ...

    def default_reach(self, permission: str, role: str) -> str:
        """Return how far a role has a plugin's own permission where the role itself says nothing of it."""
        ...

    def gate(self, actor: Actor) -> Gate | None:
        """Return what narrows an actor's grants, None where no plugin does."""
        ...

    def channel_title(self, channel: str) -> str:
        """Return what a channel, given as it is stored with messages, is called for people."""
        ...


class NoHooks:
    """No plugins: nobody answers."""

    activity_kinds: Mapping[str, ActivityKind] = {}

    async def ask(self, work: "Work", hook: str, /, **args: Any) -> list[tuple[str, Any]]:
        """Return nothing."""
        return []

    async def first(self, work: "Work", hook: str, /, **args: Any) -> Any:
        """Return None."""
        return None

    def default_reach(self, permission: str, role: str) -> str:
        """Return that nobody but an administrator has it."""
        return "all" if role == "admin" else "none"

    def gate(self, actor: Actor) -> Gate | None:
        """Return None."""
        return None

    def channel_title(self, channel: str) -> str:
        """Make a title of the stored name."""
        return channel_title(channel)


@dataclass(slots=True)
class Buffer:
    """What a transaction is going to write when it ends, and what it has to recompute before."""

    events: list[Event] = field(default_factory=list)
    touched: dict[tuple[str, int], Record] = field(default_factory=dict)
    known: dict[tuple[str, int], Record] = field(default_factory=dict)
    outbox_ids: list[int] = field(default_factory=list)
    after: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    label: str = "other"
    jobs: bool = False
    flushed: int = 0
    ruled: int = 0
    company: Preferences | None = None
    hooks: Hooks = field(default_factory=NoHooks)


class Work:
    """One use of the core by one actor at one moment, inside one transaction.

    Services get it as their first argument. Rows are written at once; events are kept and written by `flush`, which runs
    before the commit at the latest.
    """

    def __init__(self, actor: Actor, now: datetime, buffer: Buffer | None = None) -> None:
        self._buffer = buffer or Buffer(company=actor.prefs if actor.is_system else None)
        if actor.id is not None and actor.gate is None:
            gate = self._buffer.hooks.gate(actor)
            actor = replace(actor, gate=gate) if gate else actor
        self.actor = actor
        self.now = now
        self.id = secrets.randbits(52)
        self.undoes: int | None = None

    def acting_as(self, actor: Actor) -> "Work":
        """Return the same transaction in the hands of somebody else, with an id of its own."""
        return Work(actor, self.now, self._buffer)

    @property
    def prefs(self) -> Preferences:
        """Return the settings in force for the actor."""
        return self.actor.prefs

    @property
    def company(self) -> Preferences:
        """Return the company's settings where the work was opened by the system, as a bot's is; else the actor's."""
        return self._buffer.company or self.actor.prefs

    @property
    def events(self) -> list[Event]:
        """Return what has happened so far."""
        return self._buffer.events

    @property
    def outbox_ids(self) -> list[int]:
        """Return the messages that this work will send."""
        return self._buffer.outbox_ids

    @property
    def after(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the calls a front end makes once after the commit and that may be lost, like a button's toast."""
        return self._buffer.after

    @property
    def label(self) -> str:
        """Return what the work is measured as: its verb, or "button"."""
        return self._buffer.label

    @label.setter
    def label(self, label: str) -> None:
        self._buffer.label = label

    @property
    def planned_jobs(self) -> bool:
        """Tell whether a job was planned, so that the sweeper looks again."""
        return self._buffer.jobs

    def unruled(self) -> list[Event]:
        """Return the events that no rule has been planned for yet, and count them as planned for."""
        fresh = self._buffer.events[self._buffer.ruled :]
        self._buffer.ruled = len(self._buffer.events)
        return fresh

    @property
    def hooks(self) -> Hooks:
        """Return the plugins to ask."""
        return self._buffer.hooks

    # --- records -------------------------------------------------------------------------------------------------

    async def create(self, model: type[R], event: type[Event], **values: Any) -> R:
        """Insert a record and remember that it happened."""
        record = model(created_at=self.now, updated_at=self.now, **values)
        sql, fields = _insertion(model)
        # The library's own create puts the same statement together in four times the time.
        row = [to_db(getattr(record, name), record) for name, to_db in fields]
        record.id = (await db.fetch(sql, *row))[0]["id"]
        record._saved_in_db = True
        self.remember(event, record, after=values)
        self.touch(record)
        return record

    async def change(self, record: R, event: type[Event], **values: Any) -> R:
        """Change a record's fields; values that are the same already are left out, and with none left nothing happens.

        :raises Stale: somebody changed it since it was read
        """
        changed = {name: value for name, value in values.items() if getattr(record, name) != value}
        if not changed:
            return record
        before = {name: getattr(record, name) for name in changed}
        version = record.version + 1
        updated = (
            await type(record)
            .filter(id=record.id, version=record.version)
            .update(**changed, version=version, updated_at=self.now)
        )
        if not updated:
            raise Stale(entity=ENTITIES[type(record)], record_id=record.id)
        for name, value in changed.items():
            setattr(record, name, value)
        record.version, record.updated_at = version, self.now
        self.remember(event, record, before=before, after=changed)
        self.touch(record)
        return record

    def remember(
        self,
        event: type[Event],
        record: Record,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Record an event about a record at its present version."""
        lease.check()
        entity = ENTITIES[type(record)]
        about = {name: getattr(record, f"{name}_id", None) for name in _LINKS}
        if entity in about:
            about[entity] = record.id
        self._buffer.events.append(
            event(
                entity=entity,
                record_id=record.id,
                version=record.version,
                at=self.now,
                work_id=self.id,
                actor_id=self.actor.id,
                before=before or {},
                after=after or {},
                about=about,
                undoes=self.undoes,
            )
        )

    def remember_plain(self, event: type[Event], entity: str, record_id: int, **after: Any) -> None:
        """Record an event about something that is no business record: a user, a setting."""
        lease.check()
        self._buffer.events.append(
            event(entity, record_id, 0, self.now, self.id, self.actor.id, after=after, undoes=self.undoes)
        )

    def touch(self, record: Record) -> None:
        """Have what is derived from a record computed again before the commit."""
        lease.check()
        self._buffer.touched[(ENTITIES[type(record)], record.id)] = record
        self.keep(record)

    def keep(self, record: Record) -> None:
        """Remember a record as this transaction sees it, so that it need not be read again."""
        self._buffer.known[(ENTITIES[type(record)], record.id)] = record

    def forget(self, record: Record) -> None:
        """Have a record read again: something changed it past `change`."""
        self._buffer.known.pop((ENTITIES[type(record)], record.id), None)

    def forget_all(self, entity: str) -> None:
        """Have an entity's records read again: one statement changed many of them."""
        self._buffer.known = {key: record for key, record in self._buffer.known.items() if key[0] != entity}

    def kept(self, entity: str, record_id: int) -> Record | None:
        """Return a record that this work read or wrote before."""
        return self._buffer.known.get((entity, record_id))

    # --- later and outside -----------------------------------------------------------------------------------------

    async def plan_job(self, kind: str, key: str, run_at: datetime, **payload: Any) -> None:
        """Have something happen later; a job of the same key is moved, and one that ran at this very time stays done."""
        self._buffer.jobs = True
        await db.execute(
            "INSERT INTO job (kind, key, payload, state, run_at, token, attempts, error) VALUES (?, ?, ?, 'waiting', ?, 0, 0, '') "
            "ON CONFLICT (key) DO UPDATE SET run_at = excluded.run_at, payload = excluded.payload, state = 'waiting', "
            "attempts = 0, lease_until = NULL, token = job.token + 1 "
            "WHERE job.run_at <> excluded.run_at OR job.state = 'cancelled'",
            kind,
            key,
            db.to_json(payload),
            run_at,
        )

    async def cancel_jobs(self, *keys: str) -> None:
        """Call off jobs that have not run."""
        marks = ", ".join("?" * len(keys))
        await db.execute(f"UPDATE job SET state = 'cancelled' WHERE key IN ({marks}) AND state = 'waiting'", *keys)

    async def send(
        self,
        chat_id: int,
        method: str,
        payload: dict[str, Any],
        *,
        lane: Lane = Lane.REPLY,
        audience: str = "staff",
        user_id: int | None = None,
        about: tuple[str, int] | None = None,
        line_id: int | None = None,
    ) -> int:
        """Send a ready Bot API call after the commit; returns the outbox id."""
        outbox_id = await self._post(
            chat_id, lane, audience, user_id, about, method=method, payload=db.to_json(payload), line_id=line_id
        )
        assert outbox_id is not None  # it has no key that could be taken
        return outbox_id

    async def tell(
        self,
        user_id: int,
        chat_id: int | None,
        notice: str,
        /,
        *,
        key: str | None = None,
        lane: Lane = Lane.REMINDER,
        about: tuple[str, int] | None = None,
        line_id: int | None = None,
        **args: Any,
    ) -> int | None:
        """Tell somebody of the staff something that the front end words for them when it is sent.

        :param key: with a key the same thing is told once only; None is returned when it was told before
        :param chat_id: where; nobody is told (None) who has no chat with the bot yet
        :param line_id: the line that it answers
        """
        if chat_id is None:
            return None
        written = db.to_json(args)
        return await self._post(
            chat_id, lane, "staff", user_id, about, notice=notice, args=written, key=key, line_id=line_id
        )

    async def _post(
        self, chat_id: int, lane: Lane, audience: str, user_id: int | None, about: tuple[str, int] | None, **values: Any
    ) -> int | None:
        """Write a row of the outbox; None where its key was used before, perhaps by another process just now."""
        entity, record_id = about or (None, None)
        row = {"key": None, "notice": "", "args": "{}", "method": "", "payload": "{}", "line_id": None} | values
        row |= {
            "chat_id": chat_id,
            "lane_order": LANE_ORDER[lane],
            "audience": audience,
            "user_id": user_id,
            "entity": entity,
            "record_id": record_id,
            "state": "waiting",
            "attempts": 0,
            "error": "",
            "not_before": self.now,
            # A row just committed is sent from memory; the sweeper takes it only when that did not happen.
            "lease_until": self.now + timedelta(seconds=30),
            "created_at": self.now,
        }
        written = await db.fetch_one(
            f"INSERT INTO outbox ({', '.join(row)}) VALUES ({', '.join('?' * len(row))}) "
            "ON CONFLICT (key) DO NOTHING RETURNING id",
            *row.values(),
        )
        if written is None:
            return None
        self._buffer.outbox_ids.append(written["id"])
        return int(written["id"])

    # --- the end -----------------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Recompute what is derived and write the events down; called before reading what this work changed, and at its end."""
        while self._buffer.touched:
            touched, self._buffer.touched = self._buffer.touched, {}
            await derive(self, list(touched.values()))
        fresh = self._buffer.events[self._buffer.flushed :]
        if fresh:
            await db.execute_many(EVENT_SQL, [_event_row(event) for event in fresh])
            self._buffer.flushed = len(self._buffer.events)
            await keep_attention(self, fresh)

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Have records read anew in the block, and those it changed once more after it: it is shown none of those at hand."""
        buffer = self._buffer
        known, buffer.known = buffer.known, {}
        events = len(buffer.events)
        try:
            yield
        finally:
            changed = {(event.entity, event.record_id) for event in buffer.events[events:]}
            buffer.known = {key: record for key, record in known.items() if key not in changed}

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Do something that may fail without taking the rest along: rows and what was to be written both go back."""
        await self.flush()
        buffer = self._buffer
        events, outbox, after = len(buffer.events), len(buffer.outbox_ids), len(buffer.after)
        try:
            async with db.transaction():
                yield
                await self.flush()
        except BaseException:
            del buffer.events[events:]
            del buffer.outbox_ids[outbox:]
            del buffer.after[after:]
            buffer.flushed = events
            buffer.touched.clear()
            buffer.known.clear()
            raise


@functools.cache
def _insertion(model: type[Record]) -> tuple[str, list[tuple[str, Callable[[Any, Any], Any]]]]:
    """Return the statement that inserts a record, and for each of its values the field's name and how it is stored."""
    columns = {name: column for name, column in model._meta.fields_db_projection.items() if name != "id"}
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns.values())}) '
        f"VALUES ({', '.join('?' * len(columns))}) RETURNING id"
    )
    return sql, [(name, model._meta.fields_map[name].to_db_value) for name in columns]


EVENT_SQL = (
    "INSERT INTO event (at, work_id, actor_id, type, entity, record_id, version, deal_id, contact_id, company_id, lead_id, "
    "before, after, undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _event_row(event: Event) -> list[Any]:
    about = event.about
    return [
        event.at,
        event.work_id,
        event.actor_id,
        event.type,
        event.entity,
        event.record_id,
        event.version,
        about.get("deal"),
        about.get("contact"),
        about.get("company"),
        about.get("lead"),
        db.to_json(event.before),
        db.to_json(event.after),
        event.undoes,
    ]
