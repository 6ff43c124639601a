"""The verbs a line can start with, and which shapes each of them reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from botcrm.core.domain.text import fold

SHAPES = frozenset(
    {"amount", "duration", "outcome", "direction", "stage", "tag", "owner", "ref", "phone", "email", "when", "next"}
)
NEAR = 60.0
VERY_NEAR = 75.0


@dataclass(frozen=True, slots=True)
class Verb:
    """A command word.

    :ivar name: the canonical word, without a slash
    :ivar shapes: which of SHAPES are read in its lines; everything else is words
    :ivar aliases: other words for it
    :ivar takes_subject: whether its line starts with a record
    :ivar verbatim: what follows the subject is text, kept as typed, new lines included (note)
    :ivar logs: records what has happened: dates may be past, and count only next to the subject
    :ivar alone: without a slash it is a command only when no words follow (`today`, not `today I met Anna`)
    :raises ValueError: a shape that does not exist
    """

    name: str
    shapes: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    takes_subject: bool = True
    verbatim: bool = False
    logs: bool = False
    alone: bool = False

    def __post_init__(self) -> None:
        if not self.shapes <= SHAPES:
            raise ValueError(f"{self.name}: no such shape: {', '.join(sorted(self.shapes - SHAPES))}")


class VerbTable:
    """Find verbs by word: one look-up, whatever their number.

    :raises ValueError: two verbs want the same word
    """

    def __init__(self, verbs: Iterable[Verb]) -> None:
        self.verbs = tuple(verbs)
        self._by_word: dict[str, Verb] = {}
        for verb in self.verbs:
            for word in (verb.name, *verb.aliases):
                if self._by_word.setdefault(fold(word), verb) is not verb:
                    raise ValueError(f"two verbs want the word {word!r}")
        self._words = list(self._by_word)

    def find(self, word: str) -> Verb | None:
        """Find the verb of a word (any case, no slash)."""
        return self._by_word.get(fold(word))

    def nearest(self, word: str, limit: int = 3, *, least: float = NEAR) -> list[str]:
        """List the names of the verbs most like a mistyped word, best first; none under `least` (0 to 100)."""
        found = process.extract(fold(word), self._words, scorer=fuzz.ratio, limit=limit * 2, score_cutoff=least)
        names = dict.fromkeys(self._by_word[match].name for match, _, _ in found)
        return list(names)[:limit]

    def plus(self, verbs: Iterable[Verb]) -> VerbTable:
        """Give a new table with more verbs.

        :raises ValueError: a word is taken
        """
        return VerbTable((*self.verbs, *verbs))


def _shapes(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS: tuple[Verb, ...] = (
    Verb("deal", _shapes("amount stage tag owner ref next")),
    Verb("lead", _shapes("amount tag owner ref phone email next")),
    Verb("contact", _shapes("tag owner ref phone email"), ("person",)),
    Verb("company", _shapes("tag owner ref phone email"), ("org",)),
    Verb("call", _shapes("duration outcome direction tag ref phone when next"), ("called",), logs=True),
    Verb("meet", _shapes("duration outcome direction tag ref when next"), ("meeting", "met", "visit"), logs=True),
    Verb("task", _shapes("tag owner ref when next"), ("todo",)),
    Verb("note", _shapes("ref"), verbatim=True),
    Verb("find", aliases=("search",), takes_subject=False),
    Verb("stage", _shapes("stage ref next"), ("move",)),
    Verb("won", _shapes("amount ref next"), ("win",)),
    Verb("lost", _shapes("ref"), ("lose",)),
    Verb("today", _shapes("owner"), ("home",), takes_subject=False, alone=True),
    Verb("deals", _shapes("stage tag owner"), takes_subject=False, alone=True),
    Verb("team", takes_subject=False, alone=True),
    Verb("report", takes_subject=False),
    Verb("undo", takes_subject=False, alone=True),
    Verb("invite", takes_subject=False),
    Verb("settings", takes_subject=False),
    Verb("help", takes_subject=False),
    Verb("start", takes_subject=False, alone=True),
)
"""The built-in verbs; `VerbTable(VERBS)` finds them."""
