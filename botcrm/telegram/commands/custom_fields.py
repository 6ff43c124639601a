"""The verbs about what a company makes for itself: fields and lists; and the cards that their buttons lead to."""

from botcrm.core.domain.custom_values import TYPES
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import KIND_OF
from botcrm.core.domain.text import fold
from botcrm.core.models import CustomField, Pipeline
from botcrm.core.services.access import demand, may
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.telegram.context import Context
from botcrm.telegram.fields import token
from botcrm.telegram.screens.base import Screen, esc, lines
from botcrm.telegram.screens.custom_fields import ENTITIES, entities_screen, entity_name, field_screen, fields_screen
from botcrm.telegram.screens.dictionaries import dictionaries_screen, title_of, word_screen, words_screen


async def fields(ctx: Context, line: Line) -> Screen:
    """Show the company's own fields, of one kind of records where it is named, or the one that is named."""
    if found := await field_called(line.text_after(0)):
        return await field_card(ctx, found)
    text = line.text_after(0)
    entity = entity_called(ctx, text)
    screen = await (fields_list(ctx, entity) if entity else entities_list(ctx))
    return (
        screen
        if entity or not text
        else _headed(ctx, screen, ctx.words.t("No field is called “{name}”.", name=esc(text[:60])))
    )


def entity_called(ctx: Context, text: str) -> str:
    """Return the kind of records that has own fields and goes by a name, "" where none does."""
    typed = fold(text)
    known = ((entity, fold(entity_name(ctx.words, entity)), KIND_OF[entity]) for entity in ENTITIES)
    return next((names[0] for names in known if typed in names), "")


async def field_called(text: str) -> int | None:
    """Return the one own field of a name, or of a key; None where there is none, or several."""
    known = [one for entity in ENTITIES for one in await custom_fields.fields_of(entity)] if text else []
    found = [one.id for one in known if fold(text) in (one.key, fold(one.name))]
    return found[0] if len(found) == 1 else None


def _headed(ctx: Context, screen: Screen, head: str) -> Screen:
    return Screen(lines("✋ " + head, screen.text), screen.rows, screen.about)


async def entities_list(ctx: Context) -> Screen:
    """Show which kinds of records have how many own fields."""
    demand(ctx.work, "field", Action.READ)
    known = [one for entity in ENTITIES for one in await custom_fields.fields_of(entity)]
    return entities_screen(ctx.words, {entity: sum(one.entity == entity for one in known) for entity in ENTITIES})


async def fields_list(ctx: Context, entity: str, page: int = 0) -> Screen:
    """Show the own fields of a kind of records."""
    demand(ctx.work, "field", Action.READ)
    if entity not in ENTITIES:
        raise NotFound(ref=entity)
    known = await custom_fields.fields_of(entity)
    pipelines = {one.id: one.name for one in await Pipeline.all()} if any(one.pipeline_id for one in known) else {}
    may_add = may(ctx.work.actor, "field", Action.ADD)
    return fields_screen(ctx.words, entity, known, pipelines, page, may_add=may_add)


async def field_card(ctx: Context, field_id: int, *, head: str = "", undo: bool = False) -> Screen:
    """Show a field's card."""
    demand(ctx.work, "field", Action.READ)
    await ctx.work.flush()
    one = await custom_fields.field_of(ctx.work, field_id)
    pipelines = await Pipeline.all().order_by("position", "id")
    chosen = TYPES[one.type].names_of == "choice"
    return field_screen(
        ctx.words,
        one,
        used=await custom_fields.count_values(one.id),
        choices=[word.name for word in await dictionaries.choices(one.dictionary)] if chosen else [],
        pipeline=next((pipeline.name for pipeline in pipelines if pipeline.id == one.pipeline_id), ""),
        pipelines=len(pipelines),
        may_change=may(ctx.work.actor, "field", Action.CHANGE),
        may_delete=may(ctx.work.actor, "field", Action.DELETE),
        head=head,
        undo=ctx.undo if undo else "",
    )


# --- dictionaries --------------------------------------------------------------------------------------------------------


async def lists(ctx: Context, line: Line) -> Screen:
    """Show the dictionaries, or the one that is named."""
    text = line.text_after(0)
    dictionary = await list_called(ctx, text) or await list_called(ctx, text, part=True)
    if dictionary:
        return await words_list(ctx, dictionary)
    screen = await lists_screen(ctx)
    return _headed(ctx, screen, ctx.words.t("No list is called “{name}”.", name=esc(text[:60]))) if text else screen


async def list_called(ctx: Context, text: str, *, part: bool = False) -> str:
    """Return the dictionary that goes by a title, "" where none does.

    :param part: the one title that a word of begins so will do
    """
    typed = fold(text)
    if not typed:
        return ""
    titles, known = await list_titles(), await dictionaries.dictionaries()
    named = {one: fold(title_of(ctx.words, one, titles)) for one in known}
    if part:
        found = [one for one, title in named.items() if any(word.startswith(typed) for word in title.split())]
        return found[0] if len(found) == 1 else ""
    return next((one for one, title in named.items() if typed in (one, title)), "")


async def lists_screen(ctx: Context) -> Screen:
    """Show all dictionaries."""
    demand(ctx.work, "choice", Action.READ)
    known, may_add = await dictionaries.dictionaries(), may(ctx.work.actor, "choice", Action.ADD)
    return dictionaries_screen(ctx.words, known, await list_titles(), may_add=may_add)


async def list_titles() -> dict[str, str]:
    """Return what those dictionaries are called that belong to a field of their own."""
    known: list[CustomField] = [one for entity in ENTITIES for one in await custom_fields.fields_of(entity)]
    return {
        one.dictionary: one.name for one in known if one.dictionary == custom_fields.own_dictionary(one.entity, one.key)
    }


async def dictionary_of(mark: str) -> str:
    """Return the dictionary that a button stands for.

    :raises NotFound: it is gone
    """
    for dictionary in await dictionaries.dictionaries():
        if token(dictionary) == mark:
            return dictionary
    raise NotFound(ref="that list")


async def words_list(ctx: Context, dictionary: str, page: int = 0, *, head: str = "", undo: bool = False) -> Screen:
    """Show the words of a dictionary."""
    demand(ctx.work, "choice", Action.READ)
    return words_screen(
        ctx.words,
        dictionary,
        await list_titles(),
        await dictionaries.choices(dictionary),
        page,
        may_add=dictionaries.may_add(ctx.work),
        head=head,
        undo=ctx.undo if undo else "",
    )


async def word_card(
    ctx: Context, choice_id: int, *, head: str = "", undo: bool = False, used: int | None = None
) -> Screen:
    """Show a word's card.

    :param used: in how many records it stands, or is going to; counted where it is None
    """
    demand(ctx.work, "choice", Action.READ)
    await ctx.work.flush()
    choice = await dictionaries.choice_of(ctx.work, choice_id)
    return word_screen(
        ctx.words,
        choice,
        await list_titles(),
        await dictionaries.usage(choice) if used is None else used,
        may_change=may(ctx.work.actor, "choice", Action.CHANGE),
        may_delete=may(ctx.work.actor, "choice", Action.DELETE),
        head=head,
        undo=ctx.undo if undo else "",
    )
