"""What search and the matcher are still owed: records of a large import that are in, and are not found yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.services.derive_many import Derived, derive_many, derived
from botcrm.core.services.operations import job_key
from botcrm.core.services.work import Work


def ranges(owed: Mapping[str, Sequence[tuple[int, Derived]]]) -> dict[str, list[int]]:
    """Return the first and last id of what is owed, by entity."""
    return {
        # They were given in order.
        entity: [made[0][0], made[-1][0]]
        for entity, made in owed.items()
        if made
    }


async def is_job(operation_id: int) -> bool:
    """Tell whether the bot does an operation's pieces, between other things; else a command does, which has nothing else to do."""
    row = await db.fetch_one(
        "SELECT 1 AS y FROM job WHERE key = ? AND state IN ('waiting', 'running')", job_key(operation_id)
    )
    return row is not None


async def pay(work: Work, owed: Mapping[str, Sequence[int]]) -> bool:
    """Write what records of these ranges of ids are found by, where that is missing; returns whether some is left."""
    for entity, (first, last) in owed.items():
        rows = await db.fetch(_MISSING[entity], entity, first, last)
        if rows:
            await derive_many(work, entity, [(row["id"], _derived(entity, row)) for row in rows])
            return True
    return False


def _derived(entity: str, row: dict[str, Any]) -> Derived:
    values = {name: value for name, value in row.items() if name not in ("company", "contact")}
    for name in ("more_phones", "more_emails"):
        if values.get(name):
            values[name] = db.from_json(values[name])
    return derived(entity, values, row.get("company") or "", row.get("contact") or "")


_OWED_AT_ONCE = 5_000
_TAIL = (
    " LEFT JOIN search_entry e ON e.entity = ? AND e.record_id = t.id WHERE t.id BETWEEN ? AND ? AND e.id IS NULL "
    "AND t.deleted_at IS NULL ORDER BY t.id LIMIT " + str(_OWED_AT_ONCE)
)
_MISSING = {
    "company": "SELECT t.* FROM company t" + _TAIL,
    "lead": "SELECT t.* FROM lead t" + _TAIL,
    "contact": "SELECT t.*, c.name AS company FROM contact t LEFT JOIN company c ON c.id = t.company_id" + _TAIL,
    "deal": "SELECT t.*, c.name AS company, p.name AS contact FROM deal t LEFT JOIN company c ON c.id = t.company_id "
    "LEFT JOIN contact p ON p.id = t.contact_id" + _TAIL,
}
