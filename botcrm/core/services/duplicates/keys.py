"""The keys by which records that may be the same find each other: the table `record_key`, derived like search's."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botcrm.core import db
from botcrm.core.domain.facts import Facts, facts_of, keys_of
from botcrm.core.models import Company, Contact, Lead, Record

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

ENTITIES = ("contact", "company", "lead")
_REACHED = ("phone", "email", "more_phones", "more_emails", "street", "city", "postcode", "region")
# The columns that tell who a record is.
COLUMNS: dict[str, tuple[str, ...]] = {
    "contact": ("name", *_REACHED, "telegram_id", "birth_date", "tax_id"),
    "company": ("name", *_REACHED, "tax_id", "website"),
    "lead": ("title", "name", "company_name", *_REACHED, "telegram_id"),
}
_JSON = ("more_phones", "more_emails")
_PAGE = 2000


def values_of(record: Record) -> dict[str, Any]:
    """Return what of a contact, company or lead tells who it is, by column."""
    return {name: getattr(record, name) for name in COLUMNS[record._meta.db_table]}


async def facts_of_record(work: "Work", record: Record) -> Facts:
    """Return a contact, company or lead as the matcher sees it."""
    values = values_of(record)
    if isinstance(record, Contact) and record.company_id:
        kept = work.kept("company", record.company_id)
        if isinstance(kept, Company):
            values["company"] = kept.name
        else:
            row = await db.fetch_one("SELECT name FROM company WHERE id = ?", record.company_id)
            values["company"] = row["name"] if row else ""
    return facts_of(record._meta.db_table, values)


async def keep_keys(records: Sequence[Record]) -> None:
    """Bring the keys of these records up to date, those of deleted ones away."""
    for record in records:
        if isinstance(record, Company | Contact | Lead):
            entity = record._meta.db_table
            await _write(entity, {record.id: set() if record.deleted_at else set(keys_of(entity, values_of(record)))})


async def recount_keys(entity: str, after: int, last: int) -> int:
    """Put right the keys of the living records with ids after one and up to another; returns of how many they were wrong."""
    wrong = 0
    async for rows in pages(entity, f"r.id <= {int(last)}", after=after):
        wrong += await _write(entity, {row["id"]: set(keys_of(entity, row | {"company": ""})) for row in rows})
    return wrong


async def drop_lost_keys(after: int, last: int) -> int:
    """Delete the keys, with ids after one and up to another, whose record is gone; returns how many there were."""
    living = " OR ".join(
        f"(entity = '{entity}' AND EXISTS (SELECT 1 FROM {entity} r WHERE r.id = record_key.record_id AND r.deleted_at IS NULL))"
        for entity in ENTITIES
    )
    return await db.execute(f"DELETE FROM record_key WHERE id > ? AND id <= ? AND NOT ({living})", after, last)


async def pages(
    entity: str, condition: str = "1 = 1", *, after: int = 0, size: int = _PAGE
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield all records of an entity that are not deleted, as rows of id and COLUMNS, in pages in the order of their ids.

    :param condition: plain SQL on the table's alias r
    """
    columns = ", ".join(f"r.{name}" for name in COLUMNS[entity])
    company = ", o.name AS company" if entity == "contact" else ""
    join = " LEFT JOIN company o ON o.id = r.company_id" if entity == "contact" else ""
    while True:
        rows = await db.fetch(
            f"SELECT r.id, {columns}{company} FROM {entity} r{join} WHERE r.id > ? AND r.deleted_at IS NULL AND {condition} "
            f"ORDER BY r.id LIMIT {int(size)}",
            after,
        )
        if not rows:
            return
        yield [decoded(row) for row in rows]
        after = rows[-1]["id"]


def decoded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its lists as lists, however the driver gave them."""
    for name in _JSON:
        if row[name]:
            row[name] = db.from_json(row[name])
    return row


async def _write(entity: str, wanted: Mapping[int, set[str]]) -> int:
    """Have records have these keys and no others; returns how many had not."""
    had: dict[int, set[str]] = {record_id: set() for record_id in wanted}
    for part in _parts(list(wanted)):
        marks = ", ".join("?" * len(part))
        # By their ids: asked for the keys at once, SQLite reads the index that holds them through, from end to end.
        for row in await db.fetch(
            "SELECT record_id, key FROM record_key WHERE id IN "
            f"(SELECT id FROM record_key WHERE entity = ? AND record_id IN ({marks}))",
            entity,
            *part,
        ):
            had[row["record_id"]].add(row["key"])
    gone = [(entity, record_id, key) for record_id in wanted for key in had[record_id] - wanted[record_id]]
    new = [(entity, key, record_id) for record_id in wanted for key in sorted(wanted[record_id] - had[record_id])]
    if gone:
        await db.execute_many("DELETE FROM record_key WHERE entity = ? AND record_id = ? AND key = ?", gone)
    if new:
        await db.execute_many("INSERT INTO record_key (entity, key, record_id) VALUES (?, ?, ?)", new)
    return len({record_id for _, record_id, _ in gone} | {record_id for _, _, record_id in new})


def _parts(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
