"""The verb about settings: list them, show one, change one; a name typed nearly right will do."""

from rapidfuzz import fuzz, process

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Reach
from botcrm.core.domain.preferences import PREFERENCES
from botcrm.core.domain.text import fold
from botcrm.core.services.staff import people
from botcrm.core.services.suggestions import resume_suggestions
from botcrm.telegram.commands.next_steps import leave_written
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, clip, esc, lines
from botcrm.telegram.screens.texts import settings_screen, show_value

# What people call a setting, besides its own name.
_ALIASES = {
    "timezone": "zone",
    "time_zone": "zone",
    "time": "zone",
    "tz": "zone",
    "city": "zone",
    "locale": "language",
    "lang": "language",
    "money": "currency",
    "country": "region",
    "phone": "region",
    "hours": "working_hours",
    "worktime": "working_hours",
    "free": "holidays",
    "own_holidays": "days_off",
    "closed": "days_off",
    "away": "leave",
    "vacation": "leave",
    "reminder": "reminder_minutes",
    "remind": "reminder_minutes",
    "overdue": "overdue_hours",
    "morning": "digest_at",
    "digest_time": "digest_at",
    "suggestions": "smart_activity",
    "suggest": "smart_activity",
    "smart": "smart_activity",
}
# From here on a word is a slip of the finger; below, it may only have been meant.
_SURE, _LIKELY = 75.0, 55.0
_SHORTEST = 3


class NoSuchSetting(CrmError):
    """A word is the name of no setting, and like none."""

    message = "There is no setting “{typed}”. Settings: {names}."


class NotThatSetting(CrmError):
    """A word is the name of no setting, but like one."""

    message = "There is no setting “{typed}”. Did you mean {setting}? Type {example}"


def _written(words: str) -> str:
    return fold(words).replace("-", "_").replace(" ", "_")


def nearest_setting(typed: str) -> tuple[str | None, bool]:
    """Return the setting most like a typed word, if any, and whether it is near enough to be taken for it."""
    wanted = _written(typed)
    names = {key: key for key in PREFERENCES} | _ALIASES
    if wanted in names:
        return names[wanted], True
    found = process.extractOne(wanted, list(names), scorer=fuzz.ratio, score_cutoff=_LIKELY)
    if found:
        return names[found[0]], found[1] >= _SURE
    begins = [key for key in names if key.startswith(wanted) and len(wanted) >= _SHORTEST]
    return (names[begins[0]], False) if begins else (None, False)


def _named(words: list[str], *, for_company: bool) -> tuple[str, str, str]:
    """Return the setting that a line starts with, how it was typed, and the value behind it.

    :raises NotThatSetting: one is called nearly like that
    :raises NoSuchSetting: none is
    """
    two = " ".join(words[:2])
    count = 2 if len(words) > 1 and _written(two) in {*PREFERENCES, *_ALIASES} else 1
    typed = " ".join(words[:count])
    key, sure = nearest_setting(typed)
    value = " ".join(words[count:])
    if key is None:
        raise NoSuchSetting(typed=clip(typed, 60), names=", ".join(PREFERENCES))
    if not sure:
        example = " ".join(filter(None, ("/settings", "company" if for_company else "", key, clip(value, 100))))
        raise NotThatSetting(typed=clip(typed, 60), setting=key, example=example)
    return key, typed, value


async def settings(ctx: Context, line: Line) -> Screen:
    """List the settings, or show or change one."""
    words = line.text_after(0).replace("=", " ", 1).split()
    administrator = ctx.work.actor.grants.get("setting.change") == Reach.ALL
    for_company = bool(words) and fold(words[0]) == "company"
    words = words[1:] if for_company else words
    if not words:
        return settings_screen(ctx.words, ctx.work.prefs, administrator=administrator)
    key, typed, value = _named(words, for_company=for_company)
    meant = ctx.words.t("“{word}” was taken for {setting}.", word=esc(clip(typed, 40)), setting=f"<b>{key}</b>")
    taken = "" if _written(typed) == key else meant
    preference = PREFERENCES[key]
    if not value:
        return Screen(
            lines(
                f"<b>{key}</b> = {show_value(ctx.words, getattr(ctx.work.prefs, key))}",
                ctx.words.t(preference.meaning),
                f"<code>/settings {key} {esc(preference.example)}</code>",
                taken,
            )
        )
    if key == "leave" and not for_company:
        # Days are added, as by its own verb: a day without a year is the next one, and what was taken down before stays.
        return await leave_written(ctx, ctx.user_id, value)
    chosen = await people.change_setting(ctx.work, key, value, for_company=for_company)
    if key == "smart_activity" and chosen and not for_company:
        await resume_suggestions(ctx.work)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    return Screen(lines(f"✅ <b>{key}</b> = {show_value(ctx.words, chosen)}", taken), (undo,))
