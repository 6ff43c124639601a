"""Putting right what is kept beside the records: for `botcrm doctor --fix`, and for columns that a new version brought."""

from botcrm.core import db
from botcrm.core.services.attention import recount_calls
from botcrm.core.services.contact import recount_contacts
from botcrm.core.services.counters import recount_counters
from botcrm.core.services.record_keys import recount_keys

_FIRST = (
    "FROM activity a WHERE a.deal_id = deal.id AND a.status = 'planned' AND a.deleted_at IS NULL "
    "AND a.deadline_at IS NOT NULL ORDER BY a.deadline_at, a.id LIMIT 1"
)
_NEXT, _AT = f"(SELECT a.id {_FIRST})", f"(SELECT a.deadline_at {_FIRST})"
_NEXT_STEPS = (
    f"UPDATE deal SET next_activity_id = {_NEXT}, next_deadline_at = {_AT} WHERE "
    f"COALESCE(next_activity_id, 0) <> COALESCE({_NEXT}, 0) OR next_deadline_at <> {_AT} "
    f"OR (next_deadline_at IS NULL) <> ({_AT} IS NULL)"
)


# Raised by a version that keeps something new beside the records: they are gone through once then.
_KEPT = 4
_KEY = "derived.kept"


async def fill_derived() -> None:
    """Fill what a version before this one did not keep, once. Runs inside a transaction."""
    await db.alone(_KEY)
    row = await db.fetch_one("SELECT value FROM setting WHERE key = ? AND user_id = 0", _KEY)
    if row and int(db.from_json(row["value"])) >= _KEPT:
        return
    await fix_derived()
    await db.execute(
        "INSERT INTO setting (key, user_id, value) VALUES (?, 0, ?) "
        "ON CONFLICT (key, user_id) DO UPDATE SET value = excluded.value",
        _KEY,
        db.to_json(_KEPT),
    )


async def fix_derived() -> dict[str, int]:
    """Put right what follows from the records; returns how many were wrong, by what it was. One pass over each table.

    Runs inside a transaction. What was right stays as it is, so that doing it again changes nothing.
    """
    return {
        "next steps": await db.execute(_NEXT_STEPS),
        "counters": await recount_counters(),
        "last calls": await recount_calls(),
        "last contacts": await recount_contacts(),
        "keys of duplicates": await recount_keys(),
    }
