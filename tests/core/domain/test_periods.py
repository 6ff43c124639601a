"""Periods as people type them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.periods import Period, named_period, period_name, read_period

TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", "2026-11-24", "2026-11-24"),
        ("yesterday", "2026-11-23", "2026-11-23"),
        ("this week", "2026-11-23", "2026-11-29"),
        ("last week", "2026-11-16", "2026-11-22"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("Last Month", "2026-10-01", "2026-10-31"),
        ("this quarter", "2026-10-01", "2026-12-31"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("last 30 days", "2026-10-26", "2026-11-24"),
        ("7 days", "2026-11-18", "2026-11-24"),
        ("q3", "2026-07-01", "2026-09-30"),
        ("Q1 2025", "2025-01-01", "2025-03-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("10.2026", "2026-10-01", "2026-10-31"),
        ("1.10-15.11", "2026-10-01", "2026-11-15"),
        ("1.11-30.11", "2026-11-01", "2026-11-30"),
        ("1.12-5.1", "2025-12-01", "2026-01-05"),
        ("1.10.2025 - 15.11.2025", "2025-10-01", "2025-11-15"),
        ("2026-10-01..2026-10-05", "2026-10-01", "2026-10-05"),
        ("from 1.10 to 15.11", "2026-10-01", "2026-11-15"),
        ("october", "2026-10-01", "2026-10-31"),
        ("dec", "2025-12-01", "2025-12-31"),
        ("december 2024", "2024-12-01", "2024-12-31"),
        ("29.2", "2024-02-29", "2024-02-29"),
        ("вчера", "2026-11-23", "2026-11-23"),
        ("прошлый месяц", "2026-10-01", "2026-10-31"),
        ("zeszły tydzień", "2026-11-16", "2026-11-22"),
        ("今月", "2026-11-01", "2026-11-30"),
    ],
)
def test_a_period_is_read_whole(text: str, since: str, until: str) -> None:
    words = text.split()
    found = read_period([*words, "@anna"], TODAY)
    assert found == (Period(date.fromisoformat(since), date.fromisoformat(until)), len(words))


@pytest.mark.parametrize(
    "text", ["", "foo", "q5", "last 0 days", "31.2", "15.11-1.10.2020", "last 9999 days", "13.2026", "@anna"]
)
def test_what_is_no_period_is_left_alone(text: str) -> None:
    assert read_period(text.split(), TODAY) is None


@given(
    today=st.dates(date(1990, 1, 1), date(2100, 12, 31)),
    unit=st.sampled_from(["week", "month", "quarter", "year"]),
    start=st.integers(0, 6),
)
def test_the_last_one_ends_the_day_before_this_one_which_holds_today(today: date, unit: str, start: int) -> None:
    this, last = named_period(f"this_{unit}", today, start), named_period(f"last_{unit}", today, start)
    assert this.since <= today <= this.until
    assert last.until == this.since - timedelta(days=1)
    assert named_period(f"this_{unit}", last.since, start) == last
    assert period_name(named_period(f"this_{unit}", today), today) == f"this_{unit}"


@given(words=st.lists(st.text(max_size=12), max_size=5), today=st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_reading_never_fails(words: list[str], today: date) -> None:
    found = read_period(words, today)
    assert found is None or (found[0].since <= found[0].until and 0 < found[1] <= len(words))
