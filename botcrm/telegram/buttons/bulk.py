"""Buttons that change all that a filter finds: what, to what, the rehearsal, and the go-ahead."""

from dataclasses import replace
from datetime import datetime, time

from botcrm.core import db
from botcrm.core.domain.dates import WhenFound, find_when, read_when
from botcrm.core.domain.errors import InvalidValue, NotFound
from botcrm.core.domain.expected_close import read_close
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import Query, parse_query
from botcrm.core.models import Draft, Stage
from botcrm.core.services.access import may
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom.fields import fields_of, read_value
from botcrm.core.services.operations.bulk import changes_of, demand_change, rehearse_bulk, start_bulk
from botcrm.core.services.operations.bulk_changes import (
    CHANGES,
    DAY_FIELDS,
    PLAIN_FIELDS,
    Change,
    due_params,
    takers,
    tidy_tag,
)
from botcrm.core.services.operations.operations import run
from botcrm.core.services.queries import queries
from botcrm.telegram.commands.filtering import put, query_by
from botcrm.telegram.commands.operations import operation_card
from botcrm.telegram.commands.subject import due_of, kind_for
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, clip, pack
from botcrm.telegram.screens.bulk import asking, change_text, menu_screen, pick_screen, plan_screen
from botcrm.telegram.screens.filtering import number_text

KIND, VALUE = "bulk", "bulk_value"
_TYPED = frozenset({"tag", "untag", "task", "message"})
_MOST_CHOICES = 60
# More buttons than these nobody reads; the others are typed.
_MOST_REASONS = 20


async def show_menu(ctx: Context, ref: str) -> Screen:
    """Offer what can be done with all that a query finds."""
    query, _ = await query_by(ctx, ref)
    found = await queries.compiled(ctx.work, query)
    kinds = [kind for kind in changes_of(query.entity) if _able(ctx, query.entity, kind)]
    if not kinds:
        raise NotFound(ref=query.entity)
    counted = await queries.count(ctx.work, found)
    return menu_screen(ctx.words, query, number_text(counted), kinds, ref)


def _able(ctx: Context, entity: str, kind: str) -> bool:
    actor = ctx.work.actor
    adds = kind not in ("task", "message") or may(actor, "activity", Action.ADD)
    return adds and may(actor, entity, CHANGES[kind].action)


async def choose(ctx: Context, ref: str, kind: str) -> Screen | None:
    """Offer the values of a change, or ask for words; deleting is rehearsed at once."""
    query, _ = await query_by(ctx, ref)
    if kind not in changes_of(query.entity) or not _able(ctx, query.entity, kind):
        raise NotFound(ref=kind)
    if kind in _TYPED:
        await put(ctx, VALUE, asking(ctx.words, kind), ref=ref, change=kind)
        return None
    match kind:
        case "owner":
            people = (await takers(ctx.work, query.entity))[:_MOST_CHOICES]
            choices = [(user.name, pack("Bv", ref, kind, user.id)) for user in people]
            return pick_screen(ctx.words, ctx.words.t("Hand over to whom?"), choices, ref)
        case "stage":
            return pick_screen(ctx.words, ctx.words.t("Move to which stage?"), await _stages(ref), ref)
        case "field":
            own = [(one.name, pack("Bf", ref, one.id)) for one in await fields_of(query.entity)]
            plain = [
                (ctx.words.t(name.replace("_", " ")), pack("Bf", ref, name)) for name in PLAIN_FIELDS[query.entity]
            ]
            return pick_screen(ctx.words, ctx.words.t("Which field?"), [*own, *plain], ref)
    return await rehearsed(ctx, ref, query, Change(kind))


async def _stages(ref: str) -> list[tuple[str, str]]:
    rows = await db.fetch(
        "SELECT s.id, s.name, p.name AS pipeline FROM stage s JOIN pipeline p ON p.id = s.pipeline_id "
        f"ORDER BY p.position, p.id, s.position, s.id LIMIT {_MOST_CHOICES}"
    )
    several = len({row["pipeline"] for row in rows}) > 1
    return [
        (f"{row['name']} ({row['pipeline']})" if several else row["name"], pack("Bv", ref, "stage", row["id"]))
        for row in rows
    ]


async def set_value(ctx: Context, ref: str, kind: str, value: str) -> Screen:
    """Rehearse a change to the person or stage that was tapped; of deals that are lost ask why first."""
    query, _ = await query_by(ctx, ref)
    if kind == "stage" and await Stage.filter(id=int(value), kind="lost").exists():
        words = (await dictionaries.choices("lost_reason"))[:_MOST_REASONS]
        reasons = [(word.name, pack("Br", ref, value, word.id)) for word in words]
        other = [(ctx.words.t("Other…"), pack("Br", ref, value)), (ctx.words.t("No reason"), pack("Br", ref, value, 0))]
        return pick_screen(ctx.words, ctx.words.t("Why are they lost?"), [*reasons, *other], ref)
    return await rehearsed(ctx, ref, query, Change(kind, int(value)))


async def lose(ctx: Context, ref: str, stage_id: str, reason: str = "") -> Screen | None:
    """Rehearse losing deals for one of the usual reasons (0 is none), or ask for the reason in words."""
    query, _ = await query_by(ctx, ref)
    if not reason:
        question = ctx.words.t("Why are they lost? Type the reason.")
        await put(ctx, VALUE, question, ref=ref, change="stage", stage=int(stage_id))
        return None
    more = {"reason": await dictionaries.word_of(ctx.work, int(reason), "lost_reason")} if int(reason) else {}
    return await rehearsed(ctx, ref, query, Change("stage", int(stage_id), more))


