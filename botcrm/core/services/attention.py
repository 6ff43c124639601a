"""What asks for attention: a deal goes up when something happens about it, and sinks when it is dealt with.

`attention_at` and its reason are kept on the deal: a reminder fired, the client wrote, a call was missed, a colleague wrote
a note. That a deal is overdue follows from its deadline and needs no writing down. The last call's state is kept there too.

What is taken back has not been: the deal is lifted again by the last of what the client waits for, a colleague's note and a
reminder, unless somebody dealt with it in a way that still stands; and a note that was taken back lifts nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.events import (
    EVENTS,
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
from botcrm.core.domain.rot import CONTACT_SQL, is_contact
from botcrm.core.models import Activity, Message, Record
from botcrm.core.services.reminding import tellings_of
from botcrm.core.services.undo.standing import is_undone

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
# A call that nobody took is settled once somebody spoke with the client after it, whichever way. A call back that nobody took
# settles nothing.
_AFTERWARDS = (
    "EXISTS (SELECT 1 FROM activity a WHERE a.deal_id = lost.deal_id AND a.kind IN ('call', 'meeting') "
    "AND (a.done_at > lost.done_at OR (a.done_at = lost.done_at AND (a.id > lost.id OR a.kind = 'meeting'))) "
    f"AND {CONTACT_SQL}) OR EXISTS (SELECT 1 FROM message m WHERE m.deal_id = lost.deal_id "
    "AND m.direction = 'out' AND m.deleted_at IS NULL AND m.created_at >= lost.done_at)"
)
_DEALT_WITH = f"lost.result = '{SETTLED}' OR {_AFTERWARDS}"
_A_CALL = "a.deal_id = deal.id AND a.status = 'done' AND a.deleted_at IS NULL AND a.kind = 'call'"
_LAST_CALL = (
    f"COALESCE((SELECT CASE WHEN {_DEALT_WITH} THEN NULL ELSE '{MISSED}' END FROM activity lost "
    f"WHERE {_A_CALL.replace('a.', 'lost.')} AND lost.direction = '{MISSED}' ORDER BY lost.done_at DESC, lost.id DESC LIMIT 1), "
    f"(SELECT CASE WHEN a.direction = '{MISSED}' THEN 'settled' ELSE a.direction END FROM activity a "
    f"WHERE {_A_CALL} ORDER BY a.done_at DESC, a.id DESC LIMIT 1))"
)
# So many of a deal's events back it is looked for what still lifts it.
_LOOK_BACK = 200


async def keep_attention(work: "Work", events: Sequence[Event]) -> None:
    """Raise and settle the deals that these events are about, in the order in which they happened."""
    known: dict[int, tuple[int | None, str | None]] = {}
    anew: set[int] = set()
    for event in events:
        deal_id = event.about.get("deal")
        if not deal_id:
            continue
        if event.undoes:
            if deal_id not in anew:
                await _find_anew(work, deal_id)
            anew.add(deal_id)
        elif isinstance(event, MessageReceived):
            await raise_attention(work, deal_id, MESSAGE)
        elif isinstance(event, ActivityLogged) and event.after.get("direction") == "missed":
            await raise_attention(work, deal_id, MISSED)
        elif event.actor_id is None or isinstance(event, _NOTHING_DONE):
            continue
        else:
            if deal_id not in known:
                row = await db.fetch_one("SELECT owner_id, attention_reason FROM deal WHERE id = ?", deal_id)
                known[deal_id] = (row["owner_id"], row["attention_reason"]) if row else (None, None)
            owner_id, reason = known[deal_id]
            spoken = reason is not None and await _spoken(type(event), event.record_id)
            if event.actor_id == owner_id or spoken:
                if spoken or reason in (REMINDER, COMMENT):
                    await _settle(deal_id)
            elif isinstance(event, _COMMENTS) and owner_id is not None:
                await raise_attention(work, deal_id, COMMENT)
            continue
        known.pop(deal_id, None)


async def raise_attention(work: "Work", deal_id: int, reason: str) -> None:
    """Put an open deal at the top of the lists, for one reason."""
    await db.execute(_RAISE, work.now, reason, deal_id)


async def _spoken(event: type[Event], record_id: int) -> bool:
    """Tell whether somebody spoke with the client."""
    if not issubclass(event, _DONE):
        return issubclass(event, _SPOKEN)
    row = await db.fetch_one("SELECT kind, direction, result, duration_minutes FROM activity WHERE id = ?", record_id)
    return bool(row and is_contact(row["kind"], row["direction"], row["result"], row["duration_minutes"]))


async def _settle(deal_id: int) -> None:
    """Let a deal sink, unless the client still waits for an answer."""
    waits = await _client_waits(deal_id)
    if waits is None:
        await db.execute(_SETTLE, deal_id)
    else:
        await db.execute(f"{_RAISE} AND attention_reason <> ?", *waits, deal_id, waits[1])


async def _find_anew(work: "Work", deal_id: int) -> None:
    """Raise or settle a deal by what stands, after something about it was taken back."""
    waits = await _client_waits(deal_id)
    lifts = await _still_lifts(work, deal_id)
    if waits and (lifts is None or lifts[0] <= waits[0]):
        lifts = waits
    if lifts is None:
        await db.execute(_SETTLE, deal_id)
    else:
        await db.execute(_RAISE, *lifts, deal_id)


async def _still_lifts(work: "Work", deal_id: int) -> tuple[datetime, str] | None:
    """Return the colleague's note or reminder that nobody dealt with since, the later of both, and which it is."""
    rows = await db.fetch(
        "SELECT e.at, e.work_id, e.actor_id, e.type, e.record_id, d.owner_id FROM event e JOIN deal d ON d.id = e.deal_id "
        f"WHERE e.deal_id = ? AND e.undoes IS NULL AND e.actor_id IS NOT NULL ORDER BY e.id DESC LIMIT {_LOOK_BACK}",
        deal_id,
    )
    reminded = await _reminded(work, deal_id)
    for row in rows:
        event, at = EVENTS.get(row["type"], Event), db.moment_needed(row["at"])
        if issubclass(event, _NOTHING_DONE) or await is_undone(row["work_id"]):
            continue
        dealt = row["actor_id"] == row["owner_id"] or await _spoken(event, row["record_id"])
        if not dealt and not issubclass(event, _COMMENTS):
            continue
        if reminded and reminded > at:
            break
        return (at, COMMENT) if not dealt and row["owner_id"] else None
    return (reminded, REMINDER) if reminded else None


