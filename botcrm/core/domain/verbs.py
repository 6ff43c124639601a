"""The verbs a line can start with, and which shapes each of them reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHAPES = frozenset(
    {"amount", "duration", "outcome", "direction", "stage", "tag", "owner", "ref", "phone", "email", "when", "next"}
)


@dataclass(frozen=True, slots=True)
class Verb:
    """A command word.

    :ivar name: the canonical word, without a slash
    :ivar shapes: which of SHAPES are read in its lines; everything else is words
    :ivar aliases: other words for it
    :ivar takes_subject: whether its line starts with a record
    :ivar verbatim: what follows the subject is text, kept as typed, new lines included (note)
    :ivar logs: records what has happened: dates may be past, and count only next to the subject
    """

    name: str
    shapes: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    takes_subject: bool = True
    verbatim: bool = False
    logs: bool = False


class VerbTable:
    """Find verbs by word: one look-up, whatever their number."""

    def __init__(self, verbs: Iterable[Verb]) -> None:
        raise NotImplementedError

    def find(self, word: str) -> Verb | None:
        """Find the verb of a word (any case, no slash)."""
        raise NotImplementedError

    def nearest(self, word: str, limit: int = 3) -> list[str]:
        """List the names of the verbs most like a mistyped word, best first."""
        raise NotImplementedError

    def plus(self, verbs: Iterable[Verb]) -> VerbTable:
        """Give a new table with more verbs; ValueError if a word is taken."""
        raise NotImplementedError


VERBS: tuple[Verb, ...] = ()
"""The built-in verbs: VerbTable(VERBS)."""
