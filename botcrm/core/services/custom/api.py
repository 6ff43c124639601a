"""The company's own fields as plugins and rules use them: by their keys, with Python's own values or as people type them."""

from collections.abc import Mapping
from typing import Any, Literal

from botcrm.core.domain.custom_errors import NoSuchField
from botcrm.core.domain.custom_values import TYPES
from botcrm.core.domain.text import fold
from botcrm.core.models import CustomField, Record
from botcrm.core.services.custom.fields import Held, fields_of_record, held, named, read_value, reading, set_values
from botcrm.core.services.work import Work

CustomTest = Literal["filled", "empty", "is", "is_not", "has", "at_least", "at_most"]


async def custom_values(work: Work, record: Record) -> dict[str, Any]:
    """Return what a record's own fields hold, by their keys.

    :returns: JSON of their types: a text, a number as text, an amount as {"amount", "currency"}, a day and a time in ISO 8601,
        yes and no as a bool; words of lists, people and files by their names
    """
    found: dict[str, Any] = {}
    for one in await held(work, record):
        kind = TYPES[one.type]
        if not kind.names_of:
            found[one.field.key] = one.value
        elif kind.many:
            found[one.field.key] = [one.names.get(each, "?") for each in one.value]
        else:
            found[one.field.key] = one.names.get(one.value, "?")
    return found


async def set_custom(work: Work, record: Record, values: Mapping[str, Any]) -> Record:
    """Set own fields of a record by their keys: a text is read as a person's would be, None empties a field.

    :raises NotAllowed: the actor may not change the record
    :raises NoSuchField: there is no such key
    :raises BadValue: a value does not fit its field
    """
    fields = await fields_of_record(record)
    chosen: dict[int, Any] = {}
    for key, value in values.items():
        one = named(fields, key)
        if one is None:
            raise NoSuchField(key=key)
        context = await reading(work, one, str(value))
        chosen[one.id] = None if value is None else TYPES[one.type].take(value, context)
    return await set_values(work, record._meta.db_table, record.id, chosen)


async def custom_name(work: Work, field_id: int) -> str:
    """Return what an own field is called; empty where it was deleted."""
    found = await CustomField.filter(id=field_id, deleted_at=None).first()
    return found.name if found else ""


async def write_custom(work: Work, record: Record, field_id: int, text: str) -> str:
    """Set an own field of a record to what a text means, nothing where it is empty; returns it as it was understood.

    :raises NoSuchField: the record has no such field
    :raises BadValue: the text means nothing there
    """
    one = await _field(record, field_id)
    value = await read_value(work, one, text)
    await set_values(work, record._meta.db_table, record.id, {one.id: value})
    if value is None:
        return ""
    return TYPES[one.type].write(value, (await reading(work, one, text)).names)


async def custom_holds(work: Work, record: Record, field_id: int, test: CustomTest, text: str = "") -> bool:
    """Tell whether an own field of a record passes a test; a field that the record cannot have passes none.

    :param text: what it is compared with, as a person types it: “20k”, “in 7 days”, “roof, wall”
    :raises BadValue: the text means nothing there
    """
    one = next((each for each in await held(work, record, empty=True) if each.field.id == field_id), None)
    if one is None:
        return False
    if test in ("filled", "empty"):
        return (one.value is not None) == (test == "filled")
    if one.value is None:
        return test == "is_not"
    if test == "has" and one.type in ("text", "link"):
        return fold(text) in fold(str(one.value))
    wanted = await read_value(work, one.field, text)
    if wanted is None:
        return False
    if test == "has" and one.type == "multi":
        return set(wanted) <= set(one.value)
    return _compared(one, wanted, test)


def _compared(one: Held, wanted: Any, test: CustomTest) -> bool:
    kind = TYPES[one.type]
    if one.type == "money" and wanted["currency"] != one.value["currency"]:
        return test == "is_not"
    left, right = kind.key(one.value, one.names), kind.key(wanted, one.names)
    if kind.names_of in ("person", "file"):
        left, right = one.value, wanted
    match test:
        case "at_least":
            return bool(left >= right)
        case "at_most":
            return bool(left <= right)
        case "is_not":
            return bool(left != right)
    return bool(left == right)


async def _field(record: Record, field_id: int) -> CustomField:
    for one in await fields_of_record(record):
        if one.id == field_id:
            return one
    raise NoSuchField(key=str(field_id))
