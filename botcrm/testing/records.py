"""Records for tests, made by the core's own services in the hands of whoever shall own them."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcrm.core.domain.money import Money
from botcrm.core.models import Activity, Company, Contact, CustomField, Deal, Lead
from botcrm.core.services.activities import plan_activity, suggested_due
from botcrm.core.services.custom.dictionaries import add_choices
from botcrm.core.services.custom.fields import add_field
from botcrm.core.services.deals import add_deal
from botcrm.core.services.records import add_company, add_contact, add_lead
from botcrm.core.services.staff.people import actor_by_id
from botcrm.core.services.work import Work
from botcrm.testing.member import Member

if TYPE_CHECKING:
    from botcrm.testing.chat import Crm


async def in_hands_of(work: Work, member: Member | None) -> Work:
    """Return the same transaction in a member's hands; without one, the system's."""
    if member is None:
        return work
    assert member.user_id is not None, f"{member.person.first_name} is none of the staff"
    actor = await actor_by_id(work.prefs, member.user_id)
    assert actor is not None
    return work.acting_as(actor)


async def make_company(crm: "Crm", name: str = "Acme", *, owner: Member | None = None, **values: Any) -> Company:
    """Add a company."""
    async with crm.work() as work:
        return await add_company(await in_hands_of(work, owner), name, **values)


async def make_contact(crm: "Crm", name: str = "Jan Nowak", *, owner: Member | None = None, **values: Any) -> Contact:
    """Add a contact."""
    async with crm.work() as work:
        return await add_contact(await in_hands_of(work, owner), name, **values)


async def make_lead(crm: "Crm", title: str = "Asks for a roof", *, owner: Member | None = None, **values: Any) -> Lead:
    """Add a lead."""
    async with crm.work() as work:
        return await add_lead(await in_hands_of(work, owner), title, **values)


async def make_deal(
    crm: "Crm",
    title: str = "Roof repair",
    amount: float | Decimal | None = 12_000,
    *,
    owner: Member | None = None,
    **values: Any,
) -> Deal:
    """Open a deal, its amount in the company's currency."""
    money = None if amount is None else Money(Decimal(str(amount)), crm.settings.currency)
    async with crm.work() as work:
        return await add_deal(await in_hands_of(work, owner), title=title, amount=money, **values)


async def plan(crm: "Crm", title: str, kind: str = "call", *, owner: Member | None = None, **links: Any) -> Activity:
    """Plan an activity, three working days ahead, on the records whose ids are given (`deal_id=…`)."""
    async with crm.work() as work:
        theirs = await in_hands_of(work, owner)
        return await plan_activity(theirs, kind, title, suggested_due(theirs), **links)


async def make_field(
    crm: "Crm", name: str = "Remark", kind: str = "text", entity: str = "deal", *, words: str = ""
) -> CustomField:
    """Make a field of the company's own; a list gets these words, with commas between."""
    async with crm.work() as work:
        made = await add_field(work, entity, name, kind)
        if words:
            await add_choices(work, made.dictionary, words)
        return made
