"""What one record takes over of another that goes into it, and how that is given back: values in, values out.

A record's single values are compared by unit: fields that only make sense together, as an address, are taken together. Ways to
reach somebody and lists are joined, one element at a time, so that each element knows by which merge it came.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botcrm.core.domain.text import fold

ENTITIES = ("contact", "company", "lead")
_ADDRESS = ("street", "city", "postcode", "region", "country")
# What each entity's records have one of: unit -> its fields.
UNITS: dict[str, dict[str, tuple[str, ...]]] = {
    "company": {
        "name": ("name",),
        "tax_id": ("tax_id",),
        "website": ("website",),
        "address": _ADDRESS,
        "owner": ("owner_id",),
    },
    "contact": {
        "name": ("name",),
        "job_title": ("job_title",),
        "company": ("company_id",),
        "birth_date": ("birth_date",),
        "tax_id": ("tax_id",),
        "telegram": ("telegram_id",),
        "address": _ADDRESS,
        "owner": ("owner_id",),
    },
    "lead": {
        "title": ("title",),
        "name": ("name",),
        "company_name": ("company_name",),
        "telegram": ("telegram_id",),
        "source": ("source",),
        "amount": ("amount", "currency"),
        "address": _ADDRESS,
        "state": ("status", "converted_at", "lost_reason", "deal_id", "contact_id", "company_id"),
        "owner": ("owner_id",),
    },
}
# Ways to reach somebody: the first one's field, and the one with the rest.
WAYS = {"phone": "more_phones", "email": "more_emails"}
CUSTOM = "custom."
# How far a lead came: the one that came further goes on.
_STATES = {"converted": 2, "working": 1, "new": 1, "lost": 0}

Record = Mapping[str, Any]
"""A record's fields by name."""


@dataclass(slots=True)
class Taken:
    """What a record took over of another, JSON-ready.

    :ivar set: unit -> its values before and after
    :ivar added: phone, email, a list field of the company's own, or tag -> the elements that were new
    """

    set: dict[str, tuple[list[Any], list[Any]]] = field(default_factory=dict)
    added: dict[str, list[Any]] = field(default_factory=dict)


def plain(value: Any) -> Any:
    """Return a value as JSON holds it, so that one from the database and one just made compare equal."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def units_of(entity: str, record: Record) -> dict[str, list[Any]]:
    """Return a record's single values by unit; a field of the company's own is a unit "custom.<id>"."""
    found = {unit: [plain(record[name]) for name in names] for unit, names in UNITS[entity].items()}
    for key, value in (record.get("custom") or {}).items():
        if not isinstance(value, list):
            found[CUSTOM + key] = [value]
    return found


def lists_of(record: Record) -> dict[str, list[Any]]:
    """Return what a record has several of: phones, e-mails, and list fields of the company's own as "custom.<id>"."""
    found: dict[str, list[Any]] = {way: ways(record, way) for way in WAYS}
    for key, value in (record.get("custom") or {}).items():
        if isinstance(value, list):
            found[CUSTOM + key] = list(value)
    return found


def ways(record: Record, way: str) -> list[str]:
    """Return all phones or all e-mails of a record, the first one first."""
    return list(dict.fromkeys(one for one in (record[way], *(record[WAYS[way]] or ())) if one))


def is_empty(entity: str, unit: str, values: Sequence[Any]) -> bool:
    """Tell whether a unit says nothing; an amount's currency alone says nothing."""
    telling = values[:1] if unit == "amount" else values
    return all(value in (None, "") for value in telling)


