"""How records, events, jobs and messages are written down: the statements behind the unit of work.

The library's own create and insert put the same together in four times the time.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from tortoise.exceptions import IntegrityError

from botcrm.core import db
from botcrm.core.domain.events import Event
from botcrm.core.models import Record

R = TypeVar("R", bound=Record)

_AS_THEY_ARE = (str, int, bool)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a model's records are made and inserted.

    :ivar fixed: what fields hold that no value is given for
    :ivar made: what makes that anew each time, for the other fields
    :ivar plain: the type of the values that a field takes as they are
    :ivar read: turns a value into what a field holds, and whether it may be None
    :ivar stored: in the order of the columns, a field's name and how its value is stored
    """

    sql: str
    fixed: dict[str, Any]
    made: tuple[tuple[str, Callable[[], Any]], ...]
    plain: dict[str, type]
    read: dict[str, tuple[Callable[[Any], Any], bool]]
    stored: tuple[tuple[str, Callable[[Any, Any], Any]], ...]


@functools.cache
def _shape(model: type[Record]) -> _Shape:
    meta = model._meta
    fields = {name: meta.fields_map[name] for name in meta.fields_db_projection}
    defaults = [(field.default, field.has_db_default()) for field in fields.values()]
    if any(inspect.iscoroutinefunction(one) or (one is None and by_database) for one, by_database in defaults):
        raise TypeError(f"{model.__name__} has a default that only the library or the database can make")
    columns = {name: column for name, column in meta.fields_db_projection.items() if name != "id"}
    return _Shape(
        f'INSERT INTO "{meta.db_table}" ({", ".join(columns.values())}) VALUES ({", ".join("?" * len(columns))}) RETURNING id',
        {name: field.default for name, field in fields.items() if not callable(field.default)},
        tuple((name, field.default) for name, field in fields.items() if callable(field.default)),
        {name: field.field_type for name, field in fields.items() if field.field_type in _AS_THEY_ARE},
        {name: (field.to_python_value, field.null) for name, field in fields.items()},
        tuple((name, fields[name].to_db_value) for name in columns),
    )


async def insert(model: type[R], values: dict[str, Any]) -> R:
    """Insert a record and return it.

    :param values: by field; what is left out has its default
    :raises ValueError: a value is None where there has to be one, or does not fit its column
    """
    shape = _shape(model)
    record = model.__new__(model)
    state = record.__dict__
    state.update(shape.fixed, _partial=False, _saved_in_db=True, _custom_generated_pk=False, _await_when_save={})
    for name, make in shape.made:
        if name not in values:
            state[name] = make()
    plain, read = shape.plain, shape.read
    for name, value in values.items():
        if type(value) is plain.get(name):
            state[name] = value
            continue
        convert, may_be_none = read[name]
        if value is None and not may_be_none:
            raise ValueError(f"{name} is non nullable field, but null was passed")
        state[name] = convert(value)
    row = [to_db(state[name], record) for name, to_db in shape.stored]
    record.id = (await db.fetch(shape.sql, *row))[0]["id"]
    return record


# --- events ----------------------------------------------------------------------------------------------------------

EVENT_SQL = (
    "INSERT INTO event (at, work_id, actor_id, type, entity, record_id, version, deal_id, contact_id, company_id, lead_id, "
    "before, after, undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


async def insert_events(events: Sequence[Event]) -> None:
    """Write events down."""
    await db.execute_many(EVENT_SQL, [_event_row(event) for event in events])


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


# --- jobs ------------------------------------------------------------------------------------------------------------


class KeyTaken(ValueError):
    """A job was to be planned by a key that a job of another kind goes by (`key`, `kind`)."""

    def __init__(self, key: str, kind: str) -> None:
        super().__init__(f"the key {key!r} is a job's of another kind than {kind!r}: that one stays as it is")
        self.key = key
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Planned:
    """Something that is to happen later: by whom it is done, what it goes by, when, and the facts for it."""

    kind: str
    key: str
    run_at: datetime
    payload: dict[str, Any]


# A job of another kind cannot be without one: the statement fails instead of moving it.
_PLAN_SQL = (
    "INSERT INTO job (kind, key, payload, state, run_at, token, attempts, error) VALUES (?, ?, ?, 'waiting', ?, 0, 0, '') "
    "ON CONFLICT (key) DO UPDATE SET kind = CASE WHEN job.kind = excluded.kind THEN job.kind END, "
    "run_at = excluded.run_at, payload = excluded.payload, state = 'waiting', "
    "attempts = 0, lease_until = NULL, token = job.token + 1 "
    "WHERE job.run_at <> excluded.run_at OR job.state = 'cancelled' OR job.kind <> excluded.kind"
)


async def plan(jobs: Sequence[Planned]) -> None:
    """Insert jobs, or move those of the same keys.

    :raises KeyTaken: a key is a job's of another kind
    """
    try:
        await db.execute_many(_PLAN_SQL, [(job.kind, job.key, db.to_json(job.payload), job.run_at) for job in jobs])
    except IntegrityError as exc:
        if len(jobs) == 1:
            raise KeyTaken(jobs[0].key, jobs[0].kind) from exc
        raise KeyTaken(", ".join(job.key for job in jobs), ", ".join(job.kind for job in jobs)) from exc


# --- messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posted:
    """A row of the outbox as it was inserted: `args` and `payload` are JSON."""

    chat_id: int
    lane_order: int
    audience: str
    user_id: int | None
    entity: str | None
    record_id: int | None
    line_id: int | None
    key: str | None
    notice: str
    args: str
    method: str
    payload: str
    created_at: datetime
    lease_until: datetime


_POST_SQL = (
    "INSERT INTO outbox (chat_id, lane_order, audience, user_id, entity, record_id, line_id, key, notice, args, method, "
    "payload, created_at, lease_until, not_before, state, attempts, error) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, '') ON CONFLICT (key) DO NOTHING RETURNING id"
)


async def post(message: Posted) -> int | None:
    """Insert a row of the outbox and return its id; None where its key was used before, perhaps by another process just now."""
    row = await db.fetch_one(
        _POST_SQL,
        message.chat_id,
        message.lane_order,
        message.audience,
        message.user_id,
        message.entity,
        message.record_id,
        message.line_id,
        message.key,
        message.notice,
        message.args,
        message.method,
        message.payload,
        message.created_at,
        message.lease_until,
        message.created_at,
    )
    return int(row["id"]) if row else None
