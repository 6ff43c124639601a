"""Buttons that put a reminder off; the activity's own time stays."""

from datetime import timedelta

from botcrm.telegram.activity_forms import planned_activity
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.context import Context
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
