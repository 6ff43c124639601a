"""English date phrases, seen from Wednesday 4 March 2026, 10:00:30."""

from datetime import UTC, datetime, time, timedelta

import pytest

from botcrm.core.domain.dates import WhenFound, WhenUnclear, find_when, moment_of, read_when

NOW = datetime(2026, 3, 4, 10, 0, 30)

TIMED = {
    "today 15:00": "03-04 15:00",
    "today at 7": "03-04 19:00",
    "tonight": "03-04 18:00",
    "tonight at 7": "03-04 19:00",
    "tmrw 9": "03-05 09:00",
    "day after tomorrow 10am": "03-06 10:00",
    "fri 9": "03-06 09:00",
    "fri 10:00": "03-06 10:00",
    "Fri, 10:00": "03-06 10:00",
    "fri @ 10": "03-06 10:00",
    "fri 3": "03-06 15:00",
    "fri 9.05": "03-06 09:05",
    "15:00": "03-04 15:00",
    "3pm": "03-04 15:00",
    "3 p.m.": "03-04 15:00",
    "3:30pm": "03-04 15:30",
    "15.30": "03-04 15:30",
    "at 3": "03-04 15:00",
    "at 9": "03-05 09:00",
    "9:00": "03-05 09:00",
    "9am": "03-05 09:00",
    "7:00": "03-05 07:00",
    "noon": "03-04 12:00",
    "noon tomorrow": "03-05 12:00",
    "midnight": "03-05 00:00",
    "12am": "03-05 00:00",
    "12pm": "03-04 12:00",
    "fri 24:00": "03-07 00:00",
    "half past 3": "03-04 15:30",
    "quarter to 4": "03-04 15:45",
    "quarter past 11": "03-04 11:15",
    "eod": "03-04 18:00",
    "eow": "03-06 18:00",
    "tomorrow morning": "03-05 09:00",
    "tomorrow morning at 7": "03-05 07:00",
    "fri afternoon": "03-06 14:00",
    "fri afternoon 3": "03-06 15:00",
    "fri evening": "03-06 18:00",
    "in the morning": "03-05 09:00",
    "15:00 tomorrow": "03-05 15:00",
    "9am on friday": "03-06 09:00",
    "at 5 fri": "03-06 17:00",
    "tomorrow 15h30": "03-05 15:30",
    "tomorrow at noon": "03-05 12:00",
    "on monday at 3pm": "03-09 15:00",
    "in 3 days at 15:00": "03-07 15:00",
    "2026-11-24T15:00": "11-24 15:00",
    "2026-11-24 15:00": "11-24 15:00",
    "24 nov 15:00": "11-24 15:00",
    "24.11. 9:00": "11-24 09:00",
    "9 o'clock": "03-05 09:00",
    "next week fri 10:00": "03-13 10:00",
}
DAYS = {
    "today": "2026-03-04",
    "tomorrow": "2026-03-05",
    "fri": "2026-03-06",
    "fri.": "2026-03-06",
    "by friday": "2026-03-06",
    "this fri": "2026-03-06",
    "next fri": "2026-03-06",
    "wed": "2026-03-11",
    "friday next week": "2026-03-13",
    "in 3 days": "2026-03-07",
    "in a week": "2026-03-11",
    "in 2 weeks": "2026-03-18",
    "in two weeks": "2026-03-18",
    "in a couple of days": "2026-03-06",
    "in a month": "2026-04-04",
    "in 1 month": "2026-04-04",
    "2 weeks from now": "2026-03-18",
    "eom": "2026-03-31",
    "end of the month": "2026-03-31",
    "end of next month": "2026-04-30",
    "beginning of next month": "2026-04-01",
    "next week": "2026-03-09",
    "next month": "2026-04-01",
    "weekend": "2026-03-07",
    "24 nov": "2026-11-24",
    "nov 24": "2026-11-24",
    "Nov. 24th, 2027": "2027-11-24",
    "24 november 2026": "2026-11-24",
    "24th of november": "2026-11-24",
    "2026-11-24": "2026-11-24",
    "24.11": "2026-11-24",
    "15.12": "2026-12-15",
    "24.11.2026": "2026-11-24",
    "24.11.26": "2026-11-24",
    "24/11": "2026-11-24",
    "11/24": "2026-11-24",
    "5/5": "2026-05-05",
    "3 mar": "2027-03-03",
    "4 mar": "2026-03-04",
    "29 feb": "2028-02-29",
    "24th": "2026-03-24",
    "on the 5th": "2026-03-05",
    "the 1st": "2026-04-01",
}
UNCLEAR = {
    "5/6": ["05-06 09:00", "06-05 09:00"],
    "next thu": ["03-05 09:00", "03-12 09:00"],
    "this wed": ["03-04 09:00", "03-11 09:00"],
    "at 7": ["03-04 19:00", "03-05 07:00"],
    "at 8": ["03-04 20:00", "03-05 08:00"],
    "tomorrow 7": ["03-05 07:00", "03-05 19:00"],
    "3:30": ["03-04 15:30", "03-05 03:30"],
    "9.10": ["03-05 09:10", "10-09 09:00"],
    "fri midnight": ["03-06 00:00", "03-07 00:00"],
    "today 9:00": ["03-05 09:00"],
    "this morning": ["03-05 09:00"],
    "yesterday": [],
    "yesterday 15:00": [],
    "2020-01-01": [],
    "3 days ago": [],
}
NOTHING = [
    *("", " ", "9", "12k", "5 windows", "may I call", "friday's", "mon-fri", "2.5 tons", "24/7 support", "in 5"),
    *("at", "next", "in", "the", "25:00", "32nd", "a day off", "an hour", "week", "9-17", "1234", "in may"),
    *("monday2", '3/4" pipes', "13:60", "on time", "1.2.3", "99999999999999999999", "in 99999999 days", "1h30", "15m"),
]


