from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.worktime import (
    NoWorkingTimeError,
    Schedule,
    WorkingHoursError,
    country_holidays,
    read_working_hours,
    show_working_hours,
    smart_due,
)
from botcrm.core.domain.zones import to_utc, to_wall

ZONE = "Europe/Warsaw"
OFFICE = Schedule(ZONE, read_working_hours("Mon-Fri 09:00-18:00"))
SPLIT = Schedule(
    "America/New_York",
    read_working_hours("Mon-Thu 9-13,14-18; Fri 9-16; Sat 22-6"),
    holidays=frozenset({date(2026, 3, 9), date(2026, 7, 3)}),
    leave=((datetime(2026, 3, 10, 15, tzinfo=UTC), datetime(2026, 3, 12, 17, tzinfo=UTC)),),
)
MOMENTS = st.datetimes(datetime(2026, 2, 20), datetime(2026, 4, 20)).map(lambda moment: moment.replace(tzinfo=UTC))
LENGTHS = st.integers(0, 60 * 60 * 80).map(lambda seconds: timedelta(seconds=seconds))
SCHEDULES = st.sampled_from([OFFICE, SPLIT])


def warsaw(text: str) -> datetime:
    return to_utc(datetime.fromisoformat(text), ZONE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mon-Fri 09:00-18:00", "Mon-Fri 09:00-18:00"),
        ("Mon-Thu 9-13,14-18; Fri 9-16", "Mon-Thu 09:00-13:00,14:00-18:00; Fri 09:00-16:00"),
        ("mon,wed, fri: 9.30–17", "Mon 09:30-17:00; Wed 09:30-17:00; Fri 09:30-17:00"),
        ("Mon-Fri 9-18, Saturday 10-14", "Mon-Fri 09:00-18:00; Sat 10:00-14:00"),
        ("Sun-Thu 8-16", "Mon-Thu 08:00-16:00; Sun 08:00-16:00"),
        ("daily 0-24", "Mon-Sun 00:00-24:00"),
        ("Mon-Fri 9-18\nSat off", "Mon-Fri 09:00-18:00"),
        ("Fri 22-6", "Fri 22:00-24:00; Sat 00:00-06:00"),
    ],
)
def test_working_hours(text: str, shown: str) -> None:
    week = read_working_hours(text)
    assert show_working_hours(week) == shown
    assert read_working_hours(shown) == week


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("whenever", "whenever"),
        ("Mon-Fri", "Mon-Fri"),
        ("Mon-Fri 9", "9"),
        ("Mon-Fry 9-18", "Mon-Fry"),
        ("T 9-18", "T"),
        ("Mon 9-25", "9-25"),
        ("Mon 9:75-18", "9:75-18"),
        ("Mon 9-9", "9-9"),
        ("Mon 9-14,13-18", "Mon"),
        ("Mon-Fri 9-18; Tue 8-10", "Tue 8-10"),
        ("Sat off", "Sat off"),
    ],
)
def test_wrong_working_hours_name_the_part(text: str, part: str) -> None:
    with pytest.raises(WorkingHoursError) as refused:
        read_working_hours(text)
    assert refused.value.part == part


@given(st.text(max_size=40))
def test_any_working_hours_are_read_or_refused(text: str) -> None:
    try:
        week = read_working_hours(text)
    except WorkingHoursError:
        return
    assert read_working_hours(show_working_hours(week)) == week


def test_working_or_not() -> None:
    assert OFFICE.is_working(warsaw("2026-11-18 09:00"))
    assert not OFFICE.is_working(warsaw("2026-11-18 18:00"))
    assert not OFFICE.is_working(warsaw("2026-11-21 12:00"))


def test_adding_goes_over_nights_and_weekends() -> None:
    assert OFFICE.add_working(warsaw("2026-11-20 17:00"), timedelta(hours=2)) == warsaw("2026-11-23 10:00")
    assert OFFICE.add_working(warsaw("2026-11-21 12:00"), timedelta(hours=2)) == warsaw("2026-11-23 11:00")
    assert OFFICE.add_working(warsaw("2026-11-20 17:00"), timedelta(hours=1)) == warsaw("2026-11-20 18:00")


def test_adding_skips_breaks_holidays_and_leave() -> None:
    start = to_utc(datetime(2026, 3, 6, 15, 30), "America/New_York")  # Friday, the clock changes on Sunday
    # 30 min Friday, 7 h Saturday night over the change, Monday off, Tuesday from 9 until leave at 11.
    assert SPLIT.add_working(start, timedelta(hours=8, minutes=30)) == to_utc(datetime(2026, 3, 10, 10), SPLIT.zone)
    # From 11:00 on Tuesday to 13:00 on Thursday (17:00 UTC) there is leave, then the lunch break.
    assert SPLIT.add_working(start, timedelta(hours=10, minutes=30)) == to_utc(datetime(2026, 3, 12, 15), SPLIT.zone)


