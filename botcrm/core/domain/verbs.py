"""The verbs a line can start with, and which shapes each of them reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from botcrm.core.domain.text import fold

SHAPES = frozenset(
    {
        "amount",
        "duration",
        "outcome",
        "direction",
        "stage",
        "tag",
        "owner",
        "ref",
        "phone",
        "email",
        "when",
        "next",
        "repeat",
        "field",
    }
)
NEAR = 60.0
VERY_NEAR = 75.0


@dataclass(frozen=True, slots=True)
class Verb:
    """A command word.

    :ivar name: the canonical word, without a slash; two words ("meet in") are a verb that begins with another one
    :ivar shapes: which of SHAPES are read in its lines; everything else is words
    :ivar aliases: other words for it
    :ivar takes_subject: whether its line starts with a record
    :ivar verbatim: what follows the subject is text, kept as typed, new lines included (note)
    :ivar logs: records what has happened: dates may be past, and count only next to the subject
    :ivar alone: without a slash it is a command only when no words follow (`today`, not `today I met Anna`)
    :ivar filtered: conditions may follow all the same (`deals tag:roof amount>10k`)
    :ivar several: a second phone or e-mail is kept as one more, not as a word
    :raises ValueError: a shape that does not exist
    """

    name: str
    shapes: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    takes_subject: bool = True
    verbatim: bool = False
    logs: bool = False
    alone: bool = False
    filtered: bool = False
    several: bool = False

    def __post_init__(self) -> None:
        if not self.shapes <= SHAPES:
            raise ValueError(f"{self.name}: no such shape: {', '.join(sorted(self.shapes - SHAPES))}")


class VerbTable:
    """Find verbs by word: one look-up, whatever their number.

    A verb of two words is found behind each word of the verb that it begins with ("meet in", "visit in"), and by its words
    joined ("meet_in"), which is how a menu writes it.

    :raises ValueError: two verbs want the same word, or one begins with a word that is no verb
    """

    def __init__(self, verbs: Iterable[Verb]) -> None:
        self.verbs = tuple(verbs)
        self._by_word: dict[str, Verb] = {}
        self._by_pair: dict[tuple[str, str], Verb] = {}
        pairs: list[tuple[Verb, str, str]] = []
        for verb in self.verbs:
            for word in (verb.name, *verb.aliases):
                first, _, second = word.partition(" ")
                if second:
                    pairs.append((verb, fold(first), fold(second)))
                elif self._by_word.setdefault(fold(word), verb) is not verb:
                    raise ValueError(f"two verbs want the word {word!r}")
        self._words = list(self._by_word)
        for verb, first, second in pairs:
            self._add_pair(verb, first, second)

    def _add_pair(self, verb: Verb, first: str, second: str) -> None:
        base = self._by_word.get(first)
        if base is None:
            raise ValueError(f"{verb.name!r} begins with {first!r}, which is no verb")
        for word in map(fold, (base.name, *base.aliases)):
            if self._by_pair.setdefault((word, second), verb) is not verb:
                raise ValueError(f"two verbs want the words '{word} {second}'")
        if self._by_word.setdefault(f"{first}_{second}", verb) is not verb:
            raise ValueError(f"two verbs want the word '{first}_{second}'")

    def find(self, word: str, following: str = "") -> Verb | None:
        """Find the verb of a word (any case, no slash), or of two words where `following` is given."""
        return self._by_pair.get((fold(word), fold(following))) if following else self._by_word.get(fold(word))

    @property
    def has_pairs(self) -> bool:
        """Tell whether some verb has two words."""
        return bool(self._by_pair)

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
    Verb("deal", _shapes("amount stage tag owner ref next field")),
    Verb("lead", _shapes("amount tag owner ref phone email next field"), several=True),
    Verb("contact", _shapes("tag owner ref phone email next field"), ("person",), several=True),
    Verb("company", _shapes("tag owner ref phone email next field"), ("org",), several=True),
    Verb("call", _shapes("duration outcome direction tag ref phone when repeat next"), ("called",), logs=True),
    Verb(
        "meet", _shapes("duration outcome direction tag ref when repeat next"), ("meeting", "met", "visit"), logs=True
    ),
    Verb("task", _shapes("tag owner ref when repeat next"), ("todo",)),
    Verb("note", _shapes("ref"), verbatim=True),
    Verb("find", aliases=("search",), takes_subject=False),
    Verb("filter", aliases=("filters",), takes_subject=False),
    Verb("stage", _shapes("stage ref next"), ("move",)),
    Verb("wait", _shapes("ref when"), ("hold",)),
    Verb("won", _shapes("amount ref next"), ("win",)),
    Verb("lost", _shapes("ref"), ("lose",)),
    Verb("today", _shapes("owner"), ("home",), takes_subject=False, alone=True),
    Verb("deals", _shapes("stage tag owner"), takes_subject=False, alone=True, filtered=True),
    Verb("team", takes_subject=False, alone=True),
    Verb("ask", takes_subject=False),
    Verb("handover", takes_subject=False),
    Verb("board", _shapes("owner"), ("kanban",), takes_subject=False, alone=True),
    Verb("timeline", _shapes("ref"), ("history",)),
    Verb("report", takes_subject=False),
    Verb("stages", takes_subject=False, alone=True),
    Verb("leave", _shapes("owner"), ("vacation",), takes_subject=False),
    Verb("rules", takes_subject=False, alone=True),
    Verb("calendar", takes_subject=False, alone=True),
    Verb("duplicates", aliases=("dups",), takes_subject=False, alone=True),
    Verb("import", takes_subject=False, alone=True),
    Verb("export", takes_subject=False),
    Verb("undo", takes_subject=False, alone=True),
    Verb("merge", _shapes("ref")),
    Verb("copy", _shapes("ref")),
    Verb("delete", _shapes("ref"), alone=True),
    Verb("operations", aliases=("journal",), takes_subject=False, alone=True),
    Verb("fields", takes_subject=False, alone=True),
    Verb("lists", aliases=("dictionaries",), takes_subject=False, alone=True),
    Verb("invite", takes_subject=False),
    Verb("personal", _shapes("ref"), alone=True),
    Verb("erase", _shapes("ref"), alone=True),
    Verb("roles", takes_subject=False, alone=True),
    Verb("departments", takes_subject=False, alone=True),
    Verb("plugins", takes_subject=False, alone=True),
    Verb("settings", takes_subject=False),
    Verb("help", takes_subject=False, alone=True),
    Verb("start", takes_subject=False, alone=True),
)
"""The built-in verbs; `VerbTable(VERBS)` finds them."""
