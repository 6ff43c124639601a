"""Buttons about the company's own fields: make one step by step, change it, delete it."""

from botcrm.core.domain.custom_values import TYPES
from botcrm.core.domain.errors import NotFound, Stale
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Draft, Pipeline
from botcrm.core.services.access import demand
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.custom.names import clean_name
from botcrm.telegram.commands.custom_fields import (
    dictionary_of,
    entities_list,
    field_card,
    fields_list,
    list_titles,
)
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, lines, pack
from botcrm.telegram.screens.custom_fields import ENTITIES, entity_name, pipelines_screen, types_screen, words_screen

ASKS_NAME, ASKS_NEW_NAME, ASKS_WORDS = "own_field", "own_field_name", "own_field_words"
# What is known of a field that is being made; it waits for buttons only.
_MAKING = "new_own_field"


async def show_fields(ctx: Context, entity: str, page: str = "0") -> Screen:
    """Show the own fields of a kind of records, or (-) the kinds."""
    return await entities_list(ctx) if entity == "-" else await fields_list(ctx, entity, int(page))


async def show_field(ctx: Context, field_id: str) -> Screen:
    """Show a field."""
    return await field_card(ctx, int(field_id))


# --- making one ----------------------------------------------------------------------------------------------------------


async def ask_name(ctx: Context, entity: str) -> Screen:
    """Ask what a new field is called."""
    demand(ctx.work, "field", Action.ADD)
    if entity not in ENTITIES:
        raise NotFound(ref=entity)
    draft = await ctx.wait_for(ASKS_NAME, entity=entity)
    text = lines(
        f"📋 {bold(ctx.words.t('New field'))}: {entity_name(ctx.words, entity)}",
        "✏️ " + ctx.words.t("Type its name: Budget, Roof type, Contract until…"),
    )
    return Screen(text, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def answer_name(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as a new field's name, and ask what it holds.

    :raises BadName: it is too long; the question stays
    :raises FieldTaken: the name means something already; the question stays
    """
    demand(ctx.work, "field", Action.ADD)
    name = clean_name(text)
    await custom_fields.free_key(draft.data["entity"], name)
    made = await ctx.ask(_MAKING, entity=draft.data["entity"], name=name)
    return types_screen(ctx.words, name, made.id)


async def choose_type(ctx: Context, draft_id: str, kind: str) -> Screen:
    """Make a field of a type; of a list it is asked first which words it offers."""
    demand(ctx.work, "field", Action.ADD)
    draft = await _making(ctx, draft_id)
    if kind not in TYPES:
        raise NotFound(ref=kind)
    if TYPES[kind].names_of == "choice":
        draft.data["type"] = kind
        await draft.save(update_fields=["data"])
        if dictionaries.may_add(ctx.work):
            # Words that are typed at once are what it offers.
            await ctx.wait_for(ASKS_WORDS, making=draft.id)
        known = list((await dictionaries.dictionaries()).items())
        return words_screen(ctx.words, draft.data["name"], draft.id, known, await list_titles())
    return await _made(ctx, draft, kind)


async def choose_words(ctx: Context, draft_id: str, mark: str) -> Screen:
    """Make a list with the words of a dictionary, or (+) ask for new ones."""
    demand(ctx.work, "field", Action.ADD)
    draft = await _making(ctx, draft_id)
    if mark != "+":
        return await _made(ctx, draft, str(draft.data.get("type", "list")), dictionary=await dictionary_of(mark))
    demand(ctx.work, "choice", Action.ADD)
    asked = await ctx.wait_for(ASKS_WORDS, making=draft.id)
    text = lines(
        f"📋 {bold(clip(str(draft.data['name']), 80))}",
        "✏️ " + ctx.words.t("Type the words, with commas between them: {example}", example="flat, gable, hip"),
    )
    return Screen(text, ([Button(ctx.words.t("Never mind"), pack("dx", asked.id))],))


async def answer_words(ctx: Context, draft: Draft, text: str) -> Screen:
    """Make a list of the typed words."""
    making = await _making(ctx, str(draft.data["making"]))
    entity, name = str(making.data["entity"]), str(making.data["name"])
    dictionary = custom_fields.own_dictionary(entity, await custom_fields.free_key(entity, name))
    await dictionaries.add_choices(ctx.work, dictionary, text)
    return await _made(ctx, making, str(making.data.get("type", "list")), dictionary=dictionary)


async def _making(ctx: Context, draft_id: str) -> Draft:
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id, kind=_MAKING).first()
    if draft is None:
        raise NotFound(ref="that field")
    return draft


async def _made(ctx: Context, draft: Draft, kind: str, *, dictionary: str = "") -> Screen:
    entity, name = str(draft.data["entity"]), str(draft.data["name"])
    made = await custom_fields.add_field(ctx.work, entity, name, kind, dictionary=dictionary)
    await draft.delete()
    await Draft.filter(user_id=ctx.user_id, chat_id=ctx.chat_id, kind=ASKS_WORDS).delete()
    return await field_card(ctx, made.id, head="✅ " + ctx.words.t("The field is there"), undo=True)


# --- changing one --------------------------------------------------------------------------------------------------------


async def switch_required(ctx: Context, field_id: str, on: str) -> Screen:
    """Say whether a field has to be filled in."""
    await custom_fields.change_field(ctx.work, int(field_id), required=on == "1")
    return await field_card(ctx, int(field_id))


async def switch_personal(ctx: Context, field_id: str, on: str) -> Screen:
    """Say whether a field tells about a person."""
    await custom_fields.change_field(ctx.work, int(field_id), personal=on == "1")
    return await field_card(ctx, int(field_id))


async def move(ctx: Context, field_id: str, way: str) -> Screen:
    """Move a field up (u) or down (d)."""
    one = await custom_fields.move_field(ctx.work, int(field_id), way == "u")
    await ctx.work.flush()
    return await fields_list(ctx, one.entity)


async def ask_new_name(ctx: Context, field_id: str) -> Screen:
    """Ask for another name."""
    one = await custom_fields.field_of(ctx.work, int(field_id), Action.CHANGE)
    draft = await ctx.wait_for(ASKS_NEW_NAME, field_id=one.id)
    text = lines(f"📋 {bold(clip(one.name, 80))}", "✏️ " + ctx.words.t("Type its new name."))
    return Screen(text, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def answer_new_name(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as a field's new name."""
    one = await custom_fields.change_field(ctx.work, int(draft.data["field_id"]), name=text)
    return await field_card(ctx, one.id, head="✅ " + ctx.words.t("Saved"), undo=True)


async def choose_pipeline(ctx: Context, field_id: str) -> Screen:
    """Offer the pipelines whose deals have a field."""
    one = await custom_fields.field_of(ctx.work, int(field_id), Action.CHANGE)
    return pipelines_screen(ctx.words, one, await Pipeline.all().order_by("position", "id"))


async def set_pipeline(ctx: Context, field_id: str, pipeline_id: str) -> Screen:
    """Have only one pipeline's deals have a field, or (0) all deals; what others hold stays with them, out of sight."""
    one = await custom_fields.field_of(ctx.work, int(field_id), Action.CHANGE)
    if one.entity != "deal" or (int(pipeline_id) and not await Pipeline.filter(id=int(pipeline_id)).exists()):
        raise NotFound(ref="that pipeline")
    await custom_fields.change_field(ctx.work, one.id, pipeline_id=int(pipeline_id) or None)
    return await field_card(ctx, one.id, undo=True)


async def delete(ctx: Context, field_id: str, version: str) -> Screen:
    """Delete a field; one tap brings it back with its values."""
    one = await custom_fields.field_of(ctx.work, int(field_id), Action.DELETE)
    if one.version != int(version):
        raise Stale(entity="field", record_id=one.id)
    await custom_fields.delete_field(ctx.work, one.id)
    text = ctx.words.t("The field {name} is gone. Undo brings it back with its values.", name=bold(clip(one.name, 80)))
    back = Button("← " + ctx.words.t("All fields"), pack("zl", one.entity, 0))
    return Screen("🗑 " + text, ([Button("↩ " + ctx.words.t("Undo"), ctx.undo), back],))
