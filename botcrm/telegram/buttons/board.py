"""Buttons of a board: stages or days, mine or the team's, another pipeline. Each press asks for its rights again."""

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.services.access import owners
from botcrm.core.services.board import View
from botcrm.telegram.boards import BOARD
from botcrm.telegram.commands.board import show
from botcrm.telegram.context import Context
from botcrm.telegram.screens.board import MINE, TEAM

_VIEWS: dict[str, View] = {"s": "stages", "d": "days"}


async def show_board(ctx: Context, view: str, who: str, pipeline_id: str) -> None:
    """Draw a board anew, in place of the one pressed on."""
    owner = ctx.user_id if who == MINE else None if who == TEAM else int(who)
    reached = owners(ctx.work.actor, "deal")
    if owner is not None and reached is not None and owner not in reached and owner != ctx.user_id:
        raise NotFound(ref=f"u{owner}")
    await show(ctx, _VIEWS.get(view, "stages"), owner, int(pipeline_id), message_id=await _board_pressed(ctx))


async def _board_pressed(ctx: Context) -> int | None:
    """Return the message pressed on where it is a board: only such a one can become another."""
    row = await db.fetch_one(
        "SELECT 1 AS y FROM outbox WHERE chat_id = ? AND message_id = ? AND notice = ? LIMIT 1",
        ctx.chat_id,
        ctx.message_id,
        BOARD,
    )
    return ctx.message_id if row else None
