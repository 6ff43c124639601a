"""What may be wrong with a query that finds nothing: a word that nothing within reach holds, a field's name without a value."""

import contextlib

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.query import KIND_OF, KINDS, Query, meant_kind
from botcrm.core.domain.query_fields import FIELDS, NONE, STATUSES, QueryField, UnknownField, find_field, nearest
from botcrm.core.domain.text import fold
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom.fields import fields_of, named
from botcrm.core.services.queries.parts import contains
from botcrm.core.services.queries.values import ME, NoSuchValue, StrangeValue, people, stages, words_in
from botcrm.core.services.search.subjects import search
from botcrm.core.services.work import Work

# What people say of what lies ahead.
_WHEN = frozenset({"overdue", "today", "tomorrow"})
# So many words near a mistyped one are looked at, and so many of them are named.
_LOOKED, _SAID = 24, 6
# Letters that a word has at least to be taken for the start of a name.
_LEAST = 3


class KindMeant(CrmError):
    """The first word is a typo away from a kind of records, and was looked for as a word."""

    message = "“{what}”: did you mean {near}? Like this: {example}"


class KindFirst(CrmError):
    """A kind of records does not stand first, and was looked for as a word."""

    message = "“{what}” goes first. Like this: {example}"


class FieldAlone(CrmError):
    """A field's name stands without a value, and was looked for as a word."""

    message = "“{what}” was looked for as a word. Like this: {example}"


class InQuotes(CrmError):
    """A value and the word behind it were read as two things."""

    message = "“{what}” was read as two things. Together: {example}"


class FieldElsewhere(CrmError):
    """Other records have the field that a query asks for."""

    message = "There is no “{what}” in {kind}. Like this: {example}"


class NothingHas(CrmError):
    """Nothing within reach has such a value, and none like it."""

    message = "{what}: there is no “{value}” among what you see."


class OfNobody(CrmError):
    """A word for nobody was read as “without an owner”."""

    message = "{what}: “{value}” means: without an owner."


def kind_hint(query: Query) -> KindMeant | None:
    """Return what to say where a query's first word looks like a kind of records that was mistyped."""
    near = meant_kind(query)
    if not near:
        return None
    rest = " ".join(str(term) for term in query.terms[1:])
    return KindMeant(what=query.terms[0].values[0][:40], near=near, example=f"filter {near} {rest}".strip())


def elsewhere(query: Query, error: UnknownField) -> FieldElsewhere | None:
    """Return what to say where the field that these records have not is one of others: `city:warsaw` of contacts."""
    typed = str(error.facts["what"])
    other = next((entity for entity in FIELDS if find_field(entity, typed)), "")
    if not other:
        return None
    terms = " ".join(map(str, query.terms))
    return FieldElsewhere(what=typed, kind=error.facts["kind"], example=f"filter {KIND_OF[other]} {terms}")


def alone(query: Query) -> bool:
    """Tell whether a query is nothing but one word, as somebody types who expects the field of that name."""
    return len(query.terms) == 1 and not query.terms[0].field


async def hints(work: Work, query: Query) -> list[CrmError]:
    """Say of a query that found nothing, or is one word alone, what of it was perhaps meant otherwise."""
    kind = kind_hint(query)
    told: list[CrmError | None] = [kind]
    terms = list(query.terms[1:] if kind else query.terms)
    while terms:
        term = terms.pop(0)
        if term.no:
            continue
        if not term.field:
            # `stage new`, `amount 10k`
            beside = terms[0].values[0] if terms and not terms[0].field and not terms[0].no else ""
            told.append(await _word_hint(work, query, term.values[0], beside))
            if beside and find_field(query.entity, term.values[0]):
                terms.pop(0)
        elif one := find_field(query.entity, term.field):
            behind = f"{term.values[-1]} {terms[0].values[0]}" if terms and not terms[0].field else ""
            if behind and await _is_name(work, query.entity, one, behind):
                terms.pop(0)
                told.append(InQuotes(what=behind[:40], example=f'{one.name}:"{behind[:40]}"'))
                continue
            told += [await _value_hint(work, query.entity, one, value) for value in term.values]
    return [hint for hint in told if hint]


async def _is_name(work: Work, entity: str, one: QueryField, text: str) -> bool:
    """Tell whether a text is what somebody, or a stage, is called, or the tag of something within reach."""
    with contextlib.suppress(CrmError):
        if one.kind == "person":
            found = await people(work, entity, text)
            return bool(found.ids) and found.remark is None
        if one.kind == "stage":
            return (await stages(text))[0][1] is None
        if one.kind == "tag":
            return await _is_seen(work, entity, one, text.casefold())
    return False


