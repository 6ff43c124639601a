"""Tell which rows of a file are there already: by the other system's id first, then by phone and e-mail where the names go together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.companies import company_words
from botcrm.core.domain.facts import mailbox
from botcrm.core.domain.names import likeness, name_words
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.derive_many import chunks
from botcrm.core.services.distinct import distinct_from, external_mark, mark_of
from botcrm.core.services.importing_rows import Understood
from botcrm.core.services.work import Work

OWN = "botcrm"
# So many records may share a telephone and still be looked at: of an office's the first ones.
_MOST_SHARING = 50
_NO_MATCH = frozenset({"different", "family"})


@dataclass(slots=True)
class Existing:
    """A record that a row is about.

    :ivar by: external_id, phone or email
    """

    record_id: int
    name: str
    by: str


def same_name(entity: str, one: str, other: str) -> bool:
    """Tell whether two names may be one's: each word of the shorter one has its like in the other."""
    if not one or not other or fold(one) == fold(other):
        return True
    split = company_words if entity == "company" else name_words
    short, long = sorted((split(one), split(other)), key=len)
    left = list(long)
    for word in short:
        found = next((mate for mate in left if likeness(word, mate).kind not in _NO_MATCH), None)
        if found is None:
            return False
        left.remove(found)
    return True


async def referred(entity: str, source: str, ids: Sequence[str]) -> dict[str, int]:
    """Return which record each of another system's ids stands for: the living one that it was merged into, where it was."""
    found: dict[str, int] = {}
    for part in chunks(ids):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f"SELECT external_id, record_id FROM external_ref WHERE entity = ? AND source = ? AND external_id IN ({marks})",
            entity,
            source,
            *part,
        )
        found |= {row["external_id"]: row["record_id"] for row in rows}
    if not found:
        return {}
    living = await _living(entity, found.values())
    return {external_id: living[record_id] for external_id, record_id in found.items() if record_id in living}


async def _living(entity: str, ids: Iterable[int]) -> dict[int, int]:
    """Return each record's id -> its own, or that of the record it went into; deleted ones are left out."""
    merges = "merged_into_id" if entity != "deal" else "NULL AS merged_into_id"
    found: dict[int, int] = {}
    waiting = {record_id: record_id for record_id in ids}
    for _ in range(20):  # no chain of merges is as long
        gone: dict[int, int] = {}
        for part in chunks(list(set(waiting.values()))):
            marks = ", ".join("?" * len(part))
            rows = await db.fetch(f'SELECT id, deleted_at, {merges} FROM "{entity}" WHERE id IN ({marks})', *part)
            by_id = {row["id"]: row for row in rows}
            for first, now in waiting.items():
                row = by_id.get(now)
                if row and row["deleted_at"] is None:
                    found[first] = now
                elif row and row["merged_into_id"]:
                    gone[first] = row["merged_into_id"]
        waiting = gone
        if not waiting:
            break
    return found


async def find_existing(work: Work, entity: str, source: str, rows: Sequence[Understood]) -> dict[int, Existing]:
    """Return the record that each row is about, by the row's number; rows about nothing within the actor's reach are left out."""
    found = await _by_ref(work, entity, source, rows)
    rest = [row for row in rows if row.number not in found and (row.phones or row.emails)]
    if entity != "deal" and rest:
        found |= await _by_reach(work, entity, source, rest)
    return found


async def _by_ref(work: Work, entity: str, source: str, rows: Sequence[Understood]) -> dict[int, Existing]:
    asked = [row for row in rows if row.external_id]
    if not asked:
        return {}
    refs = await referred(entity, source, [row.external_id for row in asked])
    if source == OWN:
        refs |= await _own_ids(entity, [row for row in asked if row.external_id not in refs])
    if not refs:
        return {}
    named = await _named(work, entity, set(refs.values()))
    return {
        row.number: Existing(refs[row.external_id], named[refs[row.external_id]], "external_id")
        for row in asked
        if refs.get(row.external_id) in named
    }


async def _own_ids(entity: str, rows: Sequence[Understood]) -> dict[str, int]:
    """Return the records that our own export names by number, where they were made at the very second that it says."""
    told = {int(row.external_id): row for row in rows if row.external_id.isdecimal() and "created_at" in row.values}
    found: dict[str, int] = {}
    for part in chunks([number for number in told if number < 2**31]):
        marks = ", ".join("?" * len(part))
        for row in await db.fetch(
            f'SELECT id, created_at FROM "{entity}" WHERE deleted_at IS NULL AND id IN ({marks})', *part
        ):
            made = db.moment_needed(row["created_at"]).replace(microsecond=0)
            if made == told[row["id"]].values["created_at"]:
                found[str(row["id"])] = row["id"]
    return found


async def _named(work: Work, entity: str, ids: set[int]) -> dict[int, str]:
    """Return the names of those records that the actor reaches."""
    reached = owned_sql("owner_id", owners(work.actor, entity))
    name = "title" if entity in ("deal", "lead") else "name"
    found: dict[int, str] = {}
    for part in chunks(list(ids)):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f'SELECT id, {name} AS name FROM "{entity}" WHERE id IN ({marks}) AND deleted_at IS NULL AND {reached}',
            *part,
        )
        found |= {row["id"]: row["name"] for row in rows}
    return found


