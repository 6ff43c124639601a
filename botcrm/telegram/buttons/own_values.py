"""Buttons about the company's own fields on a record: see them all, choose, type, or send a file."""

from datetime import date
from typing import Any

from botcrm.core import db
from botcrm.core.domain.custom_errors import NoSuchChoice, NoSuchField
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.expected_close import read_close
from botcrm.core.domain.kinds import ENTITY_OF, Action
from botcrm.core.models import Company, Contact, CustomField, Deal, Draft, Lead
from botcrm.core.services import deals, records
from botcrm.core.services.access import facts_of, load_any, ref
from botcrm.core.services.activities import add_file
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.custom.fields import Held
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.new_words import with_new_word
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.own_values import CLOSE, SOURCE, SOURCED, ask_screen, choices_screen, values_screen

ASKS_VALUE = "own_value"

Party = Deal | Contact | Company | Lead


async def show_values(ctx: Context, reference: str, page: str = "0") -> Screen:
    """Show all own fields of a record."""
    await Draft.filter(user_id=ctx.user_id, chat_id=ctx.chat_id, kind=ASKS_VALUE).delete()
    return await _values(ctx, await _record(ctx, reference), page=int(page))


async def pick_value(ctx: Context, reference: str, field_id: str, page: str = "0") -> Screen:
    """Offer what a field can be, or ask for what is to be typed."""
    record = await _record(ctx, reference, Action.CHANGE)
    one = await _held(ctx, record, int(field_id))
    if one.type not in ("list", "multi", "person"):
        return await _ask(ctx, record, one)
    await Draft.filter(user_id=ctx.user_id, chat_id=ctx.chat_id, kind=ASKS_VALUE).delete()
    typed = one.type != "person" and (int(field_id) == SOURCE or dictionaries.may_add(ctx.work))
    chosen = one.value if isinstance(one.value, list) else [one.value]
    options = [(str(mark), label, mark in chosen) for mark, label in await _options(ctx, one)]
    name = await ctx.name_of(record)
    return choices_screen(ctx.words, reference, name, one, options, int(page), may_type=typed)


async def ask_value(ctx: Context, reference: str, field_id: str) -> Screen:
    """Ask for a value that is none of those that are offered."""
    record = await _record(ctx, reference, Action.CHANGE)
    return await _ask(ctx, record, await _held(ctx, record, int(field_id)))


async def set_value(ctx: Context, reference: str, field_id: str, mark: str) -> Screen:
    """Set a field to what a button stands for: a choice, a person, yes (y), no (n), nothing (-)."""
    record = await _record(ctx, reference, Action.CHANGE)
    one = await _held(ctx, record, int(field_id))
    value: Any = {"y": True, "n": False, "-": None}.get(mark)
    if mark not in ("y", "n", "-"):
        value = await _picked(ctx, one, mark)
    elif value is not None and one.type != "yes_no":
        raise NoSuchChoice(what=one.field.name, value=mark, choices="")
    await _keep(ctx, record, one, value)
    return await _values(ctx, record, undo=True)


async def add_value(ctx: Context, reference: str, field_id: str, mark: str) -> Screen:
    """Put a choice into a list."""
    return await _with_list(ctx, reference, field_id, mark, add=True)


async def drop_value(ctx: Context, reference: str, field_id: str, mark: str) -> Screen:
    """Take a choice out of a list."""
    return await _with_list(ctx, reference, field_id, mark, add=False)


async def _with_list(ctx: Context, reference: str, field_id: str, mark: str, *, add: bool) -> Screen:
    record = await _record(ctx, reference, Action.CHANGE)
    one = await _held(ctx, record, int(field_id))
    kept = [each for each in one.value or () if str(each) != mark]
    chosen = [*kept, await _picked(ctx, one, mark)] if add else kept
    await _keep(ctx, record, one, chosen or None)
    return await pick_value(ctx, reference, field_id)


