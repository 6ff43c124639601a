"""The verb about what is kept of a person."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action
from botcrm.core.services.access import may
from botcrm.core.services.personal import NoPerson, alike, counts_of, name_of, person_of
from botcrm.telegram.commands.deals import ask_who, pick_button
from botcrm.telegram.commands.subject import Missing, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, clip, rows_of
from botcrm.telegram.screens.personal import person_screen

_EXAMPLE = "personal c12"
_ACTIONS = (Action.EXPORT, Action.DELETE)


async def personal(ctx: Context, line: Line) -> Screen:
    """Show what there is about a person."""
    subject = await subject_of(ctx, line, ("contact", "lead"))
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
    if entity not in ("contact", "lead"):
        raise NoPerson
    person = await person_of(ctx.work, entity, record_id)
    export, erase = (any(may(ctx.work.actor, one, action) for one in ("contact", "lead")) for action in _ACTIONS)
    return person_screen(
        ctx.words,
        person,
        await name_of(person),
        await counts_of(person),
        await alike(ctx.work, person),
        may_export=export,
        may_erase=erase,
    )
