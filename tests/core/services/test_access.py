"""Who reaches what: every entity, action and role; and out of reach is the same as not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.models import Record, Role
from botcrm.core.services import activities, cards, deals, records
from botcrm.core.services.access import load, load_any, may, owned_sql, owners
from botcrm.core.services.activities import Due
from botcrm.core.services.timeline import timeline
from botcrm.core.services.work import MODELS, Work
from tests.core.services.conftest import Office

Make = Callable[[Work], Awaitable[Record]]

MAKERS: dict[str, Make] = {
    "company": lambda work: records.add_company(work, "Acme"),
    "contact": lambda work: records.add_contact(work, "Jan"),
    "lead": lambda work: records.add_lead(work, "Website"),
    "deal": lambda work: deals.add_deal(work, title="roof"),
    "activity": lambda work: activities.plan_activity(work, "call", "", Due(datetime(2026, 11, 25, 15))),
    "note": lambda work: activities.add_note(work, "text"),
    "file": lambda work: activities.add_file(work, kind="photo", file_id="x"),
}
ACTIONS = (Action.READ, Action.CHANGE, Action.DELETE)


async def _answer(office: Office, who: Any, entity: str, record_id: int, action: Action) -> str:
    async with office.as_(who) as work:
        try:
            await load(work, MODELS[entity], record_id, action)
        except NotFound as exc:
            return str(exc)
        except NotAllowed:
            return "not allowed"
        return "yes"


@pytest.mark.parametrize("entity", MAKERS)
async def test_the_roles_as_shipped(office: Office, entity: str) -> None:
    async with office.as_(office.anna) as work:
        record = await MAKERS[entity](work)
    for who in (office.anna, office.boss, office.admin, None):
        for action in ACTIONS:
            assert await _answer(office, who, entity, record.id, action) == "yes", (who, action)
    colleague = await office.person("Piotr", manager_id=office.boss.id)
    for who in (office.zofia, colleague):
        for action in ACTIONS:
            there = await _answer(office, who, entity, record.id, action)
            nowhere = await _answer(office, who, entity, record.id + 1000, action)
            assert "Nothing here by" in there
            assert there.replace(str(record.id), "N", 1) == nowhere.replace(str(record.id + 1000), "N", 1)


@pytest.mark.parametrize("entity", MAKERS)
@pytest.mark.parametrize("read", list(Reach))
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_any_grant(office: Office, entity: str, read: Reach) -> None:
    """A custom role: reading as far as `read`, changing only what is one's own."""
    async with office.as_(office.anna) as work:
        hers = await MAKERS[entity](work)
    async with office.as_(office.zofia) as work:
        far = await MAKERS[entity](work)
    async with office.as_(office.boss) as work:
        own = await MAKERS[entity](work)
    grant = {"note": "activity", "file": "activity"}.get(entity, entity)
    await Role.filter(key="manager").update(grants={f"{grant}.read": str(read), f"{grant}.change": "own"})
    wanted = {Reach.NONE: [], Reach.OWN: [own], Reach.DEPARTMENT: [own, hers], Reach.ALL: [own, hers, far]}[read]
    for record in (own, hers, far):
        got = await _answer(office, office.boss, entity, record.id, Action.READ)
        assert (got == "yes") == (record in wanted)
        changed = await _answer(office, office.boss, entity, record.id, Action.CHANGE)
        if record not in wanted:
            assert "Nothing here" in changed
        else:
            assert changed == ("yes" if record is own else "not allowed")
        deleted = await _answer(office, office.boss, entity, record.id, Action.DELETE)
        assert deleted != "yes"
    async with office.as_(office.boss) as work:
        assert may(work.actor, entity, Action.READ) == (read != Reach.NONE)
        assert not may(work.actor, entity, Action.ADD)
        with pytest.raises(NotAllowed):
            await MAKERS[entity](work)


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**30])
async def test_numbers_that_no_record_can_have(office: Office, number: int) -> None:
    async with office.as_(office.admin) as work:
        with pytest.raises(NotFound):
            await load_any(work, "deal", number)
        with pytest.raises(NotFound):
            await load_any(work, "user", 1)


