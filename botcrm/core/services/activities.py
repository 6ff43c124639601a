"""Activities: plan, log, do, move, call off; notes and files beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack

from botcrm.core import db
from botcrm.core.domain.errors import AlreadyDone
from botcrm.core.domain.events import (
    ActivityCancelled,
    ActivityChanged,
    ActivityDone,
    ActivityLogged,
    ActivityPlanned,
    ActivityRescheduled,
    FileAdded,
    FileChanged,
    NoteAdded,
    NoteChanged,
)
from botcrm.core.domain.kinds import Action, ActivityStatus
from botcrm.core.domain.recurrence import is_of_working_days, next_wall, whole_rule
from botcrm.core.domain.schedules import in_hours, schedule_of
from botcrm.core.domain.worktime import Schedule, smart_due
from botcrm.core.domain.zones import to_utc, to_wall
from botcrm.core.models import Activity, File, Note
from botcrm.core.services.access import demand, facts_of, load, load_links
from botcrm.core.services.clients.incoming import settle_by_talk
from botcrm.core.services.recurring import checked_reminders, checked_rule, is_closed
from botcrm.core.services.reminding import again_after, owner_prefs
from botcrm.core.services.staff.people import person_by_id, system
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due: the wall time meant, and whether a time of day was given (else: by the end of that day).

    `moment` is set where an exact moment was meant ("in 2h") that a wall clock may show twice; `rule` where it comes again: by this
    RFC 5545 rule the next one is planned when this one is done; `zone` names the zone of the wall clock, else it is the actor's.
    """

    wall: datetime
    has_time: bool = True
    moment: datetime | None = None
    rule: str | None = None
    zone: str = ""


def due_values(work: Work, due: Due | None, zone: str = "") -> dict[str, Any]:
    """Return the columns that hold a due time, in the actor's zone unless another is named."""
    if due is None:
        return {"due_at": None, "due_wall": None, "due_zone": None, "has_time": True, "deadline_at": None}
    zone = zone or due.zone or work.prefs.zone
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


class Links(TypedDict, total=False):
    """What an activity, note or file hangs on, by id; what is left out is nothing."""

    deal_id: int | None
    contact_id: int | None
    company_id: int | None
    lead_id: int | None


async def _checked(work: Work, links: Links) -> dict[str, int | None]:
    """Return all four links, once it is known that the actor reaches what they name."""
    about: dict[str, int | None] = dict.fromkeys(Links.__annotations__) | dict(links)
    await load_links(work, about)
    return about


async def plan_activity(
    work: Work,
    kind: str,
    title: str,
    due: Due | None,
    *,
    owner_id: int | None = None,
    repeat_minutes: int | None = None,
    **links: Unpack[Links],
) -> Activity:
    """Schedule something to do; without a due time it waits for one.

    :param repeat_minutes: after its time its owner is reminded again each time so much working time has passed, until it is
        done; 0: reminded once, None: as its kind is
    :raises InvalidValue: the rule of `due` is none
    """
    demand(work, "activity", Action.ADD)
    about = await _checked(work, links)
    owner_id = owner_id or work.actor.id
    if repeat_minutes is None:
        repeat_minutes = again_after(work, await owner_prefs(work, owner_id), kind)
    rule = checked_rule(due.rule) if due and due.rule else None
    when = due_values(work, first_due(work, rule, due) if rule and due else due)
    return await work.create(
        Activity,
        ActivityPlanned,
        kind=kind,
        title=await shortened(work, title, about),
        status=str(ActivityStatus.PLANNED),
        owner_id=owner_id,
        repeat_minutes=repeat_minutes or None,
        recurrence=rule,
        slot_wall=when["due_wall"] if rule else None,
        **about,
        **when,
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
    **links: Unpack[Links],
) -> Activity:
    """Write down something that was done.

    :param duration: minutes
    """
    demand(work, "activity", Action.ADD)
    about = await _checked(work, links)
    activity = await work.create(
        Activity,
        ActivityLogged,
        kind=kind,
        title=await shortened(work, title, about),
        status=str(ActivityStatus.DONE),
        done_at=done_at or work.now,
        duration_minutes=duration,
        direction=direction,
        result=result,
        owner_id=work.actor.id or await _responsible(about),
        **about,
    )
    await settle_by_talk(work, activity)
    return activity


