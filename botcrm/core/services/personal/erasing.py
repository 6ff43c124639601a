"""Erase a person: anonymise them in place, and take what tells of them out of everything else, a piece at a time.

Their records stay, without a name, for the deals that hang on them. Nothing of it can be taken back. The pieces look through the
tables first; what the person's own records say goes with the last one, so that each piece knows whom to look for.
"""

import functools
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue
from botcrm.core.domain.events import RecordErased
from botcrm.core.domain.findable import findable
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.personal import GONE
from botcrm.core.models import Company, Contact, Lead, Operation, Record
from botcrm.core.services.access import ref
from botcrm.core.services.custom.values import search_texts
from botcrm.core.services.merging.unmerge import forget_merges
from botcrm.core.services.operations import operations
from botcrm.core.services.operations.operations import advance
from botcrm.core.services.personal import ledger as erasures
from botcrm.core.services.personal.again import KIND, person_again, taken_apart
from botcrm.core.services.personal.namesakes import own_words
from botcrm.core.services.personal.person import HANGING, Person, own_companies, person_of, sayings_of, traces_of
from botcrm.core.services.personal.scrubbing import Hunt
from botcrm.core.services.personal.sweeping import look_through, tables
from botcrm.core.services.search.index import put_texts, text_id
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work

TOLD = "erased"
# A piece looks through tables for so many seconds.
_PIECE = 0.1
_INDEXES = ("search_text", "search_word")
_PAGES = 200
_EMPTY: dict[type[Record], tuple[str, ...]] = {
    Contact: (
        *("phone", "email", "more_phones", "more_emails", "street", "city", "postcode", "region", "country"),
        *("job_title", "birth_date", "tax_id", "telegram_id"),
    ),
    Lead: (
        *("phone", "email", "more_phones", "more_emails", "street", "city", "postcode", "region", "country"),
        *("telegram_id", "lost_reason"),
    ),
    Company: (
        *("phone", "email", "more_phones", "more_emails", "street", "city", "postcode", "region", "country"),
        *("website", "tax_id"),
    ),
}
_MODELS: dict[str, type[Contact] | type[Lead] | type[Company]] = {"contact": Contact, "lead": Lead, "company": Company}


class LedgerUnwritable(CrmError):
    """That somebody is erased could not be written beside the database."""

    message = "Not erased: {file} cannot be written ({reason}). Make it writable and try again."


def confirmation(person: Person, companies: Iterable[int] = ()) -> str:
    """Return what has to be typed before somebody is erased, with companies of their own or without."""
    return " ".join((f"erase {person.ref}", *(ref("company", one) for one in companies)))


async def start_erasing(
    work: Work, entity: str, record_id: int, typed: str, *, chat_id: int | None = None, here: bool = False
) -> Operation:
    """Begin to erase a person.

    :param typed: what `confirmation` says, typed by whoever wants it; companies are erased along where they are named
    :param here: the caller does the pieces (`run_here`)
    :raises NoPerson: it is no person
    :raises NotFound: there is none within reach
    :raises NotAllowed: the actor may not delete all that there is about the person, or only where it is their own
    :raises InvalidValue: something else was typed
    """
    person = await person_of(work, entity, record_id, Action.DELETE)
    offered = await own_companies(work, person)
    words = typed.casefold().replace(",", " ").split()
    companies = [one for one in offered if ref("company", one) in words[2:]]
    said = confirmation(person).split()
    if words[:2] != said or len(words) != 2 + len(companies):
        raise InvalidValue(what="confirmation", value=typed[:60], how=f"To erase, type: {confirmation(person)}")
    if companies:
        await person_of(work, entity, record_id, Action.DELETE, companies)
    operation = await operations.start(
        work,
        KIND,
        person.main[0],
        f"Erase {person.ref}",
        params={"entity": person.main[0], "record_id": person.main[1], "companies": companies},
        chat_id=chat_id,
    )
    await operations.run(work, operation, here=here)
    return operation


