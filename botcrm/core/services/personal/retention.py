"""How long updates are kept as they came: handled ones go after some days, those set aside after they were told of before."""

from datetime import datetime, timedelta

from botcrm.core import db
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work

# Administrators hear of it so long before, or half of the time that updates are kept where that is shorter.
_BEFORE = timedelta(days=7)
_KEY = "quarantine-old:"
BITE = 1000


def kept_for(work: Work) -> timedelta:
    """Return how long updates are kept, as the company has it."""
    return timedelta(days=work.company.keep_updates_days)


async def let_quarantined_go(work: Work) -> int:
    """Tell of updates that were set aside and will soon be too old, and delete those that were told of in time.

    :returns: how many were deleted
    """
    keep = kept_for(work)
    before = min(_BEFORE, keep / 2)
    deleted = await _delete(work, work.now - keep, before)
    await _tell(work, work.now - keep + before, before)
    return deleted


async def _delete(work: Work, old: datetime, before: timedelta) -> int:
    told = 2**62
    if await administrators():
        rows = await db.column(
            "SELECT key FROM outbox WHERE key >= ? AND key < ? AND created_at <= ? ORDER BY id DESC LIMIT 1",
            _KEY,
            f"{_KEY}~",
            work.now - before,
        )
        if not rows:
            return 0
        told = int(rows[0].split(":")[1])
    return await db.execute(
        "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE state = 'quarantined' AND received_at < ? AND id <= ? "
        f"ORDER BY id LIMIT {BITE})",
        old,
        told,
    )


async def _tell(work: Work, old: datetime, before: timedelta) -> None:
    row = await db.fetch_one(
        "SELECT count(*) AS n, max(id) AS last FROM inbox WHERE state = 'quarantined' AND received_at < ?", old
    )
    if row is None or not row["n"]:
        return
    for user_id, chat_id in await administrators():
        await work.tell(
            user_id,
            chat_id,
            "quarantine_old",
            key=f"{_KEY}{row['last']:019d}:{user_id}",
            count=int(row["n"]),
            days=max(1, before.days),
        )
