"""Searching records by what people type: whole names, starts of words, numbers, other alphabets, typos; within the actor's reach only.

The index is two plain tables (`search_entry`, `search_term`) read through B-trees, so a look-up costs the same whatever the base
holds; a word that matches nothing goes through the vocabulary and rapidfuzz, which is where typos are forgiven.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz

from botcrm.core import db
from botcrm.core.domain.findable import Typed, once_called, readings, script
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.search.fitting import Found, Row, Wanted
from botcrm.core.services.search.vocabulary import heard_alike, near, spelled_otherwise
from botcrm.core.services.work import Work

# A word carried by more entries than this is too common to lead a search.
COMMON = 100
# Looking up one entry's words costs as much as reading so many that follow each other.
_LOOK_UP = 6
# So many that follow each other are read at most, to find those that have another word as well.
_READ = 20_000
# When so many entries have the words that are likest to a typed one, what is less like by so much is not looked at: a letter
# left out makes less of a difference than one that is another, and is as likely.
_ENOUGH, _LESS_LIKE = 20, 10.0
# Of what an export of a search takes along.
_MOST_FOUND = 100_000
ENTITIES = ("company", "contact", "lead", "deal")
_COLUMNS = "e.id, e.entity, e.record_id, e.owner_id, e.name, e.folded, e.open, e.touched_at"


def _rows(rows: Iterable[dict[str, Any]]) -> list[Row]:
    return [
        Row(
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
# What keeps to the actor's reach: on entries, and on terms.
_Scope = tuple[_Condition, _Condition]


def _owned(column: str, people: frozenset[int] | None) -> _Condition:
    """Return a condition that a column holds one of these people; a lone id is bound, so that the statement stays known."""
    if people is not None and len(people) == 1:
        return f"{column} = ?", list(people)
    return owned_sql(column, people), []


def _scope(work: Work, entities: Sequence[str]) -> _Scope:
    """Return the conditions on entries and on terms that keep a search within the actor's reach."""
    reached: dict[frozenset[int] | None, list[str]] = {}
    for entity in entities:
        if entity in ENTITIES:
            reached.setdefault(owners(work.actor, entity), []).append(f"'{entity}'")
    parts, values = ["1 = 0"] if not reached else list[str](), list[int]()
    for people, kinds in reached.items():
        condition, ids = _owned("e.owner_id", people)
        # As a value, not the column itself: told to look for the kind, SQLite reads all records of it through.
        parts.append(f"(e.entity || '' IN ({', '.join(kinds)}) AND {condition})")
        values += ids
    widest = None if None in reached else frozenset[int]().union(*(people or () for people in reached))
    return (f"({' OR '.join(parts)})", values), _owned("t.owner_id", widest)


async def by_name(work: Work, names: Sequence[str], entities: Sequence[str]) -> list[Found]:
    """Return the records whose whole name is one of these, or that of one that went into them; own and recently touched first."""
    folded = list(dict.fromkeys(filter(None, (fold(name) for name in names))))
    if not folded:
        return []
    (entry_scope, ids), (term_scope, owner) = _scope(work, entities)
    owner_scope = term_scope.replace("t.owner_id", "e.owner_id")
    once = list(dict.fromkeys(map(once_called, folded)))
    read = await db.fetch(
        f"SELECT {_COLUMNS}, '' AS once FROM search_entry e WHERE e.folded IN ({_marks(folded)}) AND {owner_scope} "
        f"AND {entry_scope} UNION ALL SELECT {_COLUMNS}, t.term FROM search_term t CROSS JOIN search_entry e "
        f"WHERE t.term IN ({_marks(once)}) AND {term_scope} AND e.id = t.entry_id AND {entry_scope} LIMIT 200",
        *folded,
        *owner,
        *ids,
        *once,
        *owner,
        *ids,
    )
    # What is called so now, before what went by that name.
    called = {name: [row for row in read if row["once"] == name] for name in ("", *once)}
    return [
        Found(row.entity, row.record_id, row.name, 100.0, True, row.open, name)
        for name, rows in called.items()
        for row in ordered(work, _rows(rows))
    ]


