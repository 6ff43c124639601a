"""The timeline in pages: nothing left out, nothing twice, nothing out of reach, whatever is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services import activities, deals, records, timeline
from botcrm.core.services.access import load
from botcrm.core.services.timeline import TimelinePage
from botcrm.core.services.work import Work
from tests.core.services.conftest import Office


async def _down(work: Work, record: Any, **how: Any) -> list[TimelinePage]:
    pages = [await timeline.timeline(work, record, **how)]
    while (before := pages[-1].older) is not None:
        pages.append(await timeline.timeline(work, record, before=before, **how))
    return pages


async def _filled(office: Office, count: int) -> int:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="roof")
        for n in range(count):
            await deals.change_deal(work, deal.id, title=f"roof {n}")
            if n % 7 == 3:
                await activities.add_note(work, f"note {n}", deal_id=deal.id)
        await work.flush()
    return deal.id


@pytest.mark.parametrize(("kind", "expected"), [("", 30), ("change", 26), ("note", 4), ("file", 0), ("call", 0)])
@pytest.mark.parametrize("stretch", [1000, 3])
async def test_pages_hold_every_event_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, kind: str, expected: int, stretch: int
) -> None:
    deal_id = await _filled(office, 25)
    # Short stretches of the index stand for a deal with very many events.
    monkeypatch.setattr(timeline, "_STRETCH", stretch)
    async with office.as_(office.anna) as work:
        deal = await load(work, Deal, deal_id)
        pages = await _down(work, deal, kind=kind, size=4)
        ids = [entry.id for page in pages for entry in page.entries]
        assert ids == sorted(set(ids), reverse=True)
        assert len(ids) == expected
        assert all(len(page.entries) <= 4 for page in pages)
        assert pages[0].newer is None
        if stretch < 1000:
            return
        # Back up again, page by page, to the first one.
        page, seen = pages[-1], [entry.id for entry in pages[-1].entries]
        while page.newer is not None:
            page = await timeline.timeline(work, deal, kind=kind, size=4, after=page.newer)
            seen += [entry.id for entry in page.entries]
        assert set(seen) == set(ids)
        assert page.above_at is None


async def test_what_is_planned_stands_on_the_first_page_only(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="roof")
        for n in range(7):
            await activities.plan_activity(work, "call" if n % 2 else "task", f"step {n}", None, deal_id=deal.id)
        page = await timeline.timeline(work, deal, size=4)
        assert (len(page.planned), page.more_planned) == (5, 2)
        assert {step.owner for step in page.planned} == {office.anna.name}
        assert (await timeline.timeline(work, deal, size=4, before=page.older)).planned == ()
        calls = await timeline.timeline(work, deal, kind="call")
        assert {step.kind for step in calls.planned} == {"call"}
        assert (await timeline.timeline(work, deal, kind="note")).planned == ()


async def test_a_shared_clients_timeline_tells_only_what_the_reader_reaches(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        await activities.add_note(work, "hers", company_id=company.id)
    async with office.as_(office.admin) as work:
        other = await deals.add_deal(work, title="secret", company_id=company.id)
        await activities.add_note(work, "secret", deal_id=other.id, company_id=company.id)
        await activities.plan_activity(work, "call", "secret", None, deal_id=other.id, company_id=company.id)
        await records.hand_over(work, other, office.zofia.id)
    async with office.as_(office.anna) as work:
        for kind in ("", "activity", "note", "change", "call"):
            assert "secret" not in str(await timeline.timeline(work, company, kind=kind))
        assert "hers" in str(await timeline.timeline(work, company, kind="note"))
        with pytest.raises(NotFound):
            await load(work, Deal, other.id)


async def test_a_client_handed_over_brings_its_story_along(office: Office) -> None:
    """The new owner's timeline was empty: it told only of what they had done themselves."""
    piotr = await office.person("Piotr", manager_id=office.boss.id)
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        contact = await records.add_contact(work, "Jan", company_id=company.id)
        lead = await records.add_lead(work, title="Ivan")
        for name, record in (("company", company), ("contact", contact), ("lead", lead)):
            await activities.add_note(work, f"told by the {name}", **{f"{name}_id": record.id})
        other = await records.add_contact(work, "Ola", company_id=company.id)
        await activities.add_note(work, "of Ola alone", contact_id=other.id, company_id=company.id)
    async with office.as_(office.boss) as work:
        for record in (company, contact, lead):
            await records.hand_over(work, record, piotr.id)
    async with office.as_(piotr) as work:
        for name, model, record in (("company", Company, company), ("contact", Contact, contact), ("lead", Lead, lead)):
            page = await timeline.timeline(work, await load(work, model, record.id))
            assert [entry.type for entry in page.entries][-1] == f"{name.title()}Created"
            if name != "company":
                assert page.entries[0].type == "OwnerChanged"
            assert "NoteAdded" in [entry.type for entry in page.entries]
        page = await timeline.timeline(work, await load(work, Company, company.id), kind="note")
        assert [entry.after["text"] for entry in page.entries] == ["told by the company"]
