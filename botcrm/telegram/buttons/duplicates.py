"""Buttons about duplicates: search, go through what was found, tell apart, take that back; and the question on a new card."""

from botcrm.core.services.duplicates.groups import put_together_again, tell_apart
from botcrm.telegram.commands.duplicates import begin, show_group
from botcrm.telegram.commands.operations import operation_card
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen


async def search(ctx: Context, entity: str) -> Screen:
    """Begin a search; this message shows how far it is."""
    operation = await begin(ctx, entity, ctx.message_id)
    return await operation_card(ctx.work, ctx.words, operation.id)


async def show(ctx: Context, operation_id: str, number: str = "1") -> Screen:
    """Show a group that a search found."""
    return await show_group(ctx, int(operation_id), int(number))


async def not_duplicates(ctx: Context, operation_id: str, number: str) -> Screen:
    """Note down that the records of a group are not the same, and show the next one."""
    await tell_apart(ctx.work, int(operation_id), int(number))
    head = "✅ " + ctx.words.t("Not the same: nobody is asked about them again.")
    return await show_group(ctx, int(operation_id), int(number) + 1, head=head, back=int(number))


async def take_back(ctx: Context, operation_id: str, number: str) -> Screen:
    """Take back that the records of a group are not the same, and show it again."""
    await put_together_again(ctx.work, int(operation_id), int(number))
    return await show_group(ctx, int(operation_id), int(number), head="↩ " + ctx.words.t("Taken back."))
