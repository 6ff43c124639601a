"""The values of own fields as filters see them: derived, written again when the values of a record change."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcrm.core import db
from botcrm.core.domain.custom_values import TYPES, Indexed, Names
from botcrm.core.domain.text import fold
from botcrm.core.models import Choice, Company, Contact, CustomField, Deal, Lead, Record
from botcrm.core.services import own_fields

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

_HAVE = (Company, Contact, Lead, Deal)
SEARCHED = ("text", "link", "list", "multi")


async def keep_values(work: "Work", records: Sequence[Record]) -> None:
    """Write the values of those records again whose own fields this work changed; tell everybody of changed fields and words."""
    if any(isinstance(record, CustomField) for record in records):
        await own_fields.changed()
    words = [record for record in records if isinstance(record, Choice)]
    if words:
        await _words_changed(words)
    changed = {
        (event.entity, event.record_id)
        for event in work.events
        if event.after.get("custom") or event.before.get("custom")
    }
    if not changed:
        return
    known = await own_fields.known()
    for record in records:
        entity = record._meta.db_table
        if isinstance(record, _HAVE) and (entity, record.id) in changed:
            await db.execute("DELETE FROM field_value WHERE entity = ? AND record_id = ?", entity, record.id)
            await _insert(known, entity, [(record.id, record.custom or {})])


async def search_texts(entity: str, record: Record) -> list[str]:
    """Return the words of own fields that a record is found by: texts, links, and the names of what was chosen from lists."""
    custom: Mapping[str, Any] = getattr(record, "custom", None) or {}
    if not custom:
        return []
    known = await own_fields.known()
    return [
        TYPES[one.type].write(value, known.names.get(one.dictionary, {}))
        for one in known.fields
        if one.entity == entity and one.type in SEARCHED and (value := custom.get(str(one.id))) is not None
    ]


async def index_new(entity: str, values: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Write the values of new records, as (id, `custom`)."""
    if values:
        await _insert(await own_fields.known(), entity, values)


async def _insert(known: own_fields.Known, entity: str, values: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    people = await _people(known, values)
    by_id = {str(one.id): one for one in known.every}
    rows = [
        (one.id, entity, record_id, row.text, row.number, _measure(known, one, row), row.moment)
        for record_id, custom in values
        for key, value in custom.items()
        if (one := by_id.get(key)) and value is not None
        for row in _indexed(
            one, value, people if TYPES[one.type].names_of == "person" else known.names.get(one.dictionary, {})
        )
    ]
    if rows:
        await db.execute_many(
            "INSERT INTO field_value (field_id, entity, record_id, text, number, measure, moment) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _measure(known: own_fields.Known, one: CustomField, row: Indexed) -> float | None:
    """Return what a number is compared by; of a word that was merged the one that stands for it."""
    if row.number is None:
        return None
    return float(known.ends.get(int(row.number), row.number) if one.dictionary else row.number)


def _indexed(one: CustomField, value: Any, names: Names) -> list[Indexed]:
    return TYPES[one.type].index(value, names)


async def _people(known: own_fields.Known, values: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[int, str]:
    holding = {str(one.id) for one in known.every if TYPES[one.type].names_of == "person"}
    ids = {custom[key] for _, custom in values for key in holding & custom.keys() if custom[key] is not None}
    if not ids:
        return {}
    marks = ", ".join(str(int(one)) for one in sorted(ids))
    return {row["id"]: row["name"] for row in await db.fetch(f'SELECT id, name FROM "user" WHERE id IN ({marks})')}


async def _words_changed(words: Sequence[Choice]) -> None:
    """Have the rows of a word found by what it is called now; its values themselves name it by its id."""
    before = await own_fields.known()
    if not before.every:
        return
    await own_fields.changed()
    now = await own_fields.known()
    for dictionary in {word.dictionary for word in words}:
        fields = [one.id for one in now.every if one.dictionary == dictionary]
        if not fields:
            continue
        marks = ", ".join(str(one) for one in fields)
        was = before.names.get(dictionary, {})
        for word_id, name in now.names[dictionary].items():
            end = now.ends.get(word_id, word_id)
            if (was.get(word_id, name), before.ends.get(word_id, word_id)) != (name, end):
                await db.execute(
                    f"UPDATE field_value SET text = ?, measure = ? WHERE field_id IN ({marks}) AND number = ?",
                    fold(name)[:300],
                    float(end),
                    Decimal(word_id),
                )