def ordered(work: Work, rows: Iterable[Row]) -> list[Row]:
    """Sort by what a person most likely means: still open, own, touched last."""
    return sorted(rows, key=lambda row: (not row.open, row.owner_id != work.actor.id, -row.touched_at.timestamp()))


async def search(work: Work, text: str, entities: Sequence[str] = ENTITIES, limit: int = 10) -> list[Found]:
    """Return the records that hold every typed word, best first: as the start of a word, else as a word with a typo.

    A word counts in either alphabet; numbers in any writing, and by their last digits; an e-mail address by its parts. What
    another system calls a record finds it too.
    """
    words, *others = readings(text)
    if not words:
        return []
    found = await _called_elsewhere(work, text, entities)
    rows = await matching(work, await _in_other_alphabets(words), entities)
    for sites in others:
        rows = rows or await matching(work, sites, entities)
    if not rows:
        slips = [await _with_slips(word) for word in words]
        if len(slips) == 1:
            slips = [await _likest(work, slips[0], entities)]
        rows = await matching(work, slips, entities)
    wanted = Wanted(text)
    # Of those that fit as well, what a person most likely means comes first: the sort keeps that order.
    scored = [wanted.found(row) for row in ordered(work, rows)]
    scored.sort(key=lambda item: -round(item.score / 4))
    found += scored[:limit]
    return list({(item.entity, item.record_id): item for item in reversed(found)}.values())[::-1][:limit]


async def all_found(work: Work, text: str, entity: str) -> tuple[str, tuple[Any, ...]]:
    """Return an SQL condition on `t.id`, with its value, for all records of an entity that `search` finds, however many."""
    ids = [found.record_id for found in await _called_elsewhere(work, text, (entity,))]
    words, *sites = readings(text)
    if words:
        for wanted in (await _in_other_alphabets(words), *sites):
            if await _entry_ids(work, wanted, entity, 1):
                break
        else:
            wanted = [await _with_slips(word) for word in words]
        ids += await _entry_ids(work, wanted, entity, _MOST_FOUND)
    if db.dialect() == "postgres":
        return "t.id = ANY(?::int[])", (ids,)
    return "t.id IN (SELECT value FROM json_each(?))", (db.to_json(ids),)


async def _entry_ids(work: Work, words: Sequence[Typed], entity: str, most: int) -> list[int]:
    """Return the ids of an entity's records with a term for each typed word, those touched last first."""
    (entry_scope, ids), (term_scope, owner) = _scope(work, (entity,))
    parts, values = list[str](), list[Any]()
    for word in words:
        conditions = _conditions(word)
        either = " OR ".join(f"({condition.format('t')})" for condition, _ in conditions)
        parts.append(f"SELECT t.entry_id FROM search_term t WHERE {term_scope} AND ({either})")
        values += [*owner, *(value for _, texts in conditions for value in texts)]
    return await db.column(
        f"SELECT e.record_id FROM search_entry e WHERE e.id IN ({' INTERSECT '.join(parts)}) "
        f"AND {entry_scope} ORDER BY e.touched_at DESC, e.id DESC LIMIT {int(most)}",
        *values,
        *ids,
    )


async def _in_other_alphabets(words: Sequence[Typed]) -> list[Typed]:
    """Add to each word what it may be in another alphabet."""
    others = await spelled_otherwise([word.text for word in words])
    return [replace(word, words=tuple(others[word.text])) if others.get(word.text) else word for word in words]


async def _with_slips(word: Typed) -> Typed:
    """Add to a word what it may be a misspelling of, in either alphabet."""
    if not word.text:
        return word
    alike = dict.fromkeys([*await near(word.text), *await heard_alike(word.text)])
    return replace(word, words=tuple(alike))


async def _likest(work: Work, word: Typed, entities: Sequence[str]) -> Typed:
    """Keep, of what a word may be a misspelling of, the words within reach: the likest, and others until enough entries have them.

    Those in another alphabet are kept whatever comes before them: they are not as like as they sound.
    """
    if not word.words:
        return word
    _, (scope, owner) = _scope(work, entities)
    most = _LOOK_UP * COMMON
    held = Counter(
        await db.column(
            f"SELECT t.term FROM search_term t WHERE {scope} AND t.term IN ({_marks(word.words)}) LIMIT {most}",
            *owner,
            *word.words,
        )
    )
    if held.total() >= most:
        return word
    kept, entries, own, best = list[str](), 0, script(word.text), 0.0
    for other in filter(held.get, word.words):
        like = fuzz.ratio(word.text, other)
        best = best or like
        if entries < _ENOUGH or like > best - _LESS_LIKE or script(other) != own:
            kept.append(other)
            entries += held[other]
    return replace(word, words=tuple(kept))


