"""The words that records are found by, each once: what a typed word may be a misspelling of, or be written like elsewhere."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from rapidfuzz import fuzz, process

from botcrm.core import db
from botcrm.core.domain.findable import script, sound_keys, sounds

_FUZZY_WORDS = 12
_WORDS_LOOKED_AT = 3000
FUZZY_LEAST = 72.0
# The two rarest trigrams of a word, and more while so few words have them, are asked for first. All of them (five) only where
# those bring nothing as like as a word with one letter too few.
_FEW, _ONE_SLIP = 300, 85.0
_ALPHABETS = {"l": "c", "c": "l"}
# Of the words that begin with a sound, so many are looked at: the start of a longer word, or one with a slip.
_HEARD, _HEARD_ALIKE = 24, 300
_HEARD_LEAST = 80.0


async def near(word: str) -> list[str]:
    """Return known words that a typed word may be a misspelling of, most alike first.

    A word with a digit in it is a number, a size or a reference: one beside it is another thing, not a slip.
    """
    if len(word) < 3 or not word.isalpha() or not await db.has_trigrams():
        return []
    if db.dialect() == "postgres":
        rows = await db.fetch(
            "SELECT word FROM search_word WHERE word % ? ORDER BY similarity(word, ?) DESC LIMIT 60", word, word
        )
        return _likest(word, [row["word"] for row in rows])[0]
    grams = {word[i : i + 3] for i in range(len(word) - 2)}
    if len(word) in (4, 5):
        # A dropped or swapped letter spoils three trigrams; in a short word those without it are all that still meet.
        grams |= {(word[:i] + word[i + 1 :])[j : j + 3] for i in range(len(word)) for j in range(len(word) - 3)}
    rare = await db.fetch(
        f"SELECT term, doc FROM search_gram WHERE term IN ({', '.join('?' * len(grams))}) ORDER BY doc LIMIT 5",
        *sorted(grams),
    )
    held = accumulate(row["doc"] for row in rare)
    few = [row["term"] for place, (row, words) in enumerate(zip(rare, held, strict=True)) if place < 2 or words <= _FEW]
    found, best = _likest(word, await _words_with(few))
    if best < _ONE_SLIP and len(few) < len(rare):
        found, _ = _likest(word, await _words_with([row["term"] for row in rare]))
    return found


def _likest(word: str, known: Sequence[str]) -> tuple[list[str], float]:
    """Return the words that are most like one, and how like the first of them is."""
    found = process.extract(word, known, scorer=fuzz.ratio, score_cutoff=FUZZY_LEAST, limit=_FUZZY_WORDS)
    return [other for other, _, _ in found], found[0][1] if found else 0.0


async def _words_with(grams: Sequence[str]) -> list[str]:
    """Return the words of SQLite's vocabulary that have one of these trigrams."""
    if not grams:
        return []
    query = " OR ".join(f'"{gram}"' for gram in grams)
    return await _words_numbered(
        await db.column(f"SELECT rowid FROM search_word WHERE search_word MATCH ? LIMIT {_WORDS_LOOKED_AT}", query)
    )


# A word's number is its hash (derive), so that what is known once is right for ever.
_numbered: dict[int, str] = {}
_MOST_NUMBERED = 50_000


async def _words_numbered(numbers: list[int]) -> list[str]:
    """Return the words of SQLite's vocabulary by their row numbers; reading them costs more than finding them."""
    words = list(map(_numbered.get, numbers))
    if None in words:
        if len(_numbered) > _MOST_NUMBERED:
            _numbered.clear()
        # The full-text table's own table of contents: the way through the full-text table takes several times as long.
        rows = await db.fetch(
            "SELECT id, c0 AS word FROM search_word_content WHERE id IN (SELECT value FROM json_each(?))",
            db.to_json([number for number in numbers if number not in _numbered]),
        )
        _numbered.update((row["id"], row["word"]) for row in rows)
        words = list(map(_numbered.get, numbers))
    return [word for word in words if word]


async def spelled_otherwise(words: Sequence[str]) -> dict[str, list[str]]:
    """Return, for words of one alphabet, the known words of another that sound like them or start so."""
    asked = {word: _elsewhere(word) for word in dict.fromkeys(words)}
    rows = await _heard({word: keys for word, keys in asked.items() if keys}, _HEARD)
    found: dict[str, list[str]] = {}
    for place, word, _ in rows:
        found.setdefault(place, []).append(word)
    return found


async def heard_alike(word: str) -> list[str]:
    """Return known words that sound like this one: in its own alphabet the same, in another with a slip of the hand as well."""
    keys = [key[:5] for key in _elsewhere(word)] if len(word) >= 4 else []
    others = {
        other: key for _, other, key in await _heard({word: list(dict.fromkeys(keys))} if keys else {}, _HEARD_ALIKE)
    }
    heard = sounds(word)[0] if sounds(word) else ""
    best = process.extract(
        heard,
        {other: key[1:] for other, key in others.items()},
        scorer=fuzz.ratio,
        score_cutoff=_HEARD_LEAST,
        limit=_FUZZY_WORDS,
    )
    own = sound_keys(word)
    marks = ", ".join("?" * len(own))
    same = (
        await db.column(f"SELECT word FROM search_sound WHERE key IN ({marks}) LIMIT {_FUZZY_WORDS}", *own)
        if own
        else []
    )
    return list(dict.fromkeys([*(one for one in same if one != word), *(other for _, _, other in best)]))


def _elsewhere(word: str) -> list[str]:
    """Return the keys by which a word is found in another alphabet than its own."""
    other = _ALPHABETS.get(script(word), "") if word.isalpha() else ""
    # Of a shorter sound, what begins with it is half the vocabulary.
    return [other + heard for heard in sounds(word) if len(heard) >= 3] if other else []


async def _heard(asked: dict[str, list[str]], most: int) -> Iterable[tuple[str, str, str]]:
    """Return (asked, known word, its key) for the words that begin with one of these keys."""
    flat = [(word, key) for word, keys in asked.items() for key in keys]
    if not flat:
        return []
    sql = " UNION ALL ".join(
        f"SELECT * FROM (SELECT {n} AS n, word, key FROM search_sound WHERE key >= ? AND key < ? ORDER BY key LIMIT {most}) AS s{n}"
        for n in range(len(flat))
    )
    rows = await db.fetch(sql, *(value for _, key in flat for value in (key, key + "\U0010ffff")))
    return [(flat[row["n"]][0], row["word"], row["key"]) for row in rows]
