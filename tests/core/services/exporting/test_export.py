"""What goes out: columns, values, rights, and the two formats."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotAllowed
from botcrm.core.domain.money import Money
from botcrm.core.models import Company, Contact
from botcrm.core.services.activities import Due, log_activity, plan_activity
from botcrm.core.services.deals import add_deal
from botcrm.core.services.exporting import export
from botcrm.core.services.exporting import formats as export_formats
from botcrm.core.services.next_steps import wait_deal
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.settings import Settings
from tests.starting import start_up_to_date

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = App(Settings(database_url=database_url, timezone="Europe/Warsaw"), now=lambda: NOW)
    await start_up_to_date(app)
    yield app
    await app.stop()


async def rows(app: App, kind: str, user_id: int | None = None) -> list[dict[str, Any]]:
    actor = await actor_by_id(app.defaults, user_id) if user_id else None
    async with app.work(actor) as work:
        return [row async for row in export.export_rows(work, kind)]


async def pieces(rows: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for row in rows:
        yield row


async def as_json(rows: list[dict[str, Any]]) -> str:
    return "".join([piece async for piece in export_formats.json_text(pieces(rows))])


async def as_csv(rows: list[dict[str, Any]], *names: str) -> str:
    return "".join([piece async for piece in export_formats.csv_text(pieces(rows), names)])


async def sample(app: App) -> None:
    """A manager with a rep, the rep's deal with company, contact and next step, and a deal of somebody else."""
    async with app.work() as work:
        marek = await add_user(work, name="Marek", role="manager", telegram_id=1)
        await add_user(work, name="Anna", role="rep", telegram_id=2, manager_id=marek.id)
        await add_user(work, name="Zofia", role="rep", telegram_id=3)
    async with app.work(await actor_by_id(app.defaults, 2)) as work:
        stamps: dict[str, Any] = {"owner_id": 2, "created_at": NOW, "updated_at": NOW}
        acme = await Company.create(name="Acme", phone="+48601234567", **stamps)
        jan = await Contact.create(name="=Jan", company=acme, telegram_id=5_000_000_000, **stamps)
        deal = await add_deal(
            work,
            title="Roof",
            company_id=acme.id,
            contact_id=jan.id,
            amount=Money(Decimal(12000), "PLN"),
            source="web",
            expected_close=date(2026, 12, 31),
        )
        await plan_activity(work, "call", "offer", Due(datetime(2026, 11, 24, 15)), deal_id=deal.id, contact_id=jan.id)
        await plan_activity(work, "task", "later", Due(datetime(2026, 12, 24, 15)), deal_id=deal.id)
    async with app.work(await actor_by_id(app.defaults, 3)) as work:
        await add_deal(work, title="Other", amount=Money(Decimal("9999999999999998.90"), "EUR"))


async def test_deals(app: App) -> None:
    await sample(app)
    roof, other = await rows(app, "deals")
    assert tuple(roof) == export.columns("deals")
    assert roof == {
        "id": 1,
        "title": "Roof",
        "amount": 12000,
        "currency": "PLN",
        "pipeline": "Sales",
        "stage": "New",
        "status": "open",
        "owner": "Anna",
        "company": "Acme",
        "contact": "=Jan",
        "source": "web",
        "created_at": "2026-11-23T10:00:00+01:00",
        "expected_close": "2026-12-31",
        "next_activity_at": "2026-11-24T15:00:00+01:00",
        "next_activity_kind": "call",
        "next_activity": "offer",
        "waiting_until": None,
        "waiting_for": None,
        "last_contact_at": None,
        "lost_reason": None,
        "closed_at": None,
        "tags": None,
        "product": None,
    }
    assert isinstance(roof["amount"], int)
    assert '"amount": 9999999999999998.90,' in await as_json([other])


