"""Rules of what comes again: what is read, when the next time is, and that no clock change skips or doubles one."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.dates import WhenFound, WhenUnclear
from botcrm.core.domain.recurrence import PRESETS, WrongRule, next_wall, preset_of, preset_rule, read_rule
from botcrm.core.domain.recurrence_reader import read_repeat
from botcrm.core.domain.reminding import read_quiet, tellings
from botcrm.core.domain.zones import to_utc, to_wall

NOW = datetime(2026, 11, 24, 10)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "rule", "first", "rest"),
    [
        ("every mon 9:00 call in", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30 09:00", " call in"),
        ("every mon and thu 9 call", "FREQ=WEEKLY;BYDAY=MO,TH", "2026-11-26 09:00", " call"),
        ("every tues, thurs 14:00 gym", "FREQ=WEEKLY;BYDAY=TU,TH", "2026-11-24 14:00", " gym"),
        ("every day 9 call Bob", "FREQ=DAILY", "2026-11-25 09:00", " call Bob"),
        ("every 3 days 9:00", "FREQ=DAILY;INTERVAL=3", "2026-11-25 09:00", ""),
        ("every working day 8:30 x", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-11-25 08:30", " x"),
        ("every weekday at 9", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-11-25 09:00", ""),
        ("every other monday 10:00 x", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-11-30 10:00", " x"),
        ("every 2 weeks on mon 9:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-11-30 09:00", ""),
        ("every week tomorrow 9:00", "FREQ=WEEKLY;BYDAY=WE", "2026-11-25 09:00", ""),
        ("every month on the 15th 10:00 pay", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15 10:00", " pay"),
        ("every month 1 dec 9:00 rent", "FREQ=MONTHLY;BYMONTHDAY=1", "2026-12-01 09:00", " rent"),
        ("every 15th 10:00", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15 10:00", ""),
        ("every first working day 9:00 report", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-12-01 09:00", " report"),
        ("every last friday of the month 16:00", "FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27 16:00", ""),
        ("every year 15 dec 9:00", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=15", "2026-12-15 09:00", ""),
        ("daily 9:00 standup", "FREQ=DAILY", "2026-11-25 09:00", " standup"),
        ("каждый понедельник в 9 звонок", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30 09:00", " звонок"),
    ],
)  # fmt: skip
def test_phrases(text: str, rule: str, first: str, rest: str) -> None:
    found = read_repeat(text, NOW)
    assert found is not None
    assert isinstance(found.when, WhenFound)
    assert (found.rule, f"{found.when.at:%Y-%m-%d %H:%M}", found.when.rest) == (rule, first, rest)
    assert found.when.has_time
    assert read_rule(rule) == rule


def test_polish() -> None:
    found = read_repeat("co poniedziałek o 9 telefon", NOW, "pl")
    assert found is not None
    assert found.rule == "FREQ=WEEKLY;BYDAY=MO"
    assert isinstance(found.when, WhenFound)
    assert found.when.at == datetime(2026, 11, 30, 9)


@pytest.mark.parametrize(
    ("text", "rule", "first", "rest"),
    [
        ("毎週月曜9時に電話", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30 09:00", "電話"),
        ("毎週月曜日 9:00 電話", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30 09:00", " 電話"),
        ("毎週月曜と木曜の午後3時に訪問", "FREQ=WEEKLY;BYDAY=MO,TH", "2026-11-26 15:00", "訪問"),
        ("毎週月水金10時半 会議", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-11-25 10:30", " 会議"),
        ("隔週金曜16時 報告", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "2026-11-27 16:00", " 報告"),
        ("2週間ごとの月曜9時に電話", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-11-30 09:00", "電話"),
        ("毎日9時に確認", "FREQ=DAILY", "2026-11-25 09:00", "確認"),
        ("毎朝8時 確認", "FREQ=DAILY", "2026-11-25 08:00", " 確認"),
        ("毎晩8時 確認", "FREQ=DAILY", "2026-11-24 20:00", " 確認"),
        ("3日ごと9時", "FREQ=DAILY;INTERVAL=3", "2026-11-25 09:00", ""),
        ("毎営業日8時30分に朝礼", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-11-25 08:30", "朝礼"),
        ("毎月15日10時に支払い", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15 10:00", "支払い"),
        ("毎月第一営業日9時に報告", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "2026-12-01 09:00", "報告"),
        ("毎月最終営業日の17時に締め", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-30 17:00", "締め"),
        ("毎月第2火曜日 10:00 定例", "FREQ=MONTHLY;BYDAY=2TU", "2026-12-08 10:00", " 定例"),
        ("毎月末日17時", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-30 17:00", ""),
        ("毎年12月15日9時に挨拶", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=15", "2026-12-15 09:00", "挨拶"),
        ("毎週9時", "FREQ=WEEKLY;BYDAY=WE", "2026-11-25 09:00", ""),
    ],
)  # fmt: skip
def test_japanese(text: str, rule: str, first: str, rest: str) -> None:
    for language in ("ja", "en"):
        found = read_repeat(text, NOW, language)
        assert found is not None
        assert isinstance(found.when, WhenFound)
        assert (found.rule, f"{found.when.at:%Y-%m-%d %H:%M}", found.when.rest) == (rule, first, rest)
        assert read_rule(rule) == rule


def test_japanese_without_a_time() -> None:
    found = read_repeat("毎週月曜に電話", NOW, "ja")
    assert found is not None
    assert isinstance(found.when, WhenFound)
    assert (found.rule, found.when.has_time, found.when.rest) == ("FREQ=WEEKLY;BYDAY=MO", False, "電話")
    assert found.when.at.date() == date(2026, 11, 30)
    assert (found := read_repeat("毎週日本語の勉強", NOW, "ja")) is not None
    assert (found.rule, found.phrase) == ("FREQ=WEEKLY;BYDAY=TU", "毎週")


def test_without_a_time_it_is_the_day_today_too() -> None:
    found = read_repeat("every tue", NOW)
    assert found is not None
    assert isinstance(found.when, WhenFound)
    assert (found.when.at.date(), found.when.has_time) == (date(2026, 11, 24), False)


def test_an_hour_with_two_readings_is_asked() -> None:
    found = read_repeat("every mon at 6 call", NOW)
    assert found is not None
    assert isinstance(found.when, WhenUnclear)
    assert [option.at.hour for option in found.when.options] == [6, 18]


@pytest.mark.parametrize(
    "text",
    [
        "every client",
        "every hour",
        "weekly report",
        "Co mon 9",
        "every",
        "",
        "each of them",
        "毎度",
        "毎月32日",
        "毎年2月30日",
        "60日ごと",
    ],
)
def test_what_is_no_such_phrase(text: str) -> None:
    assert read_repeat(text, NOW) is None


@given(st.text(max_size=60), st.sampled_from(["en", "ru", "pl", "ja"]))
def test_any_text_is_read_or_not(text: str, language: str) -> None:
    for line in (text, f"every {text}", f"every mon {text}", f"co {text}", f"毎週{text}", f"毎月第{text}"):
        found = read_repeat(line, NOW, language)
        if found is not None:
            assert line.startswith(found.phrase)
            assert read_rule(found.rule) == found.rule


@pytest.mark.parametrize(
    "rule",
    ["", "x", "FREQ=HOURLY", "FREQ=DAILY;COUNT=3", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=0", "A" * 300],
)  # fmt: skip
def test_rules_that_are_none(rule: str) -> None:
    with pytest.raises(WrongRule):
        read_rule(rule)


@given(st.sampled_from(PRESETS), st.dates(date(2024, 1, 1), date(2035, 12, 31)), st.integers(0, 3000))
def test_presets_go_on_and_on(preset: str, day: date, later: int) -> None:
    rule = read_rule(preset_rule(preset, day))
    slot = datetime.combine(day, time(9))
    assert preset_of(rule, day) == preset
    after = slot + timedelta(days=later)
    found = next_wall(rule, slot, after)
    assert found is not None
    assert after < found <= after + timedelta(days=366)
    assert found.time() == slot.time()


def test_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    slot = datetime(2027, 1, 31, 9)
    days = []
    for _ in range(4):
        found = next_wall(preset_rule("every month", date(2027, 1, 31)), slot, slot)
        assert found
        slot = found
        days.append((slot.month, slot.day))
    assert days == [(2, 28), (3, 31), (4, 30), (5, 31)]


def test_every_second_week_counts_from_its_slot() -> None:
    rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"
    assert next_wall(rule, datetime(2026, 11, 30, 9), datetime(2026, 12, 9)) == datetime(2026, 12, 14, 9)


def test_working_days_are_the_companys() -> None:
    worked = {date(2027, 1, 5), date(2027, 1, 6), date(2027, 2, 3)}
    rule, slot = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", datetime(2026, 12, 1, 9)
    assert next_wall(rule, slot, slot, worked.__contains__) == datetime(2027, 1, 5, 9)
    assert next_wall(rule, slot, datetime(2027, 1, 5, 9), worked.__contains__) == datetime(2027, 2, 3, 9)
    assert next_wall(rule, slot, slot, lambda day: False) is None


# --- clock changes ------------------------------------------------------------------------------------------------------------

Change = tuple[datetime, datetime, datetime]


def changes(zone: str) -> list[Change]:
    """Return each change of a zone's clock, 2024 to 2035: its moment, and the wall time before and after it."""
    info = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(info).utcoffset()

    found, week = list[Change](), timedelta(days=7)
    early = datetime(2024, 1, 1, tzinfo=UTC)
    while early < datetime(2036, 1, 1, tzinfo=UTC):
        late = early + week
        if offset(early) != offset(late):
            low, high = early, late
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2 // timedelta(minutes=1) * timedelta(minutes=1)
                low, high = (middle, high) if offset(middle) == offset(early) else (low, middle)
            before, after = high + (offset(early) or timedelta()), high + (offset(late) or timedelta())
            found.append((high, before.replace(tzinfo=None), after.replace(tzinfo=None)))
        early = late
    return found


