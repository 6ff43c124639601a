"""The verbs about what is kept of a person: see it, erase it."""

from collections.abc import Awaitable, Callable

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import ENTITY_OF, Action
from botcrm.core.services.access import may
from botcrm.core.services.personal.erasing import confirmation
from botcrm.core.services.personal.namesakes import namesakes
from botcrm.core.services.personal.person import (
    NoPerson,
    alike,
    counts_of,
    is_deleted,
    may_erase,
    name_of,
    own_companies,
    person_of,
    seen_of,
)
from botcrm.telegram.commands.deals import ask_who, pick_button
from botcrm.telegram.commands.subject import Missing, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, clip, pack, rows_of
from botcrm.telegram.screens.personal import confirm_screen, person_screen

ASKS = "erase"
_PEOPLE = ("contact", "lead")


async def personal(ctx: Context, line: Line) -> Screen:
    """Show what there is about a person."""
    return await _of_person(ctx, line, person_card, "Po", ctx.words.t("Personal data of whom?"), "personal c12")


async def erase(ctx: Context, line: Line) -> Screen:
    """Say what erasing a person does, and wait for the words that begin it."""
    return await _of_person(ctx, line, ask_erase, "PE", ctx.words.t("Erase whom?"), "erase c12")


async def _of_person(
    ctx: Context, line: Line, shown: Callable[[Context, str, int], Awaitable[Screen]], pick: str, who: str, example: str
) -> Screen:
    """Show a screen about the person whom a line names, or ask which one is meant."""
    for letter, number in line.args.refs:
        entity = ENTITY_OF.get(letter)
        if entity in _PEOPLE:
            # A deleted one as well, which nothing else finds.
            return await shown(ctx, str(entity), number)
    subject = await subject_of(ctx, line, _PEOPLE)
    if subject.record is not None:
        return await shown(ctx, subject.record._meta.db_table, subject.record.id)
    if subject.candidates:
        buttons = [pick_button(item, pick, numbered=True) for item in subject.candidates]
        return Screen(ask_who(ctx, subject, saved=False), tuple(rows_of(buttons, 2)))
    if subject.typed:
        raise NotFound(ref=f"“{clip(subject.typed, 60)}”")
    raise Missing(what=who, example=example)


async def person_card(ctx: Context, entity: str, record_id: int) -> Screen:
    """Show what there is about the person whom a record is of.

    :raises NoPerson: it is of nobody
    """
    if entity not in _PEOPLE:
        raise NoPerson
    person = await person_of(ctx.work, entity, record_id)
    seen = await seen_of(ctx.work, person)
    shown = person.main if person.main in seen else (entity, record_id)
    return person_screen(
        ctx.words,
        shown,
        await name_of(person, shown),
        await counts_of(ctx.work, person),
        seen,
        await alike(ctx.work, person),
        await namesakes(ctx.work, person),
        deleted=await is_deleted(shown),
        may_export=any(may(ctx.work.actor, one, Action.EXPORT) for one in _PEOPLE),
        may_erase=shown == person.main and await may_erase(ctx.work, person),
    )


async def ask_erase(ctx: Context, entity: str, record_id: int) -> Screen:
    """Say what erasing a person does, and wait for the words that begin it.

    :raises NoPerson: it is of nobody
    :raises NotAllowed: the actor may not erase all that there is
    """
    if entity not in _PEOPLE:
        raise NoPerson
    person = await person_of(ctx.work, entity, record_id, Action.DELETE)
    companies = await own_companies(ctx.work, person)
    draft = await ctx.wait_for(ASKS, of=person.main[0], number=person.main[1])
    return confirm_screen(
        ctx.words,
        person,
        await name_of(person),
        await alike(ctx.work, person),
        await namesakes(ctx.work, person),
        confirmation(person),
        pack("dx", draft.id),
        confirmation(person, companies) if companies else "",
    )
