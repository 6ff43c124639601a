"""Numbered lines into several chats, and what became of them: each once, none lost, in order within a chat."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.simulator import Person


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many lines are missing, came about more than once, or stand behind a later one of their chat."""

    lost: int
    doubled: int
    out_of_order: int

    @property
    def clean(self) -> bool:
        """Tell whether each line took effect once and in its turn."""
        return not (self.lost or self.doubled or self.out_of_order)


async def feed(people: Sequence[Person], lines: int, pause: float) -> None:
    """Send so many numbered lines, one chat after the other."""
    for number in range(lines):
        person = people[number % len(people)]
        person.send(f"/deal Chat{person.id} {number + 1}k line seq{number}")
        await asyncio.sleep(pause)


def judge(deals: Sequence[dict[str, Any]], lines: int) -> Verdict:
    """Compare the exported deals with what was sent."""
    seen: dict[str, list[int]] = {}
    for deal in sorted(deals, key=lambda row: int(row["id"])):
        found = re.search(r"seq(\d+)$", deal["title"])
        assert found, deal
        assert float(deal["amount"]) == (int(found[1]) + 1) * 1000, deal
        seen.setdefault(deal["owner"], []).append(int(found[1]))
    numbers = [number for chat in seen.values() for number in chat]
    late = sum(1 for chat in seen.values() for a, b in itertools.pairwise(chat) if b < a)
    return Verdict(lines - len(set(numbers)), len(numbers) - len(set(numbers)), late)
