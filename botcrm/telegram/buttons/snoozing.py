"""Buttons that put a reminder off, or all overdue ones of a message; the activities' own times stay."""

from datetime import timedelta

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.zones import to_utc
from botcrm.reminders.overdue import put_off
from botcrm.telegram.activity_forms import planned_activity
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.context import Context
from botcrm.telegram.notices import late_ones
from botcrm.telegram.screens.base import Button, Screen, bold, clip, lines, pack, rows_of

_MINUTES = (10, 30, 60, 180)
_MOST = 24 * 60


async def snooze(ctx: Context, activity_id: str, minutes: str = "") -> Screen:
    """Offer for how long to put a reminder off; then do so."""
    activity = await planned_activity(ctx, activity_id)
    words = ctx.words
    if not minutes:
        chips = [Button(words.minutes(n), pack("nz", activity.id, n)) for n in _MINUTES]
        back = [Button("← " + words.t("Back"), pack("op", f"a{activity.id}"))]
        what = bold(clip(await ctx.name_of(activity), 100))
        return Screen(
            words.t("Remind again of {what} in:", what=what), (*rows_of(chips, 4), back), ("activity", activity.id)
        )
    moment = ctx.work.now + timedelta(minutes=min(max(1, int(minutes)), _MOST))
    await ctx.work.plan_job(
        "activity.remind.snoozed",
        f"snoozed:{activity.id}:{ctx.user_id}",
        moment,
        activity_id=activity.id,
        user_id=ctx.user_id,
    )
    text = words.t("Again at {time}, if it is still open.", time=words.clock(words.wall(moment)))
    ctx.toast(text)
    card = await open_card(ctx, "activity", activity.id)
    return Screen(lines("💤 " + text, card.text), card.rows, card.about)


async def snooze_all(ctx: Context, last_id: str, until: str = "") -> Screen:
    """Offer until when to hear no more of the overdue ones of a message; then put all of them off. The list stays."""
    row = await db.fetch_one(
        "SELECT args FROM outbox WHERE chat_id = ? AND message_id = ? AND user_id = ? AND notice = 'overdue_group' LIMIT 1",
        ctx.chat_id,
        ctx.message_id,
        ctx.user_id,
    )
    args = db.from_json(row["args"]) if row else {}
    if args.get("last_id") != int(last_id):
        raise NotFound(ref="💤")
    words = ctx.words
    if not until:
        screen = await late_ones(ctx.work, words, ctx.kinds, args, putting_off=True)
        return screen or Screen("✅ " + words.t("All of it is done."))
    if until == "t":
        wall = words.wall(ctx.work.now) + timedelta(days=1)
        moment = to_utc(wall.replace(hour=9, minute=0, second=0, microsecond=0), ctx.work.prefs.zone)
    else:
        moment = ctx.work.now + timedelta(minutes=min(max(1, int(until)), _MOST))
    await put_off(ctx.work, ctx.user_id, int(last_id), moment)
    text = words.t("Again {when}, what is still open by then.", when=words.soon(moment))
    ctx.toast(text)
    screen = await late_ones(ctx.work, words, ctx.kinds, args, head="💤 " + text)
    return screen or Screen("✅ " + words.t("All of it is done."))
