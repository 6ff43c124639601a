"""Calendar files as RFC 5545 has them."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from botcrm.core.domain.recurrence import parts_of
from botcrm.core.domain.zones import zone_info
from botcrm.core.services.calendars import CalendarEntry

# Nobody says how long a call will take; a calendar wants a length.
_LENGTH = timedelta(minutes=30)
_YEARS_AHEAD = 5
_REFRESH = timedelta(hours=1)
TYPE = "text/calendar; charset=utf-8"


def calendar_file(entries: Iterable[CalendarEntry], label: Callable[[str], str], name: str = "") -> bytes:
    """Write activities as a calendar file; the same activities give the same bytes.

    :param label: translates the label of a kind of activity for the reader
    :param name: what a calendar that is read again and again is called; a file of one activity has none
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//botcrm//EN")
    calendar.add("version", "2.0")
    if name:
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT1H")
    entries = list(entries)
    for entry in entries:
        calendar.add_component(_event(entry, label(entry.label)))
    years = [entry.activity.due_at.year for entry in entries if entry.activity.due_at]
    if years:
        # A zone's every change since 1970 would be most of the file.
        calendar.add_missing_timezones(date(min(years) - 1, 1, 1), date(max(years) + _YEARS_AHEAD, 1, 1))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry, label: str) -> Any:
    from icalendar import Event

    activity = entry.activity
    assert activity.due_at is not None
    event = Event()
    event.add("uid", f"activity-{activity.id}@botcrm")
    event.add("dtstamp", activity.updated_at.astimezone(UTC))
    event.add("last-modified", activity.updated_at.astimezone(UTC))
    event.add("sequence", activity.version)
    event.add("summary", " — ".join(filter(None, (activity.title[:200] or label, entry.about))))
    told = [label if activity.title else "", activity.title if len(activity.title) > 200 else "", *entry.lines]
    event.add("description", "\n".join(filter(None, told)))
    _times(event, entry)
    for minutes in entry.before:
        event.add_component(_alarm(activity.title or label, minutes))
    return event


def _times(event: Any, entry: CalendarEntry) -> None:
    """Say when: what comes again by the wall clock of its zone, so that it stays at nine in summer and winter."""
    activity = entry.activity
    assert activity.due_at is not None
    wall = datetime.fromisoformat(activity.due_wall or activity.due_at.replace(tzinfo=None).isoformat())
    zone = zone_info(activity.due_zone or "UTC")
    if not activity.has_time:
        event.add("dtstart", wall.date())
        event.add("dtend", wall.date() + timedelta(days=1))
        slots: list[object] = [slot.date() for slot in entry.slots]
    elif entry.rule or entry.slots:
        event.add("dtstart", wall.replace(tzinfo=zone))
        event.add("dtend", wall.replace(tzinfo=zone) + _LENGTH)
        slots = [slot.replace(tzinfo=zone) for slot in entry.slots]
    else:
        event.add("dtstart", activity.due_at.astimezone(UTC))
        event.add("dtend", activity.due_at.astimezone(UTC) + _LENGTH)
        slots = []
    if entry.rule:
        event.add("rrule", {name: value.split(",") for name, value in parts_of(entry.rule).items()})
    if slots:
        event.add("rdate", slots)


def _alarm(text: str, minutes: int) -> Any:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", text[:200])
    alarm.add("trigger", timedelta(minutes=-minutes))
    return alarm