async def _responsible(about: Mapping[str, int | None]) -> int | None:
    """Return who answers for what something hangs on: what a switchboard writes down is theirs."""
    for entity in ("deal", "contact", "lead", "company"):
        if record_id := about.get(f"{entity}_id"):
            row = await db.fetch_one(f"SELECT owner_id FROM {entity} WHERE id = ?", record_id)
            return int(row["owner_id"]) if row and row["owner_id"] else None
    return None


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
    """Mark a planned activity done; one that comes again is planned for its next time.

    :raises AlreadyDone: it is done or called off
    """
    activity = await _planned(work, activity_id)
    values: dict[str, Any] = {"status": str(ActivityStatus.DONE), "done_at": work.now}
    if result:
        values["result"] = result
    if duration is not None:
        values["duration_minutes"] = duration
    await work.change(activity, ActivityDone, **values)
    await settle_by_talk(work, activity)
    await plan_following(work, activity)
    return activity


async def cancel_activity(work: Work, activity_id: int) -> Activity:
    """Call a planned activity off; of one that comes again only this time.

    :raises AlreadyDone: it is done or called off
    """
    activity = await _planned(work, activity_id)
    await work.change(activity, ActivityCancelled, status=str(ActivityStatus.CANCELLED))
    await plan_following(work, activity)
    return activity


async def reschedule_activity(work: Work, activity_id: int, due: Due) -> Activity:
    """Move a planned activity to another time. Whoever moves it, it is kept by the wall clock it goes by (`zone_of`).

    :raises AlreadyDone: it is done or called off
    """
    activity = await _planned(work, activity_id)
    values = due_values(work, await _in_its_zone(work, activity, due))
    if activity.recurrence and activity.slot_wall is None:
        values["slot_wall"] = values["due_wall"]
        values["recurrence"] = whole_rule(activity.recurrence, date.fromisoformat(values["due_wall"][:10]))
    return await work.change(activity, ActivityRescheduled, **values)


async def change_activity(work: Work, activity_id: int, **values: Any) -> Activity:
    """Change an activity's fields, due time excepted; `recurrence` begins with the time it has.

    :raises NotFound: the activity, or what it is to hang on, is out of reach
    :raises InvalidValue: `recurrence` is no rule, or `reminders` (minutes) are too many or too early
    """
    activity = await load(work, Activity, activity_id, Action.CHANGE)
    if "reminders" in values:
        values["reminders"] = checked_reminders(values["reminders"])
    if "recurrence" in values:
        values["recurrence"] = checked_rule(values["recurrence"]) if values["recurrence"] else None
        values["slot_wall"] = activity.due_wall if values["recurrence"] else None
    await load_links(work, {name: value for name, value in values.items() if getattr(activity, name) != value})
    if "title" in values:
        values["title"] = await shortened(work, values["title"], facts_of(activity))
    return await work.change(activity, ActivityChanged, **values)


async def zone_of(work: Work, activity: Activity) -> str:
    """Return whose wall clock an activity goes by: the one its repeats are counted in, else that of whoever is to do it."""
    if activity.recurrence and activity.due_zone:
        return activity.due_zone
    return (await owner_prefs(work, activity.owner_id)).zone


async def _in_its_zone(work: Work, activity: Activity, due: Due) -> Due:
    """Return the same moment, or the same day where no time of day was given, by the activity's own wall clock."""
    zone = await zone_of(work, activity)
    said = due.zone or work.prefs.zone
    if zone == said or not due.has_time:
        return replace(due, zone=zone)
    moment = due.moment or to_utc(due.wall, said)
    return replace(due, wall=to_wall(moment, zone), moment=moment, zone=zone)


def later_by(work: Work, activity: Activity, step: timedelta) -> Due:
    """Return the due time moved by whole days on the wall clock it is kept by, or by minutes from now at the earliest."""
    start = activity.due_at or work.now
    zone = activity.due_zone or work.prefs.zone
    if step % timedelta(days=1):
        moment = (max(start, work.now) + step).replace(second=0, microsecond=0)
        return Due(to_wall(moment, zone), moment=moment, zone=zone)
    wall = to_wall(start, zone) + step
    today = to_wall(work.now, zone)
    while wall <= today:
        wall += timedelta(days=1)
    return Due(wall, activity.has_time, zone=zone)


