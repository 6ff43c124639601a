"""Companies, contacts and leads: add, correct, hand over, delete, tag."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from botcrm.core import db
from botcrm.core.domain.emails import normal_email
from botcrm.core.domain.errors import InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.events import (
    CompanyChanged,
    CompanyCreated,
    ContactChanged,
    ContactCreated,
    Created,
    DealChanged,
    Event,
    LeadChanged,
    LeadCreated,
    OwnerChanged,
    RecordDeleted,
    TagAdded,
    TagRemoved,
)
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.money import Money
from botcrm.core.domain.phones import normal_phone
from botcrm.core.models import Activity, Company, Contact, Deal, Lead, Message, Record, Tag, User
from botcrm.core.services.access import demand, load, owned_sql, owners
from botcrm.core.services.activities import shortened
from botcrm.core.services.deals import storable
from botcrm.core.services.work import ENTITIES, Work

log = logging.getLogger(__name__)

R = TypeVar("R", Company, Contact, Lead)

_CHANGED: dict[type[Record], type[Event]] = {
    Company: CompanyChanged,
    Contact: ContactChanged,
    Lead: LeadChanged,
    Deal: DealChanged,
}


def clean_phone(work: Work, text: str | None) -> str | None:
    """Return a phone number as E.164.

    :raises InvalidValue: it is no phone number
    """
    if not text:
        return None
    number = normal_phone(text, work.prefs.region)
    if number is None:
        raise InvalidValue(what="phone", value=text, how="Write it with its country code, like +48 601 234 567.")
    return number


def clean_email(text: str | None) -> str | None:
    """Return an e-mail address in its normal form.

    :raises InvalidValue: it is no address
    """
    if not text:
        return None
    address = normal_email(text)
    if address is None:
        raise InvalidValue(what="e-mail", value=text, how="Write it like anna@example.com.")
    return address


def _name(text: str) -> str:
    name = " ".join(text.split())[:300]
    if not name:
        raise InvalidValue(what="name", value=text, how="Write a name.")
    return name


async def add_company(
    work: Work, name: str, *, phone: str | None = None, email: str | None = None, owner_id: int | None = None
) -> Company:
    """Add a company; the actor owns it unless somebody is named."""
    demand(work, "company", Action.ADD)
    return await work.create(
        Company,
        CompanyCreated,
        name=_name(name),
        phone=clean_phone(work, phone),
        email=clean_email(email),
        owner_id=owner_id or work.actor.id,
    )


async def add_contact(
    work: Work,
    name: str,
    *,
    phone: str | None = None,
    email: str | None = None,
    company_id: int | None = None,
    telegram_id: int | None = None,
    owner_id: int | None = None,
) -> Contact:
    """Add a person; the actor owns them unless somebody is named. Where neither is so, a plugin may choose."""
    demand(work, "contact", Action.ADD)
    if company_id:
        await load(work, Company, company_id)
    values: dict[str, Any] = {
        "name": _name(name),
        "phone": clean_phone(work, phone),
        "email": clean_email(email),
        "company_id": company_id,
        "telegram_id": telegram_id,
        "owner_id": owner_id or work.actor.id,
    }
    if values["owner_id"] is None:
        values["owner_id"] = await chosen_owner(work, Contact(**_now(work), **values), "")
    return await work.create(Contact, ContactCreated, **values)


def _now(work: Work) -> dict[str, Any]:
    return {"created_at": work.now, "updated_at": work.now}


async def contact_by_phone(work: Work, phone: str) -> Contact | None:
    """Return a contact within the actor's reach who has this number (E.164)."""
    reached = owned_sql("owner_id", owners(work.actor, "contact"))
    sql = f"SELECT id FROM contact WHERE phone = ? AND deleted_at IS NULL AND {reached} ORDER BY id LIMIT 1"
    row = await db.fetch_one(sql, phone)
    return await load(work, Contact, row["id"]) if row else None


