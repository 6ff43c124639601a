"""What search and the matcher are still owed: records of a large import that are in, and are not found yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.services.custom.values import search_texts
from botcrm.core.services.derived.many import Derived, chunks, derive_many, derived
from botcrm.core.services.importing.write import MODELS
from botcrm.core.services.operations.operations import job_key
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


async def pay(work: Work, progress: dict[str, Any]) -> bool:
    """Write, as far as one piece goes, what records are found by that an import still owes; returns whether some is left.

    :param progress: the import's own; `owed` are ranges of ids, `cut` says that they were half written; changed here
    """
    owed: dict[str, list[int]] = progress.get("owed", {})
    if progress.get("cut"):
        if await _begin_anew(owed, progress.setdefault("cleared", {})):
            return True
        del progress["cut"], progress["cleared"]
    for entity, (first, last) in owed.items():
        rows = await db.fetch(_MISSING[entity], entity, first, last)
        if rows:
            await derive_many(work, entity, [(row["id"], await _derived(entity, row)) for row in rows])
            return True
    progress.pop("owed", None)
    return False


async def _begin_anew(owed: Mapping[str, Sequence[int]], cleared: dict[str, int]) -> bool:
    """Take away what was written of some of these records, perhaps half of it; returns whether there are more.

    :param cleared: up to which record that is done, by entity
    """
    for entity, (first, last) in owed.items():
        after = cleared.get(entity, first - 1)
        rows = await db.fetch(
            "SELECT id, record_id FROM search_entry WHERE entity = ? AND record_id BETWEEN ? AND ? ORDER BY record_id "
            f"LIMIT {_CLEARED_AT_ONCE}",
            entity,
            after + 1,
            last,
        )
        for part in chunks(rows):
            marks = ", ".join("?" * len(part))
            entries, records = [row["id"] for row in part], [row["record_id"] for row in part]
            await db.execute(f"DELETE FROM search_term WHERE entry_id IN ({marks})", *entries)
            await db.execute(f"DELETE FROM search_entry WHERE id IN ({marks})", *entries)
            await db.execute(
                "DELETE FROM record_key WHERE id IN (SELECT id FROM record_key WHERE entity = ? "
                f"AND record_id IN ({marks}))",
                entity,
                *records,
            )
        if rows:
            cleared[entity] = rows[-1]["record_id"]
            return True
    return False


async def _derived(entity: str, row: dict[str, Any]) -> Derived:
    values = {name: value for name, value in row.items() if name not in ("company", "contact")}
    for name in ("more_phones", "more_emails", "custom"):
        if values.get(name):
            values[name] = db.from_json(values[name])
    more = await search_texts(entity, MODELS[entity](custom=values["custom"])) if values.get("custom") else ()
    return derived(entity, values, row.get("company") or "", row.get("contact") or "", more)


_OWED_AT_ONCE = 5_000
_CLEARED_AT_ONCE = 2_000
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
