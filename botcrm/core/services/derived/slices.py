"""What a hundred thousand new records are found by, in slices: each a part of the indexes, gone through in their order.

A few thousand records' words lie all over the indexes of a large base: written together with their records they change nearly
every page of them once, again and again. A hundred thousand change each page once, and a slice of their words only its own pages,
so that others can write in between.
"""

import time
from collections.abc import Mapping

from botcrm.core import db
from botcrm.core.services.derived.many import Begun, Derived
from botcrm.core.services.work import Work

# Records whose entries are written at once, and rows of the first slice; later ones take about as long as this, in seconds.
_ENTERED = 30_000
_FIRST, _LEAST = 50_000, 2_000
_HELD = 0.7


class Slices:
    """Writes what records are found by, one slice at a time, each in a transaction of its own. For SQLite: one writer."""

    def __init__(self, made: Mapping[str, list[tuple[int, Derived]]]) -> None:
        """:param made: the records' ids and what they are found by; the lists are emptied"""
        self._waiting = [(entity, records) for entity, records in made.items() if records]
        self._entering: list[tuple[int, Derived]] = []
        self._open: Begun | None = None
        self._size = _FIRST

    async def step(self, work: Work) -> bool:
        """Write one slice; returns whether that was the last one."""
        if self._open is None:
            entity, self._entering = self._waiting.pop()
            self._open = Begun(work, entity)
        if self._entering:
            await self._open.enter(self._entering[:_ENTERED])
            del self._entering[:_ENTERED]
            if not self._entering:
                self._open.sort(backwards=True)
        else:
            await self._slice(self._open)
        if not (self._entering or self._open.terms or self._open.keys):
            self._open = None
        return self._open is None and not self._waiting

    async def _slice(self, begun: Begun) -> None:
        """Write the next rows: they stand backwards, so that they are taken off the end."""
        started = time.perf_counter()
        waiting = begun.terms or begun.keys
        rows = waiting[: -self._size - 1 : -1]
        del waiting[-self._size :]
        # What somebody touched meanwhile was derived then, whole.
        touched = await _touched(begun)
        if waiting is begun.terms:
            await begun.write(rows, (), touched)
        else:
            await begun.write((), rows, touched)
        took = max(time.perf_counter() - started, 0.001)
        self._size = max(_LEAST, round(self._size * max(0.5, min(2.0, _HELD / took))))


async def _touched(begun: Begun) -> set[int]:
    """Return the entries that somebody touched since they were written, or took away."""
    if not begun.entries:
        return set()
    ours = "FROM search_entry WHERE id BETWEEN ? AND ? AND entity || '' = ? AND touched_at = ?"
    facts = (min(begun.entries), max(begun.entries), begun.entity, begun.stamp)
    row = await db.fetch_one(f"SELECT count(*) AS n {ours}", *facts)
    if row and row["n"] == len(begun.entries):
        return set()
    return set(begun.entries).difference(await db.column(f"SELECT id {ours}", *facts))
