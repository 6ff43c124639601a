"""Activities: plan, log, do, move, call off; notes and files beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from botcrm.core.domain.errors import AlreadyDone
from botcrm.core.domain.events import (
    ActivityCancelled,
    ActivityChanged,
    ActivityDone,
    ActivityLogged,
    ActivityPlanned,
    ActivityRescheduled,
    FileAdded,
    NoteAdded,
    NoteChanged,
)
from botcrm.core.domain.kinds import Action, ActivityStatus
from botcrm.core.domain.worktime import Schedule, country_holidays, read_working_hours, smart_due
from botcrm.core.domain.zones import to_utc, to_wall
from botcrm.core.models import Activity, File, Note
from botcrm.core.services.access import demand, facts_of, load, load_links
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: the wall time meant, and whether a time of day was given (else: by the end of that day).

    `moment` is set where an exact moment was meant ("in 2h") that a wall clock may show twice.
    """

    wall: datetime
    has_time: bool = True
    moment: datetime | None = None


def due_values(work: Work, due: Due | None) -> dict[str, Any]:
    """Return the columns that hold a due time in the actor's zone."""
    if due is None:
        return {"due_at": None, "due_wall": None, "due_zone": None, "has_time": True, "deadline_at": None}
    zone = work.prefs.zone
    due_at = due.moment or to_utc(due.wall, zone)
    deadline = due_at
    if not due.has_time:
        deadline = to_utc(datetime.combine(due.wall.date() + timedelta(days=1), time()), zone) - timedelta(seconds=1)
    return {
        "due_at": due_at,
        "due_wall": due.wall.isoformat(timespec="seconds"),
        "due_zone": zone,
        "has_time": due.has_time,
        "deadline_at": deadline,
    }


async def plan_activity(
    work: Work,
    kind: str,
    title: str,
    due: Due | None,
    *,
    deal_id: int | None = None,
    contact_id: int | None = None,
    company_id: int | None = None,
    lead_id: int | None = None,
    owner_id: int | None = None,
) -> Activity:
    """Schedule something to do; without a due time it waits for one."""
    demand(work, "activity", Action.ADD)
    links = {"deal_id": deal_id, "contact_id": contact_id, "company_id": company_id, "lead_id": lead_id}
    await load_links(work, links)
    return await work.create(
        Activity,
        ActivityPlanned,
        kind=kind,
        title=await shortened(work, title, links),
        status=str(ActivityStatus.PLANNED),
        owner_id=owner_id or work.actor.id,
        **links,
        **due_values(work, due),
    )


async def log_activity(
    work: Work,
    kind: str,
    title: str,
    *,
    done_at: datetime | None = None,
    duration: int | None = None,
    direction: str | None = None,
    result: str | None = None,
    deal_id: int | None = None,
    contact_id: int | None = None,
    company_id: int | None = None,
    lead_id: int | None = None,
) -> Activity:
    """Write down something that was done.

    :param duration: minutes
    """
    demand(work, "activity", Action.ADD)
    links = {"deal_id": deal_id, "contact_id": contact_id, "company_id": company_id, "lead_id": lead_id}
    await load_links(work, links)
    return await work.create(
        Activity,
        ActivityLogged,
        kind=kind,
        title=await shortened(work, title, links),
        status=str(ActivityStatus.DONE),
        done_at=done_at or work.now,
        duration_minutes=duration,
        direction=direction,
        result=result,
        owner_id=work.actor.id,
        **links,
    )


async def shortened(work: Work, text: str, links: Mapping[str, int | None], most: int = 1000) -> str:
    """Return a text as long as its column takes; a longer one is also kept whole, as a note on what it is about."""
    text = text.strip()
    if len(text) > most:
        await add_note(work, text, **links)
    return text[:most]


async def _planned(work: Work, activity_id: int) -> Activity:
    activity = await load(work, Activity, activity_id, Action.CHANGE)
    if activity.status != ActivityStatus.PLANNED:
        raise AlreadyDone(title=activity.title or activity.kind, status=activity.status)
    return activity


