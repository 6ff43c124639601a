"""Finding records by what people type: whole names, starts of words, and words with typos, within the actor's reach only.

The index is two plain tables (`search_entry`, `search_term`) read through B-trees, so a look-up costs the same whatever the base
holds; a word that matches nothing goes through the trigram vocabulary and rapidfuzz, which is where typos are forgiven.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from rapidfuzz import fuzz, process

from botcrm.core import db
from botcrm.core.domain.text import fold, similarity, terms
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.work import Work

# A word carried by more entries than this is too common to lead a search.
_COMMON = 100
# Looking up one entry's words costs as much as reading so many that follow each other.
_LOOK_UP = 6
_CANDIDATES = 60
_FUZZY_WORDS = 12
_WORDS_LOOKED_AT = 3000
_FUZZY_LEAST = 72.0
ENTITIES = ("company", "contact", "lead", "deal")


@dataclass(frozen=True, slots=True)
class Found:
    """A record that matches: how well (0..100), and whether its name is exactly what was typed."""

    entity: str
    record_id: int
    name: str
    score: float
    exact: bool = False
    open: bool = True


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


class _Row(NamedTuple):
    entry_id: int
    entity: str
    record_id: int
    owner_id: int
    name: str
    folded: str
    open: bool
    touched_at: datetime


_COLUMNS = "e.id, e.entity, e.record_id, e.owner_id, e.name, e.folded, e.open, e.touched_at"


def _rows(rows: Iterable[dict[str, Any]]) -> list[_Row]:
    return [
        _Row(
            row["id"],
            row["entity"],
            row["record_id"],
            row["owner_id"],
            row["name"],
            row["folded"],
            bool(row["open"]),
            db.moment_needed(row["touched_at"]),
        )
        for row in rows
    ]


_Condition = tuple[str, list[int]]


def _owned(column: str, people: frozenset[int] | None) -> _Condition:
    """Return a condition that a column holds one of these people; a lone id is bound, so that the statement stays known."""
    if people is not None and len(people) == 1:
        return f"{column} = ?", list(people)
    return owned_sql(column, people), []


def _scope(work: Work, entities: Sequence[str]) -> tuple[_Condition, _Condition]:
    """Return the conditions on entries and on terms that keep a search within the actor's reach."""
    reached: dict[frozenset[int] | None, list[str]] = {}
    for entity in entities:
        if entity in ENTITIES:
            reached.setdefault(owners(work.actor, entity), []).append(f"'{entity}'")
    parts, values = ["1 = 0"] if not reached else list[str](), list[int]()
    for people, kinds in reached.items():
        condition, ids = _owned("e.owner_id", people)
        parts.append(f"(e.entity IN ({', '.join(kinds)}) AND {condition})")
        values += ids
    widest = None if None in reached else frozenset[int]().union(*(people or () for people in reached))
    return (f"({' OR '.join(parts)})", values), _owned("t.owner_id", widest)


async def by_name(work: Work, names: Sequence[str], entities: Sequence[str]) -> list[Found]:
    """Return the records whose whole name is one of these, own and recently touched first."""
    folded = list(dict.fromkeys(filter(None, (fold(name) for name in names))))
    if not folded:
        return []
    (entry_scope, ids), (term_scope, owner) = _scope(work, entities)
    owner_scope = term_scope.replace("t.owner_id", "e.owner_id")
    rows = _rows(
        await db.fetch(
            f"SELECT {_COLUMNS} FROM search_entry e WHERE e.folded IN ({_marks(folded)}) AND {owner_scope} AND {entry_scope} LIMIT 200",
            *folded,
            *owner,
            *ids,
        )
    )
    return [Found(row.entity, row.record_id, row.name, 100.0, True, row.open) for row in _ordered(work, rows)]


def _ordered(work: Work, rows: Iterable[_Row]) -> list[_Row]:
    """Sort by what a person most likely means: still open, own, touched last."""
    return sorted(rows, key=lambda row: (not row.open, row.owner_id != work.actor.id, -row.touched_at.timestamp()))


