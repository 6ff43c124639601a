"""The verb that shows the deals as a picture; it is drawn when its answer is sent, outside of this update's transaction."""

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action, Lane
from botcrm.core.domain.text import fold
from botcrm.core.models import Pipeline
from botcrm.core.services.access import demand
from botcrm.core.services.board import View, reaches_others
from botcrm.core.services.staff import people
from botcrm.telegram.boards import BOARD
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen

_VIEWS: dict[str, View] = {
    **dict.fromkeys(("stages", "stage", "pipeline"), "stages"),
    **dict.fromkeys(("days", "day", "dates", "when", "week"), "days"),
}
_TEAM = ("team", "all", "everybody")
_MINE = ("mine", "my", "me")


class NoSuchBoard(CrmError):
    """A word of the line names neither a view nor a pipeline."""

    message = "“{word}” is no board. Like this: /board, /board days, /board team, /board @anna, or a pipeline's name."


async def board(ctx: Context, line: Line) -> Screen:
    """Show a board: the actor's own, a colleague's within reach, or the team's.

    :raises CrmError: a word makes no sense, or there is nothing to see for this person
    """
    view: View = "stages"
    owner: int | None = ctx.user_id
    pipeline_id = 0
    if line.args.owner:
        owner = (await people.find_person(ctx.work, line.args.owner)).id
    pipelines = {fold(one.name): one.id for one in await Pipeline.all()}
    text = " ".join(token.text for token in line.args.head if token.shape != "owner")
    if fold(text) in pipelines:
        text, pipeline_id = "", pipelines[fold(text)]
    for typed in text.split():
        word = fold(typed)
        if word in _VIEWS:
            view = _VIEWS[word]
        elif word in _TEAM:
            owner = None
        elif word in pipelines:
            pipeline_id = pipelines[word]
        elif word not in _MINE:
            raise NoSuchBoard(word=typed)
    if not line.args.head and not line.args.owner and reaches_others(ctx.work) and not await _has_deals(ctx.user_id):
        # A manager who sells nothing themselves looks at those who do.
        owner = None
    await show(ctx, view, owner, pipeline_id, message_id=await _answered_before(ctx))
    return Screen("")


async def _has_deals(user_id: int) -> bool:
    sql = "SELECT 1 AS y FROM deal WHERE owner_id = ? AND status = 'open' AND deleted_at IS NULL LIMIT 1"
    return bool(await db.fetch_one(sql, user_id))


async def show(
    ctx: Context, view: View, owner_id: int | None, pipeline_id: int, *, message_id: int | None = None
) -> None:
    """Have a board sent: a new message, or the one named; None shows everybody's deals within reach.

    :raises NotAllowed: the actor may see no deals
    """
    demand(ctx.work, "deal", Action.READ)
    if owner_id is None and not reaches_others(ctx.work):
        owner_id = ctx.user_id
    await ctx.work.tell(
        ctx.user_id,
        ctx.chat_id,
        BOARD,
        lane=Lane.REPLY,
        line_id=ctx.line_id,
        view=view,
        owner_id=owner_id,
        pipeline_id=pipeline_id,
        message_id=message_id,
    )


async def _answered_before(ctx: Context) -> int | None:
    """Return the message that answered this line already, where the line was edited."""
    row = await db.fetch_one(
        "SELECT message_id FROM outbox WHERE line_id = ? AND notice = ? AND message_id IS NOT NULL ORDER BY id DESC LIMIT 1",
        ctx.line_id or 0,
        BOARD,
    )
    return int(row["message_id"]) if row else None
