"""The counters: what came in and waits for an answer, what is planned and due; kept with each change, read by index alone.

An activity and a message say themselves in whose counter they are (`counts_for` by the deal's responsible, `counts_own` by
their own), so that a counter is the length of one index range, whatever the time is: docs/decisions/0018-counters.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.due import day_bounds, week_start_of
from botcrm.core.domain.kinds import MISSED, SETTLED
from botcrm.core.models import Activity, Deal, Message, Record

if TYPE_CHECKING:
    from botcrm.core.domain.preferences import Preferences
    from botcrm.core.services.work import Work

_DUE = "activity.status = 'planned' AND activity.deleted_at IS NULL AND activity.deadline_at IS NOT NULL"
_ITS_OPEN_DEAL = "FROM deal d WHERE d.id = activity.deal_id AND d.status = 'open' AND d.deleted_at IS NULL"
# A missed call that hangs on no deal; one on a deal counts with the deal. It has no deadline: that tells it from what is due.
_MISSED = (
    f"activity.status = 'done' AND activity.kind = 'call' AND activity.direction = '{MISSED}' AND activity.deal_id IS NULL "
    f"AND activity.deadline_at IS NULL AND activity.deleted_at IS NULL AND COALESCE(activity.result, '') <> '{SETTLED}'"
)
_ITS_OWN = f"WHEN {_MISSED} THEN COALESCE(activity.owner_id, 0)"
_ACTIVITY_FOR = (
    f"CASE {_ITS_OWN} WHEN NOT ({_DUE}) THEN NULL WHEN activity.deal_id IS NULL THEN COALESCE(activity.owner_id, 0) "
    f"ELSE (SELECT COALESCE(d.owner_id, 0) {_ITS_OPEN_DEAL}) END"
)
_ACTIVITY_OWN = (
    f"CASE {_ITS_OWN} WHEN NOT ({_DUE}) THEN NULL WHEN activity.deal_id IS NULL THEN COALESCE(activity.owner_id, 0) "
    f"ELSE (SELECT COALESCE(activity.owner_id, 0) {_ITS_OPEN_DEAL}) END"
)
_WAITS = "message.direction = 'in' AND NOT message.answered AND message.deleted_at IS NULL"
_MESSAGE_FOR = (
    f"CASE WHEN {_WAITS} THEN COALESCE((SELECT d.owner_id FROM deal d WHERE d.id = message.deal_id AND d.status = 'open' "
    "AND d.deleted_at IS NULL), message.owner_id, 0) END"
)
_MESSAGE_OWN = f"CASE WHEN {_WAITS} THEN COALESCE(message.owner_id, 0) END"
_SET_ACTIVITY = f"UPDATE activity SET counts_for = {_ACTIVITY_FOR}, counts_own = {_ACTIVITY_OWN} WHERE "
_SET_MESSAGE = f"UPDATE message SET counts_for = {_MESSAGE_FOR}, counts_own = {_MESSAGE_OWN} WHERE "


def _wrong(column: str, truth: str) -> str:
    """Return a condition that a column does not hold what it should; the same on both databases."""
    return f"COALESCE({column}, -1) <> COALESCE({truth}, -1)"


_WRONG_ACTIVITY = f"{_wrong('counts_for', _ACTIVITY_FOR)} OR {_wrong('counts_own', _ACTIVITY_OWN)}"
_WRONG_MESSAGE = f"{_wrong('counts_for', _MESSAGE_FOR)} OR {_wrong('counts_own', _MESSAGE_OWN)}"


@dataclass(frozen=True, slots=True)
class Counters:
    """A person's counters, exact: messages, forms and missed calls not dealt with, what is due by the end of their day, what is late."""

    incoming: int = 0
    planned: int = 0
    overdue: int = 0


# --- keeping ---------------------------------------------------------------------------------------------------------


async def keep_counters(work: "Work", records: Sequence[Record]) -> None:
    """Say anew in whose counters these records are, and what hangs on a deal that changed hands or was closed."""
    for record in records:
        if isinstance(record, Activity):
            if record.version > 1 or record.status == "planned" or record.direction == MISSED:
                await db.execute(f"{_SET_ACTIVITY} id = ?", record.id)
        elif isinstance(record, Message):
            if record.direction == "in":
                await _own_deal(record.deal_id)
                await db.execute(f"{_SET_MESSAGE} id = ?", record.id)
        elif isinstance(record, Deal) and _went_over(work, record):
            await db.execute(f"{_SET_ACTIVITY} deal_id = ? AND status = 'planned' AND deleted_at IS NULL", record.id)
            await db.execute(f"{_SET_MESSAGE} deal_id = ? AND direction = 'in' AND deleted_at IS NULL", record.id)