async def add_lead(
    work: Work,
    title: str,
    *,
    name: str = "",
    company_name: str = "",
    phone: str | None = None,
    email: str | None = None,
    source: str | None = None,
    amount: Money | None = None,
    telegram_id: int | None = None,
    owner_id: int | None = None,
    or_owner_id: int | None = None,
) -> Lead:
    """Add a lead; the actor owns it. Where no person adds it: who is named, else whom a plugin chooses.

    :param or_owner_id: who gets it where no plugin chooses
    """
    demand(work, "lead", Action.ADD)
    title = " ".join(title.split())
    values: dict[str, Any] = {
        "title": _name(title),
        "name": name[:300],
        "company_name": company_name[:300],
        "phone": clean_phone(work, phone),
        "email": clean_email(email),
        "source": source[:100] if source else None,
        "amount": storable(amount),
        "currency": amount.currency if amount is not None else work.prefs.currency,
        "telegram_id": telegram_id,
        "owner_id": work.actor.id or owner_id,
    }
    if values["owner_id"] is None:
        values["owner_id"] = await chosen_owner(work, Lead(**_now(work), **values), source or "") or or_owner_id
    lead = await work.create(Lead, LeadCreated, **values)
    await shortened(work, title, {"lead_id": lead.id}, len(lead.title))
    return lead


async def chosen_owner(work: Work, record: Contact | Lead, source: str) -> int | None:
    """Return whom a plugin gives a record that came in by itself, None where none chooses.

    :param record: as it is going to be added; it has no id yet
    """
    entity = ENTITIES[type(record)]
    chosen = await work.hooks.first(work, "assign_owner", entity=entity, record=record, source=source)
    if chosen is None:
        return None
    if isinstance(chosen, int) and await User.filter(id=chosen, active=True).exists():
        return chosen
    log.warning("a plugin gave a %s to person %r, whom there is not", entity, chosen)
    return None


async def change_record(work: Work, model: type[R], record_id: int, **values: Any) -> R:
    """Change a company's, contact's or lead's fields."""
    record = await load(work, model, record_id, Action.CHANGE)
    if values.get("company_id") not in (None, getattr(record, "company_id", None)):
        await load(work, Company, values["company_id"])
    if "phone" in values:
        values["phone"] = clean_phone(work, values["phone"])
    if "email" in values:
        values["email"] = clean_email(values["email"])
    if "name" in values and model is not Lead:
        values["name"] = _name(values["name"])
    return await work.change(record, _CHANGED[model], **values)


