"""Fixtures: a Telegram whose clock a test turns, one bot, one person."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from botcrm.simulator import Person, Telegram

TOKEN = "1:secret"


@dataclass
class Clock:
    """Seconds since 1970."""

    time: float = 1_795_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def telegram(clock: Clock) -> Telegram:
    telegram = Telegram(clock)
    telegram.bot(TOKEN)
    return telegram


@pytest.fixture
def anna(telegram: Telegram) -> Person:
    """A person who has started the bot, and whose first message the bot has read."""
    anna = telegram.person(7, "Anna", username="anna")
    anna.send("/start")
    queue = telegram.bot(TOKEN).queue
    queue.acknowledge(queue.next_id)
    return anna