async def erase_piece(work: Work, operation: Operation) -> bool:
    """Look through tables for a while; with the last one the person's own records are emptied. True when nothing is left.

    :raises LedgerUnwritable: it could not be written down beside the database; nothing of the person was emptied yet
    """
    if "merging" in operation.progress:
        return await _merge_index(work, operation)
    entity, record_id = str(operation.params["entity"]), int(operation.params["record_id"])
    if not operation.params.get("again"):
        person = await person_of(work, entity, record_id, Action.DELETE, operation.params.get("companies", ()))
    elif "last" not in operation.progress:
        if await taken_apart(work, operation):
            await advance(work, operation, progress={"last": {}}, counts=operation.counts)
        return False
    else:
        person = await person_again(entity, record_id)
    await _overwrite()
    traces, sayings = await traces_of(person), await sayings_of(person)
    hunt = Hunt.of(person, *traces, sayings, operation.id, await own_words(person))
    last: dict[str, int] = dict(operation.progress.get("last", {}))
    counts = dict(operation.counts) or {"seen": 0, "total": await _size(), "changed": 0}
    ends = time.monotonic() + _PIECE
    for table in tables():
        if last.get(table.name) == -1:
            continue
        while True:
            after, changed = await look_through(work, hunt, table, last.get(table.name, 0))
            counts["changed"] += changed
            if after is None:
                break
            counts["seen"] += 1
            last[table.name] = after
            if time.monotonic() > ends:
                await advance(work, operation, progress={"last": last}, counts=counts)
                return False
    people = await _concerned(person)
    counts["changed"] += await _empty(work, person)
    await _tell(work, operation, person, people)
    counts["total"] = counts["seen"]
    if db.dialect() != "sqlite":
        await advance(work, operation, progress={}, counts=counts)
        return True
    await advance(work, operation, progress={"merging": 0}, counts=counts)
    return False


