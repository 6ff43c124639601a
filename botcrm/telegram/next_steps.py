"""Waiting deals, leave and meetings after a cold call: the screens, and the answers to what they ask in words."""

from collections.abc import Sequence
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
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import deal_screen, kind_of

# A question of this kind waits for no words: it keeps what a deal is to wait for until a day is chosen.
_REASON = "wait_reason"
_DAY, _TIME = "%Y%m%d", "%Y%m%d%H%M"


def _whens(ctx: Context) -> list[tuple[str, Due]]:
    """Return the days that a wait is offered until."""
    work, words = ctx.work, ctx.words
    return [
        (words.t("1 week"), in_a_while(work, days=7)),
        (words.t("2 weeks"), in_a_while(work, days=14)),
        (words.t("1 month"), in_a_while(work, months=1)),
        (words.t("3 months"), in_a_while(work, months=3)),
    ]


def _wait_rows(ctx: Context, deal: Deal, options: Sequence[WhenFound], kept: int | None) -> list[list[Button]]:
    """Offer until when a deal is to wait: the readings of what was typed, else days ahead; `kept` has the reason."""
    tail = [kept] if kept else []
    words = ctx.words
    chips = [
        Button(
            f"{words.date(one.at)} {words.clock(one.at)}" if one.has_time else words.date(one.at),
            pack("wS", deal.id, deal.version, f"{one.at:{_TIME if one.has_time else _DAY}}", *tail),
        )
        for one in options[:4]
    ]
    chips = chips or [
        Button(f"{label} · {words.date(due.wall)}", pack("wS", deal.id, deal.version, f"{due.wall:{_DAY}}", *tail))
        for label, due in _whens(ctx)
    ]
    last = [
        Button(words.t("Other…"), pack("wo", deal.id, *tail)),
        Button("← " + words.t("Back"), pack("op", f"d{deal.id}")),
    ]
    return [*rows_of(chips, 2), last]


async def wait_question(
    ctx: Context, deal: Deal, *, reason: str = "", wrong: str = "", options: Sequence[WhenFound] = ()
) -> Screen:
    """Ask until when a deal is to wait.

    :param reason: what for, as said already: it is kept for the day that is chosen
    :param wrong: what stood where the day stands, and is none
    :param options: the readings of the day, where it has several
    """
    name = bold(clip(await ctx.name_of(deal), 120))
    kept = await ctx.ask(_REASON, deal_id=deal.id, reason=reason) if reason else None
    text = lines(
        "✋ " + ctx.words.t("“{text}” is not understood as a day.", text=esc(clip(wrong, 40))) if wrong else "",
        "⏳ " + ctx.words.t("Until when is {deal} to wait?", deal=name),
        f"   {esc(clip(reason, 150))}" if reason else "",
        ctx.words.t("Nothing is asked of you before that day; then it asks again."),
    )
    return Screen(text, tuple(_wait_rows(ctx, deal, options, kept.id if kept else None)), ("deal", deal.id))


async def kept_reason(ctx: Context, deal_id: int, kept: str) -> str:
    """Return what a deal is to wait for, as it was said before the day was chosen."""
    draft = await Draft.filter(id=int(kept), user_id=ctx.user_id, kind=_REASON).first() if kept else None
    return str(draft.data["reason"]) if draft and draft.data["deal_id"] == deal_id else ""


def day_on(stamp: str) -> Due:
    """Read the day, or the day and time, in a button.

    :raises ValueError: it is neither
    """
    if len(stamp) > len("20261215"):
        return Due(datetime.strptime(stamp, _TIME))
    return Due(datetime.strptime(stamp, _DAY), has_time=False)


async def waits_now(ctx: Context, deal_id: int) -> Screen:
    """Show a deal that was just told to wait; a button takes down what for."""
    card = await deal_card(ctx.work, deal_id)
    own = card.deal.owner_id == ctx.work.actor.id
    screen = deal_screen(ctx.words, ctx.kinds, card, head="✅ " + ctx.words.t("Saved"), undo=ctx.undo, own=own)
    first = [] if card.deal.waiting_for else [Button("✏️ " + ctx.words.t("What for?"), pack("wy", deal_id))]
    if card.planned:
        # What is planned goes on reminding until then: who waits may not want that.
        step = card.planned[0]
        label = ctx.words.t(
            "Call off: {what}", what=clip(step.title, 24) or ctx.words.t(kind_of(ctx.kinds, step.kind).label)
        )
        first.append(Button("✖ " + label, pack("ax", step.id, step.version, "d")))
    return Screen(screen.text, (first, *screen.rows), screen.about)


# --- answers in words --------------------------------------------------------------------------------------------------------


def _read(ctx: Context, text: str) -> tuple[WhenFound, str]:
    """Read a time at the start of an answer, and what is said behind it.

    :raises InvalidValue: there is none, or it has several readings
    """
    found = read_when(text, ctx.said_wall, ctx.work.prefs.language)
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
    said = reason or draft.data.get("reason", "")
    deal = await wait_deal(ctx.work, int(draft.data["deal_id"]), due_of(ctx, found), said)
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
    return datetime.strptime(stamp, _TIME)
