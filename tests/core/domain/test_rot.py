"""When a deal counts as quiet for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.rot import is_contact, rotten_days
from botcrm.core.domain.schedules import schedule_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WEEK = schedule_of(Preferences(zone="Europe/Warsaw"), NOW)


@pytest.mark.parametrize(
    ("kind", "direction", "result", "minutes", "counts"),
    [
        ("call", "out", "ok", 5, True),
        ("call", "out", None, None, True),
        ("call", "in", "later", None, True),
        ("call", "out", "no", None, False),
        ("call", "out", "busy", 1, False),
        ("call", "missed", None, None, False),
        ("meeting", None, None, 40, True),
        ("task", None, None, None, False),
        ("email", None, None, None, False),
        ("email", "in", None, None, True),
        ("measuring", None, "ok", None, True),
        ("measuring", None, None, 30, True),
    ],
)
def test_contact_takes_two(
    kind: str, direction: str | None, result: str | None, minutes: int | None, counts: bool
) -> None:
    assert is_contact(kind, direction, result, minutes) is counts


def rotten(**values: object) -> int:
    given = {
        "limit": 5,
        "last_contact_at": None,
        "created_at": NOW - timedelta(days=14),
        "next_deadline_at": None,
        "waiting_until": None,
    }
    return rotten_days(WEEK, NOW, **{**given, **values})  # type: ignore[arg-type]


def test_days_count_from_the_last_contact_and_what_is_ahead_is_respected() -> None:
    assert rotten() == 10, "nobody ever spoke: from when the deal was opened"
    assert rotten(last_contact_at=NOW - timedelta(days=7)) == 5
    assert rotten(last_contact_at=NOW - timedelta(days=6)) == 0, "four working days"
    assert rotten(last_contact_at=NOW - timedelta(days=400)) == 10, (
        "what was said before the deal is no contact about it"
    )
    assert rotten(next_deadline_at=NOW + timedelta(minutes=1)) == 0
    assert rotten(next_deadline_at=NOW - timedelta(minutes=1)) == 10, "overdue"
    assert rotten(waiting_until=NOW + timedelta(days=30)) == 0
    assert rotten(waiting_until=NOW - timedelta(days=1)) == 10
    assert rotten(limit=0) == 0
