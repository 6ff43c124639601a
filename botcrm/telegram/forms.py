"""Forms in the chat, made of pydantic models: one card that changes in place, a tap for each field.

Whoever has something to fill in registers a `Source` under a word; "rule.12.t" is then read and written by the source "rule".
What a field is stands in the press itself, what is typed waits in a draft: both survive a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from botcrm.contract.filling import checked
from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue, NotFound
from botcrm.core.models import Draft, User
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.telegram.context import Context
from botcrm.telegram.fields import (
    FormField,
    Sort,
    example,
    fields_of,
    label_of,
    read,
    refused,
    show,
    stored,
    token,
    valid,
    value_in,
    why,
)
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.words import Words

_PAGE = 10
_CHOICES = 8
_MOST_CHOICES = 1000


@dataclass(frozen=True)
class Form:
    """Something to fill in.

    :ivar title: what it is, as HTML
    :ivar values: the present values by field, as JSON holds them; what is not there has its default
    :ivar rows: buttons below the fields, e.g. the way back
    :ivar words: how its own texts are translated, where that is not the front end's way
    """

    title: str
    model: type[BaseModel]
    values: Mapping[str, Any]
    rows: tuple[Row, ...] = ()
    words: Words | None = None


class Source(Protocol):
    """Where forms of one sort come from and go to; both refuse whoever may not."""

    async def load(self, ctx: Context, rest: str) -> Form:
        """Return the form that the rest of the key names.

        :raises CrmError: there is none, or it is not theirs to see
        """
        ...

    async def save(self, ctx: Context, rest: str, values: dict[str, Any]) -> None:
        """Keep all values, checked one by one already, as JSON holds them.

        :raises CrmError: they cannot be kept
        """
        ...


SOURCES: dict[str, Source] = {}


class NoSuchChoice(CrmError):
    """A button whose choice is no longer there."""

    message = "That is no longer there to be chosen. Open the list again."


def _source(key: str) -> tuple[Source, str]:
    name, _, rest = key.partition(".")
    if name not in SOURCES:
        raise NotFound(ref=key)
    return SOURCES[name], rest


async def _load(ctx: Context, key: str) -> Form:
    source, rest = _source(key)
    return await source.load(ctx, rest)


def _named(form: Form, field_token: str) -> FormField:
    found = next((field for field in fields_of(form.model) if field.token == field_token), None)
    if found is None or found.sort in (Sort.SECRET, Sort.OTHER):
        raise NoSuchChoice
    return found


# --- screens -----------------------------------------------------------------------------------------------------------


async def form_screen(ctx: Context, key: str, page: int | None = None, *, at: str = "", head: str = "") -> Screen:
    """Show a form: each field with its value and meaning, a button for each.

    :param at: a field whose page is shown, unless a page is named
    :param head: what is said above it
    """
    form = await _load(ctx, key)
    words = form.words or ctx.words
    fields = fields_of(form.model)
    place = next((n for n, field in enumerate(fields) if field.name == at), 0)
    pages = max(1, -(-len(fields) // _PAGE))
    page = min(max(place // _PAGE if page is None else page, 0), pages - 1)
    shown = fields[page * _PAGE : (page + 1) * _PAGE]
    text = lines(
        head,
        form.title,
        *[await _line(ctx, words, field, form.values) for field in shown],
        "" if fields else ctx.words.t("Nothing to set here."),
        ctx.words.t("Page {page} of {pages}", page=page + 1, pages=pages) if pages > 1 else "",
    )
    buttons = [_button(ctx, words, key, field, form.values) for field in shown if _can_change(field)]
    turn = [Button("←", pack("fm", key, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("fm", key, page + 1)))
    return Screen(text, (*rows_of(buttons, 2), turn, *form.rows))


def _can_change(field: FormField) -> bool:
    return field.sort not in (Sort.SECRET, Sort.OTHER)


def _lacks(field: FormField, values: Mapping[str, Any]) -> bool:
    return field.needed and values.get(field.name) is None and not (field.optional and field.name in values)


async def _line(ctx: Context, words: Words, field: FormField, values: Mapping[str, Any]) -> str:
    about = f"\n   <i>{esc(words.t(field.about))}</i>" if field.about else ""
    if _lacks(field, values):
        return f"❗ {bold(words.t(field.title))}: {ctx.words.t('to be filled in')}{about}"
    value = value_in(field, values)
    shown = show(words, field, value, await _labels(ctx, field, value))
    default = "" if field.name in values or field.sort is Sort.SECRET else " · " + ctx.words.t("default")
    if field.sort is Sort.SECRET:
        about += "\n   <i>" + ctx.words.t("It is set where botcrm is started, never in a chat.") + "</i>"
    return f"{bold(words.t(field.title))}: {shown}{default}{about}"


def _button(ctx: Context, words: Words, key: str, field: FormField, values: Mapping[str, Any]) -> Button:
    title = clip(words.t(field.title), 24)
    if field.sort is Sort.SWITCH and not field.many and not field.optional:
        on = bool(value_in(field, values))
        return Button(f"{'☑' if on else '☐'} {title}", pack("fs", key, field.token, token(not on)))
    return Button(f"✏️ {title}", pack("fc" if field.is_picked else "fe", key, field.token))


async def choices_screen(ctx: Context, key: str, field_token: str, page: int = 0) -> Screen:
    """Offer what a field can be, a page at a time; of a list, what is chosen carries a mark and goes by another tap."""
    form = await _load(ctx, key)
    field = _named(form, field_token)
    words = form.words or ctx.words
    options = await _options(ctx, words, field)
    value = value_in(field, form.values)
    chosen = {token(one) for one in (value or ())} if field.many else {token(value)}
    pages = max(1, -(-len(options) // _CHOICES))
    page = min(max(page, 0), pages - 1)
    buttons = []
    for option, label in options[page * _CHOICES : (page + 1) * _CHOICES]:
        mark = token(option)
        action = ("fd" if mark in chosen else "fa") if field.many else "fs"
        sign = "✓ " if mark in chosen and not _lacks(field, form.values) else ""
        buttons.append(Button(sign + clip(label, 30), pack(action, key, field.token, mark, *([page] if page else []))))
    turn = [Button("←", pack("fc", key, field.token, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("fc", key, field.token, page + 1)))
    extras = [Button(ctx.words.t("Other…"), pack("fe", key, field.token))] if field.is_free else []
    about = f"<i>{esc(words.t(field.about))}</i>" if field.about else ""
    text = lines(
        form.title, bold(words.t(field.title)), about, "" if options else ctx.words.t("There is nothing to choose.")
    )
    return Screen(text, (*rows_of(buttons, 2), turn, [*extras, *_plain(ctx, key, field, form.values)]))


def _plain(ctx: Context, key: str, field: FormField, values: Mapping[str, Any]) -> list[Button]:
    """Return the buttons that every field ends with: none, the default, back."""
    buttons = []
    if field.optional or (field.many and not field.needed and value_in(field, values)):
        buttons.append(Button(ctx.words.t("None"), pack("fs", key, field.token, "-")))
    if not field.needed and field.name in values:
        buttons.append(Button(ctx.words.t("Default"), pack("fs", key, field.token, "~")))
    buttons.append(Button("← " + ctx.words.t("Back"), pack("fm", key)))
    return buttons


# --- what is picked from the base ----------------------------------------------------------------------------------------


async def _options(ctx: Context, words: Words, field: FormField) -> list[tuple[Any, str]]:
    """Return what a field can be, with labels, within the actor's rights."""
    if field.sort is Sort.SWITCH:
        return [(True, ctx.words.t("on")), (False, ctx.words.t("off"))]
    if not field.of:
        return [(option, label_of(words, option)) for option in field.options]
    match field.of:
        case "kind":
            return [(kind.name, f"{kind.sign} {ctx.words.t(kind.label)}") for kind in ctx.kinds.values()]
        case "person":
            people = User.filter(active=True)
            if ctx.work.actor.role != "admin":
                people = people.filter(id__in=ctx.work.actor.team)
            return [(user.id, user.name) for user in await people.order_by("name", "id").limit(_MOST_CHOICES)]
        case "tag":
            return [(tag, f"#{tag}") for tag in await _tags(ctx)]
        case "lost_reason" | "source":
            return [(one.name, one.name) for one in await dictionaries.choices(field.of)]
        case "field":
            entities = {"deal": ctx.words.t("Deals"), "contact": ctx.words.t("Contacts")}
            entities |= {"company": ctx.words.t("Companies"), "lead": ctx.words.t("Leads")}
            known = [one for entity in entities for one in await custom_fields.fields_of(entity)]
            return [(one.id, f"{entities[one.entity]} › {one.name}") for one in known]
    return await _paths(field.of)


