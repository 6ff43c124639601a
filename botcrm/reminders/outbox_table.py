"""The statements of the outbox: load, claim, keep, and write down what came of each message."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botcrm.core import db
from botcrm.core.services.rows import Posted
from botcrm.reminders.outbox_rows import OutboxRow
from botcrm.reminders.pacing import Item

_COLUMNS = (
    "id, chat_id, user_id, notice, args, method, payload, entity, record_id, line_id, audience, lane_order, "
    "created_at, attempts, lease_until"
)
_FREE = "state = 'waiting' AND not_before <= ? AND (lease_until IS NULL OR lease_until <= ?)"
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message: its new state and the facts that belong to it."""

    item: Item
    state: str
    message_id: int | None = None
    at: datetime | None = None
    error: str = ""
    lease_until: datetime | None = None


def _item(row: dict[str, Any]) -> Item:
    return Item(
        OutboxRow(
            id=row["id"],
            chat_id=row["chat_id"],
            user_id=row["user_id"],
            notice=row["notice"],
            args=db.from_json(row["args"]),
            method=row["method"],
            written=row["payload"],
            entity=row["entity"],
            record_id=row["record_id"],
            line_id=row["line_id"],
            audience=row["audience"],
            lane_order=row["lane_order"],
            created_at=db.moment_needed(row["created_at"]),
            attempts=row["attempts"],
        ),
        db.moment_needed(row["lease_until"]),
    )


def item_of(outbox_id: int, row: Posted) -> Item:
    """Return a row that was committed just now, without reading it."""
    return Item(
        OutboxRow(
            id=outbox_id,
            chat_id=row.chat_id,
            user_id=row.user_id,
            notice=row.notice,
            args=db.from_json(row.args),
            method=row.method,
            written=row.payload,
            entity=row.entity,
            record_id=row.record_id,
            line_id=row.line_id,
            audience=row.audience,
            lane_order=row.lane_order,
            created_at=row.created_at,
            attempts=0,
        ),
        row.lease_until,
    )


def _chunks(ids: Sequence[int]) -> Iterable[tuple[str, list[int]]]:
    """Cut ids into lists of few different lengths, so that the database knows the statement already."""
    for start in range(0, len(ids), _CHUNK):
        part = list(ids[start : start + _CHUNK])
        length = 1 << (len(part) - 1).bit_length()
        part += part[-1:] * (length - len(part))
        yield ", ".join("?" * length), part


def _subquery(sql: str) -> str:
    # PostgreSQL may run an IN subquery more than once and so claim more than the limit: an array is made once.
    return f"= ANY(ARRAY({sql} FOR UPDATE SKIP LOCKED))" if db.dialect() == "postgres" else f"IN ({sql})"


# Every write is a transaction, also a lone statement: on SQLite its wait for the disk then leaves the event loop free.


async def _claimed(sql: str, *values: Any) -> list[dict[str, Any]]:
    async with db.transaction():
        return await db.fetch(sql, *values)


async def _changed(sql: str, *values: Any) -> int:
    async with db.transaction():
        return await db.execute(sql, *values)


async def leased(ids: Sequence[int], now: datetime) -> list[Item]:
    """Load rows that were committed with a lease of their own; no claim is needed."""
    found: list[Item] = []
    for marks, part in _chunks(ids):
        rows = await db.fetch(
            f"SELECT {_COLUMNS} FROM outbox WHERE id IN ({marks}) AND state = 'waiting' AND not_before <= ? "
            "AND lease_until > ? ORDER BY id",
            *part,
            now,
            now,
        )
        found += map(_item, rows)
    return found


async def claim_ids(ids: Sequence[int], now: datetime, until: datetime) -> list[Item]:
    """Claim certain rows that nobody holds."""
    found: list[Item] = []
    for marks, part in _chunks(ids):
        chosen = _subquery(f"SELECT id FROM outbox WHERE id IN ({marks}) AND {_FREE}")
        rows = await _claimed(
            f"UPDATE outbox SET lease_until = ? WHERE id {chosen} RETURNING {_COLUMNS}", until, *part, now, now
        )
        found += map(_item, rows)
    return found


async def claim(now: datetime, until: datetime, limit: int, most_lane: int) -> list[Item]:
    """Claim waiting rows that nobody holds, by lane and age."""
    if not await db.fetch_one(f"SELECT 1 AS y FROM outbox WHERE {_FREE} LIMIT 1", now, now):
        return []
    chosen = _subquery(
        f"SELECT id FROM outbox WHERE {_FREE} AND lane_order <= {int(most_lane)} "
        f"ORDER BY lane_order, id LIMIT {int(limit)}"
    )
    rows = await _claimed(f"UPDATE outbox SET lease_until = ? WHERE id {chosen} RETURNING {_COLUMNS}", until, now, now)
    return sorted(map(_item, rows), key=lambda item: item.row.id)


