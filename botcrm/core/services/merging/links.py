"""What hangs on a contact, company or lead, and goes along when that is merged: each link remembered, so that it finds back."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from botcrm.core import db
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.access import record_of
from botcrm.core.services.derived.last_contact import contact_follows
from botcrm.core.services.work import Work

_HANGING = ("activity", "note", "file")
# Entity -> the columns that name one of its records: table -> column.
LINKS: dict[str, dict[str, str]] = {
    "contact": dict.fromkeys(("deal", "lead", *_HANGING, "message"), "contact_id"),
    "company": dict.fromkeys(("deal", "contact", "lead", *_HANGING), "company_id"),
    "lead": dict.fromkeys((*_HANGING, "message"), "lead_id"),
}
REFS = "external_ref"
# So many ids stand in one statement.
_BITE = 500

Moved = dict[str, list[int]]
"""Table -> the ids of its rows that were moved."""


async def count_links(entity: str, ids: Iterable[int]) -> dict[str, int]:
    """Count what hangs on these records, by table, what was deleted left out."""
    marks = _marks(ids)
    found = {}
    for table, column in LINKS[entity].items():
        row = await db.fetch_one(
            f"SELECT count(*) AS n FROM {table} WHERE {column} IN ({marks}) AND deleted_at IS NULL"
        )
        if row and row["n"]:
            found[table] = int(row["n"])
    return found


async def move_links(work: Work, entity: str, from_id: int, to_id: int) -> Moved:
    """Hang on one record all that hangs on another, deleted things as well: they may be brought back."""
    moved: Moved = {}
    for table, column in LINKS[entity].items():
        rows = await db.fetch(f"UPDATE {table} SET {column} = ? WHERE {column} = ? RETURNING id", to_id, from_id)
        if rows:
            moved[table] = sorted(row["id"] for row in rows)
    rows = await db.fetch(
        f"UPDATE {REFS} SET record_id = ? WHERE entity = ? AND record_id = ? RETURNING id", to_id, entity, from_id
    )
    if rows:
        moved[REFS] = sorted(row["id"] for row in rows)
    await _follow(work, entity, moved, (from_id, to_id))
    return moved


async def return_links(
    work: Work, entity: str, links: Mapping[str, Collection[int]], from_id: int, to_id: int
) -> Moved:
    """Hang these on another record, those of them that still hang on the first one; returns which did."""
    returned: Moved = {}
    for table, ids in links.items():
        column = "record_id" if table == REFS else LINKS[entity][table]
        ordered, back = sorted(ids), list[int]()
        for start in range(0, len(ordered), _BITE):
            some = ordered[start : start + _BITE]
            # Bound, so that the statement stays known to the database: there are as many of them as merges.
            rows = await db.fetch(
                f"UPDATE {table} SET {column} = ? WHERE {column} = ? AND id IN ({', '.join('?' * len(some))}) RETURNING id",
                to_id,
                from_id,
                *some,
            )
            back += [row["id"] for row in rows]
        if back:
            returned[table] = sorted(back)
    await _follow(work, entity, returned, (from_id, to_id))
    return returned


async def _follow(work: Work, entity: str, moved: Moved, records: tuple[int, int]) -> None:
    """Have what is derived of moved rows computed again: search knows a deal by its contact and company."""
    for table in moved:
        if table != REFS:
            work.forget_all(table)
    searched: tuple[type[Deal | Contact | Lead], ...] = (Deal, Contact, Lead)
    for model in searched:
        for start in range(0, len(moved.get(model._meta.db_table, ())), _BITE):
            ids = moved[model._meta.db_table][start : start + _BITE]
            for row in await db.fetch(
                f"SELECT * FROM {model._meta.db_table} WHERE id IN ({', '.join('?' * len(ids))}) AND deleted_at IS NULL",
                *ids,
            ):
                work.touch(record_of(work, model, row))
    if entity == "contact" and {"deal", "activity", "message"} & moved.keys():
        await contact_follows(records)


def _marks(ids: Iterable[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "0"


async def created_since(entity: str, record_id: int, at: Any) -> dict[str, int]:
    """Count what was made since a moment and hangs on a record, by table."""
    found = {}
    for table, column in LINKS[entity].items():
        row = await db.fetch_one(
            f"SELECT count(*) AS n FROM {table} WHERE {column} = ? AND created_at > ? AND deleted_at IS NULL",
            record_id,
            at,
        )
        if row and row["n"]:
            found[table] = int(row["n"])
    return found


# --- records said not to be the same -------------------------------------------------------------------------------------


async def distinct_of(entity: str, record_id: int) -> dict[int, dict[str, Any]]:
    """Return the pairs in which a record was said to be another one than: the other's id -> the pair's row."""
    rows = await db.fetch(
        "SELECT * FROM distinct_pair WHERE entity = ? AND (low_id = ? OR high_id = ?) ORDER BY id",
        entity,
        record_id,
        record_id,
    )
    return {row["high_id"] if row["low_id"] == record_id else row["low_id"]: row for row in rows}


async def inherit_distinct(entity: str, from_id: int, to_id: int) -> list[int]:
    """Have it hold for a record as well that another one, which goes into it, is not the same as some; returns those some."""
    known = await distinct_of(entity, to_id)
    new: list[int] = []
    for other_id, row in (await distinct_of(entity, from_id)).items():
        if other_id == to_id or other_id in known:
            continue
        low_first = row["low_id"] == from_id
        mine, theirs = (row["low_mark"], row["high_mark"]) if low_first else (row["high_mark"], row["low_mark"])
        low, high = (mine, theirs) if to_id < other_id else (theirs, mine)
        await db.execute(
            "INSERT INTO distinct_pair (entity, low_id, high_id, low_mark, high_mark, user_id, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            entity,
            min(to_id, other_id),
            max(to_id, other_id),
            low,
            high,
            row["user_id"],
            db.moment(row["at"]),
        )
        new.append(other_id)
    return new


async def drop_distinct(entity: str, record_id: int, others: Iterable[int]) -> None:
    """Let it hold no longer that a record is another one than these."""
    for other_id in others:
        await db.execute(
            "DELETE FROM distinct_pair WHERE entity = ? AND low_id = ? AND high_id = ?",
            entity,
            min(record_id, other_id),
            max(record_id, other_id),
        )


MODELS = {"contact": Contact, "company": Company, "lead": Lead}
