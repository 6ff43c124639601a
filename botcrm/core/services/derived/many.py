"""What is derived from many new records at once: the same rows that `derive` writes for each, in a few statements.

A record made by one statement among thousands has no past: no reminders, no counters, nothing hangs on it yet. What is left is
what it is found by, and what the contact of a deal that is older than today's import said since.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botcrm.core import db, sqlite
from botcrm.core.domain.facts import keys_of
from botcrm.core.domain.findable import findable
from botcrm.core.domain.text import fold
from botcrm.core.services.derived.last_contact import contact_of_new
from botcrm.core.services.search.index import learn_words

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

# Of the statement's variables that SQLite takes.
CHUNK = 500
_UNIT = "\x1f"


@dataclass(slots=True)
class Derived:
    """A new record as it is found.

    :ivar words: folded, each once, with spaces between: thousands of these go from one process to another
    :ivar keys: by which another record may turn out to be the same, with unit separators between
    """

    owner_id: int
    name: str
    folded: str
    is_open: bool
    words: str
    keys: str

    @property
    def key_list(self) -> list[str]:
        """Return the keys one by one."""
        return self.keys.split(_UNIT) if self.keys else []


def derived(
    entity: str, values: Mapping[str, Any], company: str = "", contact: str = "", more: Iterable[str] = ()
) -> Derived:
    """Return what a company, contact, lead or deal is found by. Pure: rows may be prepared by another process.

    :param values: by column; what is not there is empty
    :param company: what its company is called
    :param contact: what a deal's contact is called
    :param more: texts of the company's own fields
    """
    found = findable(entity, values.get, company, contact, more)
    keys = _UNIT.join(keys_of(entity, values)) if entity != "deal" else ""
    folded, owner_id = fold(found.name)[:500], values.get("owner_id") or 0
    return Derived(owner_id, found.name, folded, found.is_open, " ".join(found.words), keys)


@dataclass(slots=True)
class Begun:
    """Records of one entity whose entries are written, and whose words and keys are to be.

    :ivar entries: the records' ids by their entries'
    :ivar stamp: when the entries were last touched, as they were written
    :ivar terms: (word, owner, entry), in the order of the index: its pages are gone through once
    :ivar keys: (entity, key, record), in the order of the index
    """

    entity: str
    entries: dict[int, int]
    stamp: Any
    terms: list[tuple[str, int, int]]
    keys: list[tuple[str, str, int]]


async def derive_many(work: "Work", entity: str, records: Sequence[tuple[int, Derived]]) -> None:
    """Write what new records are found by; those that have it already, touched by somebody meanwhile, are left as they are."""
    if not records:
        return
    begun = await begin(work, entity, records)
    await insert_many("search_term", ("term", "owner_id", "entry_id"), begun.terms)
    await insert_many("record_key", ("entity", "key", "record_id"), begun.keys)
    await learn_words({word for word, _, _ in begun.terms})


async def begin(work: "Work", entity: str, records: Sequence[tuple[int, Derived]]) -> Begun:
    """Write the entries of new records that have none, and return what is left to be written."""
    if entity == "deal":
        await contact_of_new(records[0][0], records[-1][0])
    known = await entered(entity, [record_id for record_id, _ in records])
    fresh = [(record_id, found) for record_id, found in records if record_id not in known]
    now, opens = stored(work.now), {True: stored(True), False: stored(False)}
    ids = await reserve("search_entry", len(fresh))
    await insert_many(
        "search_entry",
        ("id", "entity", "record_id", "owner_id", "name", "folded", "open", "touched_at"),
        [
            (entry_id, entity, record_id, found.owner_id, found.name, found.folded, opens[found.is_open], now)
            for entry_id, (record_id, found) in zip(ids, fresh, strict=True)
        ],
    )
    terms = [
        (word, found.owner_id, entry_id)
        for entry_id, (_, found) in zip(ids, fresh, strict=True)
        for word in found.words.split()
    ]
    terms.sort(key=itemgetter(0))
    keys = [(entity, key, record_id) for record_id, found in fresh for key in found.key_list]
    keys.sort(key=itemgetter(1))
    entries = {entry_id: record_id for entry_id, (record_id, _) in zip(ids, fresh, strict=True)}
    return Begun(entity, entries, now, terms, keys)


async def entered(entity: str, ids: Sequence[int]) -> set[int]:
    """Return which of new records somebody touched meanwhile: search knows them already, or they are deleted."""
    first, last = min(ids), max(ids)
    touched = set(
        await db.column(f'SELECT id FROM "{entity}" WHERE id BETWEEN ? AND ? AND deleted_at IS NOT NULL', first, last)
    )
    known = "FROM search_entry WHERE entity = ? AND record_id BETWEEN ? AND ?"
    if await db.fetch_one(f"SELECT 1 AS y {known} LIMIT 1", entity, first, last):
        touched |= set(await db.column(f"SELECT record_id {known}", entity, first, last))
    return touched


# --- many rows at once -------------------------------------------------------------------------------------------------


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """Yield a list in parts of a size that one statement takes."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def reserve(table: str, count: int) -> Sequence[int]:
    """Return so many ids of a table, in order, that nobody else is given."""
    if db.dialect() == "postgres":
        return await db.column(
            f"SELECT nextval(pg_get_serial_sequence('\"{table}\"', 'id')) FROM generate_series(1, ?)", count
        )
    # This transaction is the only writer, and inserting the rows moves the table's own count on.
    row = await db.fetch_one(
        "SELECT max(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = ?), 0), "
        f'COALESCE((SELECT max(id) FROM "{table}"), 0)) AS n',
        table,
    )
    first = int(row["n"]) + 1 if row else 1
    return range(first, first + count)


_PLAIN = frozenset({int, str, float, bytes, type(None)})


def stored(value: Any) -> Any:
    """Return a value as `insert_many` takes it: SQLite's own types there, whatever the driver takes elsewhere."""
    if type(value) in _PLAIN or db.dialect() == "postgres":
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(" ")
    return str(value)  # an amount, a day


async def insert_many(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of values that `stored` returned."""
    if not rows:
        return
    sql = f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))})'
    client = db.connection()
    if isinstance(client, sqlite.Transaction):
        # Looking at each of millions of values once more would cost as much as inserting them.
        client.change_many(sql, rows)
    else:
        await db.execute_many(sql, rows)