async def _merge_index(work: Work, operation: Operation) -> bool:
    """Have SQLite's full-text index write itself anew for a while: it keeps the words of deleted rows until then."""
    ends = time.monotonic() + _PIECE
    place = int(operation.progress["merging"])
    while time.monotonic() < ends:
        name = _INDEXES[place // 2]
        # The first step gathers all parts of the index, those after it go on until nothing is left to merge.
        pages = _PAGES if place % 2 else -_PAGES
        before = await db.column("SELECT total_changes()")
        await db.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', ?)", pages)
        after = await db.column("SELECT total_changes()")
        if place % 2 == 0 or after[0] - before[0] < 2:
            place += 1
        if place == 2 * len(_INDEXES):
            await advance(work, operation, progress={}, counts=operation.counts)
            return True
    await advance(work, operation, progress={"merging": place}, counts=operation.counts)
    return False


async def _overwrite() -> None:
    """Have SQLite write zeros over what is deleted: it leaves it in the file otherwise."""
    if db.dialect() == "sqlite":
        await db.fetch("PRAGMA secure_delete = ON")


async def _size() -> int:
    """Return about how many times 500 rows are to be looked through."""
    total = 0
    for table in tables():
        row = await db.fetch_one(f'SELECT max(id) AS n FROM "{table.name}"')
        total += int(row["n"] or 0) // 500 + 1 if row else 1
    return total


async def _concerned(person: Person) -> set[int]:
    """Return whose records erasing empties."""
    own = {"contact": person.contacts, "lead": person.leads, "company": person.companies, "deal": person.deals}
    found: set[int] = set()
    for entity, ids in own.items():
        found |= set(
            await db.column(f"SELECT owner_id FROM {entity} WHERE id IN ({_ids(ids)}) AND owner_id IS NOT NULL")
        )
    for table in HANGING:
        found |= set(
            await db.column(
                f"SELECT DISTINCT owner_id FROM {table} t WHERE {person.hanging_sql(table)} AND owner_id IS NOT NULL"
            )
        )
    return found


async def _tell(work: Work, operation: Operation, person: Person, people: set[int]) -> None:
    """Tell whose records were emptied, and administrators; who did it sees that it is done."""
    rows = await db.fetch(
        f'SELECT id, telegram_id FROM "user" WHERE id IN ({_ids(people)}) AND active AND telegram_id IS NOT NULL'
    )
    told = {row["id"]: row["telegram_id"] for row in rows} | dict(await administrators())
    told.pop(work.actor.id, None)
    by = await db.column('SELECT name FROM "user" WHERE id = ?', work.actor.id or 0)
    for user_id, chat_id in sorted(told.items()):
        key = f"{TOLD}:{operation.id}:{user_id}"
        await work.tell(user_id, chat_id, TOLD, key=key, ref=person.ref, by=by[0] if by else "")


# --- the person's own records ----------------------------------------------------------------------------------------------


def _ids(ids: Iterable[int]) -> str:
    return ", ".join(str(int(one)) for one in ids) or "0"


async def _empty(work: Work, person: Person) -> int:
    """Empty the person's records and all that hangs on them, and write down that it was done."""
    await _write_down(work, person)
    words = await _entry_words(person)
    count = await _hanging(work, person)
    await _deals(work, person)
    fields = await db.column("SELECT id FROM custom_field WHERE personal AND entity IN ('contact', 'lead', 'company')")
    for entity, record_id in person.records:
        record = await _MODELS[entity].get(id=record_id)
        await _bare(work, record, {str(one) for one in fields})
        count += 1
    for entity, ids in (("contact", person.contacts), ("lead", person.leads), ("company", person.companies)):
        await _beside(entity, ids)
        await forget_merges(entity, ids)
    await work.flush()
    await _forget_words(words)
    return count


async def _write_down(work: Work, person: Person) -> None:
    """Write into the ledger that these records are erased: beside the database first, so that nothing can be lost of it."""
    key, _ = erasures.read(work.ledger) if work.ledger else ("", [])
    lines = await erasures.marks_of(key, person.records)
    if work.ledger:
        await _append(work.ledger, key, lines, work)
    for one in lines:
        await db.insert(
            "erasure",
            entity=one.entity,
            record_id=one.record_id,
            mark=one.mark,
            at=work.now,
            user_id=work.actor.id,
        )


async def _append(path: Path, key: str, lines: list[erasures.Erased], work: Work) -> None:
    try:
        _, known = erasures.read(path)
        fresh = [one for one in lines if one not in known]
        if fresh:
            erasures.append(path, key, fresh, work.now)
    except OSError as error:
        raise LedgerUnwritable(file=str(path), reason=error.strerror or "") from None


async def _hanging(work: Work, person: Person) -> int:
    """Empty what was written, planned, sent and said; what is empty already is not counted."""
    gone: list[int] = []
    for table in ("note", "activity"):
        ids = await db.column(f"SELECT id FROM {table} t WHERE {person.hanging_sql(table)}")
        gone += [text_id(table, one) for one in ids]
    for start in range(0, len(gone), 500):
        await put_texts([], gone[start : start + 500])
    changes = {
        "note": f"text = '{GONE}'",
        "activity": "title = ''",
        "file": "file_id = '', name = '', url = NULL, caption = '', deleted_at = coalesce(deleted_at, ?)",
        "message": f"text = '{GONE}', chat_id = ?, address = NULL, external_id = ''",
    }
    values: dict[str, tuple[Any, ...]] = {"file": (work.now,), "message": (f"erased-{person.ref}",)}
    count = 0
    for table in HANGING:
        rows = f"id IN (SELECT t.id FROM {table} t WHERE {person.hanging_sql(table)})"
        count += await db.execute(
            f"UPDATE {table} SET {changes[table]}, version = version + 1 WHERE {rows}", *values.get(table, ())
        )
        work.forget_all(table)
    return count


async def _deals(work: Work, person: Person) -> None:
    """Empty what says something about the person in their deals; titles were looked through before."""
    fields = {str(one) for one in await db.column("SELECT id FROM custom_field WHERE personal AND entity = 'deal'")}
    for row in await db.fetch(f"SELECT id, custom FROM deal WHERE id IN ({_ids(person.deals)})"):
        custom = _without(db.from_json(row["custom"]) if row["custom"] else None, fields)
        await db.execute(
            "UPDATE deal SET waiting_for = NULL, custom = ? WHERE id = ?",
            db.to_json(custom) if custom else None,
            row["id"],
        )
        await _values(fields, "deal", row["id"])
    work.forget_all("deal")


def _without(custom: Any, fields: set[str]) -> dict[str, Any] | None:
    return {key: value for key, value in (custom or {}).items() if key not in fields} or None


async def _values(fields: set[str], entity: str, record_id: int) -> None:
    if fields:
        await db.execute(
            f"DELETE FROM field_value WHERE entity = ? AND record_id = ? AND field_id IN ({', '.join(sorted(fields))})",
            entity,
            record_id,
        )


async def _bare(work: Work, record: Contact | Lead | Company, fields: set[str]) -> None:
    """Leave of a record its number, its owner and what it hangs on."""
    entity = record._meta.db_table
    name = f"Erased {ref(entity, record.id)}"
    values: dict[str, Any] = dict.fromkeys(_EMPTY[type(record)], None) | {"name": name}
    if isinstance(record, Lead):
        values |= {"title": name, "name": "", "company_name": ""}
    values["custom"] = _without(record.custom, fields)
    values |= {"version": record.version + 1, "updated_at": work.now}
    # Not by `work.change`: its event would keep what the record said.
    await type(record).filter(id=record.id).update(**values)
    await _values(fields, entity, record.id)
    work.forget(record)
    fresh = await type(record).get(id=record.id)
    work.remember(RecordErased, fresh)
    work.touch(fresh)


async def _beside(entity: str, ids: Iterable[int]) -> None:
    """Delete what is kept beside the records: tags, what other systems call them, who they are not."""
    among = _ids(ids)
    for table in ("tag", "external_ref"):
        await db.execute(f"DELETE FROM {table} WHERE entity = ? AND record_id IN ({among})", entity)
    await db.execute(
        f"DELETE FROM distinct_pair WHERE entity = ? AND (low_id IN ({among}) OR high_id IN ({among}))", entity
    )


async def _entry_words(person: Person) -> list[str]:
    """Return the words by which the person was found."""
    found: list[str] = []
    for entity, ids in (
        ("contact", person.contacts),
        ("lead", person.leads),
        ("company", person.companies),
        ("deal", person.deals),
    ):
        found += await db.column(
            "SELECT DISTINCT t.term FROM search_term t JOIN search_entry e ON e.id = t.entry_id "
            f"WHERE e.entity = ? AND e.record_id IN ({_ids(ids)})",
            entity,
        )
    # What was deleted before is in no index; its words may be in the vocabulary yet.
    for entity, record_id in person.records:
        record = await _MODELS[entity].get(id=record_id)
        get = functools.partial(_value, record)
        found += findable(entity, get, more=await search_texts(entity, record)).words
    return list(dict.fromkeys(found))


def _value(record: Record, name: str) -> Any:
    return getattr(record, name, None)


async def _forget_words(words: Iterable[str]) -> None:
    """Take words that nothing is found by any more out of the vocabulary."""
    for word in words:
        if await db.fetch_one("SELECT 1 AS y FROM search_term WHERE term = ? LIMIT 1", word):
            continue
        if db.dialect() == "sqlite":
            rows = await db.column("SELECT id FROM search_word_content WHERE c0 = ?", word) if word.isalpha() else []
            await db.execute_many("DELETE FROM search_word WHERE rowid = ?", [(one,) for one in rows])
        else:
            await db.execute("DELETE FROM search_word WHERE word = ?", word)
        await db.execute("DELETE FROM search_sound WHERE word = ?", word)