def clocks_around(change: Change) -> set[time]:
    """Return times of day on, in and around what a change skips or repeats, and some far from it."""
    first, last = sorted(change[1:])
    minute = timedelta(minutes=1)
    walls = (first - minute, first, first + minute, first + (last - first) / 2, last - minute, last, last + minute)
    return {wall.time() for wall in walls} | {time(), time(0, 30), time(9), time(23, 59)}


def test_no_clock_change_skips_or_doubles_a_reminder() -> None:
    """Every zone there is, each of its clock changes from 2024 to 2035: a daily activity comes once a day, and so do its reminders."""
    seen: set[tuple[Change, ...]] = set()
    checked = 0
    for zone in sorted(available_timezones()):
        found = changes(zone)
        # Zones whose clocks go alike are one.
        if not found or tuple(found) in seen:
            continue
        seen.add(tuple(found))
        for change in found:
            for clock in clocks_around(change):
                checked += 1
                _check_days(zone, min(change[1:]).date(), clock)
    assert len(seen) > 20
    assert checked > 5000


@functools.cache
def _five_days(day: date, clock: time) -> tuple[datetime, ...]:
    """Return the wall times of a daily activity around a day; no zone has a say in them."""
    meant = [datetime.combine(day - timedelta(days=2), clock)]
    for _ in range(4):
        found = next_wall("FREQ=DAILY", meant[-1], meant[-1])
        assert found is not None
        meant.append(found)
    assert [wall.date() - day for wall in meant] == [timedelta(days=n) for n in range(-2, 3)], day
    return tuple(meant)