async def _own_deal(deal_id: int | None) -> None:
    """Wait on PostgreSQL for whoever changes the deal just now; an activity's deal was waited for already (derive)."""
    if deal_id and db.dialect() == "postgres":
        await db.fetch("SELECT id FROM deal WHERE id = ? FOR NO KEY UPDATE", deal_id)


def _went_over(work: "Work", deal: Deal) -> bool:
    return any(
        (event.entity, event.record_id) == ("deal", deal.id)
        and not event.creates
        and not {"owner_id", "status", "deleted_at"}.isdisjoint(event.after)
        for event in work.events
    )


async def counters_follow(*people: int) -> None:
    """Put right what counts for these people after one statement gave much of it to somebody else."""
    for user_id in people:
        for column in ("counts_for", "counts_own"):
            await db.execute(f"{_SET_ACTIVITY} activity.{column} = ? AND ({_WRONG_ACTIVITY})", user_id)
            await db.execute(f"{_SET_MESSAGE} message.{column} = ? AND ({_WRONG_MESSAGE})", user_id)


async def recount_activities(after: int, last: int) -> int:
    """Put right in whose counter the activities with ids after one and up to another are; returns how many were wrong."""
    counted = f"(status = 'planned' OR direction = '{MISSED}' OR counts_for IS NOT NULL OR counts_own IS NOT NULL)"
    return await db.execute(f"{_SET_ACTIVITY} id > ? AND id <= ? AND {counted} AND ({_WRONG_ACTIVITY})", after, last)


async def recount_messages(after: int, last: int) -> int:
    """Put right in whose counter the messages with ids after one and up to another are; returns how many were wrong."""
    return await db.execute(f"{_SET_MESSAGE} id > ? AND id <= ? AND ({_WRONG_MESSAGE})", after, last)


# --- reading ---------------------------------------------------------------------------------------------------------


async def counters_of(prefs: "Preferences", now: datetime, zones: Mapping[int, str]) -> dict[int, Counters]:
    """Count for many people at once, each by the day of their own zone: {person: IANA zone}.

    :param prefs: which say whether it counts for the deal's responsible or for the activity's own
    """
    mine = "counts_own" if prefs.count_by == "activity" else "counts_for"
    found: dict[int, Counters] = {}
    by_zone: dict[str, list[int]] = {}
    for user_id, zone in zones.items():
        by_zone.setdefault(zone, []).append(user_id)
    for zone, people in by_zone.items():
        end = day_bounds(now, zone, week_start_of(prefs.week_start)).today_end
        rows = await db.fetch(
            "SELECT u.id, "
            f"(SELECT count(*) FROM message m WHERE m.{mine} = u.id) AS messages, "
            "(SELECT count(*) FROM deal d WHERE d.owner_id = u.id AND d.last_call = 'missed' AND d.status = 'open' "
            "AND d.deleted_at IS NULL) AS missed, "
            f"(SELECT count(*) FROM activity a WHERE a.{mine} = u.id AND a.deadline_at IS NULL) AS calls, "
            f"(SELECT count(*) FROM activity a WHERE a.{mine} = u.id AND a.deadline_at < ?) AS overdue, "
            f"(SELECT count(*) FROM activity a WHERE a.{mine} = u.id AND a.deadline_at >= ? AND a.deadline_at < ?) AS due "
            f'FROM "user" u WHERE {_among(people)}',
            now,
            now,
            end,
            *(people if len(people) == 1 else ()),
        )
        for row in rows:
            found[row["id"]] = Counters(
                row["messages"] + row["missed"] + row["calls"], row["overdue"] + row["due"], row["overdue"]
            )
    return found


def _among(people: Iterable[int]) -> str:
    ids = [str(int(person)) for person in people]
    # A lone id is bound, so that the statement stays known to the database.
    return "u.id = ?" if len(ids) == 1 else f"u.id IN ({', '.join(ids)})"


async def next_change(prefs: "Preferences", now: datetime, user_id: int) -> datetime:
    """Return when a person's counters change by themselves: at the next deadline, or when their day ends."""
    mine = "counts_own" if prefs.count_by == "activity" else "counts_for"
    end = day_bounds(now, prefs.zone, week_start_of(prefs.week_start)).today_end
    row = await db.fetch_one(
        f"SELECT min(deadline_at) AS at FROM activity WHERE {mine} = ? AND deadline_at >= ? AND deadline_at < ?",
        user_id,
        now,
        end,
    )
    return (db.moment(row["at"]) if row else None) or end