@pytest.mark.parametrize(("phrase", "at"), TIMED.items())
def test_times(phrase: str, at: str) -> None:
    when = read_when(f"{phrase} site visit", NOW)
    assert isinstance(when, WhenFound)
    assert (f"{when.at:%m-%d %H:%M}", when.has_time) == (at, True)
    assert (when.phrase, when.rest) == (phrase, " site visit")


@pytest.mark.parametrize(("phrase", "day"), DAYS.items())
def test_days(phrase: str, day: str) -> None:
    when = read_when(phrase, NOW, day_start=time(8, 30))
    assert isinstance(when, WhenFound)
    assert (when.at, when.has_time, when.rest) == (datetime.fromisoformat(f"{day} 08:30"), False, "")


@pytest.mark.parametrize(("phrase", "options"), UNCLEAR.items())
def test_what_is_unclear_is_asked(phrase: str, options: list[str]) -> None:
    when = read_when(f"{phrase}, call", NOW)
    assert isinstance(when, WhenUnclear)
    assert [f"{option.at:%m-%d %H:%M}" for option in when.options] == options
    assert (when.phrase, when.rest) == (phrase, ", call")


@pytest.mark.parametrize("text", NOTHING)
def test_no_dates(text: str) -> None:
    assert read_when(text, NOW) is None


@pytest.mark.parametrize(
    ("phrase", "minutes"),
    [("in 2h", 120), ("in 1m", 1), ("in 30 min", 30), ("in 1h30", 90), ("in an hour", 60), ("in half an hour", 30)],
)
def test_lengths_from_now_are_exact(phrase: str, minutes: int) -> None:
    when = read_when(f"{phrase} send offer", NOW)
    assert isinstance(when, WhenFound)
    assert when.delta == timedelta(minutes=minutes)
    assert (when.at, when.has_time, when.rest) == (NOW + timedelta(minutes=minutes), True, " send offer")


@pytest.mark.parametrize(
    ("phrase", "at"),
    [
        ("yesterday 15:00", "03-03 15:00"),
        ("yesterday", "03-03 09:00"),
        ("3 days ago", "03-01 09:00"),
        ("2h ago", "03-04 08:00"),
        ("20 feb", "02-20 09:00"),
        ("last fri", "02-27 09:00"),
        ("today 9:00", "03-04 09:00"),
        ("tomorrow 9:00", "03-05 09:00"),
    ],
)
def test_past_dates_when_asked_for(phrase: str, at: str) -> None:
    when = read_when(phrase, NOW, allow_past=True)
    assert isinstance(when, WhenFound)
    assert f"{when.at:%m-%d %H:%M}" == at


@pytest.mark.parametrize(
    ("text", "rest", "at"),
    [
        ("send offer tomorrow 15:00", "send offer ", "03-05 15:00"),
        ("send offer at 9.", "send offer ", "03-05 09:00"),
        ("order scaffold by friday", "order scaffold ", "03-06 09:00"),
        ("buy 24 nov", "buy ", "11-24 09:00"),
        ("fri 9", "", "03-06 09:00"),
    ],
)
def test_dates_at_the_end(text: str, rest: str, at: str) -> None:
    when = find_when(text, NOW)
    assert isinstance(when, WhenFound)
    assert (when.rest, f"{when.at:%m-%d %H:%M}") == (rest, at)
    assert when.rest + when.phrase == text


@pytest.mark.parametrize("text", ["invoice 4512", "may I call you", "fri is fine", "", "24 nov was fine"])
def test_no_dates_at_the_end(text: str) -> None:
    assert find_when(text, NOW) is None


def test_a_length_from_now_is_right_over_a_clock_change() -> None:
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 1:30 in Warsaw, half an hour before the change
    found = read_when("in 2h", datetime(2026, 3, 29, 1, 30))
    assert isinstance(found, WhenFound)
    assert moment_of(found, now, "Europe/Warsaw") == now + timedelta(hours=2)
    clock = read_when("fri 10:00", datetime(2026, 3, 29, 1, 30))
    assert isinstance(clock, WhenFound)
    assert moment_of(clock, now, "Europe/Warsaw") == datetime(2026, 4, 3, 8, 0, tzinfo=UTC)


def test_tonight_after_six_is_asked() -> None:
    when = read_when("tonight", datetime(2026, 3, 4, 20, 10))
    assert isinstance(when, WhenUnclear)
    assert [option.at for option in when.options] == [datetime(2026, 3, 4, 21, 0)]