async def test_deals_say_until_when_they_wait_and_when_the_client_was_last_heard(app: App) -> None:
    await sample(app)
    async with app.work(await actor_by_id(app.defaults, 2)) as work:
        await log_activity(work, "call", "", result="ok", deal_id=1)
        await wait_deal(work, 1, Due(datetime(2026, 12, 15), has_time=False), "client's budget")
    roof = (await rows(app, "deals"))[0]
    assert (roof["waiting_until"], roof["waiting_for"], roof["last_contact_at"]) == (
        "2026-12-15T09:00:00+01:00",
        "client's budget",
        "2026-11-23T10:00:00+01:00",
    )
    said = await as_csv([roof], "id", "waiting_until", "waiting_for", "last_contact_at")
    assert said.split("\r\n")[1] == "1,2026-12-15T09:00:00+01:00,client's budget,2026-11-23T10:00:00+01:00"


async def test_the_other_kinds(app: App) -> None:
    await sample(app)
    (call, task) = await rows(app, "activities")
    assert tuple(call) == export.columns("activities")
    assert (call["due_at"], call["done_at"], call["deal_id"], call["contact"], call["company"]) == (
        "2026-11-24T15:00:00+01:00",
        None,
        1,
        "=Jan",
        None,
    )
    assert (task["kind"], task["title"], task["status"], task["owner"]) == ("task", "later", "planned", "Anna")
    (jan,) = await rows(app, "contacts")
    assert (jan["company"], jan["telegram_id"], jan["owner"]) == ("Acme", 5_000_000_000, "Anna")
    (acme,) = await rows(app, "companies")
    assert list(acme)[:6] == ["id", "name", "phone", "email", "owner", "created_at"]
    events = await rows(app, "events")
    assert [event["type"] for event in events][-2:] == ["ActivityPlanned", "DealCreated"]
    assert (events[-1]["actor"], events[-1]["after"]["title"], events[-1]["undoes"]) == ("Zofia", "Other", None)


async def test_deleted_records_stay_out_but_their_events_do_not(app: App) -> None:
    await sample(app)
    before = len(await rows(app, "events"))
    await db.execute("UPDATE deal SET deleted_at = ? WHERE id = 1", NOW)
    assert [deal["title"] for deal in await rows(app, "deals")] == ["Other"]
    assert len(await rows(app, "events")) == before


async def test_rights(app: App) -> None:
    await sample(app)
    assert [deal["title"] for deal in await rows(app, "deals", user_id=1)] == ["Roof"]
    assert len(await rows(app, "activities", user_id=1)) == 2
    for kind in ("events",):
        with pytest.raises(NotAllowed):
            await rows(app, kind, user_id=1)
    for kind in export.KINDS:
        with pytest.raises(NotAllowed):
            await rows(app, kind, user_id=2)
    with pytest.raises(InvalidValue):
        await rows(app, "secrets")


async def test_pages_are_joined_without_gap(app: App) -> None:
    count = 2 * export.PAGE
    await db.execute_many(
        "INSERT INTO company (name, version, created_at, updated_at) VALUES (?, 1, ?, ?)",
        [(f"Company {number}", NOW, NOW) for number in range(count)],
    )
    names = [row["name"] for row in await rows(app, "companies")]
    assert names == [f"Company {number}" for number in range(count)]
    assert len(json.loads(await as_json(await rows(app, "companies")))) == count


async def test_json_is_valid_even_when_empty() -> None:
    assert json.loads(await as_json([])) == []
    row = {"text": 'Łódź "x"\n', "amount": Decimal("12000.50"), "none": None, "after": {"a": [1]}}
    text = await as_json([row, row])
    assert json.loads(text) == [row | {"amount": 12000.5}] * 2
    assert '"amount": 12000.50,' in text


async def test_csv_quotes_and_disarms() -> None:
    names = ("name", "phone", "amount", "note")
    cells = [
        ("=1+1", "+48601234567", -5, 'a "b", c\nd'),
        ("+evil", "=cmd()", Decimal("-0.50"), None),
        ("-x", "+48 601", 0, "@sum"),
        ("\tt", None, None, "plain - text"),
    ]
    text = await as_csv([dict(zip(names, cell, strict=True)) for cell in cells], *names)
    assert text.startswith("name,phone,amount,note\r\n")
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [
        ["'=1+1", "+48601234567", "-5", 'a "b", c\nd'],
        ["'+evil", "'=cmd()", "-0.50", ""],
        ["'-x", "'+48 601", "0", "'@sum"],
        ["'\tt", "", "", "plain - text"],
    ]
