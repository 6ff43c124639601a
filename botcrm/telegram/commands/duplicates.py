"""The verb about duplicates: `/duplicates contacts` searches, `/duplicates` goes on where one left off."""

from botcrm.core.domain.errors import CrmError, NotAllowed
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.models import Operation, User
from botcrm.core.services.duplicates.finding import KIND
from botcrm.core.services.duplicates.groups import demand_search, latest_searches, may_search, next_group, search_of
from botcrm.core.services.operations.operations import run, start
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.duplicates import choose_screen, group_screen, nothing_left_screen, title_text

ENTITIES = {
    "contact": "contact",
    "contacts": "contact",
    "people": "contact",
    "company": "company",
    "companies": "company",
    "lead": "lead",
    "leads": "lead",
}


class NoSuchRecords(CrmError):
    """A word that names nothing that can be there twice."""

    message = "I look for duplicates among contacts, companies and leads. Like this: /duplicates contacts"


async def duplicates(ctx: Context, line: Line) -> Screen:
    """Search one sort of records for duplicates, or ask which, and show what earlier searches left.

    :raises NotAllowed: the actor may change only their own records
    :raises NoSuchRecords: a word that names none of them
    """
    word = fold(" ".join(token.text for token in line.args.head))
    if word:
        if word not in ENTITIES:
            raise NoSuchRecords
        await begin(ctx, ENTITIES[word])
        # The search shows itself in a message of its own.
        return Screen("")
    entities = may_search(ctx.work)
    if not entities:
        raise NotAllowed(entity="contact", action=Action.CHANGE)
    return choose_screen(ctx.words, entities, await latest_searches(ctx.work))


async def begin(ctx: Context, entity: str, message_id: int | None = None) -> Operation:
    """Begin a search; its progress is shown in the message named, else in one of its own."""
    demand_search(ctx.work, entity)
    title = title_text(ctx.words, entity)
    operation = await start(ctx.work, KIND, entity, title, params={}, chat_id=ctx.chat_id, message_id=message_id)
    await run(ctx.work, operation)
    return operation


async def show_group(
    ctx: Context, operation_id: int, number: int, *, head: str = "", back: int | None = None
) -> Screen:
    """Show the first open group from a number on; behind the last one those that were passed over come again."""
    group = await next_group(ctx.work, operation_id, number)
    if group is None and number > 1:
        group = await next_group(ctx.work, operation_id)
    if group is None:
        return nothing_left_screen(ctx.words, await search_of(ctx.work, operation_id), head=head, back=back)
    people = {one.record.owner_id for one in group.candidates if one.record.owner_id}
    names = {user.id: user.name for user in await User.filter(id__in=people)}
    return group_screen(ctx.words, group, names, head=head, back=back)