async def ask_field(ctx: Context, ref: str, name: str) -> None:
    """Ask what a field is to hold."""
    query, _ = await query_by(ctx, ref)
    label = await _field_name(query.entity, int(name) if name.isdecimal() else name)
    await put(ctx, VALUE, asking(ctx.words, "field", label), ref=ref, change="field", field=name)


async def _field_name(entity: str, field: int | str) -> str:
    """Return what a field is called.

    :raises NotFound: there is none
    """
    own = next((one.name for one in await fields_of(entity) if one.id == field), None)
    if own is None and field not in PLAIN_FIELDS.get(entity, ()):
        raise NotFound(ref=f"field {field}")
    return own or str(field).replace("_", " ")


async def typed(ctx: Context, draft: Draft, text: str) -> Screen:
    """Rehearse a change to what was typed."""
    ref, kind = str(draft.data["ref"]), str(draft.data["change"])
    query, _ = await query_by(ctx, ref)
    change = Change(kind, text)
    match kind:
        case "tag" | "untag":
            change = Change(kind, tidy_tag(text))
        case "task":
            change = _task(ctx, text)
        case "stage":
            reason = await dictionaries.propose(ctx.work, "lost_reason", text)
            change = Change(kind, int(draft.data["stage"]), {"reason": reason})
        case "field":
            change = await _field(ctx, query, str(draft.data["field"]), text)
    return await rehearsed(ctx, ref, query, change)


def _task(ctx: Context, text: str) -> Change:
    """Read what is to be planned: its time at the end or at the start, the rest is what.

    :raises InvalidValue: there is no time in it, or it has several readings
    """
    now, language = ctx.words.wall(ctx.work.now), ctx.work.prefs.language
    found = find_when(text, now, language) or read_when(text, now, language)
    title = found.rest.strip(" ,.–-") if found else ""
    if not isinstance(found, WhenFound) or not title:
        raise InvalidValue(
            what=ctx.words.t("time"), value=clip(text, 60), how=ctx.words.t("Like this: call back mon 9:00")
        )
    due = replace(due_of(ctx, found), moment=None, zone=ctx.work.prefs.zone)
    return Change("task", title, {"kind": kind_for(ctx.kinds, title), **due_params(due)})


async def _field(ctx: Context, query: Query, name: str, text: str) -> Change:
    if name in DAY_FIELDS and text.strip() not in ("-", "–", "—"):
        label = ctx.words.t(name.replace("_", " ")).capitalize()
        day = read_close(text.strip(), ctx.said_wall, ctx.work.prefs.language, label)
        return Change("field", day.isoformat(), {"field": name, "text": ctx.words.date(datetime.combine(day, time()))})
    if not name.isdecimal():
        return Change("field", None if text.strip() in ("-", "–") else text.strip(), {"field": name})
    one = next((field for field in await fields_of(query.entity) if field.id == int(name)), None)
    if one is None:
        raise NotFound(ref=f"field {name}")
    return Change("field", await read_value(ctx.work, one, text), {"field": one.id, "text": text.strip()})


async def rehearsed(ctx: Context, ref: str, query: Query, change: Change) -> Screen:
    """Show what a change would do; it is kept until somebody says so."""
    plan = await rehearse_bulk(ctx.work, query, change)
    what = change_text(ctx.words, change, await _named(ctx, query.entity, change))
    draft = await ctx.ask(KIND, query=str(query), entity=query.entity, change=change.params(), title=what)
    return plan_screen(ctx.words, query, plan, what, change, ref, draft.id)


async def _named(ctx: Context, entity: str, change: Change) -> str:
    """Return what the value of a change is called."""
    more = change.more or {}
    match change.kind:
        case "owner":
            row = await db.fetch_one('SELECT name FROM "user" WHERE id = ?', change.value)
            return str(row["name"]) if row else "?"
        case "stage":
            row = await db.fetch_one("SELECT name FROM stage WHERE id = ?", change.value)
            name = str(row["name"]) if row else "?"
            return f"{name} ({more['reason']})" if more.get("reason") else name
        case "task":
            wall = datetime.fromisoformat(str(more["wall"]))
            clock = f" {ctx.words.clock(wall)}" if more.get("has_time") else ""
            return f"{change.value}, {ctx.words.date(wall)}{clock}"
        case "field":
            value = more.get("text", change.value)
            return f"{await _field_name(entity, more['field'])}: {value if change.value is not None else '–'}"
    return str(change.value or "")


async def do_it(ctx: Context, draft_id: str) -> Screen:
    """Change all that the query finds now; this message shows how far that is."""
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id, kind=KIND).first()
    if draft is None:
        raise NotFound(ref=ctx.words.t("this change"))
    query = parse_query(str(draft.data["query"]), str(draft.data["entity"]))
    change = Change.of(draft.data["change"])
    await demand_change(ctx.work, query.entity, change)
    operation = await start_bulk(
        ctx.work, query, change, str(draft.data["title"]), chat_id=ctx.chat_id, message_id=ctx.message_id
    )
    await draft.delete()
    await run(ctx.work, operation)
    return await operation_card(ctx.work, ctx.words, operation.id)
