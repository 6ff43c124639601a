"""The unit of work: one transaction that carries who acts and when, and writes rows, events, jobs and messages together."""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from botcrm.core import db, lease
from botcrm.core.domain.errors import Stale
from botcrm.core.domain.events import Event
from botcrm.core.domain.kinds import LANE_ORDER, Lane
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import (
    Activity,
    Choice,
    Company,
    Contact,
    CustomField,
    Deal,
    File,
    Lead,
    Message,
    Note,
    Record,
    Rule,
    SavedFilter,
)
from botcrm.core.services import rows
from botcrm.core.services.actor import Actor, Hooks
from botcrm.core.services.attention import keep_attention
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.derived.derive import derive
from botcrm.core.services.rows import Planned, Posted
from botcrm.core.services.savepoint import Savepoint

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
    CustomField: "field",
    Choice: "choice",
    SavedFilter: "filter",
}
MODELS: dict[str, type[Record]] = {name: model for model, name in ENTITIES.items()}

_LINKS = {"deal": "deal_id", "contact": "contact_id", "company": "company_id", "lead": "lead_id"}


class Work:
    """One use of the core by one actor at one moment, inside one transaction.

    Services get it as their first argument. Rows are written at once; events are kept and written by `flush`, which runs
    before the commit at the latest.
    """

    # How many of the transaction's events had happened before.
    _begun = 0

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
        other = Work(actor, self.now, self._buffer)
        other._begun = self._begun
        return other

    def anew(self) -> "Work":
        """Return the same transaction for another piece of work, which is shown nothing of what was done in it before."""
        other = self.acting_as(self.actor)
        other._begun = len(self._buffer.events)
        self._buffer.known.clear()
        return other

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
        """Return what has happened so far; what is to be added goes through `happened`."""
        return self._buffer.events[self._begun :]

    @property
    def outbox_ids(self) -> list[int]:
        """Return the messages that this work will send."""
        return self._buffer.outbox_ids

    @property
    def posted(self) -> dict[int, Posted]:
        """Return the rows of those of them that this work wrote, by their ids, so that they need not be read again."""
        return self._buffer.posted

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
    def next_job(self) -> datetime | None:
        """Return when the first of the jobs planned in it is to run, so that the sweeper looks again then."""
        return self._buffer.next_job

    @property
    def ledger(self) -> Path | None:
        """Return the file beside the database where erasures are written down; None where there is none."""
        return self._buffer.ledger

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
        record = await rows.insert(model, {"created_at": self.now, "updated_at": self.now, **values})
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
        if not await rows.update(record, {**changed, "version": version, "updated_at": self.now}):
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
        held = record.__dict__
        about = {name: held.get(column) for name, column in _LINKS.items()}
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

    def happened(self, event: Event) -> None:
        """Record an event as it is."""
        lease.check()
        self._buffer.events.append(event)

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
        """Have something happen later; a job of the same key is moved, and one that ran at this very time stays done.

        :raises KeyTaken: the key is a job's of another kind, which stays as it is
        """
        await self._plan(Planned(kind, key, run_at, payload))

    async def _plan(self, *jobs: Planned) -> None:
        soonest = min(job.run_at for job in jobs)
        if self._buffer.next_job is None or soonest < self._buffer.next_job:
            self._buffer.next_job = soonest
        await rows.plan(jobs)

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
            chat_id, lane, audience, user_id, about, line_id, method=method, payload=db.to_json(payload)
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
        return await self._post(chat_id, lane, "staff", user_id, about, line_id, key=key, notice=notice, args=written)

    async def _post(
        self,
        chat_id: int,
        lane: Lane,
        audience: str,
        user_id: int | None,
        about: tuple[str, int] | None,
        line_id: int | None,
        *,
        key: str | None = None,
        notice: str = "",
        args: str = "{}",
        method: str = "",
        payload: str = "{}",
    ) -> int | None:
        """Write a row of the outbox; None where its key was used before."""
        entity, record_id = about or (None, None)
        message = Posted(
            chat_id,
            LANE_ORDER[lane],
            audience,
            user_id,
            entity,
            record_id,
            line_id,
            key,
            notice,
            args,
            method,
            payload,
            self.now,
            # A row just committed is sent from memory; the sweeper takes it only when that did not happen.
            self.now + timedelta(seconds=30),
        )
        outbox_id = await rows.post(message)
        if outbox_id is not None:
            self._buffer.outbox_ids.append(outbox_id)
            self._buffer.posted[outbox_id] = message
        return outbox_id

    # --- the end -----------------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Recompute what is derived and write the events down; called before reading what this work changed, and at its end."""
        while self._buffer.touched:
            touched, self._buffer.touched = self._buffer.touched, {}
            await derive(self, list(touched.values()))
        fresh = self._buffer.events[self._buffer.flushed :]
        if fresh:
            await rows.insert_events(fresh)
            self._buffer.flushed = len(self._buffer.events)
            await keep_attention(self, fresh)

    async def retell(self, events: Sequence[Event]) -> None:
        """Have hooks and rules hear of events that were written before, past this class; they are not written again."""
        await self.flush()
        self._buffer.events += events
        self._buffer.flushed = len(self._buffer.events)

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

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Do something that may fail without taking the rest along: rows and what was to be written both go back."""
        return Savepoint(self)
