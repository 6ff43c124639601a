"""Values for the fields of a form, and records to try parts of rules on."""

import datetime as dt
import enum
import types
import typing
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from botcrm.contract.rules import Choice
from botcrm.core.domain.money import Money
from botcrm.core.models import Pipeline, Record, Stage
from botcrm.core.services.custom.fields import fields_of
from botcrm.testing.chat import Crm
from botcrm.testing.member import Member
from botcrm.testing.records import make_company, make_contact, make_deal, make_field, make_lead, plan

P = TypeVar("P", bound=BaseModel)

PLAIN: dict[Any, Any] = {
    str: "roof",
    int: 3,
    float: 1.5,
    bool: True,
    Decimal: Decimal(100),
    dt.timedelta: dt.timedelta(days=1),
    dt.date: dt.date(2026, 11, 24),
    dt.time: dt.time(9, 30),
    Money: Money(Decimal(100), "PLN"),
}


async def record_for(crm: Crm, entity: str, owner: Member) -> Record:
    """Make a record of an entity that somebody owns: deal, lead, contact, company or activity."""
    match entity:
        case "deal":
            return await make_deal(crm, owner=owner)
        case "lead":
            return await make_lead(crm, owner=owner)
        case "contact":
            return await make_contact(crm, owner=owner)
        case "company":
            return await make_company(crm, owner=owner)
        case "activity":
            deal = await make_deal(crm, owner=owner)
            return await plan(crm, "Call them", owner=owner, deal_id=deal.id)
    raise AssertionError(f"there is no entity {entity!r}; use deal, lead, contact, company or activity")


async def filled(part: type[P], given: dict[str, Any], member: Member) -> P:
    """Fill a form: `given` first, then defaults, then something fitting for what has no default.

    :raises AssertionError: what is missing, and cannot be made up
    """
    values = dict(given)
    for name, info in part.model_fields.items():
        if name not in values and info.is_required():
            values[name] = await _made_up(name, info.annotation, info.metadata, member)
    try:
        return part(**values)
    except ValidationError as exc:
        raise AssertionError(f"{part.__name__} does not take {values}: give fitting `values`\n{exc}") from None


async def _made_up(name: str, wanted: Any, marks: Sequence[Any], member: Member) -> Any:
    """Return a value of a type, with the marks of its annotation."""
    if typing.get_origin(wanted) is typing.Annotated:
        wanted, *inner = typing.get_args(wanted)
        marks = [*marks, *inner]
    for mark in marks:
        if isinstance(mark, Choice):
            return await _chosen(mark.of, member)
    origin, args = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Literal:
        return args[0]
    if origin in (typing.Union, types.UnionType):
        return await _made_up(name, args[0], (), member)
    if origin in (list, tuple, set, frozenset):
        return origin([await _made_up(name, args[0], (), member)])
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return next(iter(wanted))
    assert wanted in PLAIN, f"no value can be made up for {name}: give it in `values`"
    return PLAIN[wanted]


async def _chosen(of: str, member: Member) -> Any:
    if of == "person":
        return member.user_id
    if of in ("stage", "pipeline"):
        found = await (Stage if of == "stage" else Pipeline).all().order_by("position", "id").first()
        assert found is not None
        return found.id
    if of == "field":
        known = await fields_of("deal")
        return known[0].id if known else (await make_field(member.crm)).id
    return {"kind": "call", "tag": "roof", "lost_reason": "price", "source": "website"}[of]
