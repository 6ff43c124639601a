"""Finding the record that a line is about: by the longest start of the line that is somebody's name."""

from collections.abc import Sequence
from dataclasses import dataclass

from botcrm.core.domain.findable import once_called, typed
from botcrm.core.domain.text import fold
from botcrm.core.services.search.searching import (
    ENTITIES,
    Found,
    Wanted,
    by_name,
    matching,
    ordered,
    search,
    starts_somewhere,
)
from botcrm.core.services.search.vocabulary import FUZZY_LEAST, heard_alike, near, spelled_otherwise
from botcrm.core.services.work import Work

__all__ = ["ENTITIES", "Found", "Match", "by_name", "match_subject", "search"]


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
    exact = await by_name(work, phrases, entities)
    for phrase in phrases:
        wanted = fold(phrase)
        once = once_called(phrase)
        same = [found for found in exact if found.once == once or (not found.once and fold(found.name) == wanted)]
        if same:
            return _matched(same, entities, phrase, "exact", limit)
    first = typed(words[0])[:1]
    if not first:
        return Match()
    if await starts_somewhere(work, first[0], entities):
        for phrase in phrases[-4:]:
            wanted, parts, like = fold(phrase), typed(phrase), Wanted(phrase)
            rows = ordered(work, await matching(work, parts, entities)) if parts else []
            found = [Found(row.entity, row.record_id, row.name, like.score(row), False, row.open) for row in rows]
            starts = [item for item in found if fold(item.name).startswith(wanted + " ")]
            if found:
                return _matched(starts or found, entities, phrase, "start" if starts else "part", limit)
    elif first[0].text and await _known_otherwise(first[0].text):
        for phrase in phrases[-3:]:
            alike = [found for found in await search(work, phrase, entities, limit) if found.score >= FUZZY_LEAST]
            if alike:
                return _matched(alike, entities, phrase, "like", limit)
    return Match()


async def _known_otherwise(word: str) -> bool:
    """Tell whether a word may be a known one that was misspelt, or written in another alphabet."""
    return bool(await near(word) or await spelled_otherwise([word]) or await heard_alike(word))


def _matched(found: list[Found], entities: Sequence[str], phrase: str, tier: str, limit: int) -> Match:
    order = {entity: place for place, entity in enumerate(entities)}
    found = sorted(found, key=lambda item: order[item.entity])
    first = [item for item in found if item.entity == found[0].entity]
    return Match(tuple(found[:limit]), len(phrase.split()), tier, only=len(first) == 1)
