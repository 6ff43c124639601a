"""Own holidays, leave, and the working time that is left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.days_off import joined_spans, read_days_off, read_leave, read_spans, show_spans, without_spans
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.preferences import Preferences, read_preference
from botcrm.core.domain.schedules import business_days_since, in_hours, schedule_of
from botcrm.core.domain.worktime import smart_due
from botcrm.core.domain.zones import to_utc

ZONE = "Europe/Warsaw"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SPLIT = Preferences(zone=ZONE, working_hours="Mon-Fri 9-13,14-18")
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
SPANS = st.lists(st.tuples(DAYS, st.integers(0, 20)).map(lambda one: (one[0], one[0] + timedelta(days=one[1]))))


def warsaw(text: str) -> datetime:
    return to_utc(datetime.fromisoformat(text), ZONE)


def test_days_off_come_each_year_or_once() -> None:
    days = read_days_off("24.12, 27.12-2.1; 2.5.2026, 2026-08-03..2026-08-05")
    for off in ("2026-12-24", "2031-12-24", "2026-12-30", "2027-01-02", "2026-05-02", "2026-08-04"):
        assert date.fromisoformat(off) in days, off
    for at_work in ("2026-12-23", "2026-12-26", "2027-01-03", "2027-05-02", "2027-08-04", "2026-08-06"):
        assert date.fromisoformat(at_work) not in days, at_work


@pytest.mark.parametrize("text", ["soon", "32.1", "5.2026", "7.12-1.12.2026", "1.1-31.12", "1.1.2026-1.1.2029"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_days_off(text)
    with pytest.raises(InvalidValue):
        read_preference("days_off", text)


def test_leave_without_a_year_is_the_next_one() -> None:
    today = date(2026, 11, 24)
    assert read_leave("1.12-7.12", today) == ((date(2026, 12, 1), date(2026, 12, 7)),)
    assert read_leave("20.11-30.11", today) == ((date(2026, 11, 20), date(2026, 11, 30)),), "it has begun"
    assert read_leave("1.3", today) == ((date(2027, 3, 1), date(2027, 3, 1)),)
    assert read_leave("27.12-3.1", today) == ((date(2026, 12, 27), date(2027, 1, 3)),)
    assert read_leave("29.2", today) == ((date(2027, 2, 28), date(2027, 2, 28)),)


@given(SPANS, DAYS, st.integers(0, 20))
def test_leave_is_put_together_and_taken_out_day_by_day(spans: list[tuple[date, date]], first: date, more: int) -> None:
    def days(some: tuple[tuple[date, date], ...] | list[tuple[date, date]]) -> set[date]:
        return {start + timedelta(days=n) for start, end in some for n in range((end - start).days + 1)}

    joined = joined_spans(spans)
    assert days(joined) == days(spans)
    assert read_spans(show_spans(joined)) == joined
    last = first + timedelta(days=more)
    assert days(without_spans(joined, first, last)) == days(joined) - days([(first, last)])


def test_suggestions_leave_out_own_holidays_and_leave() -> None:
    def due(prefs: Preferences) -> datetime:
        return smart_due(NOW, schedule_of(prefs, NOW))

    assert due(SPLIT) == warsaw("2026-11-27 10:00")
    company = Preferences(zone=ZONE, days_off="26.11")
    assert due(company) == warsaw("2026-11-30 10:00")
    away = Preferences(zone=ZONE, days_off="26.11", leave="2026-11-25..2026-12-04")
    assert due(away) == warsaw("2026-12-09 10:00")
    polish = Preferences(zone=ZONE, holidays="PL")
    assert smart_due(warsaw("2026-11-09 10:00"), schedule_of(polish, NOW)) == warsaw("2026-11-13 10:00"), "11 November"


def test_a_time_in_a_break_or_after_work_moves_into_a_shift_of_that_day() -> None:
    week = schedule_of(SPLIT, NOW)
    for at, then in (
        ("13:00", "14:00"),
        ("12:59", "12:59"),
        ("22:00", "17:00"),
        ("18:00", "17:00"),
        ("05:00", "09:00"),
    ):
        assert in_hours(week, warsaw(f"2026-11-27 {at}")) == warsaw(f"2026-11-27 {then}")
    assert in_hours(week, warsaw("2026-11-28 11:00")) == warsaw("2026-11-28 11:00"), "a day off stays"


def test_business_days_since() -> None:
    week = schedule_of(SPLIT, NOW)
    assert business_days_since(week, warsaw("2026-11-24 08:00"), NOW) == 0
    assert business_days_since(week, warsaw("2026-11-20 23:00"), NOW) == 2, "over a weekend"
    assert business_days_since(week, warsaw("2026-11-14 12:00"), NOW) == 7
    assert business_days_since(week, warsaw("2020-11-14 12:00"), NOW) == 100


def test_settings_are_read_as_they_are_kept() -> None:
    assert read_preference("leave", "2026-12-01..2026-12-07") == "2026-12-01..2026-12-07"
    assert read_preference("leave", "off") == read_preference("days_off", "none") == ""
    assert read_preference("holidays", "de-by") == "DE-BY"
    assert read_preference("holidays", "off") == ""
    with pytest.raises(InvalidValue):
        read_preference("holidays", "ZZ")
