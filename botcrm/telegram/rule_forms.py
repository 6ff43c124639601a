"""The forms of rules: "rule.12.r" is rule 12's name and delay, "rule.12.t" its trigger, "rule.12.a0" its first action."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Rule
from botcrm.core.services.rules import change_rule, rule_of
from botcrm.reminders.rule_parts import part_gone
from botcrm.telegram.commands.rules import SORTS, known_of
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.forms import SOURCES, Form
from botcrm.telegram.screens.base import Button, bold, clip, lines, pack

_LENGTH = TypeAdapter(timedelta)
_PARTS = {"c": "conditions", "a": "actions"}


class Basics(BaseModel):
    """What a rule has besides its parts."""

    name: str = Field(min_length=1, max_length=200, description="How the rule is called in lists and timelines")
    delay: timedelta = Field(
        timedelta(),
        ge=timedelta(),
        le=timedelta(days=365),
        title="After",
        description="Everything is asked again then; 0 is at once",
    )


def place_of(rest: str) -> tuple[int, str, int]:
    """Read the rest of a key: the rule's id, r, t, c or a, and which of the conditions or actions.

    :raises NotFound: it is no such key
    """
    rule_id, _, place = rest.partition(".")
    sort, number = place[:1], place[1:] or "0"
    if not rule_id.isdecimal() or sort not in ("r", "t", "c", "a") or not number.isdecimal():
        raise NotFound(ref=f"rule.{rest}")
    return int(rule_id), sort, int(number)


def part_at(rule: Rule, sort: str, number: int) -> dict[str, Any]:
    """Return a stored condition or action.

    :raises NotFound: there are not so many
    """
    parts: list[dict[str, Any]] = getattr(rule, _PARTS[sort])
    if number >= len(parts):
        raise NotFound(ref=f"{sort}{number}")
    return parts[number]


class RuleForms:
    """Reads and writes what a rule and its parts are set to; only who may change the rule sees its forms."""

    async def load(self, ctx: Context, rest: str) -> Form:
        """Return a form of a rule."""
        rule_id, sort, number = place_of(rest)
        rule = await rule_of(ctx.work, rule_id, Action.CHANGE)
        words = ctx.words
        back = Button("✔ " + words.t("To the rule"), pack("Ru", rule.id))
        head = f"⚙ {bold(clip(rule.name, 100))}"
        if sort == "r":
            return Form(head, Basics, {"name": rule.name, "delay": rule.delay}, ([back],))
        if sort == "t":
            other = Button(words.t("Another start…"), pack("Rn", rule.id))
            part: dict[str, Any] = {"name": rule.trigger, "params": rule.trigger_params}
            said = words.t("When: {what}", what="{what}")
        else:
            other = Button("🗑 " + words.t("Remove"), pack("Rx", rule.id, f"{sort}{number}", rule.version))
            part = part_at(rule, sort, number)
            said = words.t("Only if: {what}", what="{what}") if sort == "c" else words.t("Do: {what}", what="{what}")
        owned = known_of(ctx, sort).get(part["name"])
        if owned is None:
            gone = part_gone(ctx.plugged.hooks, SORTS[sort], part["name"])
            return Form(lines(head, words_for(words, gone)), _Nothing, {}, ([other, back],))
        own = ctx.plugged.words_of(owned.plugin, words)
        title = lines(head, said.replace("{what}", bold(own.t(owned.value.title))))
        return Form(title, owned.value, part["params"], ([other, back],), own)

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        """Keep a form of a rule."""
        rule_id, sort, number = place_of(rest)
        rule = await rule_of(ctx.work, rule_id, Action.CHANGE)
        if sort == "r":
            delay = int(_LENGTH.validate_python(values.get("delay", 0)).total_seconds())
            await change_rule(ctx.work, rule_id, name=values["name"], delay=delay)
        elif sort == "t":
            await change_rule(ctx.work, rule_id, trigger_params=values)
        else:
            part_at(rule, sort, number)
            parts = [dict(part) for part in getattr(rule, _PARTS[sort])]
            parts[number]["params"] = values
            await change_rule(ctx.work, rule_id, **{_PARTS[sort]: parts})


class _Nothing(BaseModel):
    """A form without a field."""


SOURCES["rule"] = RuleForms()
