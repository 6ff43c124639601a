"""The form of an activity's reminders: "act.12" is when activity 12 is reminded of, and when it comes again."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from botcrm.core.domain.errors import AlreadyDone, InvalidValue, NotFound
from botcrm.core.domain.kinds import Action, ActivityStatus
from botcrm.core.domain.recurrence import preset_of, preset_rule
from botcrm.core.domain.reminding import minutes_in
from botcrm.core.models import Activity
from botcrm.core.services.access import load
from botcrm.core.services.activities import change_activity
from botcrm.core.services.reminding import minutes_before, owner_prefs
from botcrm.telegram.context import Context
from botcrm.telegram.forms import SOURCES, Form
from botcrm.telegram.screens.base import Button, bold, clip, lines, pack
from botcrm.telegram.screens.repeats import length_text, repeat_text

Before = Literal["5 min", "10 min", "15 min", "30 min", "1 h", "2 h", "3 h", "1 day", "2 days", "7 days"]
Again = Literal["once", "15 min", "30 min", "1 h", "2 h", "4 h", "as set"]
Repeat = Literal[
    "never",
    "every day",
    "every working day",
    "every week",
    "every 2 weeks",
    "every month",
    "first working day of the month",
    "last working day of the month",
    "every 3 months",
    "every year",
    "as typed",
]
_MINUTES = {
    "5 min": 5, "10 min": 10, "15 min": 15, "30 min": 30, "1 h": 60, "2 h": 120, "3 h": 180, "4 h": 240,
    "1 day": 1440, "2 days": 2880, "7 days": 10080,
}  # fmt: skip
_NAMES = {minutes: name for name, minutes in _MINUTES.items()}


class Reminding(BaseModel):
    """When somebody hears of an activity."""

    before: list[Before] = Field(
        [], max_length=5, title="Remind before", description="Besides the reminder at the time itself"
    )
    again: Again = Field(
        "once", title="Until it is done", description="Remind again each time so much working time has passed"
    )
    repeat: Repeat = Field(
        "never", title="Comes again", description="The next one is planned when this one is done or called off"
    )


class ReminderForms:
    """Reads and writes an activity's reminders; only who may change the activity sees them."""

    async def load(self, ctx: Context, rest: str) -> Form:
        """Return the form of an activity's reminders."""
        activity = await planned_activity(ctx, rest)
        prefs = await owner_prefs(ctx.work, activity.owner_id)
        values: dict[str, Any] = {
            "again": _again_name(activity.repeat_minutes),
            "repeat": _repeat_name(activity),
        }
        usual = minutes_before(prefs, activity)
        if activity.reminders is not None:
            values["before"] = [_NAMES[one] for one in minutes_in(activity.reminders) if one in _NAMES]
        title = lines(
            f"🔔 {bold(clip(await ctx.name_of(activity), 100))} · {ctx.words.when(activity.due_at, activity.has_time)}",
            f"🔁 {repeat_text(ctx.words, activity.recurrence)}" if activity.recurrence else "",
            ctx.words.t("As the settings say: {lengths}", lengths=", ".join(length_text(ctx.words, n) for n in usual))
            if activity.reminders is None and not _NAMES.keys() >= set(usual)
            else "",
        )
        back = Button("← " + ctx.words.t("Back"), pack("op", f"a{activity.id}"))
        return Form(title, _with_usual(usual), values, ([back],))

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        """Keep an activity's reminders; what was chosen that they hold already stays as it is."""
        activity = await planned_activity(ctx, rest)
        changed: dict[str, Any] = {
            "reminders": [_MINUTES[name] for name in values["before"]] if "before" in values else None
        }
        again = values.get("again", "once")
        if again not in ("as set", _again_name(activity.repeat_minutes)):
            changed["repeat_minutes"] = _MINUTES.get(again)
        repeat = values.get("repeat", "never")
        if repeat != _repeat_name(activity):
            changed["recurrence"] = _rule(activity, repeat)
        await change_activity(ctx.work, activity.id, **changed)


def _with_usual(usual: Collection[int]) -> type[Reminding]:
    """Return the form with what the settings say as its default."""
    field = Reminding.model_fields["before"]
    names = [_NAMES[minutes] for minutes in usual if minutes in _NAMES]
    chosen = Field(names, max_length=5, title=field.title, description=field.description)
    return create_model("Reminding", __base__=Reminding, before=(list[Before], chosen))


async def planned_activity(ctx: Context, activity_id: str) -> Activity:
    """Return an activity that is still to be done, for a change.

    :raises NotFound: none within reach
    :raises AlreadyDone: nobody is to be reminded of it any more
    """
    if not activity_id.isdecimal():
        raise NotFound(ref=f"a{activity_id}")
    activity = await load(ctx.work, Activity, int(activity_id), Action.CHANGE)
    if activity.status != ActivityStatus.PLANNED:
        raise AlreadyDone(title=activity.title or activity.kind, status=activity.status)
    return activity


def _again_name(minutes: int | None) -> str:
    return _NAMES.get(minutes, "as set") if minutes else "once"


def _repeat_name(activity: Activity) -> str:
    if not activity.recurrence:
        return "never"
    day = _day(activity.slot_wall or activity.due_wall)
    return (preset_of(activity.recurrence, day) if day else None) or "as typed"


def _rule(activity: Activity, repeat: str) -> str | None:
    """Return the rule of a choice, which begins with the time that the activity has now.

    :raises InvalidValue: it has none yet, or the choice only names what was typed
    """
    if repeat == "never":
        return None
    day = _day(activity.due_wall)
    if day is None or repeat == "as typed":
        raise InvalidValue(what="repeat", value=repeat, how="Give it a time first, or type: task … every mon 9:00.")
    return preset_rule(repeat, day)


def _day(wall: str | None) -> date | None:
    return datetime.fromisoformat(wall).date() if wall else None


SOURCES["act"] = ReminderForms()