def beside(work: Work, record: Company | Contact | Lead, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values to change a record by that was only found by its name: another phone or e-mail is put beside the one it has.

    :raises InvalidValue: it is no phone number, or no address
    """
    changed = dict(values)
    for name, clean in (("phone", partial(clean_phone, work)), ("email", clean_email)):
        first, new = getattr(record, name), clean(changed.get(name))
        if first and new:
            del changed[name]
            held = getattr(record, f"more_{name}s") or []
            if new not in (first, *held):
                changed[f"more_{name}s"] = [*held, new]
    return changed


async def hand_over(work: Work, record: Record, user_id: int) -> None:
    """Give a record to somebody within the actor's reach, with what goes along.

    The former owner's planned activities on it go along, and the messages there that they have not answered; of a company,
    contact or lead those that hang on no open deal, which keeps its own. A deal also takes its company and contact along where the
    former owner has no other open deal there. An activity moves alone.

    :raises NotAllowed: the actor may not change the record
    :raises NotFound: that person is no colleague within reach
    """
    model = type(record)
    record = await load(work, model, record.id, Action.CHANGE)
    entity = ENTITIES[model]
    people = owners(work.actor, entity, Action.CHANGE)
    target = await User.filter(id=user_id, active=True).first()
    colleague = target is not None and (people is None or user_id in people or user_id == await _manager_of(work))
    if target is None or not colleague:
        raise NotFound(ref=f"u{user_id}")
    former = getattr(record, "owner_id", None)
    if former == user_id:
        return
    await work.change(record, OwnerChanged, owner_id=user_id)
    if former is not None:
        await _work_follows(work, record, former, user_id)
    if not isinstance(record, Deal):
        return
    for kind, linked_id in ((Company, record.company_id), (Contact, record.contact_id)):
        if linked_id is None:
            continue
        column = f"{ENTITIES[kind]}_id"
        left = await Deal.filter(**{column: linked_id}, owner_id=former, status="open", deleted_at=None).exists()
        linked = await kind.filter(id=linked_id, owner_id=former, deleted_at=None).first()
        if linked and not left:
            await work.change(linked, OwnerChanged, owner_id=user_id)
            if former is not None:
                await _work_follows(work, linked, former, user_id)


# Entities whose planned activities and messages go over with them, each with the columns that name their own work.
_WORK_OF = {
    "deal": (("activity", "a.deal_id = ?"), ("message", "a.deal_id = ?")),
    "lead": (("activity", "a.lead_id = ?"), ("message", "a.lead_id = ?")),
    "contact": (("activity", "a.contact_id = ?"), ("message", "a.contact_id = ?")),
    "company": (("activity", "a.company_id = ? AND a.contact_id IS NULL AND a.lead_id IS NULL"),),
}
_UNDONE = {"activity": "a.status = 'planned'", "message": "a.direction = 'in' AND NOT a.answered"}
_ON_NO_OPEN_DEAL = (
    "NOT EXISTS (SELECT 1 FROM deal d WHERE d.id = a.deal_id AND d.status = 'open' AND d.deleted_at IS NULL)"
)


async def _work_follows(work: Work, record: Record, former: int, user_id: int) -> None:
    """Give what is still to be done about a record to its new owner, of what was the former owner's."""
    entity = ENTITIES[type(record)]
    for table, on_it in _WORK_OF.get(entity, ()):
        model: type[Activity] | type[Message] = Activity if table == "activity" else Message
        loose = "1 = 1" if entity == "deal" else _ON_NO_OPEN_DEAL
        rows = await db.fetch(
            f"SELECT a.id FROM {table} a WHERE {on_it} AND a.owner_id = ? AND a.deleted_at IS NULL AND {_UNDONE[table]} "
            f"AND {loose} ORDER BY a.id",
            record.id,
            former,
        )
        for one in await model.filter(id__in=[row["id"] for row in rows]).order_by("id") if rows else ():
            await work.change(one, OwnerChanged, owner_id=user_id)


async def _manager_of(work: Work) -> int | None:
    user = await User.filter(id=work.actor.id).first() if work.actor.id else None
    return user.manager_id if user else None


async def delete_record(work: Work, record: Record) -> None:
    """Delete a record softly: it vanishes everywhere and undo brings it back."""
    record = await load(work, type(record), record.id, Action.DELETE)
    await work.change(record, RecordDeleted, deleted_at=work.now)


async def _demand_change(work: Work, record: Record) -> None:
    """Refuse whoever may not change a record; what they made in this very transaction they may finish."""
    entity = ENTITIES[type(record)]
    try:
        await load(work, type(record), record.id, Action.CHANGE)
    except (NotAllowed, NotFound):
        mine = (one for one in work.events if isinstance(one, Created) and one.actor_id == work.actor.id)
        if not any((one.entity, one.record_id) == (entity, record.id) for one in mine):
            raise


async def add_tags(work: Work, record: Record, tags: list[str]) -> None:
    """Hang tags on a record; one that is there already stays.

    :raises NotFound: the actor does not reach the record
    :raises NotAllowed: the actor may not change it
    """
    entity = ENTITIES[type(record)]
    wanted = [tag for tag in dict.fromkeys(tag.strip("#").casefold()[:64] for tag in tags) if tag]
    if wanted:
        await _demand_change(work, record)
    for tag in wanted:
        if not await Tag.filter(entity=entity, record_id=record.id, tag=tag).exists():
            await Tag.create(entity=entity, record_id=record.id, tag=tag)
            work.remember(TagAdded, record, after={"tag": tag})


async def remove_tag(work: Work, record: Record, tag: str) -> None:
    """Take a tag off a record.

    :raises NotFound: the actor does not reach the record
    :raises NotAllowed: the actor may not change it
    """
    await _demand_change(work, record)
    if await Tag.filter(entity=ENTITIES[type(record)], record_id=record.id, tag=tag).delete():
        work.remember(TagRemoved, record, before={"tag": tag})


async def tags_of(entity: str, record_id: int) -> list[str]:
    """Return a record's tags in order."""
    rows = await db.fetch("SELECT tag FROM tag WHERE entity = ? AND record_id = ? ORDER BY tag", entity, record_id)
    return [row["tag"] for row in rows]
