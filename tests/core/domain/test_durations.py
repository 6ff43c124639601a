import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.durations import MOST_MINUTES, read_duration, scan_duration


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("15m", 15),
        ("1h", 60),
        ("1h30", 90),
        ("1h30m", 90),
        ("1 h 30", 90),
        ("1 hour 15 minutes", 75),
        ("90min", 90),
        ("90 min", 90),
        ("1.5h", 90),
        ("1,5h", 90),
        ("0.25h", 15),
        ("15мин", 15),
        ("1ч30", 90),
        ("1 ч 30 мин", 90),
        ("2 godz 15 min", 135),
        ("15分", 15),
        ("2時間30分", 150),
        ("half an hour", 30),
        ("45'", 45),
    ],
)
def test_lengths(text: str, minutes: int) -> None:
    assert read_duration(text) == minutes


@pytest.mark.parametrize("text", ["", "15", "1:30", "0m", "1h90", "15mm", "1.5h30", "m", "15m later", "99999m", "-5m"])
def test_no_lengths(text: str) -> None:
    assert read_duration(text) is None


def test_scan_stops_before_the_text() -> None:
    assert scan_duration("call 1h30 ok", 5) == (90, 9)


@given(st.integers(1, MOST_MINUTES))
def test_minutes_are_read_back(minutes: int) -> None:
    assert read_duration(f"{minutes}m") == minutes
    hours, rest = divmod(minutes, 60)
    if hours:
        assert read_duration(f"{hours}h{rest:02}") == minutes


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    read_duration(text)
