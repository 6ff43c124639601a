"""The company's own fields in what is typed: `deal Acme 12k roof budget:20k`."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

from botcrm.core.domain.custom_errors import BadValue, NoSuchField, WrongPipeline
from botcrm.core.domain.custom_values import TYPES, ReadContext
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.expected_close import read_close
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.line_fields import Fields, OwnField, keys_in
from botcrm.core.domain.query_fields import nearest
from botcrm.core.domain.text import fold
from botcrm.core.models import Company, Contact, CustomField, Deal, Lead, Pipeline
from botcrm.core.services import deals
from botcrm.core.services.access import facts_of
from botcrm.core.services.activities import add_note
from botcrm.core.services.custom import fields as custom_fields
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.screens.base import esc

# How near a mistyped key is at least, of 100.
_NEAR = 75.0
_KEYED = re.compile(r"([^\W\d_][\w-]*)[:：](?!//)(\S+)")
# The day a deal is expected to close is written as the company's own fields are.
CLOSE = "close"
_CLOSE = re.compile(rf"\b{CLOSE}\b", re.IGNORECASE)
_DASHES = ("-", "–", "—")
# A value of another type ends with its first word, or in quotes.
_WORDS = {"number": 3, "money": 4, "date": 4, "time": 2, "list": 4, "multi": 8, "person": 3}


class FieldMeant(CrmError):
    """Words of a line look like a field of the company's own, and are kept as a text."""

    message = "“{what}” stays in the text. For the field: {example}"


async def field_readers(ctx: Context, text: str) -> Mapping[str, Fields]:
    """Return what reads the own fields that a text names, by verb; of a deal also its expected close."""
    found: dict[str, dict[str, OwnField]] = {"deal": {CLOSE: _close_reader(ctx)}} if _CLOSE.search(text) else {}
    keys = dict(keys_in(text)) if ctx.work.prefs.own_fields else {}
    if not keys:
        return found
    for entity in custom_fields.MODELS:
        seen = set[str]()
        for one in await custom_fields.fields_for(ctx.work, entity):
            # The first that is written so, as where they are set.
            if one.key in keys and one.key not in seen:
                seen.add(one.key)
                context = await custom_fields.reading(ctx.work, one, keys[one.key])
                found.setdefault(entity, {})[one.key] = _reader(one, context)
    return found


def _close_reader(ctx: Context) -> OwnField:
    now, language, name = ctx.said_wall, ctx.work.prefs.language, ctx.words.t("Expected close")

    def read(text: str) -> date | None:
        return None if text in _DASHES else read_close(text, now, language, name)

    return OwnField(read, _WORDS["date"], name=name, dated=True)


def _reader(one: CustomField, context: ReadContext) -> OwnField:
    kind = TYPES[one.type]

    def read(text: str) -> object:
        if text in _DASHES and kind.name != "yes_no":
            return None
        try:
            return kind.read(text, context)
        except (ValueError, ArithmeticError):
            # Whatever a type trips over, the line it stands in is kept, and said of.
            raise BadValue(what=one.name, value=text[:40]) from None

    return OwnField(read, _WORDS.get(one.type, 1), kind.many, one.name)


async def keep_fields(ctx: Context, record: Deal | Contact | Company | Lead, line: Line) -> list[str]:
    """Set the own fields that a line says; return what to say of those it could not set: they are in the text."""
    unread = [words_for(ctx.words, error) for error in line.args.unread]
    told = list(dict.fromkeys(unread)) + await _set(ctx, record, line.args.own)
    told += [words_for(ctx.words, error) for error in await _mistyped(ctx, record._meta.db_table, line)]
    for typed in line.args.no_phones:
        await add_note(ctx.work, typed, **{name: linked for name, linked in facts_of(record).items() if linked})
        told.append("✋ " + ctx.words.t("“{number}” is no phone number. It is kept as a note.", number=esc(typed[:40])))
    return told


async def note_of_tried(ctx: Context, record: Deal | Contact | Company, text: str) -> None:
    """Keep the words of a line that tried to set a field and names nothing new: they are no title and no name."""
    await add_note(ctx.work, text, **{name: linked for name, linked in facts_of(record).items() if linked})


async def _mistyped(ctx: Context, entity: str, line: Line) -> list[CrmError]:
    """Return what to say of words that look like a field: a key that is a typo away or none, a number behind a key."""
    words = [token.text for token in line.args.head if token.shape == "word"]
    pairs = [(fold(match[1]), match[2], word) for word in words if (match := _KEYED.fullmatch(word))]
    pairs += [(fold(one), two, f"{one} {two}") for one, two in pairwise(words) if two[0].isdecimal()]
    keys = [CLOSE] if entity == "deal" else []
    if pairs and ctx.work.prefs.own_fields:
        keys += [one.key for one in await custom_fields.fields_for(ctx.work, entity)]
    meant = list[CrmError]()
    for key, value, typed in pairs:
        near = nearest(key, keys, most=1, least=_NEAR)
        if near and typed != f"{near[0]}:{value}":
            meant.append(FieldMeant(what=typed[:40], example=f"{near[0]}:{value}"[:60]))
        elif not near and typed in words and typed[len(key)] in ":：":
            meant.append(NoSuchField(key=typed[: len(key)][:40]))
    return meant


async def correct_fields(ctx: Context, record: Deal | Contact | Company | Lead, was: Line, line: Line) -> list[str]:
    """Set what an edited line says otherwise; what it says no more is emptied."""
    before, now = was.args.own, line.args.own
    values = dict.fromkeys((key for key in before if key not in now), None)
    values |= {key: value for key, value in now.items() if key not in before or before[key] != value}
    return [words_for(ctx.words, error) for error in line.args.unread] + await _set(ctx, record, values)


async def _set(ctx: Context, record: Deal | Contact | Company | Lead, values: Mapping[str, object]) -> list[str]:
    """Set fields by their keys; what is for deals of another pipeline is kept as a note."""
    if not values:
        return []
    entity, pipeline_id = record._meta.db_table, getattr(record, "pipeline_id", None)
    chosen: dict[int, object] = {}
    told: list[str] = []
    done = set[str]()
    for one in await custom_fields.fields_of(entity):
        if one.key not in values or one.key in done:
            continue
        done.add(one.key)
        if one.pipeline_id in (None, pipeline_id):
            chosen[one.id] = values[one.key]
        elif values[one.key] is not None:
            told.append(await _misplaced(ctx, record, one, values[one.key]))
    await custom_fields.set_values(ctx.work, entity, record.id, chosen)
    if entity == "deal" and CLOSE in values and CLOSE not in done:
        await deals.change_deal(ctx.work, record.id, expected_close=values[CLOSE])
    return told


async def _misplaced(ctx: Context, record: Deal | Contact | Company | Lead, one: CustomField, value: object) -> str:
    """Keep a value that its field does not take here, and say so."""
    names = (await custom_fields.reading(ctx.work, one)).names
    links = {name: linked for name, linked in facts_of(record).items() if linked}
    await add_note(ctx.work, f"{one.name}: {TYPES[one.type].write(value, names)}", **links)
    pipeline = await Pipeline.filter(id=one.pipeline_id).first()
    return words_for(ctx.words, WrongPipeline(what=one.name, pipeline=pipeline.name if pipeline else "?"))
