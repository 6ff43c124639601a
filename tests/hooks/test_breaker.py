"""When a plugin has failed too often, by the times alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from botcrm.hooks.breaker import WINDOW, Breaker

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_three_failures_in_a_row_are_too_many_however_far_apart() -> None:
    breaker = Breaker()
    assert [breaker.failed(START + timedelta(days=day)) for day in range(3)] == [False, False, True]


def test_a_call_that_goes_well_between_begins_the_row_anew() -> None:
    breaker = Breaker()
    for day in range(20):
        assert not breaker.failed(START + timedelta(days=day))
        assert not breaker.failed(START + timedelta(days=day, hours=1))
        breaker.worked()


@pytest.mark.parametrize(
    ("minutes", "too_many"),
    [
        ((0, 2, 4, 6, 8), True),
        ((0, 0, 0, 0, 0), True),
        ((0, 1, 2, 3, 10), True),
        ((0, 1, 2, 3, 10.01), False),
        ((0, 3, 6, 9, 12), False),
    ],
)
def test_five_failures_within_ten_minutes_are_too_many_however_much_goes_well_between(
    minutes: tuple[float, ...], too_many: bool
) -> None:
    breaker = Breaker()
    answers = []
    for minute in minutes:
        answers.append(breaker.failed(START + minute * MINUTE))
        breaker.worked()
    assert answers == [False] * 4 + [too_many]


def test_the_ten_minutes_go_along_with_the_time() -> None:
    breaker = Breaker()
    for number in range(50):
        assert not breaker.failed(START + number * (WINDOW / 4 + timedelta(seconds=1)))
        breaker.worked()
    late = START + timedelta(days=1)
    for number in range(4):
        assert not breaker.failed(late + number * MINUTE)
        breaker.worked()
    assert breaker.failed(late + 4 * MINUTE)


def test_switched_on_again_it_has_a_clean_slate() -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker.failed(START)
    breaker.reset()
    assert [breaker.failed(START) for _ in range(3)] == [False, False, True]
    breaker.reset()
    for _ in range(4):
        assert not breaker.failed(START)
        breaker.worked()
    breaker.reset()
    assert not breaker.failed(START)
