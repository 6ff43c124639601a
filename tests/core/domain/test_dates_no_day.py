"""Dates that do not exist, and two days side by side: asked, never guessed."""

from datetime import datetime

import pytest

from botcrm.core.domain.dates import WhenFound, WhenUnclear, find_when, read_when
from botcrm.core.domain.recurrence_reader import read_repeat

NOW = datetime(2026, 11, 24, 12)  # a Tuesday


@pytest.mark.parametrize(
    "phrase",
    [
        *("2026-02-30 9:00", "2026-13-01", "31.2. 9:00", "31.2.", "31.02", "31.2.26", "31.04.2027", "13.13.2026 9:00"),
        *(
            "31 feb 9:00",
            "feb 31 9:00",
            "30 feb",
            "31/2 9:00",
            "2/31/2026",
            "9:00 31.2.",
            "31 февраля 9:00",
            "2月31日9時",
        ),
    ],
)
def test_a_date_that_does_not_exist_is_no_time_of_day(phrase: str) -> None:
    for text, read in ((f"{phrase} x", read_when), (f"call {phrase}", find_when)):
        when = read(text, NOW)
        assert isinstance(when, WhenUnclear)
        assert (when.phrase.strip(), when.options) == (phrase, ())


@pytest.mark.parametrize("text", ["31/2", "31.2", "2.5 tons", "12.60 x", "99 may 9:00"])
def test_what_only_looks_a_little_like_one_is_none(text: str) -> None:
    assert read_when(text, NOW) is None


@pytest.mark.parametrize(
    ("phrase", "times"),
    [
        ("mon tue 9:00", ["11-30 09:00", "12-01 09:00"]),
        ("mon, tue 9:00", ["11-30 09:00", "12-01 09:00"]),
        ("tue or wed 10:00", ["11-25 10:00", "12-01 10:00"]),
        ("fri 28 nov 10:00", ["11-27 10:00", "11-28 10:00"]),
        ("tomorrow fri 9:00", ["11-25 09:00", "11-27 09:00"]),
        ("fri 31.2. 10:00", []),
    ],
)
def test_two_days_that_differ_are_asked(phrase: str, times: list[str]) -> None:
    when = read_when(f"{phrase} visit", NOW)
    assert isinstance(when, WhenUnclear)
    assert (when.phrase, when.rest) == (phrase, " visit")
    assert [f"{option.at:%m-%d %H:%M}" for option in when.options] == times


@pytest.mark.parametrize(
    ("text", "at", "rest"),
    [
        ("fri 27 nov 10:00", "2026-11-27 10:00", ""),
        ("Fri 4 dec 10:00 x", "2026-12-04 10:00", " x"),
        ("tomorrow wed 10:00", "2026-11-25 10:00", ""),
        ("today Friday report", "2026-11-24 09:00", " Friday report"),
        ("mon next tue 9:00 call", "2026-11-30 09:00", " next tue 9:00 call"),
        ("wed 9:00 fri 10:00", "2026-11-25 09:00", " fri 10:00"),
    ],
)
def test_a_weekday_and_its_date_are_one_day(text: str, at: str, rest: str) -> None:
    when = read_when(text, NOW)
    assert isinstance(when, WhenFound)
    assert (f"{when.at:%Y-%m-%d %H:%M}", when.rest) == (at, rest)


def test_nothing_repeats_from_a_day_that_does_not_exist() -> None:
    assert read_repeat("every month 31.2. 9:00", NOW) is None
    assert read_repeat("every year 31 feb 9:00", NOW) is None
    several = read_repeat("every mon wed 9:00", NOW)
    assert several is not None
    assert several.rule == "FREQ=WEEKLY;BYDAY=MO,WE"
