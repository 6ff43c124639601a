"""Tell which rows of a file are there already: by the other system's id first, then by phone and e-mail where the names go together.

Deals have neither phone nor e-mail: see same_deals.py.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.domain.companies import company_words
from botcrm.core.domain.facts import mailbox
from botcrm.core.domain.names import likeness, name_words
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.derived.many import chunks
from botcrm.core.services.duplicates.distinct import distinct_from, external_mark, mark_of
from botcrm.core.services.importing.rows import Understood
from botcrm.core.services.importing.same_deals import same_deals
from botcrm.core.services.work import Work

OWN = "botcrm"
# So many records may share a telephone and still be looked at: of an office's the first ones.
_MOST_SHARING = 50
# In place of a record that is no more.
_GONE = 0
_NO_MATCH = frozenset({"different", "family"})


@dataclass(slots=True)
class Existing:
    """A record that a row is about.

    :ivar by: external_id, phone or email; same of a deal without an ID
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
    alive = await living(entity, found.values())
    return {external_id: alive[record_id] for external_id, record_id in found.items() if record_id in alive}


async def living(entity: str, ids: Iterable[int]) -> dict[int, int]:
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


async def find_existing(
    work: Work,
    entity: str,
    source: str,
    rows: Sequence[Understood],
    further: Mapping[str, Sequence[int]] | None = None,
) -> dict[int, Existing]:
    """Return the record that each row is about, by the row's number; rows about nothing within the actor's reach are left out.

    :param further: keys (see `further_keys`) of records whose keys are not stored yet, with their ids
    """
    found = await _by_ref(work, entity, source, rows)
    if entity == "deal":
        same = await same_deals(work, [row for row in rows if row.number not in found])
        return found | {number: Existing(deal["id"], deal["name"], "same") for number, deal in same.items()}
    rest = [row for row in rows if row.number not in found and (row.phones or row.emails)]
    if rest:
        found |= await _by_reach(work, entity, source, rest, further or {})
    return found


async def _by_ref(work: Work, entity: str, source: str, rows: Sequence[Understood]) -> dict[int, Existing]:
    asked = [row for row in rows if row.external_id]
    if not asked:
        return {}
    refs = await referred(entity, source, [row.external_id for row in asked])
    own = await _own_ids(entity, asked) if source == OWN else {}
    if not refs and not own:
        return {}
    known = await _known(work, entity, {*refs.values(), *own.values()})
    found: dict[int, Existing] = {}
    for row in asked:
        ours = own.get(row.external_id)
        if ours == _GONE:
            continue
        ids = {one for one in (ours, refs.get(row.external_id)) if one in known}
        record_id = ids.pop() if len(ids) == 1 else _of_two_bases(row, known, ours, refs.get(row.external_id))
        if record_id and (not is_weak(source, row.external_id) or _goes_with(entity, row, known[record_id])):
            found[row.number] = Existing(record_id, known[record_id]["name"], "external_id")
    return found


def _of_two_bases(
    row: Understood, known: Mapping[int, dict[str, Any]], ours: int | None, theirs: int | None
) -> int | None:
    """Return whom a number means that is ours, and that of a record which came from another base of ours: None for nobody knows."""
    if not ours or not theirs or not {ours, theirs} <= known.keys():
        return None
    if _second(known[theirs]) != row.values["created_at"]:
        return ours
    called = [one for one in (ours, theirs) if fold(known[one]["name"]) == fold(row.name)]
    return called[0] if len(called) == 1 else None


def is_weak(source: str, external_id: str) -> bool:
    """Tell whether an id says little: a number of a system that nobody knows may be any other one's, or that of the row."""
    return not source and external_id.isdecimal()


def _goes_with(entity: str, row: Understood, known: Mapping[str, Any]) -> bool:
    reached = known.get("phone") in row.phones or known.get("email") in row.emails
    return reached or same_name(entity, row.told_name, known["name"])


def _second(row: Mapping[str, Any]) -> datetime:
    return db.moment_needed(row["created_at"]).replace(microsecond=0)