async def _called_elsewhere(work: Work, text: str, entities: Sequence[str]) -> list[Found]:
    """Return the records that another system calls so."""
    name = text.strip()
    if not name or len(name) > 64 or any(character.isspace() for character in name):
        return []
    # The index begins with entity and source, of which there are few: one look-up for each that there is.
    first = " UNION ALL ".join(
        f"SELECT '{entity}' AS entity, (SELECT min(source) FROM external_ref WHERE entity = '{entity}') AS source"
        for entity in entities
        if entity in ENTITIES
    )
    rows = (
        await db.fetch(
            f"WITH RECURSIVE one(entity, source) AS (SELECT entity, source FROM ({first}) AS first WHERE source IS NOT NULL "
            "UNION ALL SELECT entity, (SELECT min(x.source) FROM external_ref x "
            "WHERE x.entity = one.entity AND x.source > one.source) FROM one WHERE source IS NOT NULL) "
            "SELECT x.entity, x.record_id FROM one CROSS JOIN external_ref x "
            "WHERE x.entity = one.entity AND x.source = one.source AND x.external_id = ? LIMIT 10",
            name,
        )
        if first
        else []
    )
    found = []
    for row in rows:
        found += await _entries(work, row["entity"], row["record_id"])
    return [Found(row.entity, row.record_id, row.name, 100.0, False, row.open) for row in found]


async def _entries(work: Work, entity: str, record_id: int) -> list[Row]:
    (scope, ids), _ = _scope(work, (entity,))
    sql = f"SELECT {_COLUMNS} FROM search_entry e WHERE e.entity = ? AND e.record_id = ? AND {scope}"
    return _rows(await db.fetch(sql, entity, record_id, *ids))


# --- the words of the index ----------------------------------------------------------------------------------------------

_One = tuple[str, list[Any]]
_RANGE = "{0}.term >= ? AND {0}.term < ?"
# As one value with the owner a start fits one index alone: PostgreSQL's planner takes starts for so rare that any will do.
_OWN_RANGE = "({0}.owner_id, {0}.term) >= (?, ?) AND ({0}.owner_id, {0}.term) < (?, ?)"


def _conditions(word: Typed) -> list[_One]:
    """Return the conditions, on an alias in braces, of which a term of a typed word meets one."""
    found: list[_One] = [(_RANGE, [start, after(start)]) for start in word.starts]
    if word.words:
        found.append((f"{{0}}.term IN ({_marks(word.words)})", list(word.words)))
    return found


def _within_reach(terms: _Condition, condition: _One) -> _One:
    """Return a condition that keeps to the terms within reach as well, on the alias t."""
    (scope, owner), (sql, values) = terms, condition
    if owner and sql == _RANGE and db.dialect() == "postgres":
        return _OWN_RANGE.format("t"), [*owner, values[0], *owner, values[1]]
    return f"{scope} AND {sql.format('t')}", [*owner, *values]