async def claim_deferred(now: datetime, until: datetime) -> list[tuple[Item, datetime, bool]]:
    """Claim the rows that a process before this one had to put off: (row, until when, whether the whole chat waits)."""
    chosen = _subquery(
        "SELECT id FROM outbox WHERE state = 'waiting' AND not_before > ? AND error <> '' "
        "AND (lease_until IS NULL OR lease_until <= ?)"
    )
    rows = await _claimed(
        f"UPDATE outbox SET lease_until = ? WHERE id {chosen} RETURNING {_COLUMNS}, not_before, error", until, now, now
    )
    return [(_item(row), db.moment_needed(row["not_before"]), row["error"].startswith("retry after")) for row in rows]


async def renew(ids: Sequence[int], until: datetime) -> None:
    """Hold rows for longer."""
    for marks, part in _chunks(ids):
        await _changed(
            f"UPDATE outbox SET lease_until = ? WHERE id IN ({marks}) AND state IN ('waiting', 'sending')", until, *part
        )


async def release(ids: Sequence[int]) -> None:
    """Leave rows to whoever sweeps next."""
    for marks, part in _chunks(ids):
        await _changed(f"UPDATE outbox SET lease_until = NULL WHERE id IN ({marks}) AND state = 'waiting'", *part)


async def release_all() -> None:
    """Leave every waiting row to this process, the only one there is."""
    await _changed("UPDATE outbox SET lease_until = NULL WHERE state = 'waiting' AND lease_until IS NOT NULL")


async def mark_sending(item: Item, until: datetime) -> bool:
    """Commit that a message to a client is about to go out; False: it is no longer this process's to send."""
    changed = await _changed(
        "UPDATE outbox SET state = 'sending', lease_until = ? WHERE id = ? AND state = 'waiting' AND lease_until = ?",
        until,
        item.row.id,
        item.lease_until,
    )
    item.lease_until = until
    return bool(changed)


async def sending(before: datetime | None) -> list[int]:
    """Return the messages to clients that some process began to send, with a lease that ended before then."""
    sql = "SELECT id FROM outbox WHERE state = 'sending'"
    rows = await (db.fetch(f"{sql} AND lease_until < ?", before) if before else db.fetch(sql))
    return [int(row["id"]) for row in rows]


async def settle_doubt(outbox_id: int, state: str, error: str) -> bool:
    """Move a message to a client out of "sending"; False: that happened already."""
    return bool(
        await _changed(
            "UPDATE outbox SET state = ?, error = ?, lease_until = NULL WHERE id = ? AND state = 'sending'",
            state,
            error,
            outbox_id,
        )
    )


async def save(outcomes: Sequence[Outcome]) -> None:
    """Write down, in one transaction, what came of many messages."""
    sent = [(o.message_id, o.at, o.item.row.id) for o in outcomes if o.state == "sent"]
    put_off = [
        (o.at, o.item.row.attempts, o.error, o.lease_until, o.item.row.id) for o in outcomes if o.state == "waiting"
    ]
    ended = [
        (o.state, o.item.row.attempts, o.error, o.item.row.id) for o in outcomes if o.state not in ("sent", "waiting")
    ]
    async with db.transaction():
        if sent:
            await db.execute_many(
                "UPDATE outbox SET state = 'sent', message_id = ?, sent_at = ?, lease_until = NULL, error = '' "
                "WHERE id = ?",
                sent,
            )
        if put_off:
            await db.execute_many(
                "UPDATE outbox SET state = 'waiting', not_before = ?, attempts = ?, error = ?, lease_until = ? "
                "WHERE id = ?",
                put_off,
            )
        if ended:
            await db.execute_many(
                "UPDATE outbox SET state = ?, attempts = ?, error = ?, lease_until = NULL WHERE id = ?", ended
            )


async def depth() -> int:
    """Return how many rows wait."""
    row = await db.fetch_one("SELECT count(*) AS n FROM outbox WHERE state = 'waiting'")
    return int(row["n"]) if row else 0


async def oldest_waiting(now: datetime) -> datetime | None:
    """Return when the oldest row that may go by now was written."""
    row = await db.fetch_one(
        "SELECT min(created_at) AS at FROM outbox WHERE state = 'waiting' AND not_before <= ?", now
    )
    return db.moment(row["at"]) if row else None
