"""Buttons of activities, reminders and overdue pings, and of the smart activity."""

from datetime import datetime, time, timedelta

from botcrm.core.domain.errors import AlreadyClosed, CrmError, InvalidValue
from botcrm.core.domain.events import ActivityPlanned
from botcrm.core.domain.kinds import NO_TALK, Action, DealStatus
from botcrm.core.models import Activity, Deal, Record
from botcrm.core.services import access, activities
from botcrm.core.services.access import load
from botcrm.core.services.activities import Due, later_by, next_morning
from botcrm.core.services.cards import activity_card
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.staff import people
from botcrm.core.services.stages import suggested_text
from botcrm.core.services.suggestions import PERIODS, stop_suggestions
from botcrm.core.services.work import Work
from botcrm.telegram import drafts
from botcrm.telegram.buttons.records import demand_version, record_of
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.subject import kind_for, links_of
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, base36, bold, clip, lines, pack, rows_of
from botcrm.telegram.screens.cards import when_chips
from botcrm.telegram.screens.notices import overdue_screen
from botcrm.telegram.smart import after_talk, asking, has_next_step, question, suggestion, with_question

# More buttons than these nobody reads.
_MOST_RESULTS = 8


class Answered(CrmError):
    """A question that was answered or dropped before."""

    message = "This was answered already."


async def _back(ctx: Context, activity: Activity, where: str, head: str) -> Screen:
    """Show what the button's card was about: the deal, the contact, or the activity itself."""
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    about: tuple[str, int] = ("activity", activity.id)
    if where == "d" and activity.deal_id:
        about = ("deal", activity.deal_id)
    elif where == "c" and ctx.about and ctx.about[0] in ("contact", "company", "lead"):
        about = ctx.about
    screen = await open_card(ctx, *about)
    return Screen(lines(head, screen.text), (*screen.rows, undo), about)


def _following(ctx: Context) -> str:
    """Say when what was just done or called off comes again, if it does."""
    planned = next((event for event in ctx.work.events if isinstance(event, ActivityPlanned)), None)
    if planned is None or not planned.after.get("recurrence"):
        return ""
    when = ctx.words.when(planned.after["due_at"], planned.after["has_time"])
    return "🔁 " + ctx.words.t("Next: {when}", when=when)


async def done(ctx: Context, activity_id: str, where: str = "") -> Screen:
    """Mark an activity done; an open deal left without a next step gets the smart activity."""
    activity = await activities.complete_activity(ctx.work, int(activity_id))
    screen = await _back(ctx, activity, where, _following(ctx))
    if activity.deal_id and where == "d":
        return await asking(ctx, screen, activity.deal_id)
    asked = await suggestion(ctx, activity.deal_id) if activity.deal_id else None
    return with_question(screen, asked, screen.rows) if asked else screen


async def plus_day(ctx: Context, activity_id: str, version: str, where: str = "") -> Screen:
    """Move an activity by a day, past today."""
    return await _later(ctx, activity_id, version, timedelta(days=1), where)


async def plus_minutes(ctx: Context, activity_id: str, version: str) -> Screen:
    """Move an activity by a quarter of an hour from now."""
    return await _later(ctx, activity_id, version, timedelta(minutes=15), "")


async def _later(ctx: Context, activity_id: str, version: str, step: timedelta, where: str) -> Screen:
    activity = await _as_shown(ctx, activity_id, version)
    moved = await activities.reschedule_activity(ctx.work, activity.id, later_by(ctx.work, activity, step))
    ctx.toast(ctx.words.soon(moved.due_at, moved.has_time))
    return await _back(ctx, moved, where, "")


async def _as_shown(ctx: Context, activity_id: str, version: str) -> Activity:
    activity = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    demand_version(activity, version)
    return activity


