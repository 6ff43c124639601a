"""The verb about what is kept of a person."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import ENTITY_OF, Action
from botcrm.core.services.access import may
from botcrm.core.services.personal.person import (
    NoPerson,
    alike,
    counts_of,
    is_deleted,
    may_erase,
    name_of,
    person_of,
    seen_of,
)
from botcrm.telegram.commands.deals import ask_who, pick_button
from botcrm.telegram.commands.subject import Missing, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, clip, rows_of
from botcrm.telegram.screens.personal import person_screen

_EXAMPLE = "personal c12"
_PEOPLE = ("contact", "lead")


async def personal(ctx: Context, line: Line) -> Screen:
    """Show what there is about a person."""
    for letter, number in line.args.refs:
        entity = ENTITY_OF.get(letter)
        if entity in _PEOPLE:
            # A deleted one as well, which nothing else finds.
            return await person_card(ctx, str(entity), number)
    subject = await subject_of(ctx, line, _PEOPLE)
    if subject.record is not None:
        return await person_card(ctx, subject.record._meta.db_table, subject.record.id)
    if subject.candidates:
        buttons = [pick_button(item, "Po", numbered=True) for item in subject.candidates]
        return Screen(ask_who(ctx, subject, saved=False), tuple(rows_of(buttons, 2)))
    if subject.typed:
        raise NotFound(ref=f"“{clip(subject.typed, 60)}”")
    raise Missing(what=ctx.words.t("Personal data of whom?"), example=_EXAMPLE)


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
        deleted=await is_deleted(shown),
        may_export=any(may(ctx.work.actor, one, Action.EXPORT) for one in _PEOPLE),
        may_erase=shown == person.main and await may_erase(ctx.work, person),
    )
