"""People's activities as calendars read them: one as a file, all of a person's at a secret address."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.recurrence import is_of_working_days, next_wall
from botcrm.core.models import Activity
from botcrm.core.services.access import activity_sql, load
from botcrm.core.services.activities import schedule
from botcrm.core.services.actor import Actor
from botcrm.core.services.reminding import minutes_before, owner_prefs
from botcrm.core.services.staff.people import actor_by_id, system
from botcrm.core.services.work import Work

# A calendar shows what is planned, and what stayed undone for so long.
_BACK = timedelta(days=60)
_MOST = 1000
_SLOTS = 12


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A planned activity for a calendar.

    :ivar about: whom it is with, perhaps empty
    :ivar lines: what else is known, for the description
    :ivar before: minutes before its time to be reminded at
    :ivar rule: the RFC 5545 rule by which it comes again, where a calendar can follow it
    :ivar slots: its next times by the wall clock, where a calendar cannot: moved ones, and rules of working days
    """

    activity: Activity
    label: str
    about: str
    lines: tuple[str, ...]
    before: tuple[int, ...] = ()
    rule: str | None = None
    slots: tuple[datetime, ...] = ()


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def open_feed(work: Work) -> str:
    """Give the actor's calendar an address and return its secret; one they had before is good no more.

    The secret is kept nowhere.
    """
    secret = secrets.token_urlsafe(24)
    await db.execute(
        "INSERT INTO calendar_feed (user_id, secret_hash, created_at) VALUES (?, ?, ?) "
        "ON CONFLICT (user_id) DO UPDATE SET secret_hash = excluded.secret_hash, created_at = excluded.created_at",
        work.actor.id,
        _hashed(secret),
        work.now,
    )
    _remember(work, on=True)
    return secret


async def close_feed(work: Work) -> bool:
    """Take the actor's calendar off the net; returns whether it was on."""
    was_on = await feed_since(work) is not None
    if was_on:
        await db.execute("DELETE FROM calendar_feed WHERE user_id = ?", work.actor.id)
        _remember(work, on=False)
    return was_on


def _remember(work: Work, *, on: bool) -> None:
    work.remember_plain(SettingChanged, "setting", work.actor.id or 0, key="calendar", before=None, value=on)


async def feed_since(work: Work) -> datetime | None:
    """Return when the actor's calendar address was made, None where there is none."""
    row = await db.fetch_one("SELECT created_at FROM calendar_feed WHERE user_id = ?", work.actor.id)
    return db.moment(row["created_at"]) if row else None


async def feed_reader(work: Work, secret: str) -> Actor | None:
    """Return whose calendar stands behind a secret; None for a wrong one, and for who has left."""
    row = await db.fetch_one("SELECT user_id FROM calendar_feed WHERE secret_hash = ?", _hashed(secret))
    return await actor_by_id(work.prefs, row["user_id"]) if row else None


async def calendar_of(work: Work) -> list[CalendarEntry]:
    """Return what is planned for the actor, soonest first, a thousand at most."""
    rows = await db.fetch(
        "SELECT id FROM activity WHERE owner_id = ? AND status = 'planned' AND deleted_at IS NULL AND deadline_at >= ? "
        "ORDER BY deadline_at, id LIMIT ?",
        work.actor.id,
        work.now - _BACK,
        _MOST,
    )
    return await _entries(work, [row["id"] for row in rows])


async def calendar_entry(work: Work, activity_id: int) -> CalendarEntry | None:
    """Return one activity for a calendar, None where it has no time yet.

    :raises NotFound: no such activity within reach
    """
    activity = await load(work, Activity, activity_id)
    return (await _entries(work, [activity.id]))[0] if activity.due_at else None


async def _entries(work: Work, ids: list[int]) -> list[CalendarEntry]:
    if not ids:
        return []
    marks = ", ".join("?" * len(ids))
    rows = await db.fetch(
        "SELECT a.id, p.name AS contact, p.phone, c.name AS company, l.title AS lead, l.phone AS lead_phone, d.title AS deal "
        "FROM activity a LEFT JOIN contact p ON p.id = a.contact_id AND p.deleted_at IS NULL "
        "LEFT JOIN company c ON c.id = a.company_id AND c.deleted_at IS NULL "
        "LEFT JOIN lead l ON l.id = a.lead_id AND l.deleted_at IS NULL LEFT JOIN deal d ON d.id = a.deal_id AND d.deleted_at IS NULL "
        f"WHERE a.id IN ({marks}) AND {activity_sql(work.actor, 'a')}",
        *ids,
    )
    facts = {row["id"]: row for row in rows}
    found = {activity.id: activity for activity in await Activity.filter(id__in=list(facts))}
    return [await _entry(work, found[one], facts[one]) for one in ids if one in found]


async def _entry(work: Work, activity: Activity, facts: dict[str, Any]) -> CalendarEntry:
    who = facts["contact"] or facts["lead"] or ""
    about = (
        f"{who} ({facts['company']})" if who and facts["company"] else who or facts["company"] or facts["deal"] or ""
    )
    prefs = await owner_prefs(work, activity.owner_id)
    kind = work.hooks.activity_kinds.get(activity.kind)
    rule, slots = activity.recurrence, list[datetime]()
    if rule and (is_of_working_days(rule) or activity.slot_wall != activity.due_wall):
        rule, slots = None, _slots(work.acting_as(system(prefs)), activity)
    return CalendarEntry(
        activity,
        kind.label if kind else activity.kind,
        about,
        tuple(filter(None, (facts["phone"] or facts["lead_phone"], facts["deal"] if facts["deal"] != about else ""))),
        minutes_before(prefs, activity) if activity.has_time else (),
        rule,
        tuple(slots),
    )


def _slots(work: Work, activity: Activity) -> list[datetime]:
    """Return the next times of what comes again, those of the activity at hand left out."""
    week = schedule(work)
    slot = datetime.fromisoformat(activity.slot_wall or activity.due_wall or "")
    found: list[datetime] = []
    after: datetime | None = slot
    while after and len(found) < _SLOTS:
        after = next_wall(activity.recurrence or "", slot, after, week.is_working_day)
        if after:
            found.append(after)
    return found
