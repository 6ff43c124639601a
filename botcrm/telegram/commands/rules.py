"""The verb about rules, and the cards that its buttons lead to."""

from datetime import timedelta
from typing import Any

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Rule, User
from botcrm.core.services.access import may, owners
from botcrm.core.services.rules import RuleRow, rule_actor, rule_of, rule_row, rules_in_reach
from botcrm.hooks import Owned
from botcrm.reminders.rule_parts import PartGone, known_parts, parts_of, say
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.fields import show_length
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.rules import Sentences, rule_screen, rules_screen

_PAGE = 6
# What stands for the sorts of parts in a button.
SORTS = {"t": "trigger", "c": "condition", "a": "action"}

PartTypes = dict[str, Owned[Any]]


class RuleIncomplete(CrmError):
    """A rule that cannot be switched on yet."""

    message = "The rule is not complete: choose what it does."


async def rules(ctx: Context, line: Line) -> Screen:
    """List the rules.

    :raises NotAllowed: the actor has nothing to do with rules
    """
    return await rules_list(ctx, 0)


async def rules_list(ctx: Context, page: int) -> Screen:
    """Show a page of the rules."""
    page = max(0, page)
    rows = await rules_in_reach(ctx.work, limit=_PAGE + 1, offset=page * _PAGE)
    shown = [(row, await sentences(ctx, row.rule), delay_of(ctx, row.rule)) for row in rows[:_PAGE]]
    may_add = may(ctx.work.actor, "rule", Action.ADD)
    return rules_screen(ctx.words, shown, page, more=len(rows) > _PAGE, may_add=may_add)


async def rule_card(ctx: Context, rule_id: int, *, head: str = "", undo: bool = False) -> Screen:
    """Show a rule's card.

    :raises NotFound: there is none within reach
    """
    await ctx.work.flush()
    rule = await rule_of(ctx.work, rule_id)
    row: RuleRow = await rule_row(rule)
    owner = await User.filter(id=rule.owner_id).first() if rule.owner_id else None
    return rule_screen(
        ctx.words,
        row,
        await sentences(ctx, rule),
        delay_of(ctx, rule),
        owner.name if owner else "",
        may_change=may_change(ctx, rule),
        signs=signs(ctx, rule),
        head=head,
        undo=ctx.undo if undo else "",
    )


def may_change(ctx: Context, rule: Rule) -> bool:
    """Tell whether the actor may change a rule that they see."""
    people = owners(ctx.work.actor, "rule", Action.CHANGE)
    return people is None or rule.owner_id in people


def signs(ctx: Context, rule: Rule) -> bool:
    """Tell whether one of a rule's actions proves itself by the rule's key."""
    known = known_of(ctx, "a")
    return any(part["name"] in known and known[part["name"]].value.signs for part in rule.actions)


def delay_of(ctx: Context, rule: Rule) -> str:
    """Write how long after its start a rule acts; empty for at once."""
    return show_length(ctx.words, timedelta(seconds=rule.delay)) if rule.delay else ""


def known_of(ctx: Context, sort: str) -> PartTypes:
    """Return the parts that the plugins bring: of the triggers (t), conditions (c) or actions (a)."""
    registry = ctx.plugged.hooks.registry
    return dict(known_parts(registry, SORTS[sort]))


async def sentences(ctx: Context, rule: Rule) -> Sentences:
    """Word a rule's parts, and say how it stands."""
    hooks, work = ctx.plugged.hooks, ctx.work
    state, reason = "on" if rule.active else "off", ""
    try:
        demand_complete(ctx, rule)
        if rule.active and await rule_actor(work, rule) is None:
            state, reason = "waits", ctx.words.t("Who made it has left. Switch it off and on to take it over.")
    except PartGone as exc:
        state, reason = "waits", words_for(ctx.words, exc).removeprefix("✋ ")
    except CrmError as exc:
        state, reason = "incomplete", words_for(ctx.words, exc).removeprefix("✋ ")
    return Sentences(
        await say(hooks, work, "trigger", rule.trigger, rule.trigger_params),
        tuple([await say(hooks, work, "condition", part["name"], part["params"]) for part in rule.conditions]),
        tuple([await say(hooks, work, "action", part["name"], part["params"]) for part in rule.actions]),
        state,
        reason,
    )


def demand_complete(ctx: Context, rule: Rule) -> None:
    """Refuse a rule that cannot run as it is.

    :raises PartUnusable: something is still to be filled in, or its plugin is off
    :raises RuleIncomplete: it does nothing yet
    """
    parts_of(ctx.plugged.hooks, rule)
    if not rule.actions:
        raise RuleIncomplete