def _check_days(zone: str, day: date, clock: time) -> None:
    meant = _five_days(day, clock)
    moments = [to_utc(wall, zone) for wall in meant]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert all(timedelta(hours=20) < gap < timedelta(hours=28) for gap in gaps), (zone, day, clock, gaps)
    # By the wall clock it is the time meant, or the first minute after the one that the clock jumps over.
    shifts = [to_wall(at, zone) - wall for at, wall in zip(moments, meant, strict=True)]
    assert all(timedelta() <= shift <= timedelta(hours=3) for shift in shifts), (zone, day, clock)
    assert sum(map(bool, shifts)) <= 1, (zone, day, clock)
    told: list[datetime] = []
    for moment in moments:
        each = tellings(moment, (15, 60), now=moments[0] - timedelta(days=1), zone=zone)
        assert [one.at for one in each] == [moment - timedelta(minutes=n) for n in (60, 15, 0)]
        told += [one.at for one in each]
    assert told == sorted(set(told)), "none comes twice, none before the one of the day before"


# --- quiet hours ----------------------------------------------------------------------------------------------------------------


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),
    st.integers(0, 60 * 24 * 10),
    st.lists(st.integers(1, 3000), max_size=5),
    st.sampled_from(["22:00-07:00", "23:30-06:15", "12:00-13:00", "0:00-5:00", ""]),
    st.sampled_from(["Europe/Warsaw", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "America/Santiago"]),
)
def test_quiet_hours_are_kept_and_nothing_is_lost(
    now: datetime, minutes: int, before: list[int], hours: str, zone: str
) -> None:
    due, quiet = now + timedelta(minutes=minutes + 1), read_quiet(hours)
    told = tellings(due, before, now=now, zone=zone, quiet=quiet)
    moments = [one.at for one in told]
    assert moments == sorted(set(moments)), "in order, no two at once"
    assert all(moment > now for moment in moments[:-1])
    assert all(moment <= due for moment in moments)
    asleep = quiet.period(due, zone) if quiet else None
    if asleep and asleep[0] > now:
        assert moments[-1] == asleep[0], "what is due in them is told when they begin"
    else:
        assert moments[-1] == due
    if quiet and not (asleep and asleep[0] <= now):
        inside = [one for one in moments if (period := quiet.period(one, zone)) and period[0] != one]
        assert not inside


def test_the_time_of_quiet_hours_is_the_readers() -> None:
    quiet = read_quiet("22-7")
    assert quiet is not None
    period = quiet.period(datetime(2026, 11, 24, 23, tzinfo=UTC), "Europe/Warsaw")
    assert period is not None
    assert [f"{to_wall(moment, 'Europe/Warsaw'):%d %H:%M}" for moment in period] == ["24 22:00", "25 07:00"]
    assert quiet.period(datetime(2026, 11, 24, 12, tzinfo=UTC), "Europe/Warsaw") is None


def test_quiet_hours_begin_the_first_time_that_the_clock_shows_them() -> None:
    quiet = read_quiet("2:30-6")
    assert quiet is not None
    second_ten_past_two = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert quiet.period(second_ten_past_two, "Europe/Warsaw") == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize("text", ["22", "22:00", "25-7", "7-7", "a-b", "22:70-7"])
def test_wrong_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError):
        read_quiet(text)
