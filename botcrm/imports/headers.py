"""Guess what a column is by its name, whoever called it so: words of several languages, and slips of the finger."""

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from botcrm.core.domain.emails import normal_email
from botcrm.core.services.importing.fields import CUSTOM, FIELDS, NOTE, SKIP, target
from botcrm.imports.header_words import WORDS
from botcrm.imports.sources import Source, plain_name

_LEAST = 82.0
_WORDS = {
    name: [word.strip() for word in rest.split(",")]
    for name, _, rest in (line.partition(": ") for line in WORDS.strip().replace("\n    ", " ").splitlines())
}
# What a name may end with when there are several: Phone 2, E-mail (work).
_SUFFIXES = tuple("0123456789 .()#№-_")
# Tax no., phone nr
_NUMBER = re.compile(r"[ _](?:no|nr|num)\Z")
# More of them than a year has.
_DIGITS = re.compile(r"[+(]?(?:\d[\s().,/:-]*){5,}\Z")


def _words_of(entity: str) -> dict[str, str]:
    """Return name -> field for an entity; of two fields that share a name the one that stands first has it."""
    known: dict[str, str] = {}
    for field in FIELDS[entity]:
        for word in (plain_name(field.label), field.name, *map(plain_name, _WORDS.get(field.name, ()))):
            known.setdefault(word, field.name)
    if entity == "company":
        known |= {plain_name(word): "name" for word in _WORDS["company"]}
    if entity == "deal":
        # Beside a deal's name these are its client's.
        known |= {"name": "title", "client": "contact", "customer": "company", "клиент": "contact", "klient": "company"}
    return known


_KNOWN = {entity: _words_of(entity) for entity in FIELDS}
_NAMES = frozenset(word for known in _KNOWN.values() for word in known)
# A title, and what stands below it, are no longer than so many rows.
TITLE_ROWS = 10


def header_place(rows: Sequence[Sequence[str]]) -> int:
    """Return which of a file's first rows names the columns: the first filled one, or a later one below a title.

    A title is a cell by itself that names no column; of the row below it at least two do.
    """
    first = next((place for place, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    filled = [cell for cell in rows[first] if cell.strip()] if rows else []
    if len(filled) != 1 or _named(filled):
        return first
    for place in range(first + 1, min(len(rows), first + TITLE_ROWS)):
        if _named(rows[place]) > 1:
            return place
    return first


def looks_like_data(header: Sequence[str]) -> bool:
    """Tell whether what stands where columns are named is a row itself: no name of a column, yet an address or a number."""
    if _named(header):
        return False
    return any(normal_email(cell) or _DIGITS.match(cell.strip()) for cell in header)


def _named(cells: Sequence[str]) -> int:
    return sum(plain_name(cell).rstrip("".join(_SUFFIXES)) in _NAMES for cell in cells if cell.strip())


def guess(
    entity: str, header: Sequence[str], source: Source | None = None, own: Mapping[str, str] | None = None
) -> list[str]:
    """Return what each column becomes: a field's name, or "note:" where nobody knows.

    :param source: the system that the file comes from; what it calls a column goes before what others do
    :param own: the company's own fields that a column can become, with what people call them
    """
    known = _KNOWN[entity] | _own_words(own or {}, _KNOWN[entity])
    found: list[str] = []
    for column in header:
        name = plain_name(column)
        if name in (own or {}):
            found.append(name)
            continue
        if source and source.entity == entity and name in source.fields:
            found.append(source.fields[name])
            continue
        found.append(_field(known, name))
    return _each_once(entity, header, found)


def _own_words(own: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return what own fields are called, where that is not what a usual field is called."""
    words: dict[str, str] = {}
    for name, title in own.items():
        for word in (plain_name(title), name.removeprefix(CUSTOM)):
            if word not in known:
                words.setdefault(word, name)
    return words


def _field(known: dict[str, str], name: str) -> str:
    bare = name.rstrip("".join(_SUFFIXES)).strip() or name
    numbered = _NUMBER.sub(" number", bare)
    for one in (name, bare, name.replace("_", " "), bare.replace("_", " "), name.partition("(")[0].strip(), numbered):
        if one in known:
            return known[one]
    if len(bare) > 4:
        near = process.extractOne(bare, known.keys(), scorer=fuzz.ratio, score_cutoff=_LEAST)
        if near:
            return known[near[0]]
    return NOTE


def _each_once(entity: str, header: Sequence[str], found: list[str]) -> list[str]:
    """Leave a field that takes one column to the first one that names it best; the others become lines of the note."""
    result: list[str] = []
    for place, name in enumerate(found):
        field = target(entity, name)
        if field is not None and not field.many and name in result:
            first = result.index(name)
            exact = plain_name(header[place]) in (name, plain_name(field.label))
            if exact and plain_name(header[first]) not in (name, plain_name(field.label)):
                result[first] = NOTE
            else:
                name = SKIP if _same(header[first], header[place]) else NOTE
        result.append(name)
    return _name_made_up(entity, result)


def _same(first: str, second: str) -> bool:
    return plain_name(first) == plain_name(second)


def _name_made_up(entity: str, found: list[str]) -> list[str]:
    """Take a column “Name” beside a last name for the first name; with both parts there the whole goes before them."""
    if entity in ("contact", "lead") and "last_name" in found and "first_name" not in found and "name" in found:
        found[found.index("name")] = "first_name"
    return found
