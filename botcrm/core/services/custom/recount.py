"""Putting right the rows that filters see own fields by: after erasing, and for `botcrm doctor --fix`."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.services.custom import known as own_fields
from botcrm.core.services.custom.values import index_new, rows_of

_PAGE = 500
Values = Sequence[tuple[int, Mapping[str, Any]]]


async def write_values(entity: str, values: Values) -> None:
    """Write the rows of records' values again.

    :param values: as (id, `custom`)
    """
    await db.execute_many(
        "DELETE FROM field_value WHERE entity = ? AND record_id = ?", [(entity, record_id) for record_id, _ in values]
    )
    await index_new(entity, values)


async def recount_values(entity: str, after: int, last: int) -> int:
    """Have filters see what the own fields of the records with ids after the first and up to the second say now.

    :returns: how many records were seen otherwise
    """
    wrong = 0
    while rows := await db.fetch(
        f"SELECT id, custom FROM {entity} WHERE id > ? AND id <= ? ORDER BY id LIMIT {_PAGE}", after, last
    ):
        ends = rows[-1]["id"]
        values = {row["id"]: (db.from_json(row["custom"]) if row["custom"] else None) or {} for row in rows}
        stored: dict[int, list[tuple[Any, ...]]] = {}
        for row in await db.fetch(
            "SELECT field_id, entity, record_id, text, number, measure, moment FROM field_value "
            "WHERE entity = ? AND record_id > ? AND record_id <= ?",
            entity,
            after,
            ends,
        ):
            stored.setdefault(row["record_id"], []).append(_plain(tuple(row.values())))
        due: dict[int, list[tuple[Any, ...]]] = {}
        for expected in rows_of(await own_fields.known(), entity, list(values.items())):
            due.setdefault(expected[2], []).append(_plain(expected))
        stale = [one for one in values if sorted(stored.get(one, ())) != sorted(due.get(one, ()))]
        await write_values(entity, [(one, values[one]) for one in stale])
        wrong += len(stale)
        after = ends
    return wrong


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row so that it compares alike however the database gives it; its number follows from its measure."""
    field_id, _, _, text, _, measure, moment = row
    at = db.moment(moment)
    return (
        int(field_id),
        text or "",
        "" if measure is None else f"{float(measure):.9g}",
        at.isoformat() if at else "",
    )