# --- by phone and e-mail -------------------------------------------------------------------------------------------------


async def _by_reach(work: Work, entity: str, source: str, rows: Sequence[Understood]) -> dict[int, Existing]:
    sharing: dict[tuple[str, str], list[dict[str, Any]]] = {}
    phones = list({phone for row in rows for phone in row.phones})
    emails = list({email for row in rows for email in row.emails})
    await _first_ones(work, entity, "phone", phones, sharing)
    await _first_ones(work, entity, "email", emails, sharing)
    await _by_keys(work, entity, phones, emails, sharing)
    if not sharing:
        return {}
    refs = await _refs_of(entity, source, {one["id"] for several in sharing.values() for one in several})
    apart = await db.fetch_one("SELECT 1 AS y FROM distinct_pair WHERE entity = ? LIMIT 1", entity) is not None
    found: dict[int, Existing] = {}
    for row in rows:
        best: tuple[tuple[int, bool, int], Existing] | None = None
        keys = [("phone", phone) for phone in row.phones] + [("email", email) for email in row.emails]
        shared = Counter(one["id"] for key in keys for one in sharing.get(key, ()))
        others = await _said_apart(entity, source, row, list(shared)) if apart and shared else set()
        for key in keys:
            for one in sharing.get(key, ()):
                if one["id"] in others:
                    continue
                # One system calls them by two ids: there they are two.
                if row.external_id and refs.get(one["id"], row.external_id) != row.external_id:
                    continue
                rank = (shared[one["id"]], fold(row.name) == fold(one["name"]), -one["id"])
                if (best is None or rank > best[0]) and same_name(entity, row.name, one["name"]):
                    best = (rank, Existing(one["id"], one["name"], key[0]))
        if best:
            found[row.number] = best[1]
    return found


async def _said_apart(entity: str, source: str, row: Understood, ids: Sequence[int]) -> set[int]:
    """Return which of these somebody said are not the one that the row is about."""
    values = {
        **row.values,
        "company": row.company,
        "phone": next(iter(row.phones), None),
        "email": next(iter(row.emails), None),
        "more_phones": row.phones[1:],
        "more_emails": row.emails[1:],
    }
    marks = [mark_of(entity, values)]
    if row.external_id:
        marks.append(external_mark(source, row.external_id))
    return await distinct_from(entity, 0, marks, ids)


def _read_name(entity: str) -> str:
    return "CASE WHEN name = '' THEN title ELSE name END AS name" if entity == "lead" else "name"


async def _first_ones(
    work: Work, entity: str, column: str, values: Sequence[str], sharing: dict[tuple[str, str], list[dict[str, Any]]]
) -> None:
    reached = owned_sql("owner_id", owners(work.actor, entity))
    for part in chunks(values):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f"SELECT id, {_read_name(entity)}, {column} AS value FROM {entity} "
            f"WHERE {column} IN ({marks}) AND deleted_at IS NULL AND {reached}",
            *part,
        )
        for row in rows:
            _add(sharing, (column, row["value"]), row)


async def _by_keys(
    work: Work,
    entity: str,
    phones: Sequence[str],
    emails: Sequence[str],
    sharing: dict[tuple[str, str], list[dict[str, Any]]],
) -> None:
    """Find those who have it as another number or address, or whose mailbox is the same in another spelling."""
    asked = {f"p:{phone}": ("phone", phone) for phone in phones} | {
        f"e:{mailbox(mail)}": ("email", mail) for mail in emails
    }
    found: dict[int, list[str]] = {}
    for part in chunks(list(asked)):
        marks = ", ".join("?" * len(part))
        for row in await db.fetch(
            f"SELECT key, record_id FROM record_key WHERE entity = ? AND key IN ({marks})", entity, *part
        ):
            found.setdefault(row["record_id"], []).append(row["key"])
    reached = owned_sql("owner_id", owners(work.actor, entity))
    for part in chunks(list(found)):
        marks = ", ".join("?" * len(part))
        for row in await db.fetch(
            f"SELECT id, {_read_name(entity)} FROM {entity} WHERE id IN ({marks}) AND deleted_at IS NULL AND {reached}",
            *part,
        ):
            for key in found[row["id"]]:
                _add(sharing, asked[key], row)


def _add(sharing: dict[tuple[str, str], list[dict[str, Any]]], key: tuple[str, str], row: dict[str, Any]) -> None:
    several = sharing.setdefault(key, [])
    if len(several) < _MOST_SHARING and all(one["id"] != row["id"] for one in several):
        several.append(row)


async def _refs_of(entity: str, source: str, ids: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(list(ids)):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f"SELECT record_id, external_id FROM external_ref WHERE entity = ? AND source = ? AND record_id IN ({marks})",
            entity,
            source,
            *part,
        )
        found |= {row["record_id"]: row["external_id"] for row in rows}
    return found
