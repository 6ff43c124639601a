"""Buttons about what is kept of a person: show it, have it sent, erase it."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import ENTITY_OF, Action, Lane
from botcrm.core.models import Draft
from botcrm.core.services.personal.erasing import start_erasing
from botcrm.core.services.personal.person import Person, person_of
from botcrm.telegram.commands.personal import ASKS, person_card
from botcrm.telegram.commands.personal import ask_erase as erase_card
from botcrm.telegram.context import Context
from botcrm.telegram.personal import PERSONAL
from botcrm.telegram.screens.base import Screen, clip

__all__ = ["ASKS", "answer_erase", "ask_erase", "export", "show"]


def _split(ref: str) -> tuple[str, int]:
    entity = ENTITY_OF.get(ref[:1])
    if entity is None or not ref[1:].isdecimal():
        raise NotFound(ref=clip(ref, 20))
    return str(entity), int(ref[1:])


async def show(ctx: Context, ref: str) -> Screen:
    """Show what there is about a person."""
    return await person_card(ctx, *_split(ref))


async def _of(ctx: Context, ref: str, action: Action) -> Person:
    return await person_of(ctx.work, *_split(ref), action)


async def export(ctx: Context, ref: str) -> None:
    """Have all that is kept of a person sent as a file."""
    person = await _of(ctx, ref, Action.EXPORT)
    entity, record_id = person.main
    await ctx.work.tell(ctx.user_id, ctx.chat_id, PERSONAL, lane=Lane.REPORT, of=entity, number=record_id)
    ctx.toast(ctx.words.t("The file is on its way."))


async def ask_erase(ctx: Context, ref: str) -> Screen:
    """Say what erasing a person does, and wait for the words that begin it."""
    return await erase_card(ctx, *_split(ref))


async def answer_erase(ctx: Context, draft: Draft, text: str) -> Screen:
    """Begin to erase a person where the right words were typed."""
    operation = await start_erasing(
        ctx.work, str(draft.data["of"]), int(draft.data["number"]), text, chat_id=ctx.chat_id
    )
    return Screen("🗑 " + ctx.words.t("{title} has begun.", title=operation.title))