async def tomorrow(ctx: Context, activity_id: str, version: str) -> Screen:
    """Move an activity to tomorrow at nine."""
    activity = await _as_shown(ctx, activity_id, version)
    moved = await activities.reschedule_activity(ctx.work, activity.id, await next_morning(ctx.work, activity))
    ctx.toast(ctx.words.soon(moved.due_at))
    return await _back(ctx, moved, "", "")


async def at(ctx: Context, activity_id: str, version: str, stamp: str) -> Screen:
    """Set an activity's time to the one on the chip; where that has gone by, offer new ones."""
    activity = await _as_shown(ctx, activity_id, version)
    wall = datetime.strptime(stamp, "%Y%m%d%H%M")
    if ctx.is_past(wall):
        screen = await open_card(ctx, "activity", activity.id)
        text = lines(screen.text, "", ctx.words.t("That time has gone by. When?"))
        return Screen(text, tuple(when_chips(ctx.words, activity)), screen.about)
    moved = await activities.reschedule_activity(ctx.work, int(activity_id), Due(wall))
    return await _back(ctx, moved, "", "✅ " + ctx.words.t("Saved"))


async def no_time(ctx: Context, activity_id: str) -> Screen:
    """Leave an activity without a time."""
    return await open_card(ctx, "activity", int(activity_id))


async def other_time(ctx: Context, activity_id: str) -> None:
    """Ask for another time in words."""
    activity = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    words = ctx.words.t("When? Type it: tomorrow 15:00, fri 9, in 2h, 24 nov 10:00.")
    await drafts.put(ctx, "when", words, activity_id=activity.id)


async def call_off(ctx: Context, activity_id: str, version: str, where: str = "") -> Screen:
    """Call an activity off."""
    demand_version(await load(ctx.work, Activity, int(activity_id)), version)
    activity = await activities.cancel_activity(ctx.work, int(activity_id))
    screen = await _back(ctx, activity, where, _following(ctx))
    asked = await suggestion(ctx, activity.deal_id) if activity.deal_id else None
    return with_question(screen, asked, screen.rows) if asked and where != "d" else screen


async def log_call(ctx: Context, activity_id: str, result: str = "", minutes: str = "", asked: str = "") -> Screen:
    """Log the call that a reminder was about: its result, then how long it took; `asked` tells one asking from the next."""
    activity = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    words = ctx.words
    nonce = base36(ctx.work.id % 36**5)
    if not result:
        chips = [
            [
                Button("👍 ok", pack("al", activity.id, "ok")),
                Button("🔇 " + words.t("no answer"), pack("al", activity.id, "no", 0, nonce)),
            ],
            [
                Button("⛔ " + words.t("busy"), pack("al", activity.id, "busy", 0, nonce)),
                Button("🕑 " + words.t("later"), pack("al", activity.id, "later", 0, nonce)),
            ],
        ]
        own = [
            Button(clip(one.name, 30), pack("al", activity.id, f"w{one.id}"))
            for one in (await dictionaries.choices("result"))[:_MOST_RESULTS]
        ]
        chips += rows_of(own, 2)
        text = words.t("How did the call go? {title}", title=bold(clip(activity.title, 200)))
        return Screen(text, tuple(chips), ("activity", activity.id))
    talked = result not in NO_TALK
    if talked and not minutes:
        row = [Button(words.minutes(n), pack("al", activity.id, result, n, nonce)) for n in (5, 10, 15, 30)]
        rest = [Button(words.t("Do not say"), pack("al", activity.id, result, 0, nonce))]
        return Screen(words.t("How long was it?"), (row, rest), ("activity", activity.id))
    links = {name: getattr(activity, name) for name in ("deal_id", "contact_id", "company_id", "lead_id")}
    if talked:
        said = result if result == "ok" else await dictionaries.word_of(ctx.work, int(result[1:]), "result")
        finished = await activities.complete_activity(ctx.work, activity.id, result=said, duration=int(minutes) or None)
        if finished.kind != "call":
            await activities.log_activity(
                ctx.work, "call", activity.title, direction="out", result=said, duration=int(minutes) or None, **links
            )
        return await _after_call(ctx, finished)
    await activities.log_activity(ctx.work, "call", activity.title, direction="out", result=result, **links)
    again = [
        Button(words.t("+15 min"), pack("am", activity.id, activity.version)),
        Button(words.t("Tomorrow 9:00"), pack("at", activity.id, activity.version)),
    ]
    screen = await _back(ctx, activity, "", "📞 " + words.t("Call noted. When to try again?"))
    return Screen(screen.text, (again, *screen.rows), screen.about)


