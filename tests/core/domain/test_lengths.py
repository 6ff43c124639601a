"""Lengths of time as people type them into a form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.lengths import MOST, read_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2h", timedelta(hours=2)),
        ("90 min", timedelta(minutes=90)),
        ("1h30", timedelta(minutes=90)),
        ("3 days", timedelta(days=3)),
        ("3d", timedelta(days=3)),
        ("1 day 4h", timedelta(days=1, hours=4)),
        ("1 week, 2 days and 3 hours", timedelta(days=9, hours=3)),
        ("1d4h", timedelta(days=1, hours=4)),
        ("3 дня", timedelta(days=3)),
        ("2 недели", timedelta(days=14)),
        ("3 dni", timedelta(days=3)),
        ("1 dzień", timedelta(days=1)),
        ("3日", timedelta(days=3)),
        ("2週間", timedelta(days=14)),
        ("0", timedelta()),
    ],
)
def test_a_length_is_read(text: str, length: timedelta) -> None:
    assert read_length(text) == length


@pytest.mark.parametrize("text", ["", "soon", "3", "days", "-2h", "2h later", "9999 weeks", "1.5 days", "3 dogs"])
def test_anything_else_is_refused(text: str) -> None:
    assert read_length(text) is None


@given(st.integers(0, 500), st.integers(0, 23))
def test_what_is_written_out_is_read_back(days: int, hours: int) -> None:
    if days or hours:
        text = " ".join(part for part in (f"{days} days" if days else "", f"{hours} h" if hours else "") if part)
        assert read_length(text) == timedelta(days=days, hours=hours)


@given(st.text(max_size=30))
def test_nothing_breaks_it(text: str) -> None:
    length = read_length(text)
    assert length is None or timedelta() <= length <= MOST