async def _tags(ctx: Context) -> list[str]:
    """Return the tags that hang on what the actor reaches, those given last."""
    reached = " OR ".join(
        f"(t.entity = '{entity}' AND EXISTS (SELECT 1 FROM {entity} r WHERE r.id = t.record_id AND r.deleted_at IS NULL "
        f"AND {owned_sql('r.owner_id', owners(ctx.work.actor, entity))}))"
        for entity in ("deal", "lead", "contact", "company")
    )
    rows = await db.fetch(f"SELECT t.tag FROM tag t WHERE {reached} ORDER BY t.id DESC LIMIT ?", _MOST_CHOICES)
    return sorted({row["tag"] for row in rows})


async def _paths(of: str) -> list[tuple[Any, str]]:
    if of == "pipeline":
        rows = await db.fetch("SELECT id, name FROM pipeline ORDER BY position, id")
        return [(row["id"], row["name"]) for row in rows]
    rows = await db.fetch(
        "SELECT s.id, s.name, p.name AS pipeline, (SELECT count(*) FROM pipeline) AS paths FROM stage s "
        "JOIN pipeline p ON p.id = s.pipeline_id ORDER BY p.position, p.id, s.position, s.id"
    )
    return [(row["id"], f"{row['pipeline']} › {row['name']}" if row["paths"] > 1 else row["name"]) for row in rows]


