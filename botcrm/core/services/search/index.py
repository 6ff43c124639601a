"""What search looks through, kept beside the records: an entry and its words for each, the words known, and texts of notes.

The words are in plain tables (`search_entry`, `search_term`); what inexact search looks through holds each word once, by its
trigrams (`search_word`) and by its sound (`search_sound`); notes and what activities say are in a full-text index (`search_text`).
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from botcrm.core import db
from botcrm.core.domain.findable import Findable, findable, sound_keys, with_aliases
from botcrm.core.domain.text import fold, terms
from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Note, Record
from botcrm.core.services.custom.values import search_texts
from botcrm.core.services.search.aliases import has_merged, merged_into

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

Entered = Company | Contact | Lead | Deal
# By entry: whose it is, and the words that it is found by from now on.
Fresh = dict[int, tuple[int, tuple[str, ...]]]
_CHUNK = 500
# Of a note's words, so that a pasted book does not become the index; a letter that nobody types marks whose it is.
_MOST_TEXT_WORDS = 400
OWNER = "ʔo"
# Where the kinds say what is in the full-text index.
SAID_IN = {"note": "text", "activity": "title"}
_SAYING = ("title", "text", "owner_id", "deleted_at")


# --- records ---------------------------------------------------------------------------------------------------------


async def keep_entries(work: "Work", records: Sequence[Record]) -> None:
    """Have records found by what they say now, or no more where they were deleted."""
    fresh: Fresh = {}
    for record in records:
        if isinstance(record, Entered):
            await _keep_entry(work, record, fresh)
    if fresh:
        rows = [(word, owner, entry_id) for entry_id, (owner, words) in fresh.items() for word in words]
        await db.execute_many("INSERT INTO search_term (term, owner_id, entry_id) VALUES (?, ?, ?)", rows)
        await learn_words(word for word, _, _ in rows)


async def _keep_entry(work: "Work", record: Entered, fresh: Fresh) -> None:
    """Write a record's entry, or take it away; the words that are to be written for it go into `fresh`."""
    entity = record._meta.db_table
    if record.deleted_at:
        await forget_entry(entity, record.id)
        if not isinstance(record, Deal) and record.merged_into_id is not None:
            await _keep_main(work, record, fresh)
        return
    found = await _findable(work, record)
    owner = record.owner_id or 0
    known = None
    row = made = await db.fetch_one(
        "INSERT INTO search_entry (entity, record_id, owner_id, name, folded, open, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (entity, record_id) DO NOTHING RETURNING id, {has_merged(entity)} AS merged",
        entity,
        record.id,
        owner,
        found.name,
        fold(found.name)[:500],
        found.is_open,
        work.now,
    )
    if made is None:
        row = known = await db.fetch_one(
            f"SELECT id, owner_id, name, {has_merged(entity)} AS merged FROM search_entry "
            "WHERE entity = ? AND record_id = ?",
            entity,
            record.id,
        )
        assert known is not None
        await db.execute(
            "UPDATE search_entry SET owner_id = ?, name = ?, folded = ?, open = ?, touched_at = ? WHERE id = ?",
            owner,
            found.name,
            fold(found.name)[:500],
            found.is_open,
            work.now,
            known["id"],
        )
        if known["name"] != found.name:
            await _renamed(work, record, fresh)
    assert row is not None
    entry_id, words = row["id"], found.words
    if row["merged"]:
        merged = await merged_into(entity, record.id, record.id)
        words = with_aliases(entity, found, merged.get(record.id, ())).words
    if known:
        old = set(await db.column("SELECT term FROM search_term WHERE entry_id = ?", entry_id))
        if old == set(words) and known["owner_id"] == owner:
            return
        await db.execute("DELETE FROM search_term WHERE entry_id = ?", entry_id)
    fresh[entry_id] = owner, words


async def _keep_main(work: "Work", record: Company | Contact | Lead, fresh: Fresh) -> None:
    """Have the record that this one went into found by what this one says now."""
    entity, main = record._meta.db_table, record
    while main.merged_into_id is not None:
        kept: Any = work.kept(entity, main.merged_into_id)
        main = kept or await type(record).get(id=main.merged_into_id)
    if main.deleted_at is None:
        await _keep_entry(work, main, fresh)


async def _findable(work: "Work", record: Entered) -> Findable:
    def get(name: str) -> object:
        return getattr(record, name, None)

    entity = record._meta.db_table
    company = contact = ""
    if isinstance(record, Deal | Contact):
        company = await _name_of(work, "company", record.company_id)
    if isinstance(record, Deal):
        contact = await _name_of(work, "contact", record.contact_id)
    more = await search_texts(entity, record, getattr(record, "pipeline_id", None)) if record.custom else ()
    return findable(entity, get, company, contact, more)


async def _name_of(work: "Work", entity: str, record_id: int | None) -> str:
    """Return a company's or contact's name, as this work knows it or as it is stored."""
    if record_id is None:
        return ""
    kept = work.kept(entity, record_id)
    if isinstance(kept, Company | Contact):
        return kept.name
    row = await db.fetch_one(f"SELECT name FROM {entity} WHERE id = ?", record_id)
    return str(row["name"]) if row else ""