async def test_a_deleted_record_is_nobodys(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="roof")
        await records.delete_record(work, deal)
    for who in (office.anna, office.admin, None):
        assert "Nothing here" in await _answer(office, who, "deal", deal.id, Action.READ)


async def test_what_hangs_on_a_deal_goes_with_the_deal(office: Office) -> None:
    async with office.as_(office.anna) as work:
        deal = await deals.add_deal(work, title="roof")
        note = await activities.add_note(work, "text", deal_id=deal.id)
    async with office.as_(office.admin) as work:
        await records.hand_over(work, deal, office.zofia.id)
    assert await _answer(office, office.zofia, "note", note.id, Action.CHANGE) == "yes"
    async with office.as_(office.zofia) as work:
        card = await cards.deal_card(work, deal.id)
        assert card.last_note == "text"


async def test_what_hangs_on_a_client_goes_with_the_client(office: Office) -> None:
    """Whoever a lead was handed to used to see none of its notes."""
    async with office.as_(office.anna) as work:
        lead = await records.add_lead(work, "Website")
        contact = await records.add_contact(work, "Jan")
        own_deal = await deals.add_deal(work, title="roof", contact_id=contact.id)
        notes = [
            await activities.add_note(work, "on the lead", lead_id=lead.id),
            await activities.add_note(work, "on the contact", contact_id=contact.id),
        ]
        secret = await activities.add_note(work, "on my deal", deal_id=own_deal.id, contact_id=contact.id)
    async with office.as_(office.admin) as work:
        await records.hand_over(work, lead, office.zofia.id)
        await records.hand_over(work, contact, office.zofia.id)
    for note in notes:
        assert await _answer(office, office.zofia, "note", note.id, Action.READ) == "yes"
    assert "Nothing here" in await _answer(office, office.zofia, "note", secret.id, Action.READ)
    async with office.as_(office.zofia) as work:
        assert (await cards.party_card(work, "lead", lead.id)).last_note == "on the lead"
        card = await cards.party_card(work, "contact", contact.id)
        assert (card.last_note, card.deals) == ("on the contact", ())


async def test_a_shared_company_tells_nothing_of_the_others_deals(office: Office) -> None:
    async with office.as_(office.anna) as work:
        company = await records.add_company(work, "Acme")
        await deals.add_deal(work, title="hers", company_id=company.id)
    async with office.as_(office.admin) as work:
        other = await deals.add_deal(work, title="secret", company_id=company.id)
        await activities.add_note(work, "secret note", deal_id=other.id, company_id=company.id)
        await activities.plan_activity(
            work, "call", "secret call", Due(datetime(2026, 11, 25, 15)), deal_id=other.id, company_id=company.id
        )
        await records.hand_over(work, other, office.zofia.id)
    async with office.as_(office.anna) as work:
        card = await cards.party_card(work, "company", company.id)
        assert [deal.name for deal in card.deals] == ["Acme hers"]
        assert (card.planned, card.last_note, card.files) == ((), "", 0)
        entries = (await timeline(work, company, size=50)).entries
        assert {entry.record_id for entry in entries if entry.entity == "deal"} == {1}
        assert "secret" not in str(entries)
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await cards.party_card(work, "company", company.id)
        assert (await cards.deal_card(work, other.id)).company == "Acme"


async def test_the_whole_teams_ids_and_no_other(office: Office) -> None:
    async with office.as_(office.boss) as work:
        assert owners(work.actor, "deal") == frozenset({office.boss.id, office.anna.id})
        assert owned_sql("x", owners(work.actor, "deal")) == f"x IN ({office.boss.id}, {office.anna.id})"
    async with office.as_(office.zofia) as work:
        assert owners(work.actor, "deal") == frozenset({office.zofia.id})
        assert owners(work.actor, "deal", Action.EXPORT) == frozenset()
        assert owned_sql("x", frozenset()) == "1 = 0"
    async with office.as_(office.admin) as work:
        assert owners(work.actor, "deal") is None