async def answer_value(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as a field's value; a word that its list lacks is added by whoever may.

    :raises BadValue: they are none; the question stays
    """
    record = await _record(ctx, str(draft.data["ref"]), Action.CHANGE)
    one = await _held(ctx, record, int(draft.data["field"]))
    try:
        value = await _read(ctx, one, text)
    except NoSuchChoice:
        if not dictionaries.may_add(ctx.work):
            raise
        await dictionaries.add_choices(ctx.work, one.field.dictionary, text)
        await ctx.work.flush()
        value = await _read(ctx, one, text)
    await _keep(ctx, record, one, value)
    screen = await _values(ctx, record, head="✅ " + ctx.words.t("Saved"), undo=True)
    if one.field.id == SOURCE and value:
        return await with_new_word(ctx, screen, "source", record)
    return screen


async def take_file(ctx: Context, facts: dict[str, Any], caption: str) -> Screen | None:
    """Take a file that came for the field that waits for one; None where none does."""
    if not ctx.work.prefs.own_fields:
        return None
    draft = await Draft.filter(user_id=ctx.user_id, chat_id=ctx.chat_id, kind=ASKS_VALUE).order_by("-id").first()
    if draft is None:
        return None
    record = await _record(ctx, str(draft.data["ref"]), Action.CHANGE)
    one = await _held(ctx, record, int(draft.data["field"]))
    if one.type != "file":
        return None
    links = {name: value for name, value in facts_of(record).items() if value}
    file = await add_file(ctx.work, caption=caption, **facts, **links)
    await _keep(ctx, record, one, file.id)
    await draft.delete()
    ctx.main = ("file", file.id)
    return await _values(ctx, record, head="✅ " + ctx.words.t("Saved"), undo=True)


# --- the record and its fields -------------------------------------------------------------------------------------------


async def _record(ctx: Context, reference: str, action: Action = Action.READ) -> Party:
    entity = ENTITY_OF.get(reference[:1])
    if entity is None or not reference[1:].isdecimal():
        raise NotFound(ref=reference)
    record = await load_any(ctx.work, str(entity), int(reference[1:]), action)
    if not isinstance(record, Deal | Contact | Company | Lead):
        raise NoSuchField(key=reference)
    return record


async def _held(ctx: Context, record: Party, field_id: int) -> Held:
    """Return a field of a record with what it holds; 0 is the source, which is a word of its own."""
    if field_id == SOURCE and record._meta.db_table in SOURCED:
        field = CustomField(id=SOURCE, name=ctx.words.t("Source"), type="list", dictionary="source", required=False)
        words = {one.id: one.name for one in await dictionaries.choices("source")}
        text = str(getattr(record, "source", None) or "")
        value = next((one for one, name in words.items() if name == text), -1 if text else None)
        return Held(field, value, words | ({-1: text} if value == -1 else {}))
    if field_id == CLOSE and isinstance(record, Deal):
        return _close(ctx, record)
    found = next(
        (one for one in await custom_fields.held(ctx.work, record, empty=True) if one.field.id == field_id), None
    )
    if found is None:
        raise NoSuchField(key=str(field_id))
    return found


def _close(ctx: Context, deal: Deal) -> Held:
    field = CustomField(id=CLOSE, name=ctx.words.t("Expected close"), type="date", required=False)
    return Held(field, deal.expected_close.isoformat() if deal.expected_close else None, {})


async def _options(ctx: Context, one: Held) -> list[tuple[int, str]]:
    if one.type == "person":
        rows = await db.fetch('SELECT id, name FROM "user" WHERE active ORDER BY name, id')
        return [(row["id"], row["name"]) for row in rows]
    return [(word.id, word.name) for word in await dictionaries.choices(one.field.dictionary)]


async def _picked(ctx: Context, one: Held, mark: str) -> int:
    for option, _ in await _options(ctx, one):
        if str(option) == mark:
            return option
    raise NoSuchChoice(what=one.field.name, value=mark, choices="")


async def _read(ctx: Context, one: Held, text: str) -> Any:
    if one.field.id == SOURCE:
        return await dictionaries.propose(ctx.work, "source", text)
    if one.field.id == CLOSE:
        empty = text.strip() in ("-", "–", "—")
        return None if empty else read_close(text, ctx.said_wall, ctx.work.prefs.language, one.field.name).isoformat()
    return await custom_fields.read_value(ctx.work, one.field, text)


async def _keep(ctx: Context, record: Party, one: Held, value: Any) -> None:
    if one.field.id == CLOSE:
        await deals.change_deal(ctx.work, record.id, expected_close=date.fromisoformat(value) if value else None)
        return
    if one.field.id != SOURCE:
        await custom_fields.set_values(ctx.work, record._meta.db_table, record.id, {one.field.id: value})
        return
    source = one.names.get(value) if isinstance(value, int) else value
    if isinstance(record, Lead):
        await records.change_record(ctx.work, Lead, record.id, source=source[:100] if source else None)
    else:
        await deals.change_deal(ctx.work, record.id, source=source[:100] if source else None)


async def _ask(ctx: Context, record: Party, one: Held) -> Screen:
    reference = ref(*about_of(record))
    await ctx.wait_for(ASKS_VALUE, ref=reference, field=one.field.id)
    return ask_screen(ctx.words, reference, await ctx.name_of(record), one)


async def _values(ctx: Context, record: Party, *, page: int = 0, head: str = "", undo: bool = False) -> Screen:
    await ctx.work.flush()
    own = await custom_fields.held(ctx.work, record, empty=True)
    source = str(getattr(record, "source", None) or "") if record._meta.db_table in SOURCED else None
    return values_screen(
        ctx.words,
        ref(*about_of(record)),
        await ctx.name_of(record),
        source,
        own,
        page,
        close=_close(ctx, record) if isinstance(record, Deal) else None,
        head=head,
        undo=ctx.undo if undo else "",
    )
