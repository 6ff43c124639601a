"""The company's own fields in exports: a column “custom:budget” for each, as an import takes it in again."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from botcrm.core import db
from botcrm.core.domain.custom_values import TYPES, Names
from botcrm.core.models import CustomField
from botcrm.core.services.custom import known as own_fields

PREFIX = "custom:"


async def own_names(entity: str) -> tuple[str, ...]:
    """Return the columns of an entity's own fields, in order."""
    return tuple(f"{PREFIX}{one.key}" for one in (await own_fields.known()).fields if one.entity == entity)


async def own_writer(entity: str) -> Callable[[Any], dict[str, Any]]:
    """Return what writes the `custom` of a record as columns."""
    known = await own_fields.known()
    fields = [one for one in known.fields if one.entity == entity]
    people: Names = {}
    if any(one.type == "person" for one in fields):
        people = {row["id"]: row["name"] for row in await db.fetch('SELECT id, name FROM "user"')}
    named = [(one, people if one.type == "person" else known.names.get(one.dictionary, {})) for one in fields]

    def written(custom: Any) -> dict[str, Any]:
        values: Mapping[str, Any] = db.from_json(custom) or {} if custom else {}
        return {f"{PREFIX}{one.key}": _cell(one, values.get(str(one.id)), names) for one, names in named}

    return written


def _cell(one: CustomField, value: Any, names: Names) -> Any:
    if value is None:
        return None
    text = TYPES[one.type].write(value, names)
    if one.type == "number" and text == value:
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else number
    return text
