"""Buttons of waiting deals, of deals without a next step, of leave, and of what follows a call."""

from datetime import date

from botcrm.core.domain.errors import AlreadyClosed, NotFound
from botcrm.core.domain.kinds import Action, DealStatus
from botcrm.core.models import Activity, Deal, User
from botcrm.core.services.access import load
from botcrm.core.services.activities import Due
from botcrm.core.services.next_steps import stop_waiting, violating_deals, wait_deal
from botcrm.core.services.staff.leave import cancel_leave
from botcrm.telegram import drafts
from botcrm.telegram.buttons.records import demand_version
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.next_steps import leave_screen, stages_screen
from botcrm.telegram.context import Context
from botcrm.telegram.forms import drop_question
from botcrm.telegram.next_steps import (
    day_on,
    kept_reason,
    meeting_question,
    plan_meeting,
    stamped,
    wait_question,
    waits_now,
)
from botcrm.telegram.screens.base import Button, Screen
from botcrm.telegram.screens.lists import violations_screen
from botcrm.telegram.smart import asking, next_of, with_question

_PAGE = 8


async def _open_deal(ctx: Context, deal_id: str) -> Deal:
    deal = await load(ctx.work, Deal, int(deal_id), Action.CHANGE)
    if deal.status != DealStatus.OPEN:
        raise AlreadyClosed(title=deal.title, status=deal.status)
    return deal


async def choose_wait(ctx: Context, deal_id: str) -> Screen:
    """Offer until when a deal can wait."""
    return await wait_question(ctx, await _open_deal(ctx, deal_id))


async def wait(ctx: Context, deal_id: str, version: str, day: str, kept: str = "") -> Screen:
    """Have a deal wait until the day on the chip, for what was said with it."""
    demand_version(await _open_deal(ctx, deal_id), version)
    await wait_deal(ctx.work, int(deal_id), day_on(day), await kept_reason(ctx, int(deal_id), kept))
    return await waits_now(ctx, int(deal_id))


async def other_wait(ctx: Context, deal_id: str, kept: str = "") -> None:
    """Ask in words until when a deal is to wait, and what for."""
    deal = await _open_deal(ctx, deal_id)
    words = ctx.words.t("Until when, and what for? For example: 15.12 client's budget")
    await drafts.put(ctx, "wait", words, deal_id=deal.id, reason=await kept_reason(ctx, deal.id, kept))


async def ask_why(ctx: Context, deal_id: str) -> None:
    """Ask in words what a deal waits for."""
    deal = await _open_deal(ctx, deal_id)
    await drafts.put(ctx, "why", ctx.words.t("What does it wait for?"), deal_id=deal.id)


async def end_wait(ctx: Context, deal_id: str, version: str) -> Screen:
    """Have a deal wait no longer; it asks for its next step at once."""
    demand_version(await load(ctx.work, Deal, int(deal_id)), version)
    await stop_waiting(ctx.work, int(deal_id))
    card = await open_card(ctx, "deal", int(deal_id))
    screen = await asking(ctx, card, int(deal_id))
    return Screen(screen.text, (*screen.rows, [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]), screen.about)


async def show_violations(ctx: Context, user_id: str, page: str = "0") -> Screen:
    """Show a person's open deals that have neither a next step nor a day to wait for."""
    rows = await violating_deals(ctx.work, int(user_id), page=int(page), size=_PAGE)
    person = await User.filter(id=int(user_id)).first()
    if person is None:
        raise NotFound(ref=f"u{user_id}")
    return violations_screen(
        ctx.words, ctx.kinds, person.name, person.id, rows[:_PAGE], max(0, int(page)), more=len(rows) > _PAGE
    )


async def show_stages(ctx: Context) -> Screen:
    """Show what is suggested in each stage."""
    await drop_question(ctx)
    return await stages_screen(ctx)


async def drop_leave(ctx: Context, user_id: str, first: str, last: str) -> Screen:
    """Take days out of somebody's leave."""
    await cancel_leave(ctx.work, int(user_id), date.fromisoformat(first), date.fromisoformat(last))
    return await leave_screen(ctx, int(user_id), head="✅ " + ctx.words.t("Taken out"))


# --- after a cold call -------------------------------------------------------------------------------------------------------


async def meeting_set(ctx: Context, activity_id: str) -> Screen:
    """Ask when and where the meeting is that a call led to."""
    call = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    return meeting_question(ctx, call.id)


async def no_meeting(ctx: Context, activity_id: str) -> Screen:
    """Ask for another next step where a call led to no meeting."""
    call = await load(ctx.work, Activity, int(activity_id))
    screen = await open_card(ctx, "activity", call.id)
    asked = await next_of(ctx, call)
    return with_question(screen, asked, screen.rows) if asked else screen


async def meeting_at(ctx: Context, activity_id: str, stamp: str) -> Screen:
    """Plan the meeting for the time on the chip; where that has gone by, offer new ones."""
    wall = stamped(stamp)
    if ctx.is_past(wall):
        return await meeting_set(ctx, activity_id)
    return await plan_meeting(ctx, int(activity_id), Due(wall))


async def other_meeting(ctx: Context, activity_id: str) -> None:
    """Ask in words when and where the meeting is."""
    call = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    question = ctx.words.t("When, and where? For example: fri 10:00 their office")
    await drafts.put(ctx, "meeting", question, activity_id=call.id)


async def ask_place(ctx: Context, activity_id: str) -> None:
    """Ask in words where a meeting is."""
    meeting = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    await drafts.put(ctx, "place", ctx.words.t("Where is it?"), activity_id=meeting.id)
