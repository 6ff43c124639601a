"""Buttons of rules: make one, put it together, try it out, switch it, delete it."""

from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Rule
from botcrm.core.services.access import demand, load_any, owned_sql, owners, ref
from botcrm.core.services.rule_runs import renew_rule_key, rule_key
from botcrm.core.services.rules import add_rule, change_rule, delete_rule, rule_of, runs_of, switch_rule
from botcrm.reminders.rules import Rules
from botcrm.telegram.buttons.records import demand_version
from botcrm.telegram.commands.rules import demand_complete, known_of, rule_card, rules_list, sentences
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.fields import fields_of, missing, token
from botcrm.telegram.forms import NoSuchChoice, drop_question, form_screen
from botcrm.telegram.rule_forms import part_at, place_of
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.rules import key_screen, runs_screen

_PAGE = 8
_PARTS = {"c": "conditions", "a": "actions"}
# What can be shown by name, and so be tried on.
_NAMED = ("deal", "lead", "contact", "company")


async def show_list(ctx: Context, page: str = "0") -> Screen:
    """Show a page of the rules."""
    return await rules_list(ctx, int(page))


async def show_rule(ctx: Context, rule_id: str) -> Screen:
    """Show a rule's card; words it waited for are waited for no more."""
    await drop_question(ctx)
    return await rule_card(ctx, int(rule_id))


# --- the start -----------------------------------------------------------------------------------------------------------


async def choose_trigger(ctx: Context, rule_id: str, page: str = "0") -> Screen:
    """Offer what can start a rule: a new one (0), or one that is there, whose other parts have to fit."""
    demand(ctx.work, "rule", Action.ADD)
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE) if int(rule_id) else None
    fitting = {
        name: owned
        for name, owned in known_of(ctx, "t").items()
        if rule is None or not (rule.conditions or rule.actions) or owned.value.entity == rule.entity
    }
    question = ctx.words.t("What starts the rule?")
    back = pack("Ru", rule_id) if rule else pack("Rl", 0)
    return _offer(
        ctx, question, fitting, int(page), ("Rn", rule_id), ("Rt", rule_id, rule.version if rule else 0), back
    )


async def set_trigger(ctx: Context, rule_id: str, version: str, mark: str) -> Screen:
    """Make a rule of what starts it, or have another start for one."""
    name, trigger = _picked(known_of(ctx, "t"), mark)
    values: dict[str, Any] = {"entity": trigger.entity, "trigger": name, "trigger_params": {}}
    if int(rule_id):
        rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
        demand_version(rule, version)
        if (rule.conditions or rule.actions) and trigger.entity != rule.entity:
            raise NoSuchChoice
        still = {"active": rule.active and not missing(trigger, {})}
        rule = await change_rule(ctx.work, rule.id, **values, **still)
    else:
        rule = await add_rule(ctx.work, name=ctx.words.t(trigger.title), **values)
    if fields_of(trigger):
        return await form_screen(ctx, f"rule.{rule.id}.t")
    return await rule_card(ctx, rule.id)


# --- conditions and actions ----------------------------------------------------------------------------------------------


async def show_parts(ctx: Context, rule_id: str, sort: str) -> Screen:
    """Show a rule's conditions (c) or actions (a): a tap opens one, another adds one."""
    await drop_question(ctx)
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    said = await sentences(ctx, rule)
    texts = said.conditions if sort == "c" else said.actions
    if not texts:
        return await choose_part(ctx, rule_id, sort)
    question = ctx.words.t("Only if:") if sort == "c" else ctx.words.t("Do, in this order:")
    shown = [f"   {n}. {esc(clip(text, 200))}" for n, text in enumerate(texts, 1)]
    opens = [
        Button(f"✏️ {n + 1}. {clip(text, 24)}", pack("fm", f"rule.{rule.id}.{sort}{n}")) for n, text in enumerate(texts)
    ]
    last = [Button("➕ " + ctx.words.t("Add"), pack("Rq", rule.id, sort, 0)), _back(ctx, rule)]
    return Screen(lines(f"⚙ {bold(clip(rule.name, 100))}", question, *shown), (*rows_of(opens, 1), last))


