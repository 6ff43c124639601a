"""Write what a file brings: new records with their events, references, tags and notes, thousands in a few statements.

Rules and plugins do not hear of each: a million events would hold them up for hours. They hear once that the operation ended;
the events are in the table all the same, for timeline and undo.
"""

import contextlib
import functools
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import (
    CompanyCreated,
    ContactCreated,
    DealCreated,
    Event,
    LeadCreated,
    NoteAdded,
    TagAdded,
)
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.derived.many import chunks, insert_many, reserve, stored
from botcrm.core.services.work import Work

MODELS: dict[str, type[Company] | type[Contact] | type[Lead] | type[Deal]] = {
    "company": Company,
    "contact": Contact,
    "lead": Lead,
    "deal": Deal,
}
_CREATED: dict[str, type[Event]] = {
    "company": CompanyCreated,
    "contact": ContactCreated,
    "lead": LeadCreated,
    "deal": DealCreated,
}
_JSON = frozenset({"more_phones", "more_emails", "custom"})
_LINKS = ("deal", "contact", "company", "lead")
_DEFAULTS: dict[str, dict[str, Any]] = {"lead": {"status": "new"}, "deal": {"status": "open"}}


@functools.cache
def _columns(entity: str) -> tuple[str, ...]:
    """Return all columns: every import fills the same ones, so that their statement is compiled once."""
    return ("id", *(name for name in MODELS[entity]._meta.fields_db_projection if name != "id"))


async def create_many(
    work: Work, entity: str, records: Sequence[dict[str, Any]], *, heard: bool = False
) -> Sequence[int]:
    """Insert records, each with the event that it was made, and return their ids in order.

    :param records: by column; `created_at` may be among them
    :param heard: whether rules and plugins hear of each
    """
    if not records:
        return []
    ids = await reserve(entity, len(records))
    columns = _columns(entity)
    place = {name: at for at, name in enumerate(columns)}
    defaults = {"version": 1, "created_at": work.now, "updated_at": work.now, **_DEFAULTS.get(entity, {})}
    empty = [stored(defaults.get(name)) for name in columns]
    rows = []
    for record_id, values in zip(ids, records, strict=True):
        row = empty.copy()
        row[0] = record_id
        for name, value in values.items():
            row[place[name]] = db.to_json(value) if name in _JSON and value is not None else stored(value)
        rows.append(row)
    await insert_many(entity, columns, rows)
    made = _CREATED[entity]
    said = _Said(work, heard=heard)
    for record_id, values in zip(ids, records, strict=True):
        after = {name: value for name, value in values.items() if value is not None}
        said.add(made, entity, record_id, about_of(entity, record_id, values), after)
    await said.write()
    return ids


class _Said:
    """Events on their way into the table, or to whoever is to hear of each."""

    def __init__(self, work: Work, *, heard: bool) -> None:
        self._work = work
        self._heard = heard
        self._now = stored(work.now)
        self._rows: list[tuple[Any, ...]] = []

    def add(
        self, kind: type[Event], entity: str, record_id: int, about: dict[str, int | None], after: dict[str, Any]
    ) -> None:
        work = self._work
        if self._heard:
            made = kind(entity, record_id, 1, work.now, work.id, work.actor.id, after=after, about=about)
            work.happened(made)
            return
        links = (about["deal"], about["contact"], about["company"], about["lead"])
        told = (
            self._now,
            work.id,
            work.actor.id,
            kind.__name__,
            entity,
            record_id,
            1,
            *links,
            "{}",
            _json(after),
            None,
        )
        self._rows.append(told)

    async def write(self) -> None:
        await insert_many("event", _EVENT_COLUMNS, self._rows)


_EVENT_COLUMNS = (
    *("at", "work_id", "actor_id", "type", "entity", "record_id", "version"),
    *("deal_id", "contact_id", "company_id", "lead_id", "before", "after", "undoes"),
)


def _told(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_told).encode


async def add_refs(work: Work, entity: str, source: str, refs: Mapping[str, int]) -> None:
    """Note down what another system calls records; an id whose record was deleted since stands for the new one."""
    if not refs:
        return
    await db.execute_many(
        "INSERT INTO external_ref (entity, record_id, source, external_id) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (entity, source, external_id) DO UPDATE SET record_id = excluded.record_id "
        f'WHERE (SELECT deleted_at FROM "{entity}" WHERE id = external_ref.record_id) IS NOT NULL',
        [(entity, record_id, source, external_id) for external_id, record_id in refs.items()],
    )


async def tag_many(
    work: Work,
    entity: str,
    tags: Sequence[tuple[int, str]],
    abouts: Mapping[int, dict[str, int | None]],
    *,
    heard: bool = False,
) -> None:
    """Hang tags on new records."""
    await insert_many("tag", ("entity", "record_id", "tag"), [(entity, record_id, tag) for record_id, tag in tags])
    said = _Said(work, heard=heard)
    for record_id, tag in tags:
        said.add(TagAdded, entity, record_id, abouts[record_id], {"tag": tag})
    await said.write()


async def note_many(work: Work, notes: Sequence[tuple[str, dict[str, int | None]]], *, heard: bool = False) -> None:
    """Keep texts on records, each with what it is about."""
    if not notes:
        return
    ids = await reserve("note", len(notes))
    columns = ("id", "version", "created_at", "updated_at", "text", "owner_id", *(f"{name}_id" for name in _LINKS))
    now, rows, said = stored(work.now), [], _Said(work, heard=heard)
    for note_id, (text, about) in zip(ids, notes, strict=True):
        links = {f"{name}_id": about.get(name) for name in _LINKS}
        rows.append((note_id, 1, now, now, text, work.actor.id, *links.values()))
        said.add(NoteAdded, "note", note_id, about, {"text": text, "owner_id": work.actor.id, **links})
    await insert_many("note", columns, rows)
    await said.write()


async def notes_there(entity: str, notes: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return which of these (record, text) stand among the records' notes word for word."""
    wanted = set(notes)
    found = set[tuple[int, str]]()
    for part in chunks(sorted({record_id for record_id, _ in wanted})):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f"SELECT {entity}_id AS id, text FROM note WHERE {entity}_id IN ({marks}) AND deleted_at IS NULL", *part
        )
        found |= {(row["id"], row["text"]) for row in rows}
    return wanted & found


def about_of(entity: str, record_id: int, values: Mapping[str, Any]) -> dict[str, int | None]:
    """Return what events about a record concern: itself, and what it hangs on."""
    about = {name: values.get(f"{name}_id") for name in _LINKS}
    about[entity] = record_id
    return about


async def load_many(entity: str, ids: Sequence[int]) -> dict[int, Company | Contact | Lead | Deal]:
    """Return records that are going to be changed in this transaction, by id."""
    model = MODELS[entity]
    hold = " FOR UPDATE" if db.dialect() == "postgres" else ""
    found: dict[int, Company | Contact | Lead | Deal] = {}
    for part in chunks(sorted(set(ids))):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f'SELECT * FROM "{entity}" WHERE id IN ({marks}) AND deleted_at IS NULL ORDER BY id{hold}', *part
        )
        for row in rows:
            found[row["id"]] = model._init_from_db(**row)
    return found


@contextlib.asynccontextmanager
async def unheard(work: Work, *, heard: bool = False) -> AsyncIterator[None]:
    """Have what is changed in the block written down, and neither rules nor plugins hear of each."""
    if heard:
        yield
        return
    await work.flush()
    buffer = work._buffer
    count = len(buffer.events)
    yield
    await work.flush()
    del buffer.events[count:]
    buffer.flushed = count
    buffer.known.clear()