async def matching(work: Work, words: Sequence[Typed], entities: Sequence[str]) -> list[Row]:
    """Return entries that hold a term for each typed word, about COMMON of them at most."""
    conditions = [_conditions(word) for word in words]
    flat = [one for each in conditions for one in each]
    (entry_scope, ids), terms = _scope(work, entities)
    _, owner = terms
    counts = iter(await _counts(terms, flat, _LOOK_UP * COMMON if owner else _READ))
    counted = [(sum(next(counts) for _ in each), each) for each in conditions]
    # The rarest word leads: what is cut off behind the limit then has the least to lose.
    counted.sort(key=lambda pair: (pair[0], -len(pair[1][0][1][0])))
    count, lead = counted[0]
    if not count:
        return []
    sets, rest, values = [lead], "", list[Any]()
    for many, each in counted[1:]:
        looked_up = sum(len(texts) if " IN (" in sql else 1 for sql, texts in each)
        if many < _LOOK_UP * count * looked_up and many < 2 * _READ:
            sets.append(each)
        else:
            rest += f" AND EXISTS (SELECT 1 FROM search_term o WHERE {_in_entry(each)})"
            values += [value for _, texts in each for value in texts]
    first = work.actor.id if count >= COMMON and not owner else None
    among, of_sets = _met(terms, sets, rest, values, first)
    return _rows(
        await db.fetch(
            f"SELECT {_COLUMNS} FROM (SELECT DISTINCT entry_id FROM ({among}) AS hit LIMIT {2 * COMMON}) AS entry "
            f"CROSS JOIN search_entry e WHERE e.id = entry.entry_id AND {entry_scope}",
            *of_sets,
            *ids,
        )
    )


def _in_entry(conditions: Sequence[_One]) -> str:
    """Return a condition on the terms, named o, of the entry of a term named t: that one of these is met."""
    if [sql for sql, _ in conditions] == [_RANGE] and db.dialect() == "postgres":
        return "(o.entry_id, o.term) >= (t.entry_id, ?) AND (o.entry_id, o.term) < (t.entry_id, ?)"
    either = " OR ".join(f"({sql.format('o')})" for sql, _ in conditions)
    return f"o.entry_id = t.entry_id AND ({either})"


def _met(
    terms: _Condition, sets: Sequence[Sequence[_One]], rest: str, values: Sequence[Any], first: int | None
) -> tuple[str, list[Any]]:
    """Return a query of the entries that are in every set, those of the first one narrowed further, and its values.

    :param first: whose entries come first, there being more than are looked at
    """
    parts = list[tuple[str, list[Any]]]()
    limit = f" LIMIT {COMMON}" if len(sets) == 1 else ""
    for place, each in enumerate(sets):
        selects, bound = list[str](), list[Any]()
        narrowed, of_rest = ("", ()) if place else (rest, values)
        for one in each:
            scopes = [_within_reach(terms, one)]
            if first and not place:
                scopes.insert(0, (f"t.owner_id = ? AND {one[0].format('t')}", [first, *one[1]]))
            for condition, texts in scopes:
                selects.append(f"SELECT t.entry_id FROM search_term t WHERE {condition}{narrowed}{limit}")
                bound += [*texts, *of_rest]
        if limit:
            selects = [f"SELECT entry_id FROM ({select}) AS hit" for select in selects]
        parts.append((" UNION ALL ".join(selects), bound))
    if len(parts) > 1 and len(sets[-1]) == 1 and db.dialect() == "sqlite":
        # The largest set is read through and looked up in the others: INTERSECT would first sort every one of them.
        (largest, bound), *others = reversed(parts)
        among = largest + "".join(f" AND t.entry_id IN ({part})" for part, _ in others)
        return among, [*bound, *(value for _, texts in others for value in texts)]
    among = " INTERSECT ".join(f"SELECT entry_id FROM ({part}) AS met" for part, _ in parts)
    return among, [value for _, texts in parts for value in texts]


async def _counts(terms: _Condition, conditions: Sequence[_One], most: int) -> list[int]:
    """Count, for each condition, the terms within reach up to a limit."""
    within = [_within_reach(terms, condition) for condition in conditions]
    parts = [
        f"(SELECT count(*) FROM (SELECT 1 FROM search_term t WHERE {condition} LIMIT {int(most)}) AS common) AS n{n}"
        for n, (condition, _) in enumerate(within)
    ]
    row = await db.fetch_one("SELECT " + ", ".join(parts), *(value for _, values in within for value in values))
    return [int(row[f"n{n}"]) if row else 0 for n in range(len(parts))]


async def starts_somewhere(work: Work, word: Typed, entities: Sequence[str]) -> bool:
    """Tell whether a word within reach starts like this one."""
    _, terms = _scope(work, entities)
    return any(await _counts(terms, _conditions(word), 1))


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def after(word: str) -> str:
    """Return the first text behind every text that starts with the word."""
    return word + "\U0010ffff"