async def choose_part(ctx: Context, rule_id: str, sort: str, page: str = "0") -> Screen:
    """Offer the conditions or actions that fit what the rule is about."""
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    fitting = {name: owned for name, owned in known_of(ctx, sort).items() if rule.entity in owned.value.entities}
    question = ctx.words.t("Go on only if…") if sort == "c" else ctx.words.t("What is done?")
    text = lines(f"⚙ {bold(clip(rule.name, 100))}", question)
    args = ("RP", rule.id, rule.version, sort)
    return _offer(ctx, text, fitting, int(page), ("Rq", rule.id, sort), args, pack("Ru", rule.id))


async def add_part(ctx: Context, rule_id: str, version: str, sort: str, mark: str) -> Screen:
    """Add a condition or action, and ask for what it needs."""
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    demand_version(rule, version)
    name, part = _picked(known_of(ctx, sort), mark)
    if rule.entity not in part.entities:
        raise NoSuchChoice
    parts = [*getattr(rule, _PARTS[sort]), {"name": name, "params": {}}]
    # One that still lacks something must not act meanwhile.
    still = {"active": rule.active and not missing(part, {})}
    rule = await change_rule(ctx.work, rule.id, **{_PARTS[sort]: parts}, **still)
    if fields_of(part):
        return await form_screen(ctx, f"rule.{rule.id}.{sort}{len(parts) - 1}")
    return await rule_card(ctx, rule.id)


async def remove_part(ctx: Context, rule_id: str, place: str, version: str) -> Screen:
    """Take a condition or action out."""
    _, sort, number = place_of(f"{rule_id}.{place}")
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    demand_version(rule, version)
    part_at(rule, sort, number)
    parts = [part for n, part in enumerate(getattr(rule, _PARTS[sort])) if n != number]
    await change_rule(ctx.work, rule.id, **{_PARTS[sort]: parts}, active=rule.active and (sort == "c" or bool(parts)))
    return await rule_card(ctx, rule.id, undo=True)


# --- the rule as a whole -------------------------------------------------------------------------------------------------


async def switch(ctx: Context, rule_id: str, on: str) -> Screen:
    """Switch a rule on, if it is complete, or off."""
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    if on == "1":
        demand_complete(ctx, rule)
    await switch_rule(ctx.work, rule.id, on == "1")
    return await rule_card(ctx, rule.id, undo=True)


async def delete(ctx: Context, rule_id: str, version: str) -> Screen:
    """Delete a rule; one tap brings it back."""
    rule = await rule_of(ctx.work, int(rule_id), Action.DELETE)
    demand_version(rule, version)
    await delete_rule(ctx.work, rule.id)
    text = ctx.words.t("The rule {name} is gone.", name=bold(clip(rule.name, 100)))
    row = [Button("↩ " + ctx.words.t("Undo"), ctx.undo), Button("← " + ctx.words.t("All rules"), pack("Rl", 0))]
    return Screen("🗑 " + text, (row,))


async def show_key(ctx: Context, rule_id: str) -> Screen:
    """Show the key by which a rule proves itself, to whoever may change the rule."""
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    return key_screen(ctx.words, rule, await rule_key(ctx.work, rule.id))


async def renew_key(ctx: Context, rule_id: str) -> Screen:
    """Give a rule another key."""
    rule = await rule_of(ctx.work, int(rule_id), Action.CHANGE)
    return key_screen(ctx.words, rule, await renew_rule_key(ctx.work, rule.id), fresh=True)


async def show_runs(ctx: Context, rule_id: str) -> Screen:
    """Show what a rule did lately."""
    rule = await rule_of(ctx.work, int(rule_id))
    runs = []
    for run in await runs_of(ctx.work, rule.id):
        reference = ref(run.entity, run.record_id)
        try:
            name = await ctx.name_of(await load_any(ctx.work, run.entity, run.record_id))
        except NotFound:
            name = ctx.words.t("gone, or not yours to see")
            run.did, run.error = [], ""
        runs.append((run, name, reference))
    return runs_screen(ctx.words, rule, runs)


