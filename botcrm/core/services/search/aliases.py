"""What records are found by that others said before they went into them: names, numbers and addresses."""

from collections.abc import Callable, Mapping
from typing import Any

from botcrm.core import db

_JSON = ("more_phones", "more_emails")
_READ = {
    "company": "t.name, t.tax_id",
    "contact": "t.name, t.tax_id",
    "lead": "t.title, t.name, t.company_name",
}


def has_merged(entity: str) -> str:
    """Return an SQL expression for whether others went into a row's `record_id`, for a statement that is made anyway."""
    if entity not in _READ:
        return "FALSE"
    return (
        f"EXISTS (SELECT 1 FROM merge m WHERE m.entity = '{entity}' AND m.main_id = record_id AND m.undone_at IS NULL)"
    )


async def merged_into(entity: str, first: int, last: int) -> Mapping[int, list[Callable[[str], Any]]]:
    """Return what went into the records with ids from the first to the last, further merges included.

    :returns: main record -> for each of them, what reads its columns; and for each name that gave way to another's, the same
    """
    found: dict[int, list[Callable[[str], Any]]] = {}
    if entity not in _READ:
        return found
    went = (
        "WITH RECURSIVE went(main_id, id) AS (SELECT main_id, merged_id FROM merge WHERE entity = ? AND main_id >= ? "
        "AND main_id <= ? AND undone_at IS NULL UNION SELECT w.main_id, m.merged_id FROM went w JOIN merge m "
        "ON m.main_id = w.id WHERE m.entity = ? AND m.undone_at IS NULL) "
    )
    column = "title" if entity == "lead" else "name"
    of_postgres = f"m.moved #>> '{{set,{column},0,0}}'"
    before = of_postgres if db.dialect() == "postgres" else f"json_extract(m.moved, '$.set.{column}[0][0]')"
    columns = f"{_READ[entity]}, t.phone, t.email, t.more_phones, t.more_emails, {before} AS before"
    rows = await db.fetch(
        f"{went}SELECT w.main_id, {columns} FROM went w JOIN {entity} t ON t.id = w.id JOIN merge m ON m.merged_id = w.id "
        f"AND m.entity = '{entity}' AND m.undone_at IS NULL ORDER BY w.main_id, t.id",
        entity,
        first,
        last,
        entity,
    )
    for row in rows:
        for name in _JSON:
            row[name] = db.from_json(row[name]) if row[name] else None
        found.setdefault(row["main_id"], []).append(row.get)
        if row["before"]:
            found[row["main_id"]].append({column: row["before"]}.get)
    return found
