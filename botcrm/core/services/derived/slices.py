"""What a hundred thousand new records are found by, in slices: each a part of the indexes, gone through in their order.

A few thousand records' words lie all over the indexes of a large base: written together with their records they change nearly
every page of them once, again and again. A hundred thousand change each page once, and a slice of their words only its own pages,
so that others can write in between.
"""

import time
from collections.abc import Mapping, Sequence

from botcrm.core import db
from botcrm.core.services.derived.many import Begun, Derived, begin, insert_many
from botcrm.core.services.search.index import learn_words
from botcrm.core.services.work import Work

# Rows of the first slice; later ones take about as long as this, in seconds.
_FIRST, _LEAST = 50_000, 2_000
_HELD = 0.7


class Slices:
    """Writes what records are found by, one slice at a time, each in a transaction of its own. For SQLite: one writer."""

    def __init__(self, made: Mapping[str, Sequence[tuple[int, Derived]]]) -> None:
        self._waiting = [(entity, records) for entity, records in made.items() if records]
        self._open: Begun | None = None
        self._size = _FIRST

    async def step(self, work: Work) -> bool:
        """Write one slice; returns whether that was the last one."""
        if self._open is None:
            self._open = await _begun(work, *self._waiting.pop())
        else:
            await self._slice(self._open)
        if not self._open.terms and not self._open.keys:
            self._open = None
        return self._open is None and not self._waiting

    async def _slice(self, records: Begun) -> None:
        began = time.perf_counter()
        touched = await _touched(records)
        size = self._size
        if records.terms:
            rows = records.terms[: -size - 1 : -1]
            del records.terms[-size:]
            # What somebody touched meanwhile was derived then, whole.
            rows = [row for row in rows if row[2] not in touched] if touched else rows
            await insert_many("search_term", ("term", "owner_id", "entry_id"), rows)
            await learn_words({word for word, _, _ in rows})
        else:
            keys = records.keys[: -size - 1 : -1]
            del records.keys[-size:]
            if touched:
                others = {records.entries[entry_id] for entry_id in touched}
                keys = [row for row in keys if row[2] not in others]
            await insert_many("record_key", ("entity", "key", "record_id"), keys)
        took = max(time.perf_counter() - began, 0.001)
        self._size = max(_LEAST, round(size * max(0.5, min(2.0, _HELD / took))))


async def _begun(work: Work, entity: str, records: Sequence[tuple[int, Derived]]) -> Begun:
    """Begin with records; what is left of them stands the last ones first, so that slices are taken off the end."""
    begun = await begin(work, entity, records)
    begun.terms.reverse()
    begun.keys.reverse()
    return begun


async def _touched(records: Begun) -> set[int]:
    """Return the entries that somebody touched since they were written, or took away."""
    if not records.entries:
        return set()
    ours = "FROM search_entry WHERE id BETWEEN ? AND ? AND entity || '' = ? AND touched_at = ?"
    facts = (min(records.entries), max(records.entries), records.entity, records.stamp)
    row = await db.fetch_one(f"SELECT count(*) AS n {ours}", *facts)
    if row and row["n"] == len(records.entries):
        return set()
    return records.entries.keys() - set(await db.column(f"SELECT id {ours}", *facts))