def test_next_working_moment() -> None:
    assert OFFICE.next_working_moment(warsaw("2026-11-20 19:00")) == warsaw("2026-11-23 09:00")
    assert OFFICE.next_working_moment(warsaw("2026-11-20 12:34")) == warsaw("2026-11-20 12:34")


def test_working_time_between() -> None:
    assert OFFICE.working_between(warsaw("2026-11-20 17:00"), warsaw("2026-11-23 10:00")) == timedelta(hours=2)
    assert OFFICE.working_between(warsaw("2026-11-23 10:00"), warsaw("2026-11-20 17:00")) == timedelta(hours=-2)


def test_a_shift_over_a_clock_change_has_the_time_that_passes() -> None:
    nights = Schedule(ZONE, read_working_hours("daily 0-6"))
    assert nights.working_between(warsaw("2026-03-29 00:00"), warsaw("2026-03-29 12:00")) == timedelta(hours=5)
    assert nights.working_between(warsaw("2026-10-25 00:00"), warsaw("2026-10-25 12:00")) == timedelta(hours=7)


def test_business_days_keep_the_wall_time() -> None:
    assert OFFICE.add_business_days(warsaw("2026-10-23 15:00"), 1) == warsaw("2026-10-26 15:00")
    assert OFFICE.add_business_days(warsaw("2026-10-24 15:00"), 1) == warsaw("2026-10-26 15:00")
    assert OFFICE.add_business_days(warsaw("2026-10-24 15:00"), 0) == warsaw("2026-10-26 15:00")
    assert OFFICE.add_business_days(warsaw("2026-10-23 15:00"), 0) == warsaw("2026-10-23 15:00")


def test_smart_activity_made_at_1550_is_due_at_1500() -> None:
    assert smart_due(warsaw("2026-11-20 15:50"), OFFICE) == warsaw("2026-11-25 15:00")


def test_holidays_may_be_a_function() -> None:
    off: Callable[[date], bool] = lambda day: day == date(2026, 11, 23)  # noqa: E731
    schedule = Schedule(ZONE, OFFICE.week, holidays=off)
    assert schedule.next_working_moment(warsaw("2026-11-21 12:00")) == warsaw("2026-11-24 09:00")


def test_country_holidays() -> None:
    assert date(2026, 11, 11) in country_holidays("PL", [2026])
    assert date(2026, 5, 6) in country_holidays("jp", [2026])
    with pytest.raises(ValueError, match="XX"):
        country_holidays("XX", [2026])


def test_schedules_that_never_work_are_refused() -> None:
    with pytest.raises(NoWorkingTimeError):
        Schedule(ZONE, {})
    with pytest.raises(NoWorkingTimeError):
        Schedule(ZONE, {0: ()})
    never = Schedule(ZONE, OFFICE.week, holidays=lambda day: True)
    with pytest.raises(NoWorkingTimeError):
        never.next_working_moment(warsaw("2026-11-18 12:00"))
    with pytest.raises(NoWorkingTimeError):
        never.add_business_days(warsaw("2026-11-18 12:00"), 1)


@pytest.mark.parametrize(
    ("zone", "week"),
    [
        ("Mars/Base", {0: ((time(9), time(18)),)}),
        (ZONE, {7: ((time(9), time(18)),)}),
        (ZONE, {0: ((time(18), time(9)),)}),
        (ZONE, {0: ((time(9), time(9)),)}),
        (ZONE, {0: ((time(9), time(14)), (time(13), time(18)))}),
    ],
)
def test_wrong_schedules_are_refused(zone: str, week: dict[int, tuple[tuple[time, time], ...]]) -> None:
    with pytest.raises(ValueError, match=r"unknown|weekday|shift"):
        Schedule(zone, week)


def test_nothing_is_counted_backwards() -> None:
    with pytest.raises(ValueError, match="taken away"):
        OFFICE.add_working(warsaw("2026-11-18 12:00"), timedelta(hours=-1))
    with pytest.raises(ValueError, match="ahead"):
        OFFICE.add_business_days(warsaw("2026-11-18 12:00"), -1)


@given(MOMENTS, LENGTHS, LENGTHS, SCHEDULES)
def test_lengths_add_up(moment: datetime, a: timedelta, b: timedelta, schedule: Schedule) -> None:
    assert schedule.add_working(moment, a + b) == schedule.add_working(schedule.add_working(moment, a), b)


@given(MOMENTS, LENGTHS, SCHEDULES)
def test_what_is_added_is_what_lies_between(moment: datetime, length: timedelta, schedule: Schedule) -> None:
    assert schedule.working_between(moment, schedule.add_working(moment, length)) == length


@given(MOMENTS, st.integers(1, 20), SCHEDULES)
def test_business_days_are_working_days(moment: datetime, days: int, schedule: Schedule) -> None:
    then = to_wall(schedule.add_business_days(moment, days), schedule.zone)
    assert schedule.is_working_day(then.date())
    passed = (then.date() - to_wall(moment, schedule.zone).date()).days
    first = to_wall(moment, schedule.zone).date()
    working = sum(schedule.is_working_day(first + timedelta(days=i)) for i in range(1, passed + 1))
    assert working == days
