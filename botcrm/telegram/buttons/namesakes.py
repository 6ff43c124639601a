"""Somebody else of the same name: a line went to a contact who is called so, and meant another one."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Line as LineRow
from botcrm.core.services.undo import undo
from botcrm.telegram.commands.records import contact
from botcrm.telegram.context import Context
from botcrm.telegram.lines import close_line, read
from botcrm.telegram.screens.base import Screen


async def add_another(ctx: Context, work: str) -> Screen:
    """Take back what a line changed, and add the person it is about.

    :raises NotFound: it is no line of the presser's about a contact
    :raises NothingToUndo: that was done
    :raises NewerChange: somebody changed the contact since
    """
    row = await LineRow.filter(work_id=int(work, 36), user_id=ctx.user_id, entity="contact").first()
    found = await read(ctx, row.text) if row else []
    if row is None or row.work_id is None or len(found) != 1 or found[0].verb != "contact":
        raise NotFound(ref=work)
    ctx.line_id = row.id
    # A work of its own: to take back who is added now must not bring back what is taken back here.
    await undo.undo(ctx.work.acting_as(ctx.work.actor), row.work_id)
    # A company that came along with the line is gone again, and not to be found.
    await ctx.work.flush()
    screen = await contact(ctx, found[0], anew=True)
    await close_line(ctx, row)
    return screen
