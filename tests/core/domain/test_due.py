from datetime import UTC, datetime, timedelta

import pytest

from botcrm.core.domain.due import column_of, day_bounds
from botcrm.core.domain.zones import to_utc

ZONE = "Europe/Warsaw"
NOW = to_utc(datetime(2026, 11, 18, 10, 0), ZONE)  # a Wednesday


@pytest.mark.parametrize(
    ("wall", "column"),
    [
        ("2026-11-17 23:59", "overdue"),
        ("2026-11-18 09:59", "overdue"),
        ("2026-11-18 10:00", "today"),
        ("2026-11-18 23:59", "today"),
        ("2026-11-19 00:00", "this_week"),
        ("2026-11-22 23:59", "this_week"),
        ("2026-11-23 00:00", "next_week"),
        ("2026-11-29 23:59", "next_week"),
        ("2026-11-30 00:00", "later"),
    ],
)
def test_columns(wall: str, column: str) -> None:
    due = to_utc(datetime.fromisoformat(wall), ZONE)
    assert column_of(due, NOW, day_bounds(NOW, ZONE)) == column


def test_without_a_time_it_is_overdue_when_the_day_is_over() -> None:
    bounds = day_bounds(NOW, ZONE)
    assert column_of(NOW - timedelta(hours=1), NOW, bounds, has_time=False) == "today"
    assert column_of(bounds.today_start - timedelta(seconds=1), NOW, bounds, has_time=False) == "overdue"
    assert column_of(None, NOW, bounds) == "none"


def test_the_day_is_the_persons_own() -> None:
    bounds = day_bounds(datetime(2026, 11, 18, 23, 30, tzinfo=UTC), "Asia/Tokyo")
    assert bounds.today_start == datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def test_a_week_can_start_on_sunday_and_ends_today_on_its_last_day() -> None:
    sunday = to_utc(datetime(2026, 11, 22, 12, 0), ZONE)
    assert day_bounds(sunday, ZONE).week_end == day_bounds(sunday, ZONE).today_end
    assert day_bounds(sunday, ZONE, week_start=6).week_end == to_utc(datetime(2026, 11, 29), ZONE)


def test_a_day_of_a_clock_change_has_its_own_length() -> None:
    bounds = day_bounds(to_utc(datetime(2026, 3, 29, 12, 0), ZONE), ZONE)
    assert bounds.today_end - bounds.today_start == timedelta(hours=23)