async def _reminded(work: "Work", deal_id: int) -> datetime | None:
    """Return when the owner was last reminded of something about a deal that is neither done nor overdue."""
    ahead = await Activity.filter(deal_id=deal_id, status="planned", deleted_at=None, deadline_at__gt=work.now)
    told = [one.at for activity in ahead for one in await tellings_of(work, activity, activity.created_at)]
    return max((at for at in told if at <= work.now), default=None)


async def _client_waits(deal_id: int) -> tuple[datetime, str] | None:
    """Return since when the client of an open deal waits for an answer or a call back, and which."""
    row = await db.fetch_one(
        "SELECT (SELECT max(m.created_at) FROM message m WHERE m.deal_id = deal.id AND m.direction = 'in' AND NOT m.answered "
        "AND m.deleted_at IS NULL) AS message, (SELECT max(a.done_at) FROM activity a WHERE a.deal_id = deal.id "
        f"AND a.status = 'done' AND a.deleted_at IS NULL AND a.kind = 'call' AND a.direction = '{MISSED}' "
        f"AND deal.last_call = '{MISSED}') AS missed "
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


async def recount_calls(after: int, last: int) -> int:
    """Put right which way the last call about the deals with ids after one and up to another went; returns how many were wrong."""
    return await db.execute(
        f"UPDATE deal SET last_call = {_LAST_CALL} WHERE id > ? AND id <= ? "
        f"AND COALESCE(last_call, '') <> COALESCE({_LAST_CALL}, '')",
        after,
        last,
    )
