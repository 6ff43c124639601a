"""The company's own fields in what is typed: `deal Acme 12k roof budget:20k`."""

from collections.abc import Mapping

from botcrm.core.domain.custom_errors import BadValue, WrongPipeline
from botcrm.core.domain.custom_values import TYPES, ReadContext
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.line_fields import Fields, OwnField, keys_in
from botcrm.core.models import Company, Contact, CustomField, Deal, Lead, Pipeline
from botcrm.core.services.access import facts_of
from botcrm.core.services.activities import add_note
from botcrm.core.services.custom import fields as custom_fields
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for

# A value of another type ends with its first word, or in quotes.
_WORDS = {"number": 3, "money": 4, "date": 4, "time": 2, "list": 4, "multi": 8, "person": 3}


async def field_readers(ctx: Context, text: str) -> Mapping[str, Fields]:
    """Return what reads the own fields that a text names, by verb; nothing is asked where the company has none."""
    if not ctx.work.prefs.own_fields:
        return {}
    keys = dict(keys_in(text))
    if not keys:
        return {}
    found: dict[str, dict[str, OwnField]] = {}
    for entity in custom_fields.MODELS:
        for one in await custom_fields.fields_for(ctx.work, entity):
            # The first that is written so, as where they are set.
            if one.key in keys and one.key not in found.get(entity, {}):
                context = await custom_fields.reading(ctx.work, one, keys[one.key])
                found.setdefault(entity, {})[one.key] = _reader(one, context)
    return found


def _reader(one: CustomField, context: ReadContext) -> OwnField:
    kind = TYPES[one.type]

    def read(text: str) -> object:
        if text in ("-", "–", "—") and kind.name != "yes_no":
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
    return list(dict.fromkeys(unread)) + await _set(ctx, record, line.args.own)


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
    return told


async def _misplaced(ctx: Context, record: Deal | Contact | Company | Lead, one: CustomField, value: object) -> str:
    """Keep a value that its field does not take here, and say so."""
    names = (await custom_fields.reading(ctx.work, one)).names
    links = {name: linked for name, linked in facts_of(record).items() if linked}
    await add_note(ctx.work, f"{one.name}: {TYPES[one.type].write(value, names)}", **links)
    pipeline = await Pipeline.filter(id=one.pipeline_id).first()
    return words_for(ctx.words, WrongPipeline(what=one.name, pipeline=pipeline.name if pipeline else "?"))
