"""The sample company: three of the staff, a client, and a dozen deals in all states, with a history."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from botcrm.app import App
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.money import Money
from botcrm.core.domain.zones import to_wall
from botcrm.core.models import User
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due
from botcrm.core.services.actor import Actor
from botcrm.core.services.clients.web_forms import add_web_form
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.core.services.work import Work
from botcrm.simulator import Telegram

MANAGER_ID, REP_ID, ADMIN_ID, CLIENT_ID = 101, 102, 103, 104
_TOMS = (3, 7, 9)

# company, contact, phone, title, amount, stage, days in the pipeline, next step: (days ahead, hour, text) or None
_DEALS: tuple[tuple[str, str, str, str, int, str, int, tuple[int, int, str] | None], ...] = (
    (
        "Acme",
        "Jan Nowak",
        "+48 601 234 567",
        "warehouse floor",
        48000,
        "Negotiation",
        21,
        (1, 11, "call about the discount"),
    ),
    (
        "Baltic Foods",
        "Ewa Lis",
        "+48 602 111 222",
        "cold store doors",
        27500,
        "Proposal",
        9,
        (0, 13, "send the revised offer"),
    ),
    ("Cobalt Studio", "Piotr Mazur", "+48 603 333 444", "office partition", 8900, "New", 2, (0, 16, "call back")),
    ("Delta Logistics", "Anna Wrona", "+48 604 555 666", "loading ramp", 61000, "Agreed", 33, (2, 10, "meet to sign")),
    ("Ecoplast", "Marek Sowa", "+48 605 777 888", "roof insulation", 19400, "Clarified", 6, (6, 9, "visit the site")),
    (
        "Fabryka Mebli",
        "Ola Kruk",
        "+48 606 999 000",
        "dust extraction",
        33200,
        "Proposal",
        15,
        (9, 12, "ask for the decision"),
    ),
    ("Green Garden", "Adam Zima", "+48 607 121 314", "greenhouse glass", 5400, "New", 1, None),
    (
        "Hotel Mare",
        "Iga Wilk",
        "+48 608 151 617",
        "terrace awnings",
        14750,
        "Delivery",
        40,
        (20, 9, "check the delivery"),
    ),
    (
        "Instal-Pol",
        "Tomasz Dudek",
        "+48 609 181 920",
        "pipe supports",
        7300,
        "Papers",
        48,
        (3, 14, "collect the signed papers"),
    ),
    ("Jantar", "Zofia Kos", "+48 510 212 223", "shop front", 22000, "Won", 60, None),
    ("Kolor Druk", "Rafał Ptak", "+48 511 242 526", "paint cabin", 16800, "Lost", 35, None),
    ("Lumen", "Nina Sroka", "+48 512 272 829", "hall lighting", 39900, "Clarified", 4, (0, 11, "send the light plan")),
)


async def show_administrator(app: App, telegram: Telegram) -> None:
    """Put the administrator on the page, after the story: she would be told of every new client before the manager is."""
    person = telegram.person(ADMIN_ID, "Ada", last_name="Admin", role="administrator", language_code="en")
    async with app.work():
        await User.filter(name="Ada Admin", telegram_id=None).update(telegram_id=ADMIN_ID)
    person.start()


async def build_company(app: App, telegram: Telegram) -> str:
    """Fill an empty base, and put the people on the page; returns the address of the company's web form."""
    people = (
        (REP_ID, "Anna", "Kowalska", "rep", "rep"),
        (MANAGER_ID, "Maria", "Wójcik", "manager", "manager"),
        (CLIENT_ID, "Jan", "Nowak", "client", ""),
    )
    for person_id, first, last, label, _ in people:
        telegram.person(person_id, first, last_name=last, role=label, language_code="en")
    async with app.work() as work:
        await add_user(work, name="Ada Admin", role="admin")
        manager = await add_user(work, name="Maria Wójcik", role="manager", telegram_id=MANAGER_ID)
        anna = await add_user(work, name="Anna Kowalska", role="rep", telegram_id=REP_ID, manager_id=manager.id)
        tom = await add_user(work, name="Tom Lewandowski", role="rep", manager_id=manager.id)
    for place, row in enumerate(_DEALS):
        owner = await actor_by_id(app.defaults, tom.id if place in _TOMS else anna.id)
        assert owner is not None
        await _deal(app, owner, *row)
    async with app.work() as work:
        _, secret = await add_web_form(work, "Ask for an offer", "site")
    return f"{app.settings.plugin_url('web_form')}/lead/{secret}"


async def _deal(
    app: App,
    owner: Actor,
    company: str,
    contact: str,
    phone: str,
    title: str,
    amount: int,
    stage: str,
    days: int,
    step: tuple[int, int, str] | None,
) -> None:
    """Open a deal some days ago, move it along, and plan its next step."""
    start = app.now() - timedelta(days=days)
    async with app.work() as work:
        past = _at(work, owner, start)
        firm = await records.add_company(past, company)
        person = await records.add_contact(
            past, contact, phone=phone, company_id=firm.id, telegram_id=CLIENT_ID if contact == "Jan Nowak" else None
        )
        deal = await deals.add_deal(
            past,
            title=title,
            company_id=firm.id,
            contact_id=person.id,
            amount=Money(Decimal(amount), past.prefs.currency),
            source="site" if amount % 3 else "referral",
        )
        links: dict[str, Any] = {"deal_id": deal.id, "contact_id": person.id, "company_id": firm.id}
        await activities.log_activity(past, "call", "first talk", direction="out", result="ok", duration=12, **links)
        later = _at(work, owner, start + timedelta(days=days) / 2)
        if stage == "Lost":
            await deals.close_deal(later, deal.id, DealStatus.LOST, "Price")
        elif stage != "New":
            await deals.move_deal(later, deal.id, (await deals.find_stage(deal, stage)).id)
        if step:
            ahead, hour, text = step
            wall = to_wall(app.now(), owner.prefs.zone) + timedelta(days=ahead)
            due = Due(datetime(wall.year, wall.month, wall.day, hour))
            await activities.plan_activity(later, "call" if text.startswith("call") else "task", text, due, **links)


def _at(work: Work, actor: Actor, moment: datetime) -> Work:
    """Return the work in somebody's hands at a moment in the past."""
    past = work.acting_as(actor)
    past.now = moment
    return past