async def _after_call(ctx: Context, activity: Activity) -> Screen:
    screen = await _back(ctx, activity, "", _following(ctx))
    asked = await after_talk(ctx, activity)
    return with_question(screen, asked, screen.rows) if asked else screen


# --- the smart activity --------------------------------------------------------------------------------------------------


async def _followed_up(ctx: Context, ref: str, action: Action = Action.CHANGE) -> Record:
    """Return what a suggestion is about; a bare number is a deal."""
    return await record_of(ctx, f"d{ref}" if ref.isdigit() else ref, action)


async def smart_save(ctx: Context, ref: str, stamp: str) -> Screen:
    """Save the suggested next step; an old button asks anew where its time has gone by, and saves no second step."""
    record = await _followed_up(ctx, ref)
    if isinstance(record, Deal) and record.status != DealStatus.OPEN:
        raise AlreadyClosed(title=record.title, status=record.status)
    wall = datetime.strptime(stamp, "%Y%m%d%H%M")
    planned = await has_next_step(*about_of(record))
    if planned or ctx.is_past(wall):
        screen = await open_card(ctx, *about_of(record))
        if planned:
            return Screen(lines(ctx.words.t("A next step is planned already."), screen.text), screen.rows, screen.about)
        asked = await question(ctx.work, ctx.words, *about_of(record))
        return with_question(screen, asked, screen.rows)
    suggested = await suggested_text(record.id) if isinstance(record, Deal) else ""
    text = suggested or ctx.words.t("Follow up")
    activity = await activities.plan_activity(
        ctx.work, kind_for(ctx.kinds, text), text, Due(wall), **await links_of(ctx, record)
    )
    return await _back(ctx, activity, "d", "✅ " + ctx.words.t("Saved"))


async def smart_other(ctx: Context, ref: str) -> None:
    """Ask for the next step's time, and text, in words."""
    entity, record_id = about_of(await _followed_up(ctx, ref))
    words = ctx.words.t("When, and what? For example: tomorrow 15:00 send offer")
    await drafts.put(ctx, "when", words, entity=entity, record_id=record_id)


async def smart_no(ctx: Context, ref: str) -> Screen:
    """Suggest nothing now."""
    return await open_card(ctx, *about_of(await _followed_up(ctx, ref, Action.READ)))


async def smart_text(ctx: Context, ref: str, stamp: str) -> None:
    """Ask for the next step's text; its time is the one suggested."""
    entity, record_id = about_of(await _followed_up(ctx, ref))
    await drafts.put(ctx, "step", ctx.words.t("What is to be done?"), entity=entity, record_id=record_id, stamp=stamp)


