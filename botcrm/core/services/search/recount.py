"""Putting right what search looks through: for `botcrm doctor --fix`, and for bases that an older version filled."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import Findable, findable, with_aliases
from botcrm.core.domain.text import fold
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.custom.values import search_texts
from botcrm.core.services.search.aliases import merged_into
from botcrm.core.services.search.index import SAID_IN, learn_sounds, learn_words, put_texts, text_id, text_words

_PAGE = 500
_MODELS: dict[str, type[Company | Contact | Lead | Deal]] = {
    "company": Company,
    "contact": Contact,
    "lead": Lead,
    "deal": Deal,
}
_WAYS = "t.phone, t.email, t.more_phones, t.more_emails, t.custom, t.owner_id, t.updated_at"
_READ = {
    "company": f"t.id, t.name, t.tax_id, {_WAYS} FROM company t",
    "contact": f"t.id, t.name, t.tax_id, {_WAYS}, c.name AS company FROM contact t "
    "LEFT JOIN company c ON c.id = t.company_id",
    "lead": f"t.id, t.title, t.name, t.company_name, t.status, {_WAYS} FROM lead t",
    "deal": "t.id, t.title, t.status, t.pipeline_id, t.custom, t.owner_id, t.updated_at, c.name AS company, p.name AS contact "
    "FROM deal t "
    "LEFT JOIN company c ON c.id = t.company_id LEFT JOIN contact p ON p.id = t.contact_id",
}
_JSON = ("more_phones", "more_emails", "custom")


async def recount_entries(entity: str, after: int, last: int) -> int:
    """Have the records with ids after the first and up to the second be found by what they say now; returns how many were not."""
    wrong, learnt = 0, set[str]()
    async for rows in _pages(f"SELECT {_READ[entity]} WHERE t.deleted_at IS NULL AND", after, last):
        ids = (rows[0]["id"], rows[-1]["id"])
        known = await db.fetch(
            "SELECT id, record_id, owner_id, name, folded, open FROM search_entry "
            "WHERE entity = ? AND record_id >= ? AND record_id <= ?",
            entity,
            *ids,
        )
        entries = {row["record_id"]: row for row in known}
        terms = await _terms([row["id"] for row in known])
        merged = await merged_into(entity, *ids)
        said: set[str] = set()
        for row in rows:
            found = with_aliases(entity, await _findable(entity, row), merged.get(row["id"], ()))
            said.update(found.words)
            entry = entries.get(row["id"])
            wrong += await _put_right(entity, row, found, entry, terms.get(entry["id"], set()) if entry else set())
        # Most words of a page were on one before.
        fresh = {word for word in said if len(word) >= 3 and word.isalpha()} - learnt
        learnt |= fresh
        await learn_words(fresh)
        # Of words that were known before there were sounds, too.
        await learn_sounds(fresh)
    return wrong


async def _pages(sql: str, after: int, last: int) -> AsyncIterator[list[dict[str, Any]]]:
    while rows := await db.fetch(f"{sql} t.id > ? AND t.id <= ? ORDER BY t.id LIMIT {_PAGE}", after, last):
        yield rows
        after = rows[-1]["id"]


async def _findable(entity: str, row: dict[str, Any]) -> Findable:
    for name in _JSON:
        if row.get(name):
            row[name] = db.from_json(row[name])
    more = (
        await search_texts(entity, _MODELS[entity](custom=row["custom"]), row.get("pipeline_id"))
        if row["custom"]
        else ()
    )
    return findable(entity, row.get, row.get("company") or "", row.get("contact") or "", more)


async def _terms(entries: Sequence[int]) -> Mapping[int, set[str]]:
    if not entries:
        return {}
    # No word holds a space: a row for each entry is read in half the time of one for each word.
    words = "group_concat(term, ' ')" if db.dialect() == "sqlite" else "string_agg(term, ' ')"
    among = ", ".join(map(str, entries))
    rows = await db.fetch(
        f"SELECT entry_id, {words} AS words FROM search_term WHERE entry_id IN ({among}) GROUP BY entry_id"
    )
    return {row["entry_id"]: set(row["words"].split(" ")) for row in rows}


async def _put_right(
    entity: str, row: Mapping[str, Any], found: Findable, entry: Mapping[str, Any] | None, terms: set[str]
) -> bool:
    """Write a record's entry and words where they are not right; returns whether they were not."""
    owner, folded = row["owner_id"] or 0, fold(found.name)[:500]
    now = (owner, found.name, folded, found.is_open)
    same = entry and (entry["owner_id"], entry["name"], entry["folded"], bool(entry["open"])) == now
    if same and entry and terms == set(found.words):
        return False
    if entry is None:
        entry_id = await db.insert(
            "search_entry",
            entity=entity,
            record_id=row["id"],
            owner_id=owner,
            name=found.name,
            folded=folded,
            open=found.is_open,
            touched_at=_moment(row["updated_at"]),
        )
    else:
        entry_id = entry["id"]
        await db.execute(
            "UPDATE search_entry SET owner_id = ?, name = ?, folded = ?, open = ? WHERE id = ?", *now, entry_id
        )
        await db.execute("DELETE FROM search_term WHERE entry_id = ?", entry_id)
    await db.execute_many(
        "INSERT INTO search_term (term, owner_id, entry_id) VALUES (?, ?, ?)",
        [(word, owner, entry_id) for word in found.words],
    )
    return True


