"""Finding the record that a line is about: by the longest start of the line that is somebody's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from botcrm.core.domain.findable import once_called, typed
from botcrm.core.domain.text import fold
from botcrm.core.services.search.fitting import Found, Row, Wanted
from botcrm.core.services.search.searching import ENTITIES, by_name, matching, ordered, search, starts_somewhere
from botcrm.core.services.search.vocabulary import FUZZY_LEAST, heard_alike, near, spelled_otherwise
from botcrm.core.services.work import Work

__all__ = ["ENTITIES", "Found", "Match", "by_name", "match_subject", "search"]

_One = TypeVar("_One", Found, Row)


@dataclass(frozen=True, slots=True)
class Match:
    """What the start of a line may mean.

    `words` is how many of the words belong to the subject. `tier` tells how: "exact" (the whole name), "start" (whole words that
    the name starts with), "part" (starts of words) or "like" (a typo away); `only` that nothing else matches as well.
    """

    found: tuple[Found, ...] = ()
    words: int = 0
    tier: str = ""
    only: bool = False

    @property
    def clear(self) -> bool:
        """Tell whether the first one may be taken without asking."""
        return self.only and self.tier in ("exact", "start")


async def match_subject(work: Work, words: Sequence[str], entities: Sequence[str], limit: int = 5) -> Match:
    """Find the record that the start of a line names: by its longest exact name, else by a start of it, else by a like one.

    :param entities: in the order of preference, where several kinds of record match as well
    """
    words = list(words)[:8]
    if not words:
        return Match()
    phrases = [" ".join(words[:count]) for count in range(len(words), 0, -1)]
    called: dict[str, list[Found]] = {}
    for found in await by_name(work, phrases, entities):
        called.setdefault(found.once or fold(found.name), []).append(found)
    for phrase in phrases if called else ():
        wanted = fold(phrase)
        if same := [*called.get(wanted, ()), *called.get(once_called(wanted), ())]:
            same, only = _by_kind(same, entities)
            return Match(tuple(same[:limit]), len(phrase.split()), "exact", only)
    first = typed(words[0])[:1]
    if not first:
        return Match()
    if await starts_somewhere(work, first[0], entities):
        for phrase in phrases[-4:]:
            parts, like = typed(phrase), Wanted(phrase)
            rows = ordered(work, await matching(work, parts, entities)) if parts else []
            starts = [row for row in rows if row.folded.startswith(like.folded + " ")]
            if rows:
                rows, only = _by_kind(starts or rows, entities)
                shown = tuple(like.found(row) for row in rows[:limit])
                return Match(shown, len(phrase.split()), "start" if starts else "part", only)
    elif first[0].text and await _known_otherwise(first[0].text):
        for phrase in phrases[-3:]:
            alike = [found for found in await search(work, phrase, entities, limit) if found.score >= FUZZY_LEAST]
            if alike:
                alike, only = _by_kind(alike, entities)
                return Match(tuple(alike[:limit]), len(phrase.split()), "like", only)
    return Match()


async def _known_otherwise(word: str) -> bool:
    """Tell whether a word may be a known one that was misspelt, or written in another alphabet."""
    return bool(await near(word) or await spelled_otherwise([word]) or await heard_alike(word))


def _by_kind(found: Sequence[_One], entities: Sequence[str]) -> tuple[list[_One], bool]:
    """Sort what matches by the kind of record that is preferred; also tell whether there is but one of the first kind."""
    order = {entity: place for place, entity in enumerate(entities)}
    first, *others = by_kind = sorted(found, key=lambda item: order[item.entity])
    return by_kind, not others or others[0].entity != first.entity