async def search(work: Work, text: str, entities: Sequence[str] = ENTITIES, limit: int = 10) -> list[Found]:
    """Return the records that hold every typed word, best first: as the start of a word, else as a word with a typo."""
    words = terms(text)[:8]
    if not words:
        return []
    rows = await _with_starts(work, words, entities)
    if not rows:
        alternatives = [[word, *await _near(word)] for word in words]
        rows = await _with_any(work, alternatives, entities)
    wanted = fold(text)
    scored = [(_score(wanted, row), row) for row in rows]
    order = {row.entry_id: place for place, row in enumerate(_ordered(work, rows))}
    scored.sort(key=lambda pair: (-round(pair[0] / 4), order[pair[1].entry_id]))
    return [
        Found(row.entity, row.record_id, row.name, score, row.folded == wanted, row.open)
        for score, row in scored[:limit]
    ]


def _score(wanted: str, row: _Row) -> float:
    if row.folded == wanted:
        return 100.0
    if row.folded.startswith(wanted):
        return 96.0
    if all(any(word.startswith(part) for word in row.folded.split()) for part in wanted.split()):
        return 92.0
    return min(90.0, similarity(wanted, row.folded))


async def _with_starts(work: Work, words: list[str], entities: Sequence[str]) -> list[_Row]:
    """Return entries that hold, for each typed word, a word that starts with it."""
    found = zip(await _starting(work, words, entities, _LOOK_UP * _COMMON), words, strict=True)
    counts = sorted(found, key=lambda pair: (min(pair[0], _COMMON), -len(pair[1])))
    count, lead = counts[0]
    if not count:
        return []
    rest, values = "", list[Any]([lead, _after(lead)])
    _, (scope, owner) = _scope(work, entities)
    for many, word in counts[1:]:
        among = "SELECT {} FROM search_term o WHERE {} AND o.term >= ? AND o.term < ?"
        if owner and many < _LOOK_UP * min(count, _COMMON):
            rest += f" AND t.entry_id IN ({among.format('o.entry_id', scope.replace('t.owner_id', 'o.owner_id'))})"
            values += owner
        else:
            rest += f" AND EXISTS ({among.format('1', 'o.entry_id = t.entry_id')})"
        values += [word, _after(word)]
    return await _led_by(work, "t.term >= ? AND t.term < ?", rest, values, entities)


async def _starting(work: Work, words: Sequence[str], entities: Sequence[str], most: int = _COMMON) -> list[int]:
    """Count, for each of these, the words within reach that start like it, up to a limit."""
    return await _counts(work, [("t.term >= ? AND t.term < ?", [word, _after(word)]) for word in words], entities, most)


async def _counts(
    work: Work, conditions: Sequence[tuple[str, list[str]]], entities: Sequence[str], most: int = _COMMON
) -> list[int]:
    """Count, for each condition, the terms within reach up to a limit."""
    _, (scope, owner) = _scope(work, entities)
    parts = [
        f"(SELECT count(*) FROM (SELECT 1 FROM search_term t WHERE {scope} AND {condition} LIMIT {int(most)}) AS common) AS n{n}"
        for n, (condition, _) in enumerate(conditions)
    ]
    row = await db.fetch_one(
        "SELECT " + ", ".join(parts), *(value for _, values in conditions for value in (*owner, *values))
    )
    return [int(row[f"n{n}"]) if row else 0 for n in range(len(parts))]


async def _with_any(work: Work, alternatives: list[list[str]], entities: Sequence[str]) -> list[_Row]:
    """Return entries that hold one of the alternatives of every word."""
    found = await _counts(work, [(f"t.term IN ({_marks(words)})", words) for words in alternatives], entities)
    counted = sorted(zip(found, alternatives, strict=True), key=lambda pair: pair[0])
    if not counted[0][0]:
        return []
    # The rarest word leads: what is cut off behind the limit then has the least to lose.
    lead, *others = [words for _, words in counted]
    rest = "".join(
        f" AND EXISTS (SELECT 1 FROM search_term o WHERE o.entry_id = t.entry_id AND o.term IN ({_marks(words)}))"
        for words in others
    )
    values = [word for words in (lead, *others) for word in words]
    return await _led_by(work, f"t.term IN ({_marks(lead)})", rest, values, entities)


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


