"""Whose turn it is: pure rules over who got what so far."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody got so far.

    :ivar leads: how many leads within the days that count
    :ivar last: the place of the newest one in the order in which they came; 0 for none
    """

    leads: int = 0
    last: int = 0


def first_of(order: Sequence[int], on: Collection[int]) -> int | None:
    """Return the first in the list who is there; None where nobody is."""
    return next((person for person in order if person in on), None)


def next_after(order: Sequence[int], on: Collection[int], last: int | None) -> int | None:
    """Return who comes next in the list behind whoever had the last turn.

    :param last: None, or somebody who is no longer in the list, begins at the top
    """
    start = order.index(last) + 1 if last in order else 0
    return first_of([*order[start:], *order[:start]], on)


def fewest(order: Sequence[int], on: Collection[int], shares: Mapping[int, Share]) -> int | None:
    """Return who of those there got the fewest; of several, who waits longest; of those, the first in the list."""
    nothing = Share()
    there = [person for person in order if person in on]
    return min(there, key=lambda one: (shares.get(one, nothing).leads, shares.get(one, nothing).last), default=None)
