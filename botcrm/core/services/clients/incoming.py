"""What came in and nobody has dealt with: clients' messages, forms they filled in, calls that nobody took.

An answer deals with a message, a call or meeting with what has no way back and with the calls missed before it; so does whoever
says that it is dealt with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyDone, NotFound
from botcrm.core.domain.events import MessageAnswered, MissedCallSettled
from botcrm.core.domain.kinds import MISSED, SETTLED, Action
from botcrm.core.domain.rot import is_contact
from botcrm.core.models import Activity, Message
from botcrm.core.services.access import load, owners
from botcrm.core.services.work import Work

_TALKS = ("call", "meeting")
_OPEN_CALL = (
    f"a.kind = 'call' AND a.status = 'done' AND a.direction = '{MISSED}' AND a.deleted_at IS NULL "
    f"AND COALESCE(a.result, '') <> '{SETTLED}'"
)
_NO_WAY_BACK = "m.direction = 'in' AND NOT m.answered AND NOT m.answerable AND m.deleted_at IS NULL"
_OPEN_DEAL = "SELECT 1 FROM deal x WHERE x.id = m.deal_id AND x.status = 'open' AND x.deleted_at IS NULL"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One client's messages over one channel, or one missed call.

    :ivar id: the last message's, or the call's
    :ivar name: whose it is; empty where nobody knows
    :ivar count: how many messages
    """

    kind: Literal["message", "call"]
    id: int
    name: str
    text: str
    channel: str
    at: datetime
    count: int = 1
    deal_id: int | None = None


async def waiting_for(
    work: Work, owner_id: int, *, limit: int = 8, offset: int = 0, loose: bool = False
) -> list[Waiting]:
    """Return what counts as incoming for a person, the latest first: the messages of one chat together.

    :param loose: only what hangs on no open deal: an open one stands in the list itself
    :raises NotFound: that person is out of reach
    """
    people = owners(work.actor, "deal")
    if people is not None and owner_id not in people:
        raise NotFound(ref=f"u{owner_id}")
    mine = "counts_own" if work.company.count_by == "activity" else "counts_for"
    only = f" AND NOT EXISTS ({_OPEN_DEAL})" if loose else ""
    on_deals = (
        ""
        if loose
        else "UNION ALL SELECT 'call', (SELECT a.id FROM activity a WHERE a.deal_id = d.id AND a.kind = 'call' "
        f"AND a.status = 'done' AND a.direction = '{MISSED}' AND a.deleted_at IS NULL ORDER BY a.done_at DESC, a.id DESC LIMIT 1), 1 "
        f"FROM deal d WHERE d.owner_id = {int(owner_id)} AND d.last_call = '{MISSED}' AND d.status = 'open' "
        "AND d.deleted_at IS NULL"
    )
    rows = await db.fetch(
        "SELECT w.kind, w.id, w.n, COALESCE(m.text, a.title) AS text, m.channel, COALESCE(m.created_at, a.done_at) AS at, "
        "COALESCE(m.deal_id, a.deal_id) AS deal_id, COALESCE(c.name, l.title, o.name) AS name FROM ("
        f"SELECT 'message' AS kind, max(m.id) AS id, count(*) AS n FROM message m WHERE m.{mine} = ?{only} "
        "GROUP BY m.channel, m.chat_id "
        f"UNION ALL SELECT 'call', a.id, 1 FROM activity a WHERE a.{mine} = ? AND a.deadline_at IS NULL {on_deals}) AS w "
        "LEFT JOIN message m ON w.kind = 'message' AND m.id = w.id LEFT JOIN activity a ON w.kind = 'call' AND a.id = w.id "
        "LEFT JOIN deal d ON d.id = a.deal_id "
        "LEFT JOIN contact c ON c.id = COALESCE(m.contact_id, a.contact_id, d.contact_id) "
        "LEFT JOIN lead l ON l.id = COALESCE(m.lead_id, a.lead_id) "
        "LEFT JOIN company o ON o.id = COALESCE(a.company_id, d.company_id) "
        f"ORDER BY at DESC, w.kind, w.id DESC LIMIT {int(limit)} OFFSET {int(offset)}",
        owner_id,
        owner_id,
    )
    return [
        Waiting(
            row["kind"],
            row["id"],
            row["name"] or "",
            row["text"] or "",
            row["channel"] or "",
            db.moment_needed(row["at"]),
            int(row["n"]),
            row["deal_id"],
        )
        for row in rows
    ]