async def _led_by(work: Work, lead: str, rest: str, values: list[Any], entities: Sequence[str]) -> list[_Row]:
    (entry_scope, ids), (term_scope, owner) = _scope(work, entities)
    hits = f"SELECT t.entry_id FROM search_term t WHERE {term_scope} AND {lead}{rest} LIMIT {_COMMON}"
    return _rows(
        await db.fetch(
            f"SELECT {_COLUMNS} FROM (SELECT DISTINCT entry_id FROM ({hits}) AS hit) AS entry "
            f"CROSS JOIN search_entry e WHERE e.id = entry.entry_id AND {entry_scope}",
            *owner,
            *values,
            *ids,
        )
    )


def _after(word: str) -> str:
    """Return the first text behind every text that starts with the word."""
    return word + "\U0010ffff"


async def _near(word: str) -> list[str]:
    """Return known words that a typed word may be a misspelling of, most alike first.

    A word with a digit in it is a number, a size or a reference: one beside it is another thing, not a slip.
    """
    if len(word) < 3 or not word.isalpha() or not await db.has_trigrams():
        return []
    if db.dialect() == "postgres":
        rows = await db.fetch(
            "SELECT word FROM search_word WHERE word % ? ORDER BY similarity(word, ?) DESC LIMIT 60", word, word
        )
        known = [row["word"] for row in rows]
    else:
        grams = {word[i : i + 3] for i in range(len(word) - 2)}
        if len(word) in (4, 5):
            # A dropped or swapped letter spoils three trigrams; in a short word those without it are all that still meet.
            grams |= {(word[:i] + word[i + 1 :])[j : j + 3] for i in range(len(word)) for j in range(len(word) - 3)}
        rare = await db.fetch(
            f"SELECT term FROM search_gram WHERE term IN ({_marks(grams)}) ORDER BY doc LIMIT 5", *sorted(grams)
        )
        if not rare:
            return []
        query = " OR ".join(f'"{row["term"]}"' for row in rare)
        known = await _words_numbered(
            await db.column(f"SELECT rowid FROM search_word WHERE search_word MATCH ? LIMIT {_WORDS_LOOKED_AT}", query)
        )
    found = process.extract(word, known, scorer=fuzz.ratio, score_cutoff=_FUZZY_LEAST, limit=_FUZZY_WORDS)
    return [other for other, _, _ in found]


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
        same = [found for found in exact if fold(found.name) == wanted]
        if same:
            return _matched(same, entities, phrase, "exact", limit)
    first = terms(words[0])[:1]
    if not first:
        return Match()
    if (await _starting(work, first, entities))[0]:
        for phrase in phrases[-4:]:
            wanted, parts = fold(phrase), terms(phrase)
            rows = _ordered(work, await _with_starts(work, parts, entities))
            found = [Found(row.entity, row.record_id, row.name, _score(wanted, row), False, row.open) for row in rows]
            starts = [item for item in found if fold(item.name).startswith(wanted + " ")]
            if found:
                return _matched(starts or found, entities, phrase, "start" if starts else "part", limit)
    elif await _near(first[0]):
        for phrase in phrases[-3:]:
            alike = [found for found in await search(work, phrase, entities, limit) if found.score >= _FUZZY_LEAST]
            if alike:
                return _matched(alike, entities, phrase, "like", limit)
    return Match()


def _matched(found: list[Found], entities: Sequence[str], phrase: str, tier: str, limit: int) -> Match:
    order = {entity: place for place, entity in enumerate(entities)}
    found = sorted(found, key=lambda item: order[item.entity])
    first = [item for item in found if item.entity == found[0].entity]
    return Match(tuple(found[:limit]), len(phrase.split()), tier, only=len(first) == 1)