async def smart_quiet(ctx: Context, ref: str, period: str = "", alone: str = "") -> Screen:
    """Offer for how long to suggest nothing, about this deal alone or about all; then do so."""
    about = about_of(await _followed_up(ctx, ref, Action.READ))
    words = ctx.words
    if not period:
        labels = (words.t("today"), words.t("this week"), words.t("this month"), words.t("for ever"))
        chips = [Button(label, pack("sd", ref, name)) for label, name in zip(labels, PERIODS, strict=True)]
        back = [Button("← " + words.t("Back"), pack("op", access.ref(*about)))]
        here = [
            Button("💼 " + words.t("this deal, {when}", when=label), pack("sd", ref, name, "d"))
            for label, name in zip(labels, PERIODS, strict=True)
            if about[0] == "deal"
        ]
        return Screen(words.t("Suggest no next steps:"), (*rows_of(chips, 2), *rows_of(here, 2), back), about)
    deal_id = about[1] if alone and about[0] == "deal" else 0
    until = await stop_suggestions(ctx.work, period, deal_id)
    day = words.date(datetime.combine(until, time())) if until else ""
    again = "/settings smart_activity on"
    if deal_id:
        head = (
            words.t("No suggestions about this deal until {day}.", day=day)
            if day
            else words.t("No suggestions about this deal any more. To have all of them again: {example}", example=again)
        )
    else:
        head = (
            words.t("No suggestions until {day}.", day=day)
            if day
            else words.t("No suggestions any more. To have them again: {example}", example=again)
        )
    screen = await open_card(ctx, *about)
    undo = [Button("↩ " + words.t("Undo"), ctx.undo)]
    return Screen(lines(head, screen.text), (*screen.rows, undo), screen.about)


# --- managers --------------------------------------------------------------------------------------------------------------


async def responsible(work: Work, activity: Activity) -> people.Person | None:
    """Return whose the work is: the deal's owner, or the activity's own where it hangs on no deal."""
    return await people.person_by_id(work.prefs, await responsible_id(activity))


async def responsible_id(activity: Activity) -> int:
    """Return whose the work is, whether or not they have left; 0 where it is nobody's."""
    deal = await Deal.filter(id=activity.deal_id).first() if activity.deal_id else None
    return (deal.owner_id if deal else activity.owner_id) or 0


async def ask(ctx: Context, activity_id: str) -> Screen:
    """Ask the person responsible what is going on; their answer comes back."""
    activity = await load(ctx.work, Activity, int(activity_id))
    person = await responsible(ctx.work, activity)
    if person is None or person.telegram_id is None or person.id == ctx.user_id:
        raise InvalidValue(
            what=ctx.words.t("Ask"),
            value=person.name if person else ctx.words.t("nobody"),
            how=ctx.words.t("There is nobody to ask: reassign it, or open the deal."),
        )
    await ctx.work.tell(
        person.id, person.telegram_id, "asked", about=("activity", activity.id), activity_id=activity.id, by=ctx.user_id
    )
    ctx.toast(ctx.words.t("Asked. The answer will come here."))
    return await _overdue_again(ctx, activity, "💬 " + ctx.words.t("{name} was asked.", name=bold(person.name)))


async def _overdue_again(ctx: Context, activity: Activity, head: str) -> Screen:
    """Show the overdue ping with what was just done about it; its buttons stay."""
    if activity.status != "planned":
        return await open_card(ctx, "activity", activity.id)
    person = await responsible(ctx.work, activity)
    screen = overdue_screen(
        ctx.words, ctx.kinds, await activity_card(ctx.work, activity.id), person.name if person else "?"
    )
    return Screen(lines(screen.text, head), screen.rows, screen.about)


async def answer_ask(ctx: Context, activity_id: str, asked_by: str) -> None:
    """Let a rep answer the manager's question in words."""
    activity = await load(ctx.work, Activity, int(activity_id))
    await drafts.put(ctx, "told", ctx.words.t("Type your answer."), activity_id=activity.id, asked_by=int(asked_by))


async def snooze(ctx: Context, activity_id: str, deadline: str) -> Screen:
    """Hear of an overdue activity again in an hour, if it still is."""
    activity = await load(ctx.work, Activity, int(activity_id))
    again = ctx.work.now + timedelta(hours=1)
    await ctx.work.plan_job(
        "activity.overdue.again",
        f"overdue-again:{activity.id}:{ctx.user_id}",
        again,
        activity_id=activity.id,
        deadline=activity.deadline_at.isoformat() if activity.deadline_at else "",
        user_id=ctx.user_id,
    )
    text = ctx.words.t("Again at {time}, if it is still open.", time=ctx.words.clock(ctx.words.wall(again)))
    ctx.toast(text)
    return await _overdue_again(ctx, activity, "💤 " + text)
