"""What is done to many records by one statement leaves what is kept beside them as it is after one by one: counters, last contact."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from botcrm.core.domain.messages import Incoming
from botcrm.core.models import Activity, Deal
from botcrm.core.services import activities, deals, records
from botcrm.core.services.activities import Due
from botcrm.core.services.clients import inbound
from botcrm.core.services.clients.incoming import settle_call
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.derived.many import derive_many, derived
from botcrm.core.services.home import counters
from botcrm.core.services.importing.write import create_many
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.staff.handover import hand_over_all
from botcrm.core.services.undo.undo import last_work, undo
from tests.core.services.conftest import START, Office

DUE = Due(datetime(2026, 11, 25, 15))


async def _right() -> None:
    wrong = await fix_derived()
    assert not any(wrong.values()), wrong


async def _wrote(office: Office, address: str, number: int) -> None:
    async with office.as_(None) as work:
        said = Incoming(address=address, text="hello", external_id=f"{address}-{number}", telegram_id=int(address))
        await inbound.receive_message(work, "telegram", said)


async def _client(office: Office, name: str, address: int, *, deal: bool = True) -> int:
    """Add a client with a deal or none, who wrote, whose call was missed, and who was spoken with."""
    async with office.as_(office.anna) as work:
        contact = await records.add_contact(work, name, telegram_id=address)
        if deal:
            made = await deals.add_deal(work, title=name, contact_id=contact.id)
            await activities.plan_activity(work, "call", "", DUE, deal_id=made.id)
            await activities.log_activity(work, "call", "", direction="missed", deal_id=made.id)
        await activities.log_activity(work, "call", "", direction="missed", contact_id=contact.id)
    office.move(hours=1)
    await _wrote(office, str(address), 1)
    office.move(hours=1)
    async with office.as_(office.anna) as work:
        await activities.log_activity(work, "meeting", "", result="ok", duration=5, contact_id=contact.id)
        await activities.log_activity(work, "call", "", direction="missed", contact_id=contact.id)
    return contact.id


@pytest.mark.parametrize("main_has_deal", [True, False])
async def test_a_merge_and_its_undo_keep_counters_and_last_contact(office: Office, main_has_deal: bool) -> None:
    main = await _client(office, "Jan", 801, deal=main_has_deal)
    other = await _client(office, "Janek", 802, deal=not main_has_deal)
    third = await _client(office, "J. Nowak", 803)
    await _right()
    before = {deal.id: deal.last_contact_at for deal in await Deal.all()}
    async with office.as_(office.anna) as work:
        counted = await counters(work)
        done = await merge(work, "contact", main, [other, third])
    await _right()
    assert max(at for at in before.values() if at) == max(
        at for at in (deal.last_contact_at for deal in await Deal.all()) if at
    )
    async with office.as_(office.anna) as work:
        assert await counters(work) == counted, "a merge deals with nothing"
    # What comes in now, for whom there is one of now.
    await _wrote(office, "802", 2)
    await _right()
    async with office.as_(office.anna) as work:
        call = await Activity.filter(direction="missed", deal_id=None).order_by("-id").first()
        assert call
        await settle_call(work, call.id)
    await _right()
    for one in reversed(done.merges):
        async with office.as_(office.anna) as work:
            await unmerge(work, one.id)
        await _right()


async def test_merged_companies_keep_counters_and_last_contact(office: Office) -> None:
    jan = await _client(office, "Jan", 801)
    async with office.as_(office.anna) as work:
        first, second = await records.add_company(work, "Acme"), await records.add_company(work, "ACME")
        deal = await deals.add_deal(work, title="roof", company_id=second.id, contact_id=jan)
        await activities.plan_activity(work, "call", "", DUE, deal_id=deal.id, company_id=second.id)
        await activities.log_activity(work, "call", "", direction="missed", company_id=second.id)
    async with office.as_(office.anna) as work:
        counted = await counters(work)
        await merge(work, "company", first.id, [second.id])
        assert await counters(work) == counted
    await _right()
    async with office.as_(office.boss) as work:
        await hand_over_all(work, office.anna.id, office.boss.id)
    await _right()
    async with office.as_(office.boss) as work:
        await undo(work, await last_work(work))
    await _right()


async def test_an_imported_deal_knows_when_its_contact_was_last_spoken_with(office: Office) -> None:
    jan = await _client(office, "Jan", 801, deal=False)
    async with office.as_(office.anna) as work:
        started = {"pipeline_id": 1, "stage_id": 1, "stage_entered_at": START, "currency": "PLN"}
        values = [
            {**started, "title": f"roof {n}", "owner_id": office.anna.id, "contact_id": contact, "created_at": made}
            for n, (contact, made) in enumerate(
                ((jan, START - timedelta(days=30)), (jan, office.now), (None, START - timedelta(days=30)))
            )
        ]
        ids = await create_many(work, "deal", values)
        names = ("Jan", "Jan", "")
        found = [derived("deal", row, contact=name) for row, name in zip(values, names, strict=True)]
        await derive_many(work, "deal", list(zip(ids, found, strict=True)))
    spoken = [deal.last_contact_at for deal in await Deal.all().order_by("id")]
    assert spoken == [START + timedelta(hours=2), None, None]
    await _right()
