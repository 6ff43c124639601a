"""Open deals that have neither a next step nor a day to wait for: nobody knows how they go on."""

from collections.abc import Iterable
from datetime import datetime

from botcrm.core import db

_NOTHING_PLANNED = "d.status = 'open' AND d.deleted_at IS NULL AND d.next_deadline_at IS NULL"
VIOLATION = f"{_NOTHING_PLANNED} AND (d.waiting_until IS NULL OR d.waiting_until <= ?)"
"""An SQL condition on `deal d`; its parameter is now."""


async def violations(now: datetime, people: Iterable[int], most: int) -> dict[int, int]:
    """Count each person's open deals with neither a next step nor a day to wait for, each count up to `most`.

    Two ranges of one index a person, so that it costs the same however many deals there are.
    """
    ids = ", ".join(str(int(person)) for person in sorted(set(people)))
    if not ids:
        return {}
    of_one = f"SELECT 1 FROM deal d WHERE d.owner_id = u.id AND {_NOTHING_PLANNED} AND"
    rows = await db.fetch(
        f"SELECT u.id, (SELECT count(*) FROM ({of_one} d.waiting_until IS NULL LIMIT {int(most)}) AS a) AS never, "
        f"(SELECT count(*) FROM ({of_one} d.waiting_until <= ? LIMIT {int(most)}) AS b) AS ended "
        f'FROM "user" u WHERE u.id IN ({ids})',
        now,
    )
    return {row["id"]: min(most, int(row["never"]) + int(row["ended"])) for row in rows}