# --- dealing with it -------------------------------------------------------------------------------------------------


async def settle_messages(work: Work, message: Message) -> int:
    """Mark all that came from a message's sender as dealt with, without an answer; returns how many messages it were.

    :param message: within the actor's reach for a change
    """
    waiting = await Message.filter(
        channel=message.channel, chat_id=message.chat_id, direction="in", answered=False, deleted_at=None
    ).order_by("id")
    for one in waiting:
        await work.change(one, MessageAnswered, answered=True)
    return len(waiting)


def is_missed_call(activity: Activity) -> bool:
    """Tell whether an activity is a missed call that nobody said is dealt with."""
    missed = (activity.kind, activity.status, activity.direction) == ("call", "done", MISSED)
    return missed and activity.result != SETTLED


async def missed_call(work: Work, activity_id: int) -> Activity:
    """Return a missed call that nobody said is dealt with.

    :raises NotFound: there is no such activity within reach
    :raises AlreadyDone: it is no missed call, or was dealt with
    """
    call = await load(work, Activity, activity_id, Action.CHANGE)
    if not is_missed_call(call):
        raise AlreadyDone(title=call.title or call.kind, status="dealt with")
    return call


async def settle_call(work: Work, activity_id: int) -> Activity:
    """Mark a missed call as dealt with, without a call back.

    :raises NotFound: there is no such activity within reach
    :raises AlreadyDone: it is no missed call, or was dealt with
    """
    return await work.change(await missed_call(work, activity_id), MissedCallSettled, result=SETTLED)


async def settle_by_talk(work: Work, activity: Activity) -> None:
    """Have a call or meeting deal with what it answers: the calls missed before it, and what came without a way back.

    A call back that nobody took deals with nothing: the client still waits.
    """
    if activity.kind not in _TALKS or activity.status != "done":
        return
    if not is_contact(activity.kind, activity.direction, activity.result, activity.duration_minutes):
        return
    links = {name: getattr(activity, f"{name}_id") for name in ("contact", "lead", "company", "deal")}
    await settle_for(work, links, activity.done_at or work.now)


async def settle_for(work: Work, links: Mapping[str, int | None], at: datetime) -> None:
    """Deal with a client's missed calls that hang on no deal, and with what they sent without a way back, up to a moment.

    What hangs on a deal settles with the deal (attention.py).

    :param links: entity to id
    """
    parts, values = list[str](), list[Any]()
    for name in ("contact", "lead", "company", "deal"):
        record_id = links.get(name)
        if not record_id:
            continue
        if name != "deal":
            parts.append(
                f"SELECT 'activity' AS entity, a.id FROM activity a WHERE a.{name}_id = ? AND a.deal_id IS NULL AND {_OPEN_CALL} "
                "AND a.done_at <= ?"
            )
            values += [record_id, at]
        if name != "company":
            parts.append(
                f"SELECT 'message' AS entity, m.id FROM message m WHERE m.{name}_id = ? AND {_NO_WAY_BACK} AND m.created_at <= ?"
            )
            values += [record_id, at]
    if not parts:
        return
    rows = await db.fetch(" UNION ".join(parts), *values)
    calls = [row["id"] for row in rows if row["entity"] == "activity"]
    messages = [row["id"] for row in rows if row["entity"] == "message"]
    if calls:
        for call in await Activity.filter(id__in=calls).order_by("id"):
            await work.change(call, MissedCallSettled, result=SETTLED)
    if messages:
        for message in await Message.filter(id__in=messages).order_by("id"):
            await work.change(message, MessageAnswered, answered=True)