async def _own_ids(entity: str, rows: Sequence[Understood]) -> dict[str, int]:
    """Return the records that our own export names by number, where they were made at the very second that it says.

    One that went into another since is that one; for one that was deleted since there is `_GONE`.
    """
    told = {int(row.external_id): row for row in rows if row.external_id.isdecimal() and "created_at" in row.values}
    found: list[int] = []
    for part in chunks([number for number in told if number < 2**31]):
        marks = ", ".join("?" * len(part))
        rows_here = await db.fetch(f'SELECT id, created_at FROM "{entity}" WHERE id IN ({marks})', *part)
        found += [row["id"] for row in rows_here if _second(row) == told[row["id"]].values["created_at"]]
    alive = await living(entity, found) if found else {}
    return {str(record_id): alive.get(record_id, _GONE) for record_id in found}


async def _known(work: Work, entity: str, ids: set[int]) -> dict[int, dict[str, Any]]:
    """Return what is needed of those records that the actor reaches."""
    reached = owned_sql("owner_id", owners(work.actor, entity))
    name = (
        "title" if entity == "deal" else "CASE WHEN name = '' THEN title ELSE name END" if entity == "lead" else "name"
    )
    how = "" if entity == "deal" else ", phone, email"
    found: dict[int, dict[str, Any]] = {}
    for part in chunks(list(ids)):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f'SELECT id, created_at, {name} AS name{how} FROM "{entity}" '
            f"WHERE id IN ({marks}) AND deleted_at IS NULL AND {reached}",
            *part,
        )
        found |= {row["id"]: row for row in rows}
    return found


# --- by phone and e-mail -------------------------------------------------------------------------------------------------


def further_keys(row: Understood) -> list[str]:
    """Return the keys of a row's record that its first number and its first address as it is written do not hold."""
    keys = [f"p:{phone}" for phone in row.phones[1:]]
    for place, email in enumerate(row.emails):
        box = mailbox(email)
        if place or box != email:
            keys.append(f"e:{box}")
    return keys


async def _by_reach(
    work: Work, entity: str, source: str, rows: Sequence[Understood], further: Mapping[str, Sequence[int]]
) -> dict[int, Existing]:
    sharing: dict[tuple[str, str], list[dict[str, Any]]] = {}
    phones = list({phone for row in rows for phone in row.phones})
    emails = list({email for row in rows for email in row.emails})
    await _first_ones(work, entity, "phone", phones, sharing)
    await _first_ones(work, entity, "email", emails, sharing)
    await _by_keys(work, entity, phones, emails, sharing, further)
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
                if (best is None or rank > best[0]) and same_name(entity, row.told_name, one["name"]):
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


def _open(entity: str) -> str:
    """Return the condition that leaves closed leads out: who asks again is a lead anew."""
    return " AND status IN ('new', 'working')" if entity == "lead" else ""


async def _first_ones(
    work: Work, entity: str, column: str, values: Sequence[str], sharing: dict[tuple[str, str], list[dict[str, Any]]]
) -> None:
    reached = owned_sql("owner_id", owners(work.actor, entity))
    for part in chunks(values):
        marks = ", ".join("?" * len(part))
        rows = await db.fetch(
            f"SELECT id, {_read_name(entity)}, {column} AS value FROM {entity} "
            f"WHERE {column} IN ({marks}) AND deleted_at IS NULL AND {reached}{_open(entity)}",
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
    further: Mapping[str, Sequence[int]],
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
    for key in asked.keys() & further.keys():
        for record_id in further[key]:
            found.setdefault(record_id, []).append(key)
    reached = owned_sql("owner_id", owners(work.actor, entity))
    for part in chunks(list(found)):
        marks = ", ".join("?" * len(part))
        for row in await db.fetch(
            f"SELECT id, {_read_name(entity)} FROM {entity} WHERE id IN ({marks}) AND deleted_at IS NULL AND {reached}{_open(entity)}",
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
