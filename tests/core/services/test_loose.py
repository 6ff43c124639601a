"""What stands beside the deals of a list: found by index ranges, it is what reading every row finds."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from botcrm.core.domain.due import column_of, day_bounds
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.messages import Incoming
from botcrm.core.models import Activity, Company, Contact, Deal, Message, User
from botcrm.core.services import activities, deals, leads, records
from botcrm.core.services.activities import Due
from botcrm.core.services.board import board
from botcrm.core.services.clients import inbound
from botcrm.core.services.home import COLUMNS, counters, home
from botcrm.core.services.loose import LooseRow
from tests.core.services.conftest import START, Office

_FAR = datetime.max.replace(tzinfo=UTC)


async def _fill(office: Office) -> None:
    """Plan this and that, on deals of three people, on closed ones and on none."""
    dice = random.Random(4)
    people = [office.anna, office.boss, office.zofia]
    async with office.as_(None) as work:
        own = [await deals.add_deal(work, title=f"deal {n}", owner_id=people[n % 3].id) for n in range(9)]
        lead = await records.add_lead(work, title="Ivan", owner_id=office.anna.id)
        for n in range(240):
            wall = START.replace(tzinfo=None) + timedelta(hours=dice.randint(-60, 500))
            due = Due(wall, dice.random() < 0.8) if dice.random() < 0.9 else None
            on = dice.choice([{}, {}, {"lead_id": lead.id}, *({"deal_id": deal.id} for deal in own)])
            owner = dice.choice(people).id
            one = await activities.plan_activity(work, "call", f"n{n}", due, owner_id=owner, **on)
            if dice.random() < 0.2:
                await activities.complete_activity(work, one.id)
            elif dice.random() < 0.1:
                await records.delete_record(work, one)
        await work.flush()
        await deals.close_deal(work, own[0].id, DealStatus.WON)
        await records.delete_record(work, await Deal.get(id=own[1].id))


async def _wanted(owner: User) -> dict[str, list[int]]:
    """Find them by reading every row."""
    bounds = day_bounds(START, "Europe/Warsaw")
    all_deals = {deal.id: deal for deal in await Deal.all()}
    found: dict[str, list[Activity]] = {column: [] for column in COLUMNS}
    for one in await Activity.filter(status="planned", deleted_at=None, owner_id=owner.id).order_by("id"):
        deal = all_deals[one.deal_id] if one.deal_id else None
        others = deal and deal.status == "open" and not deal.deleted_at and deal.owner_id != owner.id
        if deal is None or (others and one.deadline_at):
            found[column_of(one.deadline_at, START, bounds) if one.deadline_at else "later"].append(one)
    for rows in found.values():
        rows.sort(key=lambda one: (one.deadline_at or _FAR, one.id))
    found["overdue"].reverse()
    return {column: [one.id for one in rows] for column, rows in found.items()}


async def test_it_is_what_reading_every_row_finds(office: Office) -> None:
    await _fill(office)
    wanted = await _wanted(office.anna)
    assert all(len(wanted[column]) > 1 for column in ("overdue", "this_week", "next_week", "later"))
    async with office.as_(office.anna) as work:
        seen = dict[str, list[int]]()
        pages: list[object] = []
        shown = await home(work, size=5)
        for page in range(40):
            shown = await home(work, page=page, size=5)
            for row in shown.rows:
                pages.append((type(row), row.id))
                if isinstance(row, LooseRow):
                    seen.setdefault(shown.section(row, START), []).append(row.id)
            if not shown.more:
                break
        assert len(pages) == len(set(pages)) == sum(shown.counts.values())
        assert {column: ids for column, ids in wanted.items() if ids} == seen
        for column in COLUMNS:
            whole = await home(work, column=column, size=200)
            assert [row.id for row in whole.rows if isinstance(row, LooseRow)] == wanted[column]
            assert len(whole.rows) == whole.counts[column]


async def test_whose_it_is_decides_who_sees_it(office: Office) -> None:
    await _fill(office)
    wanted = await _wanted(office.anna)
    async with office.as_(office.boss) as work:
        theirs = (await home(work, owner_id=office.anna.id, size=200)).rows
        assert [row.id for row in theirs if isinstance(row, LooseRow)] == [n for ids in wanted.values() for n in ids]
    stranger = await office.person("Olga")
    async with office.as_(stranger) as work:
        assert (await home(work, owner_id=office.anna.id)).rows == ()


async def test_a_board_by_days_counts_it(office: Office) -> None:
    await _fill(office)
    async with office.as_(office.anna) as work:
        listed = (await home(work, size=200)).counts
        mine = await board(work, "days", owner_id=office.anna.id)
        assert {column.key: column.count for column in mine.columns} == listed
    async with office.as_(office.admin) as work:
        loose = await Activity.filter(status="planned", deleted_at=None, deal_id=None).count()
        open_deals = await Deal.filter(status="open", deleted_at=None).count()
        everybody = await board(work, "days")
        assert sum(column.count for column in everybody.columns) == loose + open_deals


async def test_one_that_is_attached_to_ones_own_deal_is_loose_no_more(office: Office) -> None:
    async with office.as_(office.anna) as work:
        lead = await records.add_lead(work, title="Ivan")
        one = await activities.plan_activity(work, "call", "him", Due(datetime(2026, 11, 24, 15)), lead_id=lead.id)
        await work.flush()
        assert [row.id for row in (await home(work)).rows] == [one.id]
        await leads.convert_lead(work, lead.id)
        await work.flush()
        assert [type(row).__name__ for row in (await home(work)).rows] == ["DealRow"]


async def test_what_is_still_to_be_done_about_a_client_goes_over_with_it(office: Office) -> None:
    """Only a deal took its activities along; what an open deal has stays with it, and what colleagues are to do with them."""
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        contact = await records.add_contact(work, "Jan", company_id=company.id, telegram_id=77)
        deal = await deals.add_deal(work, title="roof")
        due = Due(datetime(2026, 11, 24, 15))
        at_company = await activities.plan_activity(work, "call", "company", due, company_id=company.id)
        of_jan = await activities.plan_activity(work, "call", "jan", due, contact_id=contact.id, company_id=company.id)
        on_deal = await activities.plan_activity(work, "call", "deal", due, deal_id=deal.id, contact_id=contact.id)
        done = await activities.log_activity(work, "call", "done", contact_id=contact.id)
    async with office.as_(office.boss) as work:
        hers = await activities.plan_activity(work, "call", "boss", due, contact_id=contact.id)
    async with office.as_(None) as work:
        incoming = Incoming(address="77", text="hello", external_id="1", telegram_id=77)
        message_id = await inbound.receive_message(work, "telegram", incoming)
    piotr = await office.person("Piotr", manager_id=office.boss.id)
    async with office.as_(office.boss) as work:
        await records.hand_over(work, await Contact.get(id=contact.id), piotr.id)
    owners = dict(await Activity.all().values_list("id", "owner_id"))
    assert owners[of_jan.id] == piotr.id
    assert {owners[one.id] for one in (at_company, on_deal, done)} == {office.anna.id}
    assert owners[hers.id] == office.boss.id
    assert (await Message.get(id=message_id)).owner_id == piotr.id
    async with office.as_(office.boss) as work:
        assert await counters(work, piotr.id) == (1, 1, 0)
        await records.hand_over(work, await Company.get(id=company.id), piotr.id)
        await work.flush()
        assert await counters(work, piotr.id) == (1, 2, 0)
        assert await counters(work, office.anna.id) == (0, 1, 0)
