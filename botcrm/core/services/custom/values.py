"""The values of own fields as filters see them: derived, written again when the values of a record change."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcrm.core import db
from botcrm.core.domain.custom_values import TYPES, Indexed
from botcrm.core.domain.events import RecordDeleted, RecordRestored
from botcrm.core.domain.text import fold
from botcrm.core.models import Choice, Company, Contact, CustomField, Deal, Lead, Record
from botcrm.core.services.custom import known as own_fields

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

_HAVE = (Company, Contact, Lead, Deal)
SEARCHED = ("text", "link", "list", "multi")
# The job that has an entity's records be found by what their own fields say now.
REFIND = "derived.refind"


async def keep_values(work: "Work", records: Sequence[Record]) -> None:
    """Write the values of those records again whose own fields this work changed; tell everybody of changed fields and words."""
    fields = [record for record in records if isinstance(record, CustomField)]
    words = [record for record in records if isinstance(record, Choice)]
    stale = set[str]()
    if fields:
        await own_fields.changed()
        stale |= _vanished_or_returned(work, fields)
    if words:
        stale |= await _words_changed(words)
    for entity in sorted(stale):
        # Thousands may hold it: those are gone through a piece at a time.
        await work.plan_job(REFIND, f"{REFIND}:{entity}:{work.id}", work.now, entity=entity, after=0)
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


async def search_texts(entity: str, record: Record, pipeline_id: int | None = None) -> list[str]:
    """Return the words of own fields that a record is found by: texts, links, and the names of what was chosen from lists.

    :param pipeline_id: of a deal: without what it holds of other pipelines' fields, which is hidden there
    """
    custom: Mapping[str, Any] = getattr(record, "custom", None) or {}
    if not custom:
        return []
    known = await own_fields.known()
    return [
        TYPES[one.type].write(value, known.names.get(one.dictionary, {}))
        for one in known.fields
        if one.entity == entity
        and one.type in SEARCHED
        and (pipeline_id is None or one.pipeline_id in (None, pipeline_id))
        and (value := custom.get(str(one.id))) is not None
    ]


async def index_new(entity: str, values: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Write the values of new records, as (id, `custom`)."""
    if values:
        await _insert(await own_fields.known(), entity, values)


async def _insert(known: own_fields.Known, entity: str, values: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    rows = rows_of(known, entity, values)
    if rows:
        await db.execute_many(
            "INSERT INTO field_value (field_id, entity, record_id, text, number, measure, moment) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def rows_of(
    known: own_fields.Known, entity: str, values: Sequence[tuple[int, Mapping[str, Any]]]
) -> list[tuple[Any, ...]]:
    """Return the rows that records' values are kept in: field, entity, record, text, number, measure, moment.

    :param values: as (id, `custom`)
    """
    by_id = {str(one.id): one for one in known.every}
    return [
        (one.id, entity, record_id, row.text, row.number, _measure(known, one, row), row.moment)
        for record_id, custom in values
        for key, value in custom.items()
        if (one := by_id.get(key)) and value is not None
        for row in TYPES[one.type].index(value, known.names.get(one.dictionary, {}))
    ]


def _measure(known: own_fields.Known, one: CustomField, row: Indexed) -> float | None:
    """Return what a number is compared by; of a word that was merged the one that stands for it."""
    if row.number is None:
        return None
    return float(known.ends.get(int(row.number), row.number) if one.dictionary else row.number)


def _vanished_or_returned(work: "Work", fields: Sequence[CustomField]) -> set[str]:
    """Return of which entities this work deleted fields by whose values they are found, brought some back, or hid them elsewhere."""
    ids = {
        event.record_id
        for event in work.events
        if event.entity == "field"
        and (isinstance(event, RecordDeleted | RecordRestored) or "pipeline_id" in event.before)
    }
    return {one.entity for one in fields if one.id in ids and one.type in SEARCHED}


async def _words_changed(words: Sequence[Choice]) -> set[str]:
    """Have the rows of a word found by what it is called now; its values themselves name it by its id.

    :returns: the entities whose records hold one that is called otherwise now
    """
    before = await own_fields.known()
    stale = set[str]()
    if not before.every:
        return stale
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
                count = await db.execute(
                    f"UPDATE field_value SET text = ?, measure = ? WHERE field_id IN ({marks}) AND number = ?",
                    fold(name)[:300],
                    float(end),
                    Decimal(word_id),
                )
                if count:
                    stale |= {one.entity for one in now.fields if one.dictionary == dictionary}
    return stale