async def _labels(ctx: Context, field: FormField, value: Any) -> dict[Any, str]:
    """Return what a field's present values are called, whoever may choose them."""
    values = list(value or ()) if field.many else [value]
    if not field.of or values == [None]:
        return {}
    if field.of == "person":
        return {user.id: user.name for user in await User.filter(id__in=values)}
    return {option: label for option, label in await _options(ctx, ctx.words, field) if option in values}


# --- presses -----------------------------------------------------------------------------------------------------------


async def show_form(ctx: Context, key: str, page: str = "") -> Screen:
    """Show a form; a question of its that waits for words is dropped."""
    await drop_question(ctx)
    return await form_screen(ctx, key, int(page) if page else None)


async def choose(ctx: Context, key: str, field_token: str, page: str = "0") -> Screen:
    """Show what a field can be."""
    await drop_question(ctx)
    return await choices_screen(ctx, key, field_token, int(page))


async def ask(ctx: Context, key: str, field_token: str) -> Screen:
    """Ask on the card for what is to be typed."""
    form = await _load(ctx, key)
    field = _named(form, field_token)
    if not field.is_free:
        raise NoSuchChoice
    words = form.words or ctx.words
    await drop_question(ctx)
    await ctx.ask("field_text" if field.sort is Sort.TEXT else "field", key=key, field=field.name)
    value = value_in(field, form.values)
    now = ""
    if not _lacks(field, form.values) and value not in (None, "", [], ()):
        now = ctx.words.t("Now: {value}", value=show(words, field, value, await _labels(ctx, field, value)))
    several = ctx.words.t("Several go with commas between them.") if field.many else ""
    hint = (
        ""
        if (field.sort is Sort.TEXT and not field.many) or str(value) == example(ctx.words, field)
        else ctx.words.t("For example: {example}", example=example(ctx.words, field))
    )
    text = lines(
        form.title,
        "✏️ " + ctx.words.t("Type: {what}", what=bold(words.t(field.title))),
        f"<i>{esc(words.t(field.about))}</i>" if field.about else "",
        now,
        " ".join(part for part in (hint, several) if part),
    )
    return Screen(text, (_plain(ctx, key, field, form.values),))


