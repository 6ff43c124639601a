"""The fields that a company made for itself: make and change them, and read, show and set their values on records.

Values stand in a record's `custom` by the field's id and change by `work.change` like everything else: events, undo and hooks
come by themselves. A field that is deleted is hidden with its values; undo brings both back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.custom_errors import BadValue, NoSuchField, TooManyFields, WrongPipeline
from botcrm.core.domain.custom_values import TYPES, Names, ReadContext
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.events import (
    CompanyChanged,
    ContactChanged,
    DealChanged,
    Event,
    FieldAdded,
    FieldChanged,
    LeadChanged,
    RecordDeleted,
)
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.domain.zones import to_wall
from botcrm.core.models import Company, Contact, CustomField, Deal, File, Lead, Pipeline, Record
from botcrm.core.services.access import demand, load
from botcrm.core.services.custom import known as own_fields
from botcrm.core.services.custom.names import clean_name, free_key, key_of, make_way
from botcrm.core.services.custom.values import search_texts
from botcrm.core.services.work import Work

MODELS: dict[str, type[Company] | type[Contact] | type[Lead] | type[Deal]] = {
    "deal": Deal,
    "contact": Contact,
    "company": Company,
    "lead": Lead,
}
_CHANGED: dict[str, type[Event]] = {
    "deal": DealChanged,
    "contact": ContactChanged,
    "company": CompanyChanged,
    "lead": LeadChanged,
}
_MOST = 100
# What tells about a person unless somebody says otherwise; a number or a date rarely does.
_PERSONAL = frozenset({"text", "link", "file"})


# --- the fields themselves ---------------------------------------------------------------------------------------------


async def fields_of(entity: str, pipeline_id: int | None = None) -> tuple[CustomField, ...]:
    """Return an entity's fields in their order; for a pipeline those of all deals and its own."""
    return _of((await own_fields.known()).fields, entity, pipeline_id)


async def fields_for(work: Work, entity: str, pipeline_id: int | None = None) -> tuple[CustomField, ...]:
    """Return the same, without asking the database where the company has no fields of its own."""
    return _of((await own_fields.of_version(work.prefs.own_fields)).fields, entity, pipeline_id)


def _of(fields: Sequence[CustomField], entity: str, pipeline_id: int | None) -> tuple[CustomField, ...]:
    return tuple(
        one
        for one in fields
        if one.entity == entity and (pipeline_id is None or one.pipeline_id in (None, pipeline_id))
    )


async def fields_of_record(record: Record) -> tuple[CustomField, ...]:
    """Return the fields that a record can have."""
    return await fields_of(record._meta.db_table, getattr(record, "pipeline_id", None))


async def find_field(entity: str, key: str) -> CustomField | None:
    """Return the field that is written so, or called so."""
    return named(await fields_of(entity), key)


def named(fields: Sequence[CustomField], key: str) -> CustomField | None:
    """Return which of some fields is written so, or called so."""
    wanted = fold(key)
    by_key = (one for one in fields if one.key == wanted)
    return next(by_key, None) or next((one for one in fields if fold(one.name) == wanted), None)


async def field_of(work: Work, field_id: int, action: Action = Action.READ) -> CustomField:
    """Return a field that is not deleted.

    :raises NotFound: there is none
    :raises NotAllowed: the actor may not do this to fields
    """
    if action != Action.READ:
        demand(work, "field", action)
    found = await CustomField.filter(id=field_id, deleted_at=None).first() if 0 < field_id < 2**31 else None
    if found is None:
        raise NotFound(ref="that field")
    return found