async def _renamed(work: "Work", record: Entered, fresh: Fresh) -> None:
    """Have the deals and people found under the new name of their company or contact."""
    if isinstance(record, Company):
        for contact in await Contact.filter(company_id=record.id, deleted_at=None):
            await _keep_entry(work, contact, fresh)
        for deal in await Deal.filter(company_id=record.id, deleted_at=None):
            await _keep_entry(work, deal, fresh)
    elif isinstance(record, Contact):
        for deal in await Deal.filter(contact_id=record.id, deleted_at=None):
            await _keep_entry(work, deal, fresh)


async def forget_entry(entity: str, record_id: int) -> None:
    """Have a record not be found any more."""
    await db.execute(
        "DELETE FROM search_term WHERE entry_id IN (SELECT id FROM search_entry WHERE entity = ? AND record_id = ?)",
        entity,
        record_id,
    )
    await db.execute("DELETE FROM search_entry WHERE entity = ? AND record_id = ?", entity, record_id)


# --- the words there are ---------------------------------------------------------------------------------------------


async def learn_words(words: Iterable[str]) -> None:
    """Add words to the vocabulary that inexact search looks through."""
    # A number is never a slip of another one, and numbers would be most of the vocabulary.
    long = sorted({word for word in words if len(word) >= 3 and word.isalpha()})
    if not long:
        return
    if db.dialect() == "postgres":
        sql = "INSERT INTO search_word (word) SELECT unnest(?::text[]) ON CONFLICT DO NOTHING RETURNING word"
        fresh = await db.column(sql, long)
    else:
        # A full-text table has no unique key but its row number: the word's own hash keeps it there once.
        numbered = {int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), signed=True): word for word in long}
        for part in _chunks(list(numbered)):
            marks = ", ".join("?" * len(part))
            for number in await db.column(f"SELECT id FROM search_word_content WHERE id IN ({marks})", *part):
                del numbered[number]
        if numbered:
            await db.execute_many("INSERT INTO search_word (rowid, word) VALUES (?, ?)", sorted(numbered.items()))
        fresh = list(numbered.values())
    await learn_sounds(fresh)


async def learn_sounds(words: Iterable[str]) -> None:
    """Have words found from another alphabet."""
    keys = sorted((key, word) for word in words for key in sound_keys(word))
    if keys:
        await db.execute_many("INSERT INTO search_sound (key, word) VALUES (?, ?) ON CONFLICT DO NOTHING", keys)


def _chunks(items: list[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


# --- notes, and what activities say ------------------------------------------------------------------------------------


def text_id(entity: str, record_id: int) -> int:
    """Return the row of a note or activity in the full-text index."""
    return record_id * 2 + (entity == "note")


def text_words(text: str, owner_id: int | None) -> list[str]:
    """Return the words that a note or activity is found by."""
    words = list(dict.fromkeys(word[:64] for word in terms(text)))[:_MOST_TEXT_WORDS]
    return [*words, f"{OWNER}{owner_id or 0}"] if words else []


async def keep_texts(work: "Work", records: Sequence[Record]) -> None:
    """Have notes and activities found by what they say now."""
    put: list[tuple[int, list[str]]] = []
    gone: list[int] = []
    for record in records:
        if not isinstance(record, Note | Activity) or not _says_something_else(work, record):
            continue
        number = text_id(record._meta.db_table, record.id)
        words = text_words(record.text if isinstance(record, Note) else record.title, record.owner_id)
        if words and not record.deleted_at:
            put.append((number, words))
        elif record.version > 1:
            gone.append(number)
    await put_texts(put, gone)


def _says_something_else(work: "Work", record: Note | Activity) -> bool:
    if record.version == 1:
        return True
    entity = record._meta.db_table
    return any(
        (event.entity, event.record_id) == (entity, record.id) and any(name in event.after for name in _SAYING)
        for event in work.events
    )


async def texts_follow(entity: str, ids: Sequence[int], owner_id: int) -> None:
    """Have many notes or activities found as their new owner's."""
    for start in range(0, len(ids), _CHUNK):
        among = ", ".join(str(int(one)) for one in ids[start : start + _CHUNK])
        sql = f"SELECT id, {SAID_IN[entity]} AS said FROM {entity} WHERE id IN ({among}) AND deleted_at IS NULL"
        said = [(text_id(entity, row["id"]), text_words(row["said"] or "", owner_id)) for row in await db.fetch(sql)]
        await put_texts([(number, words) for number, words in said if words])


async def put_texts(put: Sequence[tuple[int, list[str]]], gone: Sequence[int] = ()) -> None:
    """Write rows of the full-text index, and take others away."""
    if gone:
        marks = ", ".join("?" * len(gone))
        column = "id" if db.dialect() == "postgres" else "rowid"
        await db.execute(f"DELETE FROM search_text WHERE {column} IN ({marks})", *gone)
    if not put:
        return
    if db.dialect() == "postgres":
        await db.execute_many(
            "INSERT INTO search_text (id, words) VALUES (?, array_to_tsvector(?::text[])) "
            "ON CONFLICT (id) DO UPDATE SET words = excluded.words",
            put,
        )
    else:
        rows = [(number, " ".join(words)) for number, words in put]
        await db.execute_many("INSERT OR REPLACE INTO search_text (rowid, words) VALUES (?, ?)", rows)
