"""Buttons between managers and their people: overdue ones one by one, answers, all of somebody's work handed over."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Activity, User
from botcrm.core.services.access import load
from botcrm.core.services.cards import activity_card
from botcrm.core.services.questions import question_of
from botcrm.core.services.staff.handover import rehearse_handover
from botcrm.telegram import drafts
from botcrm.telegram.buttons.activities import responsible_id
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.team import handed, rehearsed, whom
from botcrm.telegram.context import Context
from botcrm.telegram.notices import overdue_card
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.notices import reminder_screen


async def show_overdue(ctx: Context, activity_id: str) -> None:
    """Show one of several overdue activities on a card of its own, with what can be done about it; the list stays."""
    activity = await load(ctx.work, Activity, int(activity_id))
    late_id = await responsible_id(activity)
    if activity.status != "planned":
        await ctx.reply(await open_card(ctx, "activity", activity.id))
        return
    card = await activity_card(ctx.work, activity.id)
    if not late_id or late_id == ctx.user_id:
        await ctx.reply(reminder_screen(ctx.words, ctx.kinds, card, early=False, minutes_late=0, again=True))
        return
    await ctx.reply(await overdue_card(ctx.words, ctx.kinds, card, late_id))


async def answer(ctx: Context, note_id: str) -> None:
    """Ask for the words of an answer to a colleague's question."""
    question, _ = await question_of(ctx.work, int(note_id))
    await drafts.put(ctx, "told_about", ctx.words.t("Type your answer."), note_id=question.id)


async def choose_former(ctx: Context, user_id: str) -> None:
    """Ask who gets all of somebody's work; the message pressed on stays."""
    former = await User.filter(id=int(user_id)).first()
    if former is None:
        raise NotFound(ref=f"u{user_id}")
    await ctx.reply(await whom(ctx, former))


async def choose_target(ctx: Context, from_id: str, to_id: str) -> Screen:
    """Show what would go over to the colleague pressed."""
    former, target = await User.filter(id=int(from_id)).first(), await User.filter(id=int(to_id)).first()
    if former is None or target is None:
        raise NotFound(ref=f"u{to_id}")
    await rehearse_handover(ctx.work, former.id, target.id)
    return await rehearsed(ctx, former, target)


async def hand_over(ctx: Context, from_id: str, to_id: str, closed: str) -> Screen:
    """Hand over all of somebody's work: what is open, with what is closed (1), or with who reports to them (2)."""
    return await handed(ctx, int(from_id), int(to_id), closed=closed == "1", people=closed == "2")


async def never_mind(ctx: Context) -> Screen:
    """Hand nothing over."""
    return Screen(ctx.words.t("Nothing was handed over."))
