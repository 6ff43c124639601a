"""How records, events, jobs and messages are written down, and records read: the statements behind the unit of work.

The library's own create and insert put the same together in four times the time.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from tortoise.exceptions import IntegrityError

from botcrm.core import db
from botcrm.core.domain.events import Event
from botcrm.core.models import Record

R = TypeVar("R", bound=Record)

_AS_THEY_ARE = (str, int, bool)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a model's records are made, read and inserted; all by the fields' names.

    :ivar columns: beside each field, its column
    :ivar fixed: what fields hold that no value is given for
    :ivar unset: how that is stored, in the order of the columns
    :ivar made: what makes the value anew each time, for the other fields
    :ivar needed: fields that are never None
    :ivar plain: the type of the values that a field takes as they are
    :ivar read: turns a value into what a field holds
    :ivar stored: turns what a field holds into what its column does
    """

    sql: str
    columns: tuple[tuple[str, str], ...]
    fixed: dict[str, Any]
    unset: dict[str, Any]
    made: dict[str, Callable[[], Any]]
    needed: frozenset[str]
    plain: dict[str, type]
    read: dict[str, Callable[[Any], Any]]
    stored: dict[str, Callable[[Any, Any], Any]]


@functools.cache
def _shape(model: type[Record]) -> _Shape:
    meta = model._meta
    fields = {name: meta.fields_map[name] for name in meta.fields_db_projection}
    defaults = [(field.default, field.has_db_default()) for field in fields.values()]
    if any(inspect.iscoroutinefunction(one) or (one is None and by_database) for one, by_database in defaults):
        raise TypeError(f"{model.__name__} has a default that only the library or the database can make")
    columns = {name: column for name, column in meta.fields_db_projection.items() if name != "id"}
    fixed = {name: field.default for name, field in fields.items() if not callable(field.default)}
    unset = {name: fixed.get(name) for name in columns}
    return _Shape(
        f'INSERT INTO "{meta.db_table}" ({", ".join(columns.values())}) VALUES ({", ".join("?" * len(columns))}) RETURNING id',
        tuple(meta.fields_db_projection.items()),
        fixed,
        {name: None if value is None else fields[name].to_db_value(value, model) for name, value in unset.items()},
        {name: field.default for name, field in fields.items() if callable(field.default)},
        frozenset(name for name, field in fields.items() if not field.null),
        {name: field.field_type for name, field in fields.items() if field.field_type in _AS_THEY_ARE},
        {name: field.to_python_value for name, field in fields.items()},
        {name: fields[name].to_db_value for name in columns},
    )


async def insert(model: type[R], values: dict[str, Any]) -> R:
    """Insert a record and return it.

    :param values: by field; what is left out has its default
    :raises ValueError: a value is None where there has to be one, or does not fit its column
    """
    shape = _shape(model)
    if shape.made:
        values = {name: make() for name, make in shape.made.items()} | values
    record = _blank(model)
    state, row = record.__dict__, dict(shape.unset)
    state.update(shape.fixed)
    plain, read, stored = shape.plain, shape.read, shape.stored
    for name, value in values.items():
        if value is None:
            if name in shape.needed:
                raise ValueError(f"{name} is non nullable field, but null was passed")
            state[name] = row[name] = None
            continue
        if type(value) is not plain.get(name):
            value = read[name](value)
        state[name] = value
        row[name] = stored[name](value, record)
    record.id = (await db.fetch(shape.sql, *row.values()))[0]["id"]
    return record


async def update(record: Record, values: dict[str, Any]) -> bool:
    """Write values, by field, to a record's row; returns whether that was still there at the record's version."""
    model = type(record)
    shape, columns = _shape(model), model._meta.fields_db_projection
    sets = ", ".join(f"{columns[name]} = ?" for name in values)
    row = [shape.stored[name](value, model) for name, value in values.items()]
    sql = f'UPDATE "{model._meta.db_table}" SET {sets} WHERE id = ? AND version = ?'
    return await db.execute(sql, *row, record.id, record.version) > 0


def record_in(model: type[R], row: Mapping[str, Any]) -> R:
    """Return the record that a whole row of its table is."""
    shape = _shape(model)
    record = _blank(model)
    state, plain, read = record.__dict__, shape.plain, shape.read
    for name, column in shape.columns:
        value = row[column]
        state[name] = value if value is None or type(value) is plain.get(name) else read[name](value)
    return record


def _blank(model: type[R]) -> R:
    """Return a record without fields, as the library keeps those that are stored."""
    record = model.__new__(model)
    record.__dict__.update(_partial=False, _saved_in_db=True, _custom_generated_pk=False, _await_when_save={})
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


class Planned(NamedTuple):
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


class Posted(NamedTuple):
    """A row of the outbox as it was inserted, in the order of `_POST_SQL`: `args` and `payload` are JSON."""

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
    row = await db.fetch_one(_POST_SQL, *message, message.created_at)
    return int(row["id"]) if row else None