async def add_field(
    work: Work,
    entity: str,
    name: str,
    type: str,  # noqa: A002 - what people call it
    *,
    dictionary: str = "",
    pipeline_id: int | None = None,
    required: bool = False,
    personal: bool | None = None,
) -> CustomField:
    """Make a field.

    :param type: one of `custom_values.TYPES`
    :param dictionary: of a list: where its words are; its own, “deal.key”, where it is empty
    :param personal: whether it tells about a person; by its type where it is None
    :raises NotAllowed: the actor may not make fields
    :raises FieldTaken: its key means something already
    :raises SameName: another field is called so
    """
    demand(work, "field", Action.ADD)
    if entity not in MODELS or type not in TYPES or (pipeline_id is not None and entity != "deal"):
        raise NoSuchField(key=f"{entity}.{type}")
    name = clean_name(name)
    key = await free_key(entity, name)
    standing = await fields_of(entity)
    if len(standing) >= _MOST:
        raise TooManyFields(most=_MOST)
    await make_way(work, entity, name)
    chosen = TYPES[type].names_of == "choice"
    return await work.create(
        CustomField,
        FieldAdded,
        entity=entity,
        pipeline_id=pipeline_id,
        key=key,
        name=name,
        type=type,
        dictionary=(dictionary or own_dictionary(entity, key)) if chosen else "",
        required=required,
        personal=type in _PERSONAL if personal is None else personal,
        position=max((one.position for one in standing), default=0) + 1,
    )


def own_dictionary(entity: str, key: str) -> str:
    """Return the name of the dictionary that belongs to one field."""
    return f"{entity}.{key}"


async def change_field(work: Work, field_id: int, **values: Any) -> CustomField:
    """Change a field: name, required, personal, pipeline_id. Its key stays, so that lines and files go on to be read.

    :raises NotAllowed: the actor may not
    :raises FieldTaken: the name means something already, in a line
    :raises SameName: another field is called so
    """
    found = await field_of(work, field_id, Action.CHANGE)
    if "name" in values:
        values["name"] = clean_name(values["name"])
        if fold(values["name"]) != fold(found.name):
            await free_key(found.entity, values["name"], field_id)
            await make_way(work, found.entity, values["name"])
    return await work.change(found, FieldChanged, **values)


async def move_field(work: Work, field_id: int, up: bool) -> CustomField:
    """Change a field's place with the one before or behind it."""
    found = await field_of(work, field_id, Action.CHANGE)
    order = [one.id for one in await fields_of(found.entity)]
    place = order.index(found.id)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
        standing = {one.id: one for one in await CustomField.filter(id__in=order)}
        for position, one_id in enumerate(order, 1):
            if standing[one_id].position != position:
                await work.change(standing[one_id], FieldChanged, position=position)
    return await field_of(work, field_id)


async def delete_field(work: Work, field_id: int) -> CustomField:
    """Delete a field: it is hidden with its values; undo brings both back."""
    found = await field_of(work, field_id, Action.DELETE)
    return await work.change(found, RecordDeleted, deleted_at=work.now)


async def count_values(field_id: int) -> int:
    """Count the records that hold a value of a field."""
    row = await db.fetch_one("SELECT count(DISTINCT record_id) AS n FROM field_value WHERE field_id = ?", field_id)
    return int(row["n"]) if row else 0


# --- values ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A field of a record with what it holds; `names` says what the ids in it are called."""

    field: CustomField
    value: Any
    names: Names

    @property
    def type(self) -> str:
        """Return the type's name."""
        return self.field.type


async def held(work: Work, record: Record, *, empty: bool = False) -> list[Held]:
    """Return the fields of a record that hold something, in order.

    :param empty: those that hold nothing as well
    """
    custom: Mapping[str, Any] = getattr(record, "custom", None) or {}
    if not custom and not work.prefs.own_fields:
        return []
    known = await own_fields.known()
    fields = _of(known.fields, record._meta.db_table, getattr(record, "pipeline_id", None))
    values = [(one, custom.get(str(one.id))) for one in fields]
    values = [(one, value) for one, value in values if empty or value is not None]
    return [Held(one, value, await _names(known, one, value)) for one, value in values]