async def next_morning(work: Work, activity: Activity, *, monday: bool = False) -> Due:
    """Return nine o'clock tomorrow, or next Monday, where whoever is to do an activity is."""
    zone = (await owner_prefs(work, activity.owner_id)).zone
    wall = to_wall(work.now, zone)
    day = wall.date() + timedelta(days=7 - wall.weekday() if monday else 1)
    return Due(datetime.combine(day, time(9)), zone=zone)


def schedule(work: Work) -> Schedule:
    """Return the company's working time in the actor's zone, without the actor's leave."""
    return schedule_of(work.prefs, work.now)


def suggested_due(work: Work) -> Due:
    """Return the smart activity's time: three business days ahead at the current hour, minutes cut, within working hours."""
    week = schedule(work)
    return Due(to_wall(in_hours(week, smart_due(work.now, week)), work.prefs.zone))


async def due_within(work: Work, length: timedelta, owner_id: int | None = None) -> Due:
    """Return the end of so much working time from now, by the working day of whoever is to do it."""
    person = await person_by_id(work.prefs, owner_id) if owner_id else None
    theirs = work.acting_as(system(person.prefs)) if person else work
    moment = schedule(theirs).add_working(work.now, length).replace(second=0, microsecond=0)
    return Due(to_wall(moment, work.prefs.zone), moment=moment)


# --- what comes again ----------------------------------------------------------------------------------------------------


def first_due(work: Work, rule: str, due: Due) -> Due:
    """Return the first time of what comes again: of a rule of working days it is a day that is worked."""
    week = schedule(work)
    if not is_of_working_days(rule) or week.is_working_day(due.wall.date()):
        return due
    wall = next_wall(rule, due.wall, due.wall, week.is_working_day)
    return Due(wall, due.has_time) if wall else due


async def plan_following(work: Work, activity: Activity) -> Activity | None:
    """Plan the next one of what comes again: by its rule, never in the past, and not where its deal or lead is closed.

    Times that went by while it stayed undone are passed over. It is its owner's, whoever did this one.
    """
    if not activity.recurrence or not (activity.slot_wall or activity.due_wall) or await is_closed(activity):
        return None
    zone = activity.due_zone or work.prefs.zone
    slot = datetime.fromisoformat(activity.slot_wall or activity.due_wall or "")
    now = to_wall(work.now, zone)
    # A day without a time may still be today.
    past = now if activity.has_time else datetime.combine(now.date(), time()) - timedelta(seconds=1)
    # Moved onto a later time of its rule, or past some of them, it was done in their stead.
    moved = datetime.fromisoformat(activity.due_wall) if activity.due_wall else slot
    wall = next_wall(activity.recurrence, slot, max(slot, moved, past), schedule(work).is_working_day)
    if wall is None:
        return None
    values = due_values(work, Due(wall, activity.has_time), zone)
    kept = ("kind", "title", "owner_id", "repeat_minutes", "recurrence", "reminders", *Links.__annotations__)
    return await work.create(
        Activity,
        ActivityPlanned,
        status=str(ActivityStatus.PLANNED),
        slot_wall=values["due_wall"],
        **{name: getattr(activity, name) for name in kept},
        **values,
    )


# --- notes and files ---------------------------------------------------------------------------------------------------


async def add_note(
    work: Work,
    text: str,
    **links: Unpack[Links],
) -> Note:
    """Keep a text on a record, verbatim."""
    demand(work, "activity", Action.ADD)
    about = await _checked(work, links)
    return await work.create(
        Note,
        NoteAdded,
        text=text,
        owner_id=work.actor.id,
        **about,
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
    **links: Unpack[Links],
) -> File:
    """Attach a file that the messenger keeps."""
    demand(work, "activity", Action.ADD)
    about = await _checked(work, links)
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
        **about,
    )


async def change_file(work: Work, file_id: int, caption: str) -> File:
    """Correct a file's caption."""
    file = await load(work, File, file_id, Action.CHANGE)
    return await work.change(file, FileChanged, caption=caption)
