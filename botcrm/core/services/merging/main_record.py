"""Which of several records of one person or company stays when they are merged: the one that most hangs on."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from botcrm.core import db
from botcrm.core.services.duplicates.keys import COLUMNS
from botcrm.core.services.merging.links import LINKS
from botcrm.core.services.work import Work

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


async def choose_main(work: Work, entity: str, ids: Iterable[int]) -> int:
    """Return the record to keep of several: most links, then most recent work, then most complete, then the oldest.

    The ids have to be within the actor's reach.
    """
    return (await choose_mains(entity, [list(ids)]))[0]


async def choose_mains(entity: str, groups: Sequence[Sequence[int]]) -> list[int]:
    """Return the record to keep of each group; see `choose_main`."""
    ranks = await _ranks(entity, {record_id for group in groups for record_id in group})
    return [max(group, key=lambda record_id: ranks.get(record_id, (0, _LONG_AGO, 0, -record_id))) for group in groups]


async def _ranks(entity: str, ids: set[int]) -> dict[int, tuple[int, datetime, int, int]]:
    if not ids:
        return {}
    among = ", ".join(str(int(record_id)) for record_id in sorted(ids))
    links = dict.fromkeys(ids, 0)
    recent = dict.fromkeys(ids, _LONG_AGO)
    for table, column in LINKS[entity].items():
        for row in await db.fetch(
            f"SELECT {column} AS id, count(*) AS n, max(updated_at) AS at FROM {table} "
            f"WHERE {column} IN ({among}) AND deleted_at IS NULL GROUP BY {column}"
        ):
            links[row["id"]] += row["n"]
            recent[row["id"]] = max(recent[row["id"]], db.moment_needed(row["at"]))
    columns = ", ".join(COLUMNS[entity])
    found = {}
    for row in await db.fetch(f"SELECT id, updated_at, {columns} FROM {entity} WHERE id IN ({among})"):
        at = max(recent[row["id"]], db.moment_needed(row["updated_at"]))
        found[row["id"]] = (links[row["id"]], at, _filled(entity, row), -row["id"])
    return found


def _filled(entity: str, row: dict[str, Any]) -> int:
    return sum(row[column] not in (None, "", "[]", "null") for column in COLUMNS[entity])
