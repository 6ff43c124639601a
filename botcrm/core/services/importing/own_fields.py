"""The company's own fields in files: a column “custom:budget” becomes the field budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core.domain.custom_values import TYPES, ReadContext
from botcrm.core.models import Record
from botcrm.core.services.custom.fields import fields_of, reading
from botcrm.core.services.custom.values import SEARCHED
from botcrm.core.services.importing.fields import CUSTOM
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class OwnTarget:
    """An own field as a column of a file is read into it; it goes from one process to another."""

    field_id: int
    type: str
    context: ReadContext

    def read(self, text: str) -> Any:
        """Return what a cell means.

        :raises BadValue: it means nothing for the field
        """
        return TYPES[self.type].read(text, self.context)


async def own_targets(work: Work, entity: str, mapping: Sequence[str]) -> dict[str, OwnTarget]:
    """Return the own fields that columns become, by what the mapping calls them; those that are gone are not among them."""
    wanted = {name.removeprefix(CUSTOM) for name in mapping if name.startswith(CUSTOM)}
    if not wanted:
        return {}
    return {
        f"{CUSTOM}{one.key}": OwnTarget(one.id, one.type, await reading(work, one))
        for one in await fields_of(entity)
        # What a file is called in another system is no file here.
        if one.key in wanted and one.type != "file"
    }


async def own_columns(entity: str) -> dict[str, str]:
    """Return the own fields that a column can become, with what people call them."""
    return {f"{CUSTOM}{one.key}": one.name for one in await fields_of(entity) if one.type != "file"}


def own_texts(own: Mapping[str, OwnTarget], values: Mapping[str, Any]) -> list[str]:
    """Return the words of a new record's own fields that it is found by."""
    custom: Mapping[str, Any] = values.get("custom") or {}
    return [
        TYPES[one.type].write(custom[str(one.field_id)], one.context.names)
        for one in own.values()
        if one.type in SEARCHED and str(one.field_id) in custom
    ]


def with_told(record: Record, told: Mapping[str, Any], *, overwrite: bool) -> dict[str, Any]:
    """Return a record's own values with a file's among them: only where it has none, or over those it has."""
    present: dict[str, Any] = dict(getattr(record, "custom", None) or {})
    return {**present, **told} if overwrite else {**told, **present}