async def by_id(entity: str) -> dict[str, Held]:
    """Return an entity's fields by their ids as `custom` has them, the deleted ones too, to show values of earlier."""
    known = await own_fields.known()
    fields = [one for one in known.every if one.entity == entity]
    people: Names = {}
    if any(one.type == "person" for one in fields):
        people = {row["id"]: row["name"] for row in await db.fetch('SELECT id, name FROM "user"')}
    return {
        str(one.id): Held(one, None, people if one.type == "person" else known.names.get(one.dictionary, {}))
        for one in fields
    }


async def _names(known: own_fields.Known, one: CustomField, value: Any) -> Names:
    """Return what a value's ids are called."""
    match TYPES[one.type].names_of:
        case "choice":
            return known.names.get(one.dictionary, {})
        case "person" if value is not None:
            rows = await db.fetch('SELECT id, name FROM "user" WHERE id = ?', value)
            return {row["id"]: row["name"] for row in rows}
        case "file" if value is not None:
            rows = await db.fetch("SELECT id, name FROM file WHERE id = ? AND deleted_at IS NULL", value)
            return {row["id"]: row["name"] for row in rows}
    return {}


async def reading(work: Work, one: CustomField, text: str = "") -> ReadContext:
    """Return all that reading a field's value depends on.

    :param text: what is to be read: a file is looked for where it names one
    """
    return ReadContext(
        one.name,
        to_wall(work.now, work.prefs.zone),
        work.prefs.language,
        work.prefs.currency,
        await _choosable(work, one, text),
        work.actor.id,
    )


async def _choosable(work: Work, one: CustomField, text: str) -> Names:
    match TYPES[one.type].names_of:
        case "choice":
            known = await own_fields.known()
            return {word.id: word.name for word in known.choices.get(one.dictionary, ())}
        case "person":
            return {
                row["id"]: row["name"]
                for row in await db.fetch('SELECT id, name FROM "user" WHERE active ORDER BY name')
            }
        case "file":
            number = re.search(r"\d{1,9}", text)
            try:
                file = await load(work, File, int(number[0])) if number else None
            except CrmError:
                file = None
            return {file.id: file.name} if file else {}
    return {}


async def read_value(work: Work, one: CustomField, text: str) -> Any:
    """Return what a text means for a field; nothing, or a dash, empties it.

    :raises BadValue: it means nothing of its type
    """
    if text.strip() in ("", "-", "–", "—") and TYPES[one.type].name != "yes_no":
        return None
    return TYPES[one.type].read(text, await reading(work, one, text))


async def set_values(work: Work, entity: str, record_id: int, values: Mapping[int, Any]) -> Record:
    """Set fields of a record by their ids; None empties one.

    :param values: as the types' `read` returns them
    :raises NotFound: no such record within the actor's reach
    :raises NotAllowed: the actor may not change it
    :raises WrongPipeline: a field is only for deals of another pipeline
    """
    record = await load(work, MODELS[entity], record_id, Action.CHANGE)
    fields = {one.id: one for one in await fields_of(entity)}
    custom = dict(record.custom or {})
    for field_id, value in values.items():
        one = fields.get(field_id)
        if one is None:
            raise NoSuchField(key=str(field_id))
        if value is None:
            custom.pop(str(field_id), None)
            continue
        if one.pipeline_id is not None and one.pipeline_id != getattr(record, "pipeline_id", None):
            pipeline = await Pipeline.filter(id=one.pipeline_id).first()
            raise WrongPipeline(what=one.name, pipeline=pipeline.name if pipeline else "?")
        custom[str(field_id)] = value
    if custom == (record.custom or {}):
        return record
    return await work.change(record, _CHANGED[entity], custom=custom or None)


__all__ = [
    "MODELS",
    "BadValue",
    "Held",
    "add_field",
    "by_id",
    "change_field",
    "count_values",
    "delete_field",
    "field_of",
    "fields_for",
    "fields_of",
    "fields_of_record",
    "find_field",
    "free_key",
    "held",
    "key_of",
    "move_field",
    "named",
    "own_dictionary",
    "read_value",
    "reading",
    "search_texts",
    "set_values",
]