async def choose_record(ctx: Context, rule_id: str, page: str = "0") -> Screen:
    """Offer the newest records that a rule can be tried on."""
    rule = await rule_of(ctx.work, int(rule_id))
    demand_complete(ctx, rule)
    if rule.entity not in _NAMED:
        raise NoSuchChoice
    reached = owned_sql("owner_id", owners(ctx.work.actor, rule.entity))
    rows = await db.fetch(
        f"SELECT record_id, name FROM search_entry WHERE entity = ? AND {reached} ORDER BY record_id DESC LIMIT ? OFFSET ?",
        rule.entity,
        _PAGE + 1,
        int(page) * _PAGE,
    )
    picks = [
        Button(f"{ref(rule.entity, row['record_id'])} {clip(row['name'], 24)}", pack("RY", rule.id, row["record_id"]))
        for row in rows[:_PAGE]
    ]
    turn = [Button("←", pack("Ry", rule.id, int(page) - 1))] if int(page) else []
    if len(rows) > _PAGE:
        turn.append(Button("→", pack("Ry", rule.id, int(page) + 1)))
    question = ctx.words.t("Try it on which one? Nothing is changed and nobody is told.")
    text = question if rows else ctx.words.t("There is nothing to try it on.")
    return Screen(lines(f"🧪 {bold(clip(rule.name, 100))}", text), (*rows_of(picks, 1), turn, [_back(ctx, rule)]))


async def try_out(ctx: Context, rule_id: str, record_id: str) -> Screen:
    """Tell what a rule would do for a record."""
    rule = await rule_of(ctx.work, int(rule_id))
    demand_complete(ctx, rule)
    record = await load_any(ctx.work, rule.entity, int(record_id))
    name = await ctx.name_of(record)
    trial = await Rules(ctx.plugged.hooks).try_out(ctx.work, rule, record.id)
    words = ctx.words
    text = lines(
        f"🧪 {bold(clip(rule.name, 100))} · {esc(clip(name, 100))}",
        *(f"{'✓' if holds else '✗'} {esc(said)}" for said, holds in trial.conditions),
        words.t("It would have done this:") if trial.did else "",
        *(f"   {n}. {esc(clip(one, 200))}" for n, one in enumerate(trial.did, 1)),
        "" if all(holds for _, holds in trial.conditions) else words.t("It would do nothing."),
        words.t("Then it would fail: {error}", error=words_for(words, trial.error)) if trial.error else "",
        words.t("Nothing was changed."),
    )
    again = Button(words.t("Another one…"), pack("Ry", rule.id, 0))
    return Screen(text, ([again, _back(ctx, rule)],))


def _back(ctx: Context, rule: Rule) -> Button:
    return Button("← " + ctx.words.t("Back"), pack("Ru", rule.id))


def _picked(known: dict[str, Any], mark: str) -> tuple[str, Any]:
    for name, owned in known.items():
        if token(name) == mark:
            return name, owned.value
    raise NoSuchChoice


def _offer(
    ctx: Context, text: str, known: dict[str, Any], page: int, here: tuple[Any, ...], choose: tuple[Any, ...], back: str
) -> Screen:
    """Offer parts by their titles, a page at a time."""
    names = list(known)
    pages = max(1, -(-len(names) // _PAGE))
    page = min(max(page, 0), pages - 1)
    picks = [
        Button(clip(ctx.words.t(known[name].value.title), 40), pack(*choose, token(name)))
        for name in names[page * _PAGE : (page + 1) * _PAGE]
    ]
    turn = [Button("←", pack(*here, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack(*here, page + 1)))
    last = [Button("← " + ctx.words.t("Back"), back)]
    return Screen(text, (*rows_of(picks, 1), turn, last))
