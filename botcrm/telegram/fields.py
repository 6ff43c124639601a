"""The fields of a form: read off a pydantic model, shown as people read them, and read from what they type."""

import enum
import functools
import types
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from botcrm.contract.filling import checked
from botcrm.contract.rules import Choice
from botcrm.core.domain.dates import WhenFound, read_when
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.lengths import read_length
from botcrm.core.domain.money import Money, read_amount
from botcrm.telegram.screens.base import base36, clip, esc
from botcrm.words import Words

_LISTS = (list, tuple, set, frozenset)


class Sort(StrEnum):
    """What a field holds, and so how it is asked for."""

    SWITCH = "switch"
    PICK = "pick"
    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    MONEY = "money"
    LENGTH = "length"
    TIME = "time"
    DATE = "date"
    SECRET = "secret"  # noqa: S105 - the word for it, no secret
    OTHER = "other"


_SORTS: tuple[tuple[type, Sort], ...] = (
    (bool, Sort.SWITCH),
    (enum.Enum, Sort.PICK),
    (SecretStr, Sort.SECRET),
    (str, Sort.TEXT),
    (int, Sort.NUMBER),
    (float, Sort.AMOUNT),
    (Decimal, Sort.AMOUNT),
    (Money, Sort.MONEY),
    (timedelta, Sort.LENGTH),
    (time, Sort.TIME),
    (date, Sort.DATE),
)


@dataclass(frozen=True)
class FormField:
    """One field of a form.

    :ivar options: what it can be, where the type itself says so
    :ivar of: what of the base it is picked from, as `Choice` names it; empty where it is not
    :ivar many: it holds a list of those
    :ivar optional: it may be none
    :ivar needed: it has no default
    """

    name: str
    title: str
    about: str
    sort: Sort
    options: tuple[Any, ...]
    of: str
    many: bool
    optional: bool
    needed: bool
    default: Any
    adapter: TypeAdapter[Any]

    @property
    def token(self) -> str:
        """Return what names the field in a button."""
        return token(self.name, 3)

    @property
    def is_picked(self) -> bool:
        """Tell whether its values are buttons."""
        return self.sort is Sort.PICK or bool(self.of)

    @property
    def is_free(self) -> bool:
        """Tell whether a value may also be typed that is no button: a tag, a reason."""
        return not self.is_picked or self.of in ("tag", "lost_reason", "source")


def token(value: Any, size: int = 5) -> str:
    """Return what stands for a value in a button's data: it stays the same whatever stands beside it."""
    plain = value.value if isinstance(value, enum.Enum) else value
    return base36(int.from_bytes(blake2b(repr(plain).encode(), digest_size=size).digest()))


@functools.lru_cache(maxsize=128)
def fields_of(model: type[BaseModel]) -> tuple[FormField, ...]:
    """Return a model's fields in their order."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def _field(name: str, info: FieldInfo) -> FormField:
    base, marks, optional, many = _apart(info.annotation, list(info.metadata))
    options: tuple[Any, ...] = ()
    if get_origin(base) is Literal:
        sort, options = Sort.PICK, get_args(base)
    else:
        kind = base if isinstance(base, type) else object
        sort = next((sort for known, sort in _SORTS if issubclass(kind, known)), Sort.OTHER)
        if sort is Sort.PICK:
            options = tuple(kind)  # type: ignore[arg-type]  # an Enum's members
    choice = next((mark for mark in marks if isinstance(mark, Choice)), None)
    return FormField(
        name=name,
        title=info.title or name.replace("_", " ").capitalize(),
        about=info.description or "",
        sort=sort,
        options=options,
        of=choice.of if choice else "",
        many=many,
        optional=optional,
        needed=info.is_required(),
        default=None if info.is_required() else info.get_default(call_default_factory=True, validated_data={}),
        adapter=TypeAdapter(info.rebuild_annotation()),
    )


def _apart(annotation: Any, marks: list[Any]) -> tuple[Any, list[Any], bool, bool]:
    """Return the plain type in an annotation, what it is annotated with, whether it may be None, and whether a list."""
    optional = many = False
    while True:
        origin, parts = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation, marks = parts[0], [*marks, *parts[1:]]
        elif origin in (Union, types.UnionType) and type(None) in parts:
            rest = [part for part in parts if part is not type(None)]
            optional = True
            if len(rest) > 1:
                return object, marks, optional, many
            annotation = rest[0]
        elif origin in _LISTS and not many:
            annotation, many = parts[0], True
        else:
            return annotation, marks, optional, many


# --- values ------------------------------------------------------------------------------------------------------------


def stored(field: FormField, value: Any) -> Any:
    """Return a valid value as JSON holds it."""
    return field.adapter.dump_python(value, mode="json")


def value_in(field: FormField, values: Any) -> Any:
    """Return a field's value among stored ones: its default where there is none, or none that fits any more."""
    if field.name in values:
        try:
            return checked(field.adapter.validate_python, values[field.name])
        except ValidationError:
            return field.default
    return field.default


def missing(model: type[BaseModel], values: Any) -> list[FormField]:
    """Return the fields that still have to be filled in."""
    return [field for field in fields_of(model) if field.needed and not _fits(field, values)]


def _fits(field: FormField, values: Any) -> bool:
    try:
        checked(field.adapter.validate_python, values[field.name])
    except (KeyError, ValidationError):
        return False
    return True


