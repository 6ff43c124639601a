"""What queries ask of the fields that a company made for itself, over the table of their values."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.custom_errors import BadValue, NoSuchChoice, NoSuchPerson
from botcrm.core.domain.custom_values import TYPES
from botcrm.core.domain.money import UNSAID, read_amount
from botcrm.core.domain.query import Term
from botcrm.core.domain.query_fields import NONE
from botcrm.core.domain.query_times import Reader, Stretch, read_stretch
from botcrm.core.domain.text import fold
from botcrm.core.domain.zones import to_wall
from botcrm.core.models import CustomField
from botcrm.core.services.custom import known as own_fields
from botcrm.core.services.custom.fields import read_value, reading
from botcrm.core.services.queries.parts import SIGNS, Sql, contains, either, linked, within
from botcrm.core.services.queries.values import NotAValue
from botcrm.core.services.work import Work

_FILE = re.compile(r"/?f(\d{1,9})", re.IGNORECASE)
_IN_ORDER = ("number", "money", "time")


def absent(one: CustomField) -> str:
    """Return a condition that a record which can have a field has no value of it."""
    return f"NOT EXISTS (SELECT 1 FROM field_value v WHERE v.field_id = {one.id} AND v.record_id = t.id){_here(one)}"


def _here(one: CustomField) -> str:
    """Return what makes a condition hold only for records that show the field: values that were left elsewhere are hidden there."""
    return f" AND t.pipeline_id = {int(one.pipeline_id)}" if one.pipeline_id is not None else ""


async def own_field(work: Work, reader: Reader, one: CustomField, term: Term, value: str) -> Sql:
    """Return the condition that a record's value of a field is as a term says.

    :raises NotAValue: the value means nothing of the field's type
    :raises BadValue: the same, as the type itself says it
    """
    lacks = term.operator == ":" and fold(value) in NONE and one.type != "yes_no"
    # A list may have a word of that name.
    if lacks and fold(value) not in map(fold, (await _names(one)).values()):
        return absent(one), []
    where, bound = await _held(work, reader, one, term.operator, value)
    sql, bound = await linked("field_value v", "v.record_id", f"v.field_id = {one.id} AND {where}", bound)
    return (f"({sql}{_here(one)})" if one.pipeline_id is not None else sql), bound


async def _held(work: Work, reader: Reader, one: CustomField, operator: str, value: str) -> Sql:
    """Return the condition on a row of the field's values."""
    kind = TYPES[one.type]
    if one.type == "date":
        stretch = read_stretch(operator, value, reader)
        days = _midnights(stretch, reader) if stretch else None
        if days is None:
            raise NotAValue(what=one.key, value=value[:40], example=f"{one.key}<30d, {one.key}:this-month")
        return within("v.moment", days)
    low, dots, high = value.partition("..")
    if dots and operator == ":" and one.type in _IN_ORDER:
        first = await _held(work, reader, one, ">=", low)
        last = await _held(work, reader, one, "<=", high)
        return f"{first[0]} AND {last[0]}", first[1] + last[1]
    if one.type not in _IN_ORDER and operator != ":":
        raise NotAValue(what=one.key, value=f"{operator}{value}"[:40], example=f"{one.key}:{kind.example or value}")
    if one.type in ("text", "link"):
        return contains("v.text", fold(value), folded=True)
    if one.type == "file":
        sql, bound = contains("l.name", value)
        named = f"v.measure IN (SELECT l.id FROM file l WHERE l.deleted_at IS NULL AND ({sql}))"
        number = _FILE.fullmatch(value.strip())
        return either([(named, bound), *([("v.measure = ?", [float(number[1])])] if number else [])])
    try:
        meant = await _meant(work, one, value)
    except BadValue as error:
        error.facts["what"] = one.key
        raise
    if meant is None:
        raise NotAValue(what=one.key, value=value[:40], example=f"{one.key}:{kind.example or 'none'}")
    numbers = _numbers(meant) if kind.names_of else [row.number for row in kind.index(meant, {})]
    sql, bound = either((f"v.measure {SIGNS[operator]} ?", [float(number or 0)]) for number in numbers)
    if one.type == "money":
        typed = read_amount(value, UNSAID)
        if typed is not None and typed.currency != UNSAID:
            return f"({sql}) AND v.text = ?", [*bound, typed.currency.lower()]
    return f"({sql})", bound


async def _names(one: CustomField) -> dict[int, str]:
    """Return what can be found of a list's words or of colleagues: those of earlier as well, for what still holds them."""
    match TYPES[one.type].names_of:
        case "choice":
            known = await own_fields.known()
            return {key: name for key, name in known.names.get(one.dictionary, {}).items() if key not in known.ends}
        case "person":
            return {row["id"]: row["name"] for row in await db.fetch('SELECT id, name FROM "user" ORDER BY name')}
    return {}


async def _meant(work: Work, one: CustomField, value: str) -> Any:
    """Return what a value means: of what can be chosen now first, then of what could be once.

    :raises BadValue: it means nothing of the field's type
    """
    kind, every = TYPES[one.type], await _names(one)
    try:
        meant = await read_value(work, one, value)
    except (NoSuchChoice, NoSuchPerson) as error:
        try:
            meant = kind.read(value, replace(await reading(work, one, value), names=every))
        except BadValue:
            raise error from None
    if kind.names_of != "choice" or meant is None:
        return meant
    # A word that was deleted and made again is one to whoever looks for it.
    wanted = {fold(every.get(key, "")) for key in _numbers(meant)}
    return [key for key, name in every.items() if fold(name) in wanted] or meant


def _numbers(meant: Any) -> list[Any]:
    return list(meant) if isinstance(meant, list) else [meant]


def _midnights(stretch: Stretch, reader: Reader) -> Stretch | None:
    """Return a stretch as days are kept: midnight in UTC, whatever the zone; None where no calendar goes that far."""

    def midnight(moment: datetime | None, *, end: bool) -> datetime | None:
        if moment is None:
            return None
        wall = to_wall(moment, reader.zone)
        day = wall.date() + timedelta(days=1 if end and wall.time() != time() else 0)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    try:
        return Stretch(midnight(stretch.since, end=False), midnight(stretch.until, end=True))
    except (OverflowError, ValueError):
        return None
