"""What is derived from many new records at once: the same rows that `derive` writes for each, in a few statements.

A record made by one statement among thousands has no past: no reminders, no counters, nothing hangs on it yet. What is left is
what it is found by, and what the contact of a deal that is older than today's import said since.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
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
# Of the place that stands behind a word or key.
_DIGITS = 7


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


class Begun:
    """Records of one entity whose entries are written, and whose words and keys are to be.

    A word, or a key, is one text with the place of its record behind it: hundreds of thousands wait here.

    :ivar entries: the entries' ids, by place
    :ivar records: the records' ids, by place
    :ivar terms: (word, place) as text; `sort` brings them into the order of the index, whose pages are then gone through once
    :ivar keys: (key, place) as text, likewise
    :ivar stamp: when the entries were last touched, as they were written
    """

    def __init__(self, work: "Work", entity: str) -> None:
        self.entity = entity
        self.entries: list[int] = []
        self.records: list[int] = []
        self._owners: list[int] = []
        self.terms: list[str] = []
        self.keys: list[str] = []
        self.stamp = stored(work.now)

    async def enter(self, records: Sequence[tuple[int, Derived]]) -> None:
        """Write the entries of new records that have none, and keep what is left to be written."""
        if self.entity == "deal":
            await contact_of_new(records[0][0], records[-1][0])
        known = await entered(self.entity, [record_id for record_id, _ in records])
        fresh = [one for one in records if one[0] not in known]
        opens = {True: stored(True), False: stored(False)}
        ids = await reserve("search_entry", len(fresh))
        rows = [
            (entry, self.entity, record, found.owner_id, found.name, found.folded, opens[found.is_open], self.stamp)
            for entry, (record, found) in zip(ids, fresh, strict=True)
        ]
        await insert_many("search_entry", _ENTRY, rows)
        for place, (_, found) in enumerate(fresh, len(self.records)):
            behind = f"{place:0{_DIGITS}}"
            self.terms += [word + behind for word in found.words.split()]
            self.keys += [key + behind for key in found.key_list]
        self.entries += ids
        self.records += [record for record, _ in fresh]
        self._owners += [found.owner_id for _, found in fresh]

    def sort(self, *, backwards: bool = False) -> None:
        """Bring words and keys into the order of their indexes; all are entered."""
        self.terms.sort(reverse=backwards)
        self.keys.sort(reverse=backwards)

    def term_rows(self, terms: Iterable[str]) -> list[tuple[str, int, int]]:
        """Return (word, owner, entry) of some of `terms`."""
        owners, entries = self._owners, self.entries
        return [(text[:-_DIGITS], owners[place], entries[place]) for text in terms for place in (int(text[-_DIGITS:]),)]

    def key_rows(self, keys: Iterable[str]) -> list[tuple[str, str, int]]:
        """Return (entity, key, record) of some of `keys`."""
        entity, records = self.entity, self.records
        return [(entity, text[:-_DIGITS], records[int(text[-_DIGITS:])]) for text in keys]

    async def write(self, terms: Iterable[str], keys: Iterable[str], without: Set[int] = frozenset()) -> None:
        """Write some of the words and keys.

        :param without: entries whose records were derived meanwhile, whole
        """
        words, known = self.term_rows(terms), self.key_rows(keys)
        if without:
            words = [row for row in words if row[2] not in without]
            others = {record for entry, record in zip(self.entries, self.records, strict=True) if entry in without}
            known = [row for row in known if row[2] not in others]
        await insert_many("search_term", ("term", "owner_id", "entry_id"), words)
        await insert_many("record_key", ("entity", "key", "record_id"), known)
        await learn_words({word for word, _, _ in words})


_ENTRY = ("id", "entity", "record_id", "owner_id", "name", "folded", "open", "touched_at")


async def derive_many(work: "Work", entity: str, records: Sequence[tuple[int, Derived]]) -> None:
    """Write what new records are found by; those that have it already, touched by somebody meanwhile, are left as they are."""
    if not records:
        return
    begun = Begun(work, entity)
    await begun.enter(records)
    begun.sort()
    await begun.write(begun.terms, begun.keys)


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
    client = db.connection()
    if isinstance(client, sqlite.Transaction):
        # Looking at each of millions of values once more would cost as much as inserting them.
        client.insert_many(table, columns, rows)
    else:
        sql = f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))})'
        await db.execute_many(sql, rows)