def read(words: Words, field: FormField, typed: str) -> Any:
    """Return what was typed as a valid value of the field; lists are written with commas or on lines of their own.

    :raises InvalidValue: it is none
    """
    typed = typed.strip()
    if field.many:
        pieces = [piece.strip() for piece in typed.replace("\n", ",").split(",")]
        raw: Any = [_read_one(words, field, piece) for piece in pieces if piece]
    else:
        raw = _read_one(words, field, typed)
    return valid(words, field, raw, typed)


def valid(words: Words, field: FormField, raw: Any, typed: str = "") -> Any:
    """Return a value as the field's type takes it.

    :raises InvalidValue: the type refuses it
    """
    try:
        return checked(field.adapter.validate_python, raw)
    except ValidationError as exc:
        raise refused(words, field, typed or str(raw), why(words, exc)) from None


def refused(words: Words, field: FormField, typed: str, reason: str = "") -> InvalidValue:
    """Return the error that says what is wrong with a value, and how one is written."""
    how = " ".join(filter(None, (reason, words.t("Write it like: {example}", example=example(words, field)))))
    return InvalidValue(what=words.t(field.title), value=clip(typed, 60), how=how)


def why(words: Words, error: ValidationError) -> str:
    """Return the first thing that is wrong, in a few words."""
    first = error.errors(include_url=False)[0]
    facts = first.get("ctx", {})
    match first["type"]:
        case "greater_than_equal":
            return words.t("At least {n}.", n=facts["ge"])
        case "greater_than":
            return words.t("More than {n}.", n=facts["gt"])
        case "less_than_equal":
            return words.t("At most {n}.", n=facts["le"])
        case "less_than":
            return words.t("Less than {n}.", n=facts["lt"])
        case "string_too_long":
            return words.t("At most {n} characters.", n=facts["max_length"])
        case "string_too_short":
            return words.t("At least {n} characters.", n=facts["min_length"])
        case "value_error":
            return str(facts.get("error", ""))
    return ""


def example(words: Words, field: FormField) -> str:
    """Return how a value is written."""
    match field.sort:
        case Sort.NUMBER:
            one = str(field.default if isinstance(field.default, int) else 5)
        case Sort.AMOUNT:
            one = "12.5"
        case Sort.MONEY:
            one = f"12k {words.prefs.currency}"
        case Sort.LENGTH:
            one = words.t("2h, 3 days")
        case Sort.TIME:
            one = "9:30"
        case Sort.DATE:
            one = words.t("24 nov")
        case _:
            return words.t("one, two") if field.many else words.t("any text")
    return f"{one}, …" if field.many else one


def _read_one(words: Words, field: FormField, typed: str) -> Any:
    """Return what the type is to take for one typed value.

    :raises InvalidValue: it cannot be read at all
    """
    found: Any = typed
    match field.sort:
        case Sort.NUMBER:
            found = "".join(typed.split()) or None
        case Sort.AMOUNT | Sort.MONEY:
            found = read_amount(typed, words.prefs.currency)
            if found is not None and field.sort is Sort.AMOUNT:
                found = found.amount
        case Sort.LENGTH:
            found = read_length(typed)
        case Sort.TIME:
            found = _time(typed)
        case Sort.DATE:
            when = read_when(typed, words.wall(words.now), words.prefs.language)
            found = when.at.date() if isinstance(when, WhenFound) and not when.rest.strip() else None
    if found is None:
        raise refused(words, field, typed)
    return found


def _time(typed: str) -> time | None:
    hour, _, minute = typed.replace(".", ":").partition(":")
    if not (hour.isdecimal() and (minute or "0").isdecimal() and int(hour) < 24 and int(minute or 0) < 60):
        return None
    return time(int(hour), int(minute or 0))


# --- showing -----------------------------------------------------------------------------------------------------------


def label_of(words: Words, value: Any) -> str:
    """Return what a fixed choice is called: “next_owner” reads next owner."""
    return words.t(str(value.value if isinstance(value, enum.Enum) else value).replace("_", " "))


def show(words: Words, field: FormField, value: Any, labels: dict[Any, str]) -> str:
    """Return a value as people read it, as HTML; `labels` names what is picked from the base."""
    if value in (None, "") or (field.many and not value):
        return words.t("none")
    if field.many:
        return ", ".join(_show_one(words, field, one, labels) for one in value)
    return _show_one(words, field, value, labels)


def _show_one(words: Words, field: FormField, value: Any, labels: dict[Any, str]) -> str:
    if field.of:
        return esc(clip(labels.get(value, str(value) if isinstance(value, str) else "?"), 100))
    match field.sort:
        case Sort.SWITCH:
            return words.t("on") if value else words.t("off")
        case Sort.PICK:
            return esc(label_of(words, value))
        case Sort.LENGTH:
            return show_length(words, value)
        case Sort.TIME:
            return f"{value.hour}:{value.minute:02d}"
        case Sort.MONEY:
            return esc(words.money(value.amount, value.currency))
        case Sort.TEXT:
            return esc(clip(value, 300)) or words.t("none")
        case Sort.SECRET:
            return words.t("set") if value.get_secret_value() else words.t("not set")
    return esc(clip(str(value), 100))


def show_length(words: Words, length: timedelta) -> str:
    """Write a length of time exactly: 1 day 4 h."""
    days, rest = divmod(int(length.total_seconds() // 60), 24 * 60)
    parts = [words.n("{n} day", "{n} days", days)] if days else []
    if rest or not days:
        parts.append(words.minutes(rest))
    return " ".join(parts)