async def _word_hint(work: Work, query: Query, word: str, value: str) -> CrmError | None:
    """Say what a word may be besides a part of a name: a kind of records, a field, somebody, a stage, a tag."""
    if fold(word) in KINDS:
        others = " ".join(str(term) for term in query.terms if term.values != (word,))
        return KindFirst(what=word[:40], example=f"filter {fold(word)} {others}".strip())
    if hint := await _field_hint(query.entity, word, value):
        return hint
    for name in ("owner", "stage", "tag"):
        one = find_field(query.entity, name)
        if one and len(word) >= _LEAST and await _is_name(work, query.entity, one, word):
            return FieldAlone(what=word[:40], example=f"{name}:{word}")
    return None


async def _field_hint(entity: str, word: str, value: str) -> FieldAlone | None:
    one = find_field(entity, word)
    if one and value:
        sign = ">" if one.kind == "amount" and ".." not in value else ":"
        return FieldAlone(what=f"{word} {value}"[:40], example=f"{one.name}{sign}{value}")
    if fold(word) in STATUSES.get(entity, {}):
        return FieldAlone(what=word[:40], example=f"status:{fold(word)}")
    ahead = next((each.name for each in FIELDS[entity] if each.ahead and each.kind == "moment"), "")
    if ahead and fold(word) in _WHEN:
        return FieldAlone(what=word[:40], example=f"{ahead}:{fold(word)}")
    if fold(word) in ME:
        return FieldAlone(what=word[:40], example="owner:me")
    if one:
        return FieldAlone(what=word[:40], example=one.example)
    own = named(await fields_of(entity), word)
    return FieldAlone(what=word[:40], example=f"has:{own.key}") if own else None


async def _value_hint(work: Work, entity: str, one: QueryField, value: str) -> CrmError | None:
    if fold(value) in NONE:
        return OfNobody(what=one.name, value=value) if one.kind == "person" else None
    match one.kind:
        case "tag":
            words = await words_in("tag", "tag", f"entity = '{entity}'")
            return await _nearest_seen(work, entity, one, value.strip("#"), words or [], [])
        case "word":
            public = [choice.name for choice in await dictionaries.choices(one.name)]
            return await _nearest_seen(work, entity, one, value, await words_in(entity, one.column) or [], public)
        case "name":
            return await _name_hint(work, one, value)
    return await _reason_hint(work, entity, one, value) if one.column == "lost_reason" else None


async def _nearest_seen(
    work: Work, entity: str, one: QueryField, value: str, words: list[str], public: list[str]
) -> CrmError | None:
    """Offer the words most like a value, of a dictionary and of those that records within reach hold."""

    async def seen(some: list[str]) -> list[str]:
        return [word for word in some[:_LOOKED] if word in public or await _is_seen(work, entity, one, word)]

    known = list(dict.fromkeys([*public, *words]))
    if await seen([word for word in known if fold(word).startswith(fold(value))]):
        return None
    near = await seen(nearest(value, known, most=_LOOKED))
    shown = near or await seen(known)
    if not shown:
        return NothingHas(what=one.name, value=value[:40])
    error = NoSuchValue if near else StrangeValue
    return error(what=one.name, value=value[:40], near=", ".join(shown[:_SAID]))


async def _is_seen(work: Work, entity: str, one: QueryField, word: str) -> bool:
    """Tell whether a record within reach holds a word."""
    reached = owned_sql("t.owner_id", owners(work.actor, entity))
    if one.kind == "tag":
        held = f"tag g JOIN {entity} t ON t.id = g.record_id WHERE g.entity = '{entity}' AND g.tag = ?"
    else:
        held = f"{entity} t WHERE t.{one.column} = ?"
    return bool(await db.fetch_one(f"SELECT 1 AS y FROM {held} AND t.deleted_at IS NULL AND {reached} LIMIT 1", word))


async def _reason_hint(work: Work, entity: str, one: QueryField, value: str) -> CrmError | None:
    known = [choice.name for choice in await dictionaries.choices(one.column)]
    if any(fold(value) in fold(word) for word in known):
        return None
    reached = owned_sql("t.owner_id", owners(work.actor, entity))
    sql, bound = contains(f"t.{one.column}", value)
    if not known or await db.fetch_one(f"SELECT 1 AS y FROM {entity} t WHERE ({sql}) AND {reached} LIMIT 1", *bound):
        return None
    near = nearest(value, known)
    error = NoSuchValue if near else StrangeValue
    return error(what=one.name, value=value[:40], near=", ".join(near or known[:_SAID]))


async def _name_hint(work: Work, one: QueryField, value: str) -> CrmError | None:
    """Offer the companies or contacts that a search finds for a name that none has."""
    entity = one.column.removesuffix("_id")
    found = [item.name for item in await search(work, value, limit=2 * _SAID) if item.entity == entity]
    if any(fold(value) in fold(name) for name in found):
        return None
    if not found:
        return NothingHas(what=one.name, value=value[:40])
    return NoSuchValue(what=one.name, value=value[:40], near=", ".join(dict.fromkeys(found[:3])))
