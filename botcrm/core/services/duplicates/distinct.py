"""Pairs that somebody said are not the same: for the whole team, and for good.

Each record of a pair is marked by what another system calls it, or else by its data, so that the pair is known again when both were
deleted and come in anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.facts import Facts, facts_of
from botcrm.core.domain.kinds import Action
from botcrm.core.services.access import load_any
from botcrm.core.services.duplicates.keys import COLUMNS, ENTITIES, decoded
from botcrm.core.services.work import Work


def mark_of(entity: str, values: Mapping[str, Any]) -> str:
    """Return what tells a record again by its data: its names, numbers and addresses in one form."""
    return data_mark(facts_of(entity, values))


def data_mark(facts: Facts) -> str:
    """Return what tells a record again by its facts."""
    told = (
        *sorted(facts.words),
        *sorted(facts.phones),
        *sorted(facts.emails),
        facts.telegram,
        facts.birth,
        facts.tax,
        facts.street,
    )
    return "f" + _digest("\x1f".join(told))


def external_mark(source: str, external_id: str) -> str:
    """Return what tells a record again by what another system calls it."""
    return "x" + _digest(f"{source}\x1f{external_id}")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=20).hexdigest()


async def marks_of(entity: str, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the marks of records: one for each name that another system has for it, the one of its data last."""
    if not ids:
        return {}
    found: dict[int, list[str]] = {record_id: [] for record_id in ids}
    among = ", ".join(str(int(record_id)) for record_id in ids)
    for row in await db.fetch(
        f"SELECT record_id, source, external_id FROM external_ref WHERE entity = ? AND record_id IN ({among}) ORDER BY id",
        entity,
    ):
        found[row["record_id"]].append(external_mark(row["source"], row["external_id"]))
    columns = ", ".join(COLUMNS[entity])
    for row in await db.fetch(f"SELECT id, {columns} FROM {entity} WHERE id IN ({among})"):
        found[row["id"]].append(mark_of(entity, decoded(row)))
    return {record_id: tuple(marks) for record_id, marks in found.items() if marks}


async def say_distinct(work: Work, entity: str, one_id: int, other_ids: Iterable[int]) -> None:
    """Note down that a record is none of the others; doing it again changes nothing.

    :raises NotFound: one of them is out of reach
    :raises NotAllowed: the actor may change none such
    """
    others = [other_id for other_id in dict.fromkeys(other_ids) if other_id != one_id]
    if entity not in ENTITIES or not others:
        raise InvalidValue(what="record", value=str(one_id), how="Name two records of one kind, like c12 and c15.")
    for record_id in (one_id, *others):
        await load_any(work, entity, record_id)
    await load_any(work, entity, one_id, Action.CHANGE)
    marks = await marks_of(entity, [one_id, *others])
    for other_id in others:
        low, high = sorted((one_id, other_id))
        await db.execute(
            "INSERT INTO distinct_pair (entity, low_id, high_id, low_mark, high_mark, user_id, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entity, low_id, high_id) DO NOTHING",
            entity,
            low,
            high,
            marks[low][0],
            marks[high][0],
            work.actor.id,
            work.now,
        )


async def take_back_distinct(work: Work, entity: str, one_id: int, other_ids: Iterable[int]) -> None:
    """Let it hold no longer that a record is none of the others.

    :raises NotFound: it is out of reach
    """
    await load_any(work, entity, one_id, Action.CHANGE)
    for other_id in other_ids:
        low, high = sorted((one_id, other_id))
        await db.execute("DELETE FROM distinct_pair WHERE entity = ? AND low_id = ? AND high_id = ?", entity, low, high)


async def distinct_from(entity: str, record_id: int, own: Sequence[str], others: Sequence[int]) -> set[int]:
    """Return which of the others somebody said a record is not, by their ids or by their marks.

    :param own: the record's marks
    """
    if not others:
        return set()
    rows = await db.fetch(
        "SELECT low_id, high_id FROM distinct_pair WHERE entity = ? AND low_id = ? "
        "UNION ALL SELECT low_id, high_id FROM distinct_pair WHERE entity = ? AND high_id = ?",
        entity,
        record_id,
        entity,
        record_id,
    )
    said = {row["high_id"] if row["low_id"] == record_id else row["low_id"] for row in rows}
    left = [other for other in others if other not in said]
    if left and await db.fetch_one("SELECT 1 AS y FROM distinct_pair WHERE entity = ? LIMIT 1", entity):
        for other_id, marks in (await marks_of(entity, left)).items():
            if await _marked(entity, own, marks):
                said.add(other_id)
    return said & set(others)


async def _marked(entity: str, own: Sequence[str], other: Sequence[str]) -> bool:
    pairs = [(one, two) for one in own for two in other]
    either = " OR ".join(["(low_mark = ? AND high_mark = ?)"] * (2 * len(pairs)))
    values = [mark for one, two in pairs for mark in (one, two, two, one)]
    return (
        await db.fetch_one(f"SELECT 1 AS y FROM distinct_pair WHERE entity = ? AND ({either}) LIMIT 1", entity, *values)
        is not None
    )


class Said:
    """The pairs of a whole base that somebody said are not the same, found anew where records came in again."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], living: set[int]) -> None:
        self.pairs = {(row["low_id"], row["high_id"]) for row in rows}
        # Pairs of which a record is gone: whoever bears its mark now takes its place.
        self._lost = [
            (row["low_id"], row["high_id"], row["low_mark"], row["high_mark"])
            for row in rows
            if row["low_id"] not in living or row["high_id"] not in living
        ]
        self._asked = {mark for row in self._lost for mark in row[2:]}
        self._bearers: dict[str, set[int]] = {}

    def see(self, marked: Iterable[tuple[int, str]]) -> None:
        """Take in which records bear one of `marks`."""
        for record_id, mark in marked:
            self.bears(record_id, mark)

    def bears(self, record_id: int, mark: str) -> None:
        """Note down a mark of a record."""
        if mark in self._asked:
            self._bearers.setdefault(mark, set()).add(record_id)

    @property
    def marks(self) -> set[str]:
        """Return the marks that are looked for."""
        return self._asked

    def all_pairs(self) -> set[tuple[int, int]]:
        """Return the pairs, those found anew among them."""
        found = set(self.pairs)
        for low, high, low_mark, high_mark in self._lost:
            for one in self._bearers.get(low_mark, set()) | {low}:
                for other in self._bearers.get(high_mark, set()) | {high}:
                    if one != other:
                        found.add((min(one, other), max(one, other)))
        return found


async def said_distinct(entity: str) -> Said:
    """Return what was said about an entity's records; `see` every record before asking for the pairs."""
    rows = await db.fetch("SELECT low_id, high_id, low_mark, high_mark FROM distinct_pair WHERE entity = ?", entity)
    ids = sorted({record_id for row in rows for record_id in (row["low_id"], row["high_id"])})
    living: set[int] = set()
    for start in range(0, len(ids), 5000):
        among = ", ".join(map(str, ids[start : start + 5000]))
        living |= set(await db.column(f"SELECT id FROM {entity} WHERE id IN ({among}) AND deleted_at IS NULL"))
    said = Said(rows, living)
    if said.marks:
        # Only refs whose mark is asked for matter; few bases have refs for everybody, and each costs a microsecond.
        after = 0
        while refs := await db.fetch(
            "SELECT id, record_id, source, external_id FROM external_ref WHERE entity = ? AND id > ? ORDER BY id LIMIT 20000",
            entity,
            after,
        ):
            for ref in refs:
                said.bears(ref["record_id"], external_mark(ref["source"], ref["external_id"]))
            after = refs[-1]["id"]
    return said
