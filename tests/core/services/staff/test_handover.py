"""All of somebody's work goes over in a few statements: counted, journalled, found, and given back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound, NothingToUndo
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Deal, Lead, Role, User
from botcrm.core.services import activities, deals, leads, records
from botcrm.core.services.activities import Due
from botcrm.core.services.deals import close_deal
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.staff.handover import hand_over_all, handed_over_by, rehearse_handover, take_back_handover
from botcrm.core.services.undo import undo
from tests.core.services.conftest import Office

TABLES = ("deal", "lead", "contact", "company", "activity")
DUE = Due(datetime(2026, 11, 25, 15))


@pytest.fixture
async def piotr(office: Office) -> User:
    return await office.person("Piotr", manager_id=office.boss.id)


async def fill(office: Office, user: User) -> None:
    async with office.as_(user) as work:
        company = await records.add_company(work, "Acme")
        contact = await records.add_contact(work, "Jan", company_id=company.id)
        deal = await deals.add_deal(work, title="roof", company_id=company.id, contact_id=contact.id)
        won = await deals.add_deal(work, title="old roof", company_id=company.id)
        await activities.plan_activity(work, "call", "", DUE, deal_id=deal.id)
        await activities.log_activity(work, "call", "", deal_id=deal.id)
        await records.add_lead(work, "Zed")
        lost = await records.add_lead(work, "Nobody")
        await leads.lose_lead(work, lost.id, None)
        gone = await records.add_contact(work, "Gone")
        await records.delete_record(work, gone)
        await work.flush()
        await close_deal(work, won.id, DealStatus.WON)


async def owned(user_id: int) -> dict[str, int]:
    found = {}
    for table in TABLES:
        row = await db.fetch_one(f"SELECT count(*) AS n FROM {table} WHERE owner_id = ?", user_id)
        found[table] = row["n"] if row else 0
    return found


async def state() -> list[Any]:
    """Return what must be as before once it was given back."""
    rows: list[Any] = [await db.fetch(f"SELECT id, owner_id, deleted_at FROM {table} ORDER BY id") for table in TABLES]
    rows.append(await db.fetch("SELECT entity, record_id, owner_id, name FROM search_entry ORDER BY entity, record_id"))
    rows.append(await db.fetch("SELECT term, owner_id, entry_id FROM search_term ORDER BY entry_id, term"))
    return rows


async def test_what_goes_over_and_what_stays(office: Office, piotr: User) -> None:
    await fill(office, office.anna)
    async with office.as_(office.boss) as work:
        rehearsal = await rehearse_handover(work, office.anna.id, piotr.id)
        assert rehearsal.counts == {"deal": 1, "lead": 1, "contact": 1, "company": 1, "activity": 1}
        assert rehearsal.closed == 2
        done = await hand_over_all(work, office.anna.id, piotr.id)
    assert done.counts == rehearsal.counts
    assert await owned(piotr.id) == {"deal": 1, "lead": 1, "contact": 1, "company": 1, "activity": 1}
    assert await owned(office.anna.id) == {"deal": 1, "lead": 1, "contact": 1, "company": 0, "activity": 1}


@pytest.mark.parametrize("closed", [False, True])
async def test_given_back_all_is_as_before(office: Office, piotr: User, closed: bool) -> None:
    await fill(office, office.anna)
    await fill(office, piotr)
    before = await state()
    async with office.as_(office.boss) as work:
        done = await hand_over_all(work, office.anna.id, piotr.id, closed=closed)
        work_id = work.id
    events = await db.fetch("SELECT * FROM event WHERE work_id = ? AND type = 'OwnerChanged'", work_id)
    assert len(events) == done.total
    for event in events:
        row = await db.fetch_one(f"SELECT version, owner_id FROM {event['entity']} WHERE id = ?", event["record_id"])
        assert row == {"version": event["version"], "owner_id": piotr.id}
        assert db.from_json(event["before"]) == {"owner_id": office.anna.id}
    assert (await fix_derived())["counters"] == 0, "the counters went along"
    stray = await db.fetch_one(
        "SELECT count(*) AS n FROM search_term t JOIN search_entry e ON e.id = t.entry_id WHERE t.owner_id <> e.owner_id"
    )
    assert stray == {"n": 0}
    async with office.as_(office.boss) as work:
        assert await undo.undo(work, work_id) == []
    assert await state() == before
    assert (await fix_derived())["counters"] == 0
    async with office.as_(office.boss) as work:
        with pytest.raises(NothingToUndo):
            await undo.undo(work, work_id)


async def test_who_may(office: Office, piotr: User) -> None:
    await fill(office, office.anna)
    for user, error in ((office.anna, NotAllowed), (piotr, NotAllowed), (office.zofia, NotAllowed)):
        async with office.as_(user) as work:
            for act in (rehearse_handover, hand_over_all):
                with pytest.raises(error):
                    await act(work, office.anna.id, piotr.id)
    async with office.as_(office.boss) as work:
        with pytest.raises(NotAllowed):
            await hand_over_all(work, office.anna.id, office.zofia.id)
        with pytest.raises(NotAllowed):
            await hand_over_all(work, office.zofia.id, piotr.id)
    role = await Role.get(key="manager")
    await Role.filter(id=role.id).update(grants=role.grants | {"lead.change": "own"})
    async with office.as_(office.boss) as work:
        with pytest.raises(NotAllowed):
            await hand_over_all(work, office.anna.id, piotr.id)
    async with office.as_(office.admin) as work:
        with pytest.raises(NotFound):
            await hand_over_all(work, office.anna.id, 777)
        await User.filter(id=piotr.id).update(active=False)
        with pytest.raises(NotFound):
            await hand_over_all(work, office.anna.id, piotr.id)


async def test_who_may_take_it_back(office: Office, piotr: User) -> None:
    await fill(office, office.anna)
    async with office.as_(office.boss) as work:
        await hand_over_all(work, office.anna.id, piotr.id)
        work_id = work.id
    for user in (office.anna, piotr, office.zofia):
        async with office.as_(user) as work:
            with pytest.raises(NotFound):
                await undo.undo(work, work_id)
    async with office.as_(office.admin) as work:
        assert (await take_back_handover(work, work_id)).total == 5
    assert (await owned(office.anna.id))["deal"] == 2


async def test_what_was_handed_on_stays_and_what_was_changed_is_kept(office: Office, piotr: User) -> None:
    await fill(office, office.anna)
    async with office.as_(office.boss) as work:
        await hand_over_all(work, office.anna.id, piotr.id)
        work_id = work.id
    deal = await Deal.get(owner_id=piotr.id)
    lead = await Lead.get(owner_id=piotr.id)
    async with office.as_(piotr) as work:
        await deals.change_deal(work, deal.id, title="bigger roof")
    async with office.as_(office.boss) as work:
        await records.hand_over(work, lead, office.boss.id)
        await records.hand_over(work, await Lead.get(id=lead.id), piotr.id)
    async with office.as_(office.boss) as work:
        back = await take_back_handover(work, work_id)
    assert (back.counts, back.stayed) == ({"deal": 1, "contact": 1, "company": 1, "activity": 1}, 1)
    deal = await Deal.get(id=deal.id)
    assert (deal.owner_id, deal.title) == (office.anna.id, "bigger roof")
    assert (await Lead.get(id=lead.id)).owner_id == piotr.id


async def test_hooks_hear_of_the_whole_as_one(office: Office, piotr: User) -> None:
    await fill(office, office.anna)
    async with office.as_(office.boss) as work:
        await hand_over_all(work, office.anna.id, piotr.id)
        (event,) = work.events
    assert (event.type, event.record_id, event.after["to_id"]) == ("WorkHandedOver", office.anna.id, piotr.id)
    assert event.after["counts"]["deal"] == 1
    found = await handed_over_by(event.work_id)
    assert found
    assert found.total == 5