def _moment(value: Any) -> datetime:
    return db.moment_needed(value)


async def drop_lost_entries(after: int, last: int) -> int:
    """Have records that are deleted not be found, of the entries with ids in this range; returns how many were."""
    wrong = 0
    for entity in _READ:
        lost = await db.column(
            f"SELECT e.id FROM search_entry e LEFT JOIN {entity} r ON r.id = e.record_id AND r.deleted_at IS NULL "
            "WHERE e.id > ? AND e.id <= ? AND e.entity = ? AND r.id IS NULL",
            after,
            last,
            entity,
        )
        for among in _chunks(lost):
            await db.execute(f"DELETE FROM search_term WHERE entry_id IN ({among})")
            await db.execute(f"DELETE FROM search_entry WHERE id IN ({among})")
        wrong += len(lost)
    return wrong


def _chunks(ids: Sequence[int]) -> Iterable[str]:
    for start in range(0, len(ids), _PAGE):
        yield ", ".join(map(str, ids[start : start + _PAGE]))


async def recount_texts(entity: str, after: int, last: int) -> int:
    """Have notes or activities with ids in this range be found by what they say now; returns how many were not."""
    wrong = 0
    sql = f"SELECT t.id, t.{SAID_IN[entity]} AS said, t.owner_id, t.deleted_at FROM {entity} t WHERE"
    async for rows in _pages(sql, after, last):
        known = await _known_texts(text_id(entity, rows[0]["id"]), text_id(entity, rows[-1]["id"]))
        put, gone = [], []
        for row in rows:
            number = text_id(entity, row["id"])
            words = [] if row["deleted_at"] else text_words(row["said"] or "", row["owner_id"])
            if set(words) == known.get(number, set()):
                continue
            if words:
                put.append((number, words))
            else:
                gone.append(number)
        await put_texts(put, gone)
        wrong += len(put) + len(gone)
    return wrong


async def _known_texts(first: int, last: int) -> dict[int, set[str]]:
    if db.dialect() == "postgres":
        sql = "SELECT id, tsvector_to_array(words) AS words FROM search_text WHERE id >= ? AND id <= ?"
        return {row["id"]: set(row["words"]) for row in await db.fetch(sql, first, last)}
    sql = "SELECT rowid AS id, words FROM search_text WHERE rowid >= ? AND rowid <= ?"
    return {row["id"]: set(row["words"].split()) for row in await db.fetch(sql, first, last)}
