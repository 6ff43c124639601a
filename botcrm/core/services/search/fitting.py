"""How well the name of a record fits what was typed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from botcrm.core.domain.findable import script, sounds
from botcrm.core.domain.text import fold, similarity


class Found(NamedTuple):
    """A record that matches: how well (0..100), and whether its name is exactly what was typed.

    :ivar once: as `once_called` writes it, the typed name, where it is that of a record that went into this one
    """

    entity: str
    record_id: int
    name: str
    score: float
    exact: bool = False
    open: bool = True
    once: str = ""


class Row(NamedTuple):
    """An entry of the index."""

    entry_id: int
    entity: str
    record_id: int
    owner_id: int
    name: str
    folded: str
    open: bool
    touched_at: datetime


class Wanted:
    """What was typed, to compare names with."""

    def __init__(self, text: str) -> None:
        self.folded = fold(text)
        self._words = self.folded.split()
        self._script = script(self.folded)

    def found(self, row: Row) -> Found:
        """Return a row as a record that matches."""
        return Found(row.entity, row.record_id, row.name, self.score(row), row.folded == self.folded, row.open)

    def score(self, row: Row) -> float:
        """Return how well a row's name fits, 0 to 100; a name in another alphabet by its sound."""
        best = _score(self.folded, self._words, row.folded)
        if best < 90 and self._script and script(row.folded) not in (self._script, ""):
            name = " ".join(sounds(word)[0] for word in row.folded.split() if sounds(word))
            heard = [sounds(word) for word in self._words]
            for which in (0, 1):
                said = [alike[min(which, len(alike) - 1)] for alike in heard if alike]
                best = max(best, 0.95 * _score(" ".join(said), said, name))
        return best


def _score(wanted: str, parts: Sequence[str], name: str) -> float:
    if name == wanted:
        return 100.0
    if name.startswith(wanted):
        return 96.0
    # Folded, words have one space between them.
    if all(f" {part}" in f" {name}" for part in parts):
        return 92.0
    return min(90.0, similarity(wanted, name))
