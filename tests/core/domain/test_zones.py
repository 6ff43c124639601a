from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.zones import UnknownZone, start_of_day, to_utc, to_wall, valid_zone

ZONES = ["UTC", "Europe/Warsaw", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "America/Sao_Paulo"]


def test_wall_time_to_utc_and_back() -> None:
    moment = to_utc(datetime(2026, 7, 1, 15, 0), "Europe/Warsaw")
    assert moment == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    assert to_wall(moment, "Asia/Tokyo") == datetime(2026, 7, 1, 22, 0)


def test_skipped_hour_is_the_first_valid_minute_after() -> None:
    assert to_utc(datetime(2026, 3, 29, 2, 30), "Europe/Warsaw") == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert to_wall(to_utc(datetime(2026, 3, 29, 2, 0), "Europe/Warsaw"), "Europe/Warsaw") == datetime(2026, 3, 29, 3)
    # Lord Howe jumps by half an hour.
    assert to_utc(datetime(2026, 10, 4, 2, 10), "Australia/Lord_Howe") == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)


def test_repeated_hour_is_the_first_pass() -> None:
    assert to_utc(datetime(2026, 10, 25, 2, 30), "Europe/Warsaw") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_utc(datetime(2026, 10, 25, 2, 30, fold=1), "Europe/Warsaw") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_day_that_starts_in_a_gap_starts_after_it() -> None:
    start = start_of_day(date(2018, 11, 4), "America/Sao_Paulo")
    assert to_wall(start, "America/Sao_Paulo") == datetime(2018, 11, 4, 1, 0)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "Europe", "/etc", "Europe/Warsaw\x00"])
def test_unknown_zones(zone: str) -> None:
    assert not valid_zone(zone)
    with pytest.raises(UnknownZone):
        to_wall(datetime(2026, 1, 1, tzinfo=UTC), zone)


def test_naive_and_aware_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_utc(datetime(2026, 1, 1, tzinfo=UTC), "UTC")
    with pytest.raises(ValueError, match="aware"):
        to_wall(datetime(2026, 1, 1), "UTC")


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)), st.sampled_from(ZONES))
def test_a_wall_time_comes_back_or_moves_on(wall: datetime, zone: str) -> None:
    back = to_wall(to_utc(wall, zone), zone)
    assert back >= wall.replace(fold=0)
    assert (back - wall.replace(fold=0)).total_seconds() <= 3600
