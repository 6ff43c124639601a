"""Putting right what is kept beside the records: for `botcrm doctor --fix`, and for what a new version keeps that others did not.

It is done in parts, each over the rows of one table in the order of their ids, so that a base of millions is gone through a piece
at a time while the bot is at work: whatever is written meanwhile keeps its own in step.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from botcrm.core import db
from botcrm.core.services.attention import recount_calls
from botcrm.core.services.custom.recount import recount_values
from botcrm.core.services.derived.counters import recount_activities, recount_messages
from botcrm.core.services.derived.last_contact import recount_contacts
from botcrm.core.services.duplicates.keys import drop_lost_keys, recount_keys
from botcrm.core.services.search.recount import drop_lost_entries, recount_entries, recount_texts

_FIRST = (
    "FROM activity a WHERE a.deal_id = deal.id AND a.status = 'planned' AND a.deleted_at IS NULL "
    "AND a.deadline_at IS NOT NULL ORDER BY a.deadline_at, a.id LIMIT 1"
)
_NEXT, _AT = f"(SELECT a.id {_FIRST})", f"(SELECT a.deadline_at {_FIRST})"
_NEXT_STEPS = (
    f"UPDATE deal SET next_activity_id = {_NEXT}, next_deadline_at = {_AT} WHERE id > ? AND id <= ? AND ("
    f"COALESCE(next_activity_id, 0) <> COALESCE({_NEXT}, 0) OR next_deadline_at <> {_AT} "
    f"OR (next_deadline_at IS NULL) <> ({_AT} IS NULL))"
)


async def _recount_next_steps(after: int, last: int) -> int:
    return await db.execute(_NEXT_STEPS, after, last)


Fix = Callable[[int, int], Awaitable[int]]
"""Put right what is kept beside the rows with ids after the first and up to the second; returns how many were wrong."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is kept beside the rows of one table.

    :ivar on_deals: whether it follows from the rows' deals as well
    """

    name: str
    table: str
    fix: Fix
    on_deals: bool = False


def _keys(entity: str) -> Fix:
    async def fix(after: int, last: int) -> int:
        return await recount_keys(entity, after, last)

    return fix


def _values(entity: str) -> Fix:
    async def fix(after: int, last: int) -> int:
        return await recount_values(entity, after, last)

    return fix


def _entries(entity: str) -> Fix:
    async def fix(after: int, last: int) -> int:
        return await recount_entries(entity, after, last)

    return fix


def _texts(entity: str) -> Fix:
    async def fix(after: int, last: int) -> int:
        return await recount_texts(entity, after, last)

    return fix


PARTS = (
    Part("next steps", "deal", _recount_next_steps),
    Part("counters", "activity", recount_activities, on_deals=True),
    Part("counters", "message", recount_messages, on_deals=True),
    Part("last calls", "deal", recount_calls),
    Part("last contacts", "deal", recount_contacts),
    *(Part("keys of duplicates", entity, _keys(entity)) for entity in ("contact", "company", "lead")),
    Part("keys of duplicates", "record_key", drop_lost_keys),
    *(Part("own fields", entity, _values(entity)) for entity in ("contact", "company", "lead", "deal")),
    *(Part("search", entity, _entries(entity)) for entity in ("contact", "company", "lead", "deal")),
    Part("search", "search_entry", drop_lost_entries),
    *(Part("search", entity, _texts(entity)) for entity in ("note", "activity")),
)
# Raised by a version that keeps something new beside the records: they are gone through once then.
_KEPT = 6
_KEY = "derived.kept"
_TABLES = tuple(dict.fromkeys(part.table for part in PARTS))


@dataclass(frozen=True, slots=True)
class Place:
    """How far the parts are done: all before `part`, and of that one the rows up to `after`."""

    part: int = 0
    after: int = 0


async def is_kept() -> bool:
    """Tell whether everything was filled that this version keeps; an empty base has nothing to fill. Runs inside a transaction."""
    await db.alone(_KEY)
    row = await db.fetch_one("SELECT value FROM setting WHERE key = ? AND user_id = 0", _KEY)
    if row and int(db.from_json(row["value"])) >= _KEPT:
        return True
    for table in _TABLES:
        if await db.fetch_one(f"SELECT 1 AS y FROM {table} LIMIT 1"):
            return False
    await note_kept()
    return True


async def note_kept() -> None:
    """Note that everything was filled that this version keeps."""
    await db.execute(
        "INSERT INTO setting (key, user_id, value) VALUES (?, 0, ?) "
        "ON CONFLICT (key, user_id) DO UPDATE SET value = excluded.value",
        _KEY,
        db.to_json(_KEPT),
    )


async def fix_piece(place: Place, size: int) -> Place | None:
    """Put right what is kept beside so many rows, inside a transaction; returns how far that came, None behind the last part.

    Where somebody else holds some of them just now nothing is done, and the place stays the same.
    """
    part = PARTS[place.part]
    row = await db.fetch_one(
        f"SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM {part.table} WHERE id > ? ORDER BY id "
        f"LIMIT {int(size)}) AS piece",
        place.after,
    )
    if row is None or not row["n"]:
        following = Place(place.part + 1)
        return following if following.part < len(PARTS) else None
    last, count = int(row["last"]), int(row["n"])
    if db.dialect() == "postgres" and not await _held(part, place.after, last, count):
        return place
    await part.fix(place.after, last)
    return replace(place, after=last)


def finding(entity: str) -> int:
    """Return the part that has an entity's records be found by what they say."""
    return next(n for n, part in enumerate(PARTS) if (part.name, part.table) == ("search", entity))


async def _held(part: Part, after: int, last: int, count: int) -> bool:
    """Take hold of rows and their deals on PostgreSQL without waiting; returns whether nobody else had one.

    A statement there sees what was committed when it began: what follows from rows is computed while nobody changes them.
    """
    within = f"FROM {part.table} WHERE id > ? AND id <= ?"
    hold = "ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
    if len(await db.column(f"SELECT id {within} {hold}", after, last)) < count:
        return False
    if not part.on_deals:
        return True
    deals = await db.column(f"SELECT DISTINCT deal_id {within} AND deal_id IS NOT NULL", after, last)
    marks = ", ".join(map(str, map(int, deals))) or "0"
    return len(await db.column(f"SELECT id FROM deal WHERE id IN ({marks}) {hold}")) == len(deals)


async def fix_derived() -> dict[str, int]:
    """Put right what follows from the records; returns how many were wrong, by what it was. One pass over each table.

    Runs inside a transaction. What was right stays as it is, so that doing it again changes nothing.
    """
    found: dict[str, int] = {}
    for part in PARTS:
        row = await db.fetch_one(f"SELECT max(id) AS last FROM {part.table}")
        last = int(row["last"] or 0) if row else 0
        found[part.name] = found.get(part.name, 0) + await part.fix(0, last)
    return found
