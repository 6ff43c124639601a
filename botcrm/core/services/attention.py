"""What asks for attention: a deal goes up when something happens about it, and sinks when it is dealt with.

`attention_at` and its reason are kept on the deal: a reminder fired, the client wrote, a call was missed, a colleague wrote
a note. That a deal is overdue follows from its deadline and needs no writing down. The last call's state is kept there too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.events import (
    ActivityDone,
    ActivityLogged,
    DealCreated,
    DealLost,
    DealWon,
    Event,
    FileAdded,
    MessageAnswered,
    MessageReceived,
    MessageSent,
    MissedCallSettled,
    NoteAdded,
    OwnerChanged,
    RuleRan,
)
from botcrm.core.domain.kinds import MISSED, SETTLED
from botcrm.core.domain.rot import is_contact
from botcrm.core.models import Activity, Message, Record

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

REMINDER, MESSAGE, COMMENT = "reminder", "message", "comment"
_TALKS = ("call", "meeting")
_COMMENTS = (NoteAdded, FileAdded)
# The client waits for somebody to speak with them: nothing less settles what they wrote, or the call that nobody took. What was
# done counts where they took part in it (is_contact).
_SPOKEN = (MessageSent, MessageAnswered, MissedCallSettled, DealWon, DealLost)
_DONE = (ActivityDone, ActivityLogged)
# What happens about a deal without anybody having dealt with it.
_NOTHING_DONE = (DealCreated, MessageReceived, OwnerChanged, RuleRan)

_RAISE = (
    "UPDATE deal SET attention_at = ?, attention_reason = ? WHERE id = ? AND status = 'open' AND deleted_at IS NULL"
)
_SETTLE = "UPDATE deal SET attention_at = NULL, attention_reason = NULL WHERE id = ? AND attention_at IS NOT NULL"
# A call that nobody took is settled once somebody spoke with the client after it, whichever way.
_AFTERWARDS = (
    "EXISTS (SELECT 1 FROM activity x WHERE x.deal_id = a.deal_id AND x.status = 'done' AND x.deleted_at IS NULL "
    "AND x.kind = 'meeting' AND x.done_at >= a.done_at) OR EXISTS (SELECT 1 FROM message m WHERE m.deal_id = a.deal_id "
    "AND m.direction = 'out' AND m.deleted_at IS NULL AND m.created_at >= a.done_at)"
)
_DEALT_WITH = f"a.direction = '{MISSED}' AND (a.result = '{SETTLED}' OR {_AFTERWARDS})"
_LAST_CALL = (
    f"(SELECT CASE WHEN {_DEALT_WITH} THEN 'settled' ELSE a.direction END FROM activity a "
    "WHERE a.deal_id = deal.id AND a.status = 'done' AND a.deleted_at IS NULL AND a.kind = 'call' "
    "ORDER BY a.done_at DESC, a.id DESC LIMIT 1)"
)


async def keep_attention(work: "Work", events: Sequence[Event]) -> None:
    """Raise and settle the deals that these events are about, in the order in which they happened."""
    known: dict[int, tuple[int | None, bool]] = {}
    for event in events:
        deal_id = event.about.get("deal")
        if not deal_id:
            continue
        if event.undoes:
            await _find_anew(deal_id)
        elif isinstance(event, MessageReceived):
            await raise_attention(work, deal_id, MESSAGE)
        elif isinstance(event, ActivityLogged) and event.after.get("direction") == "missed":
            await raise_attention(work, deal_id, MISSED)
        elif event.actor_id is None or isinstance(event, _NOTHING_DONE):
            continue
        else:
            if deal_id not in known:
                row = await db.fetch_one("SELECT owner_id, attention_at FROM deal WHERE id = ?", deal_id)
                known[deal_id] = (row["owner_id"], row["attention_at"] is not None) if row else (None, False)
            owner_id, raised = known[deal_id]
            spoken = raised and await _spoken(event)
            if event.actor_id == owner_id or spoken:
                if raised:
                    await _settle(deal_id, spoken=spoken)
            elif isinstance(event, _COMMENTS) and owner_id is not None:
                await raise_attention(work, deal_id, COMMENT)
            continue
        known.pop(deal_id, None)


async def raise_attention(work: "Work", deal_id: int, reason: str) -> None:
    """Put an open deal at the top of the lists, for one reason."""
    await db.execute(_RAISE, work.now, reason, deal_id)


async def _spoken(event: Event) -> bool:
    """Tell whether somebody spoke with the client."""
    if not isinstance(event, _DONE):
        return isinstance(event, _SPOKEN)
    row = await db.fetch_one(
        "SELECT kind, direction, result, duration_minutes FROM activity WHERE id = ?", event.record_id
    )
    return bool(row and is_contact(row["kind"], row["direction"], row["result"], row["duration_minutes"]))


async def _settle(deal_id: int, *, spoken: bool) -> None:
    """Let a deal sink, unless the client still waits for an answer."""
    if not spoken:
        await db.execute(f"{_SETTLE} AND attention_reason NOT IN ('{MESSAGE}', '{MISSED}')", deal_id)
        return
    waits = await _client_waits(deal_id)
    if waits is None:
        await db.execute(_SETTLE, deal_id)
    else:
        await db.execute(f"{_RAISE} AND attention_reason <> ?", *waits, deal_id, waits[1])


async def _find_anew(deal_id: int) -> None:
    """Raise or settle a deal by what the client waits for, after something about it was taken back."""
    waits = await _client_waits(deal_id)
    if waits is None:
        await db.execute(f"{_SETTLE} AND attention_reason IN ('{MESSAGE}', '{MISSED}')", deal_id)
    else:
        await db.execute(f"{_RAISE} AND attention_at IS NULL", *waits, deal_id)


async def _client_waits(deal_id: int) -> tuple[datetime, str] | None:
    """Return since when the client of an open deal waits for an answer or a call back, and which."""
    row = await db.fetch_one(
        "SELECT (SELECT max(m.created_at) FROM message m WHERE m.deal_id = deal.id AND m.direction = 'in' AND NOT m.answered "
        "AND m.deleted_at IS NULL) AS message, (SELECT max(a.done_at) FROM activity a WHERE a.deal_id = deal.id "
        f"AND a.status = 'done' AND a.deleted_at IS NULL AND a.kind = 'call' AND deal.last_call = '{MISSED}') AS missed "
        "FROM deal WHERE id = ? AND status = 'open' AND deleted_at IS NULL",
        deal_id,
    )
    message, missed = (db.moment(row["message"]), db.moment(row["missed"])) if row else (None, None)
    if message and (missed is None or missed < message):
        return message, MESSAGE
    return (missed, MISSED) if missed else None


async def became_overdue(deal_id: int) -> None:
    """Let go of a reminder whose time has passed: the deal is overdue now, and stands among those."""
    await db.execute(f"{_SETTLE} AND attention_reason = '{REMINDER}'", deal_id)


async def keep_calls(work: "Work", records: Sequence[Record], left: Collection[int] = ()) -> None:
    """Keep which way the last call about each deal went.

    :param left: deals that an activity hung on before
    """
    spoken = {
        record.deal_id
        for record in records
        if (isinstance(record, Message) and record.direction == "out")
        or (isinstance(record, Activity) and record.kind in _TALKS and (record.status == "done" or record.version > 1))
    }
    for deal_id in sorted(deal_id for deal_id in spoken | set(left) if deal_id):
        await db.execute(f"UPDATE deal SET last_call = {_LAST_CALL} WHERE id = ?", deal_id)


async def recount_calls() -> int:
    """Put right which way the last call about every deal went; returns how many were wrong."""
    return await db.execute(
        f"UPDATE deal SET last_call = {_LAST_CALL} WHERE COALESCE(last_call, '') <> COALESCE({_LAST_CALL}, '')"
    )
