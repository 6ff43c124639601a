"""Which works stand, which were taken back, and what takes one back."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botcrm.core import db

if TYPE_CHECKING:
    from botcrm.core.services.work import Work


@contextlib.contextmanager
def taking_back(work: "Work", work_id: int | None) -> Iterator[None]:
    """Have what happens in the block be noted as taking a work back; None for what takes nothing back."""
    former, work.undoes = work.undoes, work_id
    try:
        yield
    finally:
        work.undoes = former


async def is_undone(work_id: int) -> bool:
    """Tell whether a work is taken back as things stand: by a work that was not taken back itself.

    Of several records that it merged one may be taken out: it stands as long as another one is not.
    """
    takers = await db.fetch("SELECT DISTINCT work_id FROM event WHERE undoes = ?", work_id)
    for taker in takers:
        # Of several lines sent at once the last one may have taken back those before it.
        if taker["work_id"] == work_id or not await is_undone(taker["work_id"]):
            return not await _merged_still(work_id)
    return False


async def parted_since(work_id: int, entity: str, record_id: int) -> bool:
    """Tell whether a record that a work merged into another one was taken out again, and stayed out."""
    takers = await db.column(
        "SELECT DISTINCT work_id FROM event WHERE undoes = ? AND entity = ? AND record_id = ? AND type = 'RecordUnmerged'",
        work_id,
        entity,
        record_id,
    )
    for taker in takers:
        if not await is_undone(taker):
            return True
    return False


async def _merged_still(work_id: int) -> bool:
    row = await db.fetch_one("SELECT 1 AS y FROM merge WHERE work_id = ? AND undone_at IS NULL LIMIT 1", work_id)
    return row is not None
