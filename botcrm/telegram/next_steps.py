"""Waiting deals, leave and meetings after a cold call: the screens, and the answers to what they ask in words."""

from datetime import datetime, timedelta

from botcrm.core.domain.dates import WhenFound, WhenUnclear, read_when
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Activity, Deal, Draft
from botcrm.core.services.access import facts_of, load
from botcrm.core.services.activities import Due, change_activity, plan_activity, schedule
from botcrm.core.services.cards import deal_card
from botcrm.core.services.next_steps import explain_waiting, in_a_while, wait_deal
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.subject import due_of
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, lines, pack, rows_of
from botcrm.telegram.screens.cards import deal_screen


def _whens(ctx: Context) -> list[tuple[str, Due]]:
    """Return the days that a wait is offered until."""
    work, words = ctx.work, ctx.words
    return [
        (words.t("1 week"), in_a_while(work, days=7)),
        (words.t("2 weeks"), in_a_while(work, days=14)),
        (words.t("1 month"), in_a_while(work, months=1)),
        (words.t("3 months"), in_a_while(work, months=3)),
    ]


def wait_rows(ctx: Context, deal: Deal) -> list[list[Button]]:
    """Offer until when a deal is to wait."""
    chips = [
        Button(f"{label} · {ctx.words.date(due.wall)}", pack("wS", deal.id, deal.version, f"{due.wall:%Y%m%d}"))
        for label, due in _whens(ctx)
    ]
    last = [
        Button(ctx.words.t("Other…"), pack("wo", deal.id)),
        Button("← " + ctx.words.t("Back"), pack("op", f"d{deal.id}")),
    ]
    return [*rows_of(chips, 2), last]


async def wait_question(ctx: Context, deal: Deal) -> Screen:
    """Ask until when a deal is to wait."""
    name = bold(clip(await ctx.name_of(deal), 120))
    text = lines(
        "⏳ " + ctx.words.t("Until when is {deal} to wait?", deal=name),
        ctx.words.t("Nothing is asked of you before that day; then it asks again."),
    )
    return Screen(text, tuple(wait_rows(ctx, deal)), ("deal", deal.id))


async def waits_now(ctx: Context, deal_id: int) -> Screen:
    """Show a deal that was just told to wait; a button takes down what for."""
    card = await deal_card(ctx.work, deal_id)
    own = card.deal.owner_id == ctx.work.actor.id
    screen = deal_screen(ctx.words, ctx.kinds, card, head="✅ " + ctx.words.t("Saved"), undo=ctx.undo, own=own)
    ask = [] if card.deal.waiting_for else [[Button("✏️ " + ctx.words.t("What for?"), pack("wy", deal_id))]]
    return Screen(screen.text, (*ask, *screen.rows), screen.about)


# --- answers in words --------------------------------------------------------------------------------------------------------


def _read(ctx: Context, text: str) -> tuple[WhenFound, str]:
    """Read a time at the start of an answer, and what is said behind it.

    :raises InvalidValue: there is none, or it has several readings
    """
    found = read_when(text, ctx.words.wall(ctx.work.now), ctx.work.prefs.language)
    how = ctx.words.t("Write it like: tomorrow 15:00, fri 9, in 2h, 24 nov 10:00.")
    if isinstance(found, WhenUnclear) and found.options:
        said = " / ".join(f"{option.at:%d %b %H:%M}" for option in found.options)
        how = ctx.words.t("It can be read as {times}. Write which.", times=said)
    if not isinstance(found, WhenFound):
        raise InvalidValue(what=ctx.words.t("time"), value=clip(text, 60), how=how)
    return found, found.rest.strip(" ,;:—-")


async def answer_wait(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take "15.12 client's budget" for the day a deal waits until, and what for."""
    found, reason = _read(ctx, text)
    deal = await wait_deal(ctx.work, int(draft.data["deal_id"]), due_of(ctx, found), reason)
    ctx.main = ("deal", deal.id)
    return await waits_now(ctx, deal.id)


async def answer_why(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take what a deal waits for."""
    deal = await explain_waiting(ctx.work, int(draft.data["deal_id"]), text)
    ctx.main = ("deal", deal.id)
    return await waits_now(ctx, deal.id)


async def plan_meeting(ctx: Context, call_id: int, due: Due, place: str = "") -> Screen:
    """Plan the meeting that a call led to, with whoever was called."""
    call = await load(ctx.work, Activity, call_id, Action.CHANGE)
    links = {name: value for name, value in facts_of(call).items() if value}
    meeting = await plan_activity(ctx.work, "meeting", place, due, **links)
    ctx.main = ("activity", meeting.id)
    screen = await open_card(ctx, "activity", meeting.id)
    where = [] if place else [[Button("📍 " + ctx.words.t("Where?"), pack("mp", meeting.id))]]
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    text = lines("✅ " + ctx.words.t("Saved"), screen.text)
    return Screen(text, (*where, *screen.rows, undo), screen.about)


async def answer_meeting(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take "fri 10:00 their office" for when and where the meeting is."""
    found, place = _read(ctx, text)
    return await plan_meeting(ctx, int(draft.data["activity_id"]), due_of(ctx, found), place)


async def answer_place(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take where a meeting is."""
    meeting = await change_activity(ctx.work, int(draft.data["activity_id"]), title=text)
    ctx.main = ("activity", meeting.id)
    screen = await open_card(ctx, "activity", meeting.id)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    return Screen(lines("✅ " + ctx.words.t("Saved"), screen.text), (*screen.rows, undo), screen.about)


def meeting_question(ctx: Context, call_id: int) -> Screen:
    """Ask when the meeting is: the days right ahead are buttons, any other time and the place are typed."""
    week = schedule(ctx.work)
    wall = ctx.words.wall(ctx.work.now).replace(hour=10, minute=0, second=0, microsecond=0)
    days = [day for day in (wall + timedelta(days=n) for n in range(1, 8)) if week.is_working_day(day.date())][:4]
    chips = [Button(f"{ctx.words.date(day)} 10:00", pack("mt", call_id, f"{day:%Y%m%d%H%M}")) for day in days]
    last = [
        Button(ctx.words.t("Other…"), pack("mo", call_id)),
        Button("← " + ctx.words.t("Back"), pack("op", f"a{call_id}")),
    ]
    return Screen("🤝 " + ctx.words.t("When, and where?"), (*rows_of(chips, 2), last), ("activity", call_id))


def stamped(stamp: str) -> datetime:
    """Read the wall time in a button.

    :raises ValueError: it is none
    """
    return datetime.strptime(stamp, "%Y%m%d%H%M")