async def complete_activity(
    work: Work, activity_id: int, *, result: str | None = None, duration: int | None = None
) -> Activity:
    """Mark a planned activity done.

    :raises AlreadyDone: it is done or called off
    """
    activity = await _planned(work, activity_id)
    values: dict[str, Any] = {"status": str(ActivityStatus.DONE), "done_at": work.now}
    if result:
        values["result"] = result
    if duration is not None:
        values["duration_minutes"] = duration
    return await work.change(activity, ActivityDone, **values)


async def cancel_activity(work: Work, activity_id: int) -> Activity:
    """Call a planned activity off.

    :raises AlreadyDone: it is done or called off
    """
    activity = await _planned(work, activity_id)
    return await work.change(activity, ActivityCancelled, status=str(ActivityStatus.CANCELLED))


async def reschedule_activity(work: Work, activity_id: int, due: Due) -> Activity:
    """Move a planned activity to another time.

    :raises AlreadyDone: it is done or called off
    """
    activity = await _planned(work, activity_id)
    return await work.change(activity, ActivityRescheduled, **due_values(work, due))


async def change_activity(work: Work, activity_id: int, **values: Any) -> Activity:
    """Change an activity's fields, due time excepted.

    :raises NotFound: the activity, or what it is to hang on, is out of reach
    """
    activity = await load(work, Activity, activity_id, Action.CHANGE)
    await load_links(work, {name: value for name, value in values.items() if getattr(activity, name) != value})
    if "title" in values:
        values["title"] = await shortened(work, values["title"], facts_of(activity))
    return await work.change(activity, ActivityChanged, **values)


def later_by(work: Work, activity: Activity, step: timedelta) -> Due:
    """Return the due time moved by whole days on the wall clock, or by minutes from now at the earliest."""
    start = activity.due_at or work.now
    if step % timedelta(days=1):
        moment = (max(start, work.now) + step).replace(second=0, microsecond=0)
        return Due(to_wall(moment, work.prefs.zone), moment=moment)
    wall = to_wall(start, work.prefs.zone) + step
    today = to_wall(work.now, work.prefs.zone)
    while wall <= today:
        wall += timedelta(days=1)
    return Due(wall, activity.has_time)


def schedule(work: Work) -> Schedule:
    """Return the company's working time in the actor's zone."""
    free = (
        country_holidays(work.prefs.holidays, range(work.now.year, work.now.year + 3))
        if work.prefs.holidays
        else frozenset()
    )
    return Schedule(zone=work.prefs.zone, week=read_working_hours(work.prefs.working_hours), holidays=free)


def suggested_due(work: Work) -> Due:
    """Return the smart activity's time: three business days ahead at the current hour, minutes cut."""
    return Due(to_wall(smart_due(work.now, schedule(work)), work.prefs.zone))


# --- notes and files ---------------------------------------------------------------------------------------------------


async def add_note(
    work: Work,
    text: str,
    *,
    deal_id: int | None = None,
    contact_id: int | None = None,
    company_id: int | None = None,
    lead_id: int | None = None,
) -> Note:
    """Keep a text on a record, verbatim."""
    demand(work, "activity", Action.ADD)
    links = {"deal_id": deal_id, "contact_id": contact_id, "company_id": company_id, "lead_id": lead_id}
    await load_links(work, links)
    return await work.create(
        Note,
        NoteAdded,
        text=text,
        owner_id=work.actor.id,
        **links,
    )


async def change_note(work: Work, note_id: int, text: str) -> Note:
    """Correct a note's text."""
    note = await load(work, Note, note_id, Action.CHANGE)
    return await work.change(note, NoteChanged, text=text)


async def add_file(
    work: Work,
    *,
    kind: str,
    file_id: str,
    name: str = "",
    mime: str = "",
    size: int | None = None,
    caption: str = "",
    deal_id: int | None = None,
    contact_id: int | None = None,
    company_id: int | None = None,
    lead_id: int | None = None,
) -> File:
    """Attach a file that the messenger keeps."""
    demand(work, "activity", Action.ADD)
    links = {"deal_id": deal_id, "contact_id": contact_id, "company_id": company_id, "lead_id": lead_id}
    await load_links(work, links)
    return await work.create(
        File,
        FileAdded,
        kind=kind,
        file_id=file_id,
        name=name[:300],
        mime=mime[:100],
        size=size,
        caption=caption,
        owner_id=work.actor.id,
        **links,
    )
