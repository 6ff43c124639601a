"""What people did since with what a work made: what is in use stays when the work is taken back, with all that came along with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from botcrm.core import db
from botcrm.core.domain.events import EVENTS, Created
from botcrm.core.models import Record
from botcrm.core.services.access import MERGED
from botcrm.core.services.merging.links import LINKS

_HOLDERS = {**LINKS, "deal": dict.fromkeys(("activity", "note", "file", "message", "lead"), "deal_id")}
# What only says something about what it hangs on.
_SAID = frozenset({"note", "file"})
_HELD_BY = ("deal", "contact", "company", "lead")


@dataclass(slots=True)
class Stays:
    """What a work made that was used since.

    :ivar why: entity -> record -> what hangs on it, or "changed"
    """

    why: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def holds(self, entity: str, record: Record, *, itself: bool) -> bool:
        """Tell whether a note or a file hangs on such a record.

        :param itself: or it is such a record
        """
        if itself and record.id in self.why.get(entity, {}):
            return True
        return entity in _SAID and any(
            getattr(record, f"{name}_id", None) in found for name in _HELD_BY if (found := self.why.get(name))
        )


async def stay(work_id: int, records: Mapping[tuple[str, int], Record]) -> Stays:
    """Return which of these records, and of those that they hang on, a work made and somebody used since."""
    wanted: dict[str, set[int]] = {}
    for (entity, record_id), record in records.items():
        wanted.setdefault(entity, set()).add(record_id)
        for name in _HELD_BY if entity in _SAID else ():
            if (holder := getattr(record, f"{name}_id", None)) is not None:
                wanted.setdefault(name, set()).add(holder)
    stays = Stays()
    for entity, ids in wanted.items():
        stays.why[entity] = await in_use(entity, await _made_by(work_id, entity, sorted(ids)), work_id, but_own=True)
    return stays


async def in_use(
    entity: str, ids: Sequence[int], work_id: int, *, but_own: bool = False, but_merged: bool = False
) -> dict[int, list[str]]:
    """Return which of these records something was done about since: what hangs on them, or "changed".

    :param but_own: what the same work hung on them counts only where it is in use itself
    :param but_merged: what was merged away does not count
    """
    found: dict[int, list[str]] = {}
    if not ids:
        return found
    marks = _marks(ids)
    changed = await db.column(
        f"SELECT DISTINCT e.record_id FROM event e WHERE e.entity = ? AND e.record_id IN ({marks}) AND e.work_id <> ? "
        "AND e.undoes IS NULL AND e.type <> 'RuleRan' "
        "AND NOT EXISTS (SELECT 1 FROM event u WHERE u.undoes = e.work_id)",
        entity,
        work_id,
    )
    for record_id in changed:
        found.setdefault(record_id, []).append("changed")
    for table, column in _HOLDERS.get(entity, {}).items():
        # What was merged away comes back with its links when the merge is taken back.
        comes_back = " OR merged_into_id IS NOT NULL" if table in MERGED and not but_merged else ""
        rows = await db.fetch(
            f"SELECT id, {column} AS holder FROM {table} WHERE {column} IN ({marks}) AND (deleted_at IS NULL{comes_back})"
        )
        if but_own and rows:
            own = await _made_by(work_id, table, [row["id"] for row in rows])
            idle = set(own) - (await in_use(table, own, work_id, but_own=True)).keys()
            rows = [row for row in rows if row["id"] not in idle]
        for holder in dict.fromkeys(row["holder"] for row in rows):
            found.setdefault(holder, []).append(table)
    if entity in MERGED:
        for record_id in await db.column(
            f"SELECT DISTINCT main_id FROM merge WHERE entity = ? AND main_id IN ({marks}) AND undone_at IS NULL",
            entity,
        ):
            found.setdefault(record_id, []).append("merge")
    return found


async def _made_by(work_id: int, entity: str, ids: Sequence[int]) -> list[int]:
    """Return which of these records a work made."""
    if not ids:
        return []
    kinds = ", ".join(f"'{name}'" for name, kind in EVENTS.items() if issubclass(kind, Created))
    return await db.column(
        f"SELECT DISTINCT record_id FROM event WHERE entity = ? AND record_id IN ({_marks(ids)}) AND work_id = ? "
        f"AND type IN ({kinds}) ORDER BY record_id",
        entity,
        work_id,
    )


def _marks(ids: Sequence[int]) -> str:
    return ", ".join(str(int(one)) for one in ids)