def same(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Tell whether two units say the same: case, width and diacritics of texts make no difference."""
    return [_folded(value) for value in left] == [_folded(value) for value in right]


def _folded(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value


def is_conflict(entity: str, unit: str, left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Tell whether two records say different things where only one can stand."""
    if unit == "state":
        # Which of two open leads is new and which is worked on is no question to put to people.
        return [_STATES.get(str(one[0])) for one in (left, right)] == [2, 2] and not same(left, right)
    return not (is_empty(entity, unit, left) or is_empty(entity, unit, right) or same(left, right))


def further(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Tell whether the second lead came further than the first."""
    return _STATES.get(str(right[0]), 0) > _STATES.get(str(left[0]), 0)


def take(entity: str, main: Record, other: Record, chosen: Iterable[str] = ()) -> Taken:
    """Return what a record takes over of another: what it lacks, elements of lists, and the units chosen.

    :param chosen: units whose value is the other's, wherever both say something
    """
    taken = Taken()
    chosen = set(chosen)
    mine, theirs = units_of(entity, main), units_of(entity, other)
    held, offered = lists_of(main), lists_of(other)
    for unit, values in theirs.items():
        now = mine.get(unit, [None])
        # A field of the company's own may have become a list since it was filled in: the main record's kind counts.
        if is_empty(entity, unit, values) or now == values or unit in held:
            continue
        wanted = further(now, values) if unit == "state" else is_empty(entity, unit, now)
        if wanted or (unit in chosen and not same(now, values)):
            taken.set[unit] = (now, values)
    for name, elements in offered.items():
        new = [one for one in elements if one not in held.get(name, [])]
        if new and name not in mine:
            taken.added[name] = new
    return taken


def filled(entity: str, record: Record, taken: Taken) -> dict[str, Any]:
    """Return the fields of a record with what it takes over, those that change; single values are JSON-ready."""
    return _written(
        entity,
        record,
        {unit: after for unit, (_, after) in taken.set.items()},
        {name: lists_of(record).get(name, []) + new for name, new in taken.added.items() if name != "tag"},
    )


def _written(
    entity: str, record: Record, units: Mapping[str, Sequence[Any]], lists: Mapping[str, list[Any]]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    custom = dict(record.get("custom") or {})
    for unit, after in units.items():
        if unit.startswith(CUSTOM):
            _put(custom, unit.removeprefix(CUSTOM), after[0])
        else:
            values |= dict(zip(UNITS[entity][unit], after, strict=True))
    for name, elements in lists.items():
        if name in WAYS:
            values |= {name: elements[0] if elements else None, WAYS[name]: elements[1:] or None}
        else:
            _put(custom, name.removeprefix(CUSTOM), elements or None)
    if custom != (record.get("custom") or {}):
        values["custom"] = custom or None
    return values


def _put(custom: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        custom.pop(key, None)
    else:
        custom[key] = value


# --- back ----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Returned:
    """What a record gives back: its fields that change, what was kept, and what its other merges are to be credited with.

    :ivar values: the fields to write, JSON-ready
    :ivar kept: units that somebody changed since, with the value that stays
    :ivar units: units that changed: unit -> before and after
    :ivar withdrawn: elements that went: list -> elements
    """

    values: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, list[Any]] = field(default_factory=dict)
    units: dict[str, tuple[list[Any], list[Any]]] = field(default_factory=dict)
    withdrawn: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Standing:
    """A record that went into the same one later and is there still: what it offers, and what was taken of it.

    What an earlier one offers it has given before, or somebody took it away since.
    """

    offers: Record
    taken: Taken
    tags: Sequence[str] = ()


def give_back(
    entity: str, record: Record, tags: Sequence[str], taken: Taken, standing: Sequence[Standing] = ()
) -> Returned:
    """Return what a record gives back of what it took over, as if that merge had never been and the others had.

    What people changed since stays. What another merge offers as well goes over to its credit: `standing` is changed.

    :param tags: the record's tags
    :param standing: the later merges into it that stand, oldest first
    """
    returned = Returned()
    now = units_of(entity, record)
    for unit, (before, after) in taken.set.items():
        current = now.get(unit, [None])
        if current == list(after):
            value = _instead(entity, unit, list(before), standing)
            if value != current:
                returned.units[unit] = (current, value)
        elif not _passed_on(unit, list(before), list(after), standing) and current != list(before):
            returned.kept[unit] = current
    lists = lists_of(record) | {"tag": list(tags)}
    for name, elements in taken.added.items():
        gone = [one for one in elements if not _offered(name, one, standing)]
        left = [one for one in lists.get(name, []) if one not in gone]
        if left != lists.get(name, []):
            returned.withdrawn[name] = [one for one in gone if one in lists[name]]
            lists[name] = left
    returned.values = _written(
        entity,
        record,
        {unit: after for unit, (_, after) in returned.units.items()},
        {name: lists[name] for name in returned.withdrawn if name != "tag"},
    )
    return returned


def _instead(entity: str, unit: str, before: list[Any], standing: Sequence[Standing]) -> list[Any]:
    """Return what stands in a unit once a merge is taken back: the value before it, or what another one fills it with."""
    if unit != "state" and not is_empty(entity, unit, before):
        return before
    for other in standing:
        offer = units_of(entity, other.offers).get(unit, [None])
        wanted = further(before, offer) if unit == "state" else not is_empty(entity, unit, offer)
        if wanted:
            other.taken.set[unit] = (before, offer)
            return offer
    return before


def _passed_on(unit: str, before: list[Any], after: list[Any], standing: Sequence[Standing]) -> bool:
    """Tell whether a later merge took the value's place, which then goes back to what stood before both."""
    for other in standing:
        pair = other.taken.set.get(unit)
        if pair is not None and list(pair[0]) == after:
            if list(pair[1]) == before:
                del other.taken.set[unit]
            else:
                other.taken.set[unit] = (before, list(pair[1]))
            return True
    return False


def _offered(name: str, element: Any, standing: Sequence[Standing]) -> bool:
    """Tell whether another merge offers an element as well; it is to its credit from now on."""
    for other in standing:
        offers = other.tags if name == "tag" else lists_of(other.offers).get(name, ())
        if element in offers:
            credit = other.taken.added.setdefault(name, [])
            if element not in credit:
                credit.append(element)
            return True
    return False