async def choose_value(ctx: Context, key: str, field_token: str, mark: str, page: str = "") -> Screen:
    """Set a field to what a button stands for: a choice, none, or the default."""
    await drop_question(ctx)
    form = await _load(ctx, key)
    field = _named(form, field_token)
    values = dict(form.values)
    if mark == "~" and not field.needed:
        values.pop(field.name, None)
    elif mark == "-" and (field.optional or field.many):
        values[field.name] = None if field.optional else stored(field, valid(ctx.words, field, []))
    else:
        values[field.name] = stored(field, valid(ctx.words, field, await _picked(ctx, form, field, mark)))
    return await _saved(ctx, key, form, values, field)


async def add_value(ctx: Context, key: str, field_token: str, mark: str, page: str = "0") -> Screen:
    """Put a choice into a list."""
    return await _with_list(ctx, key, field_token, mark, page, add=True)


async def drop_value(ctx: Context, key: str, field_token: str, mark: str, page: str = "0") -> Screen:
    """Take a choice out of a list."""
    return await _with_list(ctx, key, field_token, mark, page, add=False)


async def _with_list(ctx: Context, key: str, field_token: str, mark: str, page: str, *, add: bool) -> Screen:
    form = await _load(ctx, key)
    field = _named(form, field_token)
    if not field.many:
        raise NoSuchChoice
    kept = [one for one in value_in(field, form.values) or () if token(one) != mark]
    chosen = [*kept, await _picked(ctx, form, field, mark)] if add else kept
    values = dict(form.values) | {field.name: stored(field, valid(ctx.words, field, chosen))}
    await _saved(ctx, key, form, values, field)
    return await choices_screen(ctx, key, field_token, int(page))


async def _picked(ctx: Context, form: Form, field: FormField, mark: str) -> Any:
    for option, _ in await _options(ctx, form.words or ctx.words, field):
        if token(option) == mark:
            return option
    raise NoSuchChoice


async def answer(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as a field's value.

    :raises InvalidValue: they are none; the question stays
    """
    key = str(draft.data["key"])
    form = await _load(ctx, key)
    field = next((field for field in fields_of(form.model) if field.name == draft.data["field"]), None)
    if field is None:
        raise NoSuchChoice
    value = read(form.words or ctx.words, field, text)
    return await _saved(ctx, key, form, dict(form.values) | {field.name: stored(field, value)}, field)


async def _saved(ctx: Context, key: str, form: Form, values: dict[str, Any], field: FormField) -> Screen:
    """Keep a form's values if they go together, and show them."""
    try:
        checked(form.model.model_validate, values)
    except ValidationError as exc:
        # What is not filled in yet is shown on the form itself; what the values are together is the model's to refuse.
        own = [error for error in exc.errors(include_url=False) if error["loc"][:1] in ((), (field.name,))]
        if any(error["type"] != "missing" for error in own):
            reason = why(ctx.words, exc)
            shown = str(values.get(field.name))
            raise (
                refused(ctx.words, field, shown, reason) if own[0]["loc"] else _together(field, shown, reason)
            ) from None
    source, rest = _source(key)
    await source.save(ctx, rest, values)
    return await form_screen(ctx, key, at=field.name)


def _together(field: FormField, shown: str, reason: str) -> InvalidValue:
    return InvalidValue(what=field.title, value=clip(shown, 60), how=reason)


async def drop_question(ctx: Context) -> None:
    """Wait no more for the words that a form asked for."""
    await Draft.filter(user_id=ctx.user_id, chat_id=ctx.chat_id, kind__in=("field", "field_text")).delete()
