"""The same records of a whole base: read in pages, grouped by the matcher, and kept as groups that people go through."""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from typing import Any

from botcrm.core import db
from botcrm.core.domain.facts import facts_of
from botcrm.core.domain.whole_base import Group, Prepared, WholeBase, prepare
from botcrm.core.models import DuplicateGroup
from botcrm.core.services.access import owned_sql
from botcrm.core.services.duplicates.distinct import data_mark, said_distinct
from botcrm.core.services.duplicates.keys import pages
from botcrm.core.services.merging.main_record import choose_mains

KIND = "duplicates"
_PAGE = 5000
# From so many records on the pages are made ready on several cores; so many of them may be under way.
_LARGE, _AHEAD = 100_000, 8

Progress = Callable[[int, int], None]
"""Told how much is done of how much."""
# How long each part takes, of a hundred.
_PARTS = {"read": (0, 70), "gather": (70, 80), "compare": (80, 100)}


def condition(entity: str, people: Iterable[int] | None) -> str:
    """Return the SQL condition on the records that are searched: these people's (None: everybody's), and leads still worked on."""
    owned = owned_sql("r.owner_id", people)
    return f"{owned} AND r.status IN ('new', 'working')" if entity == "lead" else owned


async def size_of(entity: str, people: Iterable[int] | None = None) -> int:
    """Return how many records are searched."""
    where = condition(entity, people)
    row = await db.fetch_one(f"SELECT count(*) AS n FROM {entity} r WHERE r.deleted_at IS NULL AND {where}")
    return int(row["n"]) if row else 0


async def find_groups(
    entity: str, people: Iterable[int] | None = None, progress: Progress = lambda done, total: None
) -> list[Group]:
    """Return the groups of records that are the same, the most certain first.

    A million records take about a minute of one core and under 1 GB: it belongs into a process of its own, not into the bot's.

    :param people: whose records are searched, None: everybody's
    :param progress: told the share that is done, of a hundred
    """
    where = condition(entity, people)
    total = await size_of(entity, people)

    def told(part: str, done: int, of: int) -> None:
        start, end = _PARTS[part]
        progress(start + (end - start) * done // max(1, of), 100)

    if total > _LARGE and db.dialect() == "sqlite":
        # Each page is read once: mapped into memory the file would only take room there.
        await db.execute("PRAGMA mmap_size = 0")
    said = await said_distinct(entity)
    base = WholeBase(entity)
    marks = frozenset(said.marks)
    with _Preparing(total > _LARGE) as preparing:
        async for rows in pages(entity, where, size=_PAGE):
            for made, marked in await preparing.put(entity, rows, marks):
                base.take(made)
                said.see(marked)
                told("read", len(base), total)
        for made, marked in await preparing.rest():
            base.take(made)
            said.see(marked)
            told("read", len(base), total)
    return base.groups(said.all_pairs(), told)


_Made = tuple[Prepared, list[tuple[int, str]]]


def prepare_rows(entity: str, rows: Sequence[dict[str, Any]], marks: frozenset[str]) -> _Made:
    """Make rows ready for a whole base, and return which of them bear one of the marks."""
    records = [(row["id"], facts_of(entity, row)) for row in rows]
    marked = []
    if marks:
        told = ((record_id, data_mark(facts)) for record_id, facts in records)
        marked = [(record_id, mark) for record_id, mark in told if mark in marks]
    return prepare(entity, records), marked


class _Preparing:
    """Makes pages of rows ready, in their order: here, or in processes of its own where that is many."""

    def __init__(self, several: bool) -> None:
        self._pool: ProcessPoolExecutor | None = None
        if several:
            self._pool = ProcessPoolExecutor(
                min(4, os.cpu_count() or 1), get_context("spawn"), initializer=_end_with_parent
            )
        self._waiting: deque[Future[_Made]] = deque()

    def __enter__(self) -> "_Preparing":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    async def put(self, entity: str, rows: Sequence[dict[str, Any]], marks: frozenset[str]) -> list[_Made]:
        """Take a page; returns those before it that are ready."""
        if self._pool is None:
            return [prepare_rows(entity, rows, marks)]
        self._waiting.append(self._pool.submit(prepare_rows, entity, rows, marks))
        return [await asyncio.wrap_future(self._waiting.popleft())] if len(self._waiting) > _AHEAD else []

    async def rest(self) -> list[_Made]:
        """Return the pages that are still out."""
        return [await asyncio.wrap_future(one) for one in self._waiting]


def _end_with_parent() -> None:
    """Have this process end when the one that started it is killed: nobody else would tell it."""
    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


async def external_ids(entity: str, ids: Sequence[int]) -> dict[int, str]:
    """Return what another system calls each record, a file's own `external_id` before others'."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        among = ", ".join(map(str, ids[start : start + 5000]))
        for row in await db.fetch(
            f"SELECT record_id, external_id FROM external_ref WHERE entity = ? AND record_id IN ({among}) "
            "ORDER BY CASE WHEN source = '' THEN 1 ELSE 0 END, id DESC",
            entity,
        ):
            found[row["record_id"]] = row["external_id"]
    return found


async def names(entity: str, ids: Sequence[int]) -> dict[int, str]:
    """Return what records are called."""
    name = "CASE WHEN name = '' THEN title ELSE name END" if entity == "lead" else "name"
    found: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        among = ", ".join(map(str, ids[start : start + 5000]))
        rows = await db.fetch(f"SELECT id, {name} AS name FROM {entity} WHERE id IN ({among})")
        found |= {row["id"]: row["name"] for row in rows}
    return found


# --- kept groups -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A group as it goes from process to process: its score, and of each member id, score, reasons (what, per cent), links and mark."""

    score: float
    members: tuple[dict[str, Any], ...]


def as_found(group: Group) -> Found:
    """Return a group as plain values."""
    return Found(
        group.score,
        tuple(
            {
                "id": member.record_id,
                "score": round(member.score, 4),
                "reasons": [{"what": reason.what, "percent": reason.percent} for reason in member.reasons],
                "links": [[other, round(score, 6)] for other, score in member.links],
                "mark": member.mark,
            }
            for member in group.members
        ),
    )


async def keep_groups(operation_id: int, entity: str, first: int, groups: Sequence[Found]) -> None:
    """Store groups of a search, numbered from `first` on, the main record of each first."""
    mains = await choose_mains(entity, [[member["id"] for member in group.members] for group in groups])
    rows = []
    for number, (group, main) in enumerate(zip(groups, mains, strict=True), first):
        members = sorted(group.members, key=lambda member: (member["id"] != main, -member["score"], member["id"]))
        rows.append((operation_id, entity, number, group.score, db.to_json(members), "open"))
    await db.execute_many(
        "INSERT INTO duplicate_group (operation_id, entity, number, score, members, state) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


async def forget_groups(operation_id: int) -> None:
    """Let go of what a search that was broken off has stored."""
    await DuplicateGroup.filter(operation_id=operation_id).delete()
