"""What follows from records and is kept beside them: a deal's next activity, reminders, and what search finds.

Nothing here is an event and nothing is undone: it is computed again whenever its record is touched, by whatever.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.events import RecordDeleted, RecordRestored
from botcrm.core.models import Activity, Deal, Message, Record
from botcrm.core.services.attention import keep_calls
from botcrm.core.services.custom.values import keep_values
from botcrm.core.services.derived.counters import keep_counters
from botcrm.core.services.derived.last_contact import keep_contact, keep_waiting
from botcrm.core.services.duplicates.keys import keep_keys
from botcrm.core.services.reminding import early_keys, tellings_of
from botcrm.core.services.rows import Planned
from botcrm.core.services.search.index import keep_entries, keep_texts

if TYPE_CHECKING:
    from botcrm.core.services.work import Work


async def derive(work: "Work", records: Sequence[Record]) -> None:
    """Recompute what depends on these records."""
    deals: set[int] = set()
    for record in records:
        if isinstance(record, Activity):
            await plan_reminders(work, record, gone=await hangs_on_nothing(record))
            if record.deal_id:
                deals.add(record.deal_id)
    await keep_entries(work, records)
    await keep_texts(work, records)
    for record in records:
        if isinstance(record, Deal) and _vanished_or_returned(work, record):
            for activity in await Activity.filter(deal_id=record.id, status="planned", deleted_at=None):
                await plan_reminders(work, activity, gone=record.deleted_at is not None)
    left = {
        int(event.before["deal_id"])
        for event in work.events
        if event.entity in ("activity", "message") and event.before.get("deal_id")
    }
    if any(isinstance(record, Activity | Message) for record in records):
        deals |= left
    for deal_id in sorted(deals):  # in one order, so that two processes do not wait for each other in a circle
        await _next_activity(deal_id)
    await keep_contact(work, records, left)
    await keep_counters(work, records)
    await keep_calls(work, records, left)
    await keep_keys(records)
    await keep_values(work, records)
    for record in records:
        if isinstance(record, Deal):
            await keep_waiting(work, record)


async def _next_activity(deal_id: int) -> None:
    if db.dialect() == "postgres":
        # The update below sees what was committed when it begins: it must not begin before the deal is ours. Not FOR UPDATE:
        # whoever inserts an activity holds the deal's key already, and two of them would wait for each other.
        await db.fetch("SELECT id FROM deal WHERE id = ? FOR NO KEY UPDATE", deal_id)
    await db.execute(
        "UPDATE deal SET (next_activity_id, next_deadline_at) = "
        "(SELECT id, deadline_at FROM activity WHERE deal_id = deal.id AND status = 'planned' AND deleted_at IS NULL "
        "AND deadline_at IS NOT NULL ORDER BY deadline_at, id LIMIT 1) WHERE id = ?",
        deal_id,
    )


def reminder_keys(activity_id: int) -> tuple[str, str, str]:
    """Return the keys of an activity's jobs: first before it, at its time, and when it is overdue too long."""
    return f"remind-before:{activity_id}", f"remind:{activity_id}", f"overdue:{activity_id}"


def again_key(activity_id: int) -> str:
    """Return the key of the job that reminds again of an activity; it finds out itself that there is nothing left to do."""
    return f"remind-again:{activity_id}"


async def hangs_on_nothing(activity: Activity) -> bool:
    """Tell whether an activity's deal was deleted; a new one is planned on none such."""
    if activity.deal_id is None or activity.version == 1:
        return False
    return await db.fetch_one("SELECT 1 AS y FROM deal WHERE id = ? AND deleted_at IS NULL", activity.deal_id) is None


def _vanished_or_returned(work: "Work", deal: Deal) -> bool:
    """Tell whether this work deleted a deal or brought it back."""
    return any(
        isinstance(event, RecordDeleted | RecordRestored) and (event.entity, event.record_id) == ("deal", deal.id)
        for event in work.events
    )


async def plan_reminders(work: "Work", activity: Activity, *, gone: bool = False) -> None:
    """Plan an activity's reminders, or call them off when there is nothing to be reminded of, or its deal is gone."""
    if gone or activity.status != "planned" or activity.deleted_at or activity.deadline_at is None:
        if gone or activity.version > 1:
            await work.cancel_jobs(*early_keys(activity.id), *reminder_keys(activity.id)[1:])
        return
    _, at, overdue = reminder_keys(activity.id)
    early = early_keys(activity.id)
    facts = {"activity_id": activity.id, "deadline": activity.deadline_at.isoformat()}
    jobs = [Planned("activity.overdue", overdue, activity.deadline_at, facts)]
    told = await tellings_of(work, activity)
    for key, one in zip(early, told[:-1], strict=False):
        more = {"early": True, "minutes": one.minutes, "until": one.until.isoformat() if one.until else None}
        jobs.append(Planned("activity.remind", key, one.at, facts | more))
    if told:
        # Told when the quiet hours begin, it comes before its time.
        jobs.append(Planned("activity.remind", at, told[-1].at, facts | {"early": told[-1].until is not None}))
    if await _silent(work, activity):
        jobs.append(Planned("activity.remind.again", again_key(activity.id), work.now, facts))
    await work._plan(*jobs)
    if activity.version > 1:
        unused = early[max(0, len(told) - 1) :]
        await work.cancel_jobs(*unused, *(() if told else (at,)))


async def _silent(work: "Work", activity: Activity) -> bool:
    """Tell whether nobody is reminded any more of what is to be repeated until it is done: its owner left, now it is another's."""
    length = timedelta(minutes=activity.repeat_minutes or 0)
    if not length or activity.version == 1 or activity.due_at is None or work.now < activity.due_at + length:
        return False
    sql = "SELECT 1 AS y FROM job WHERE key IN (?, ?) AND state IN ('waiting', 'running')"
    return await db.fetch_one(sql, again_key(activity.id), reminder_keys(activity.id)[1]) is None
