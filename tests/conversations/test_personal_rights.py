"""Who may erase a person, who hears of it, and what one is told of somebody whom one sees only in part."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.events import ContactChanged, LeadConverted
from botcrm.core.models import Company, Contact, Lead, Operation
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.records import add_company, delete_record
from botcrm.testing import Crm, Member
from tests.conversations.test_custom_fields import make_field
from tests.conversations.test_personal import dump, erase


@pytest.fixture
async def admin(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


async def test_a_rep_wipes_nobodys_work(crm: Crm, admin: Member, boss: Member, anna: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    await boss.send("deal c1 50k factory next fri 10:00 sign the contract")
    await boss.send("/note d1 agreed price 48000")
    await anna.send("/personal c1")
    assert "🗑 Erase…" not in anna.buttons
    assert await anna.forge("PE:c1", anna.card) == "✋ Your role does not allow that."
    assert not await Operation.filter(kind="erase").exists()
    # Whoever's work it was hears of it, and so do administrators.
    second = await crm.join("admin", "Second Admin")
    await erase(crm, admin, "c1")
    for who in (anna, boss, second):
        assert who.last == "🗑 Ada Admin erased the personal data of c1, and what was written with them."
    assert await db.column("SELECT text FROM note") == ["…"]


async def test_a_manager_erases_what_is_the_departments_alone(
    crm: Crm, boss: Member, anna: Member, admin: Member
) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    await anna.send("/note c1 whisper")
    await anna.send("contact Other Body +48 601 999 111")
    await admin.send("deal c2 50k factory")
    await boss.send("/personal c2")
    assert "🗑 Erase…" not in boss.buttons
    assert await boss.forge("PE:c2", boss.card) == "✋ Your role does not allow that."
    await erase(crm, boss, "c1")
    assert (await Contact.get(id=1)).name == "Erased c1"
    assert anna.last.startswith("🗑 ")
    assert admin.last.startswith("🗑 ")


async def test_what_was_deleted_is_erased_too(crm: Crm, admin: Member, boss: Member, anna: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888 zm@hush.example")
    await anna.send("/note c1 the gate code is whisper")
    async with crm.work() as work:
        await add_company(work, "Hush Works", phone="+48 601 999 888", owner_id=anna.user_id)
        await delete_record(work, await Contact.get(id=1))
    for who in (anna, boss):
        assert (await who.send("/personal c1")).startswith("🤷")
    assert "Deleted, yet still kept." in await admin.send("/personal c1")
    assert "Open" not in admin.buttons
    await admin.tap("Erase")
    await admin.send("erase c1 o1")
    await crm.advance(minutes=2)
    dumped = await dump()
    assert [one for one in ("murmur", "hush", "601999888", "gate code") if one in dumped] == []


async def test_what_a_lead_was_made_into_goes_with_it_and_who_was_there_before_stays(
    crm: Crm, admin: Member, anna: Member
) -> None:
    await anna.send("/contact Jan Inny +48 602 111 222")
    await anna.send("/lead Zdzich Murmur roof +48 601 999 888 zm@hush.example")
    async with crm.work() as work:
        await work.change(await Lead.get(id=1), LeadConverted, contact_id=1, status="converted")
    await db.execute("UPDATE lead SET contact_id = NULL, status = 'new', converted_at = NULL")
    async with crm.work() as work:
        await delete_record(work, await Contact.get(id=1))
    await anna.send("l1")
    await anna.tap("Make it a deal")
    await anna.send("/undo")
    assert await Contact.filter(id=2, deleted_at=None).count() == 0
    await erase(crm, admin, "l1")
    assert await db.column("SELECT name FROM contact ORDER BY id") == ["Jan Inny", "Erased c2"]
    dumped = await dump()
    assert [one for one in ("murmur", "601999888", "zm@hush") if one in dumped] == []


async def test_fields_of_others_deals_are_found_by_it_no_more(
    crm: Crm, admin: Member, boss: Member, anna: Member, bob: Member
) -> None:
    await make_field(boss, "Remark", "Text")
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    await bob.send('deal Other Works 5k thing remark:"Zdzich Murmur agreed"')
    await erase(crm, admin, "c1")
    assert await db.column("SELECT text FROM field_value") == ["... agreed"]
    # And should a row ever say otherwise, the doctor puts it right.
    await db.execute("UPDATE field_value SET text = 'zdzich murmur agreed'")
    async with db.transaction():
        assert (await fix_derived())["own fields"] == 1
        assert (await fix_derived())["own fields"] == 0
    assert await db.column("SELECT text FROM field_value") == ["... agreed"]


async def test_a_surname_that_comes_first(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    await anna.send("contact Zdzich Jan Murmur +48 601 999 888")
    await bob.send("company Other Works")
    for text in ("Murmur Zdzich Jan rang", "Murmur, Zdzich Jan", "a MURMUR ,  ZDZICH jan"):
        await bob.send(f"/note o1 {text}")
    await erase(crm, admin, "c1")
    assert await db.column("SELECT text FROM note ORDER BY id") == ["… rang", "…", "a …"]


async def _traders(crm: Crm, anna: Member) -> None:
    """Make a sole trader, and a company of the same address that has somebody else as well."""
    await anna.send("contact Zdzich Murmur +48 601 999 888 zm@hush.example")
    await anna.send("contact Jan Inny +48 602 111 222")
    async with crm.work() as work:
        phone, owner_id = "+48 601 999 888", anna.user_id
        own = await add_company(work, "Murmur Roofing", phone=phone, email="zm@hush.example", owner_id=owner_id)
        await work.change(await Contact.get(id=1), ContactChanged, company_id=own.id)
        company = await add_company(work, "Big Works", phone=phone, owner_id=owner_id)
        await db.execute("UPDATE contact SET company_id = ? WHERE id = 2", company.id)
    await anna.send("/note o1 their gate code")
    await anna.send("deal c1 5k roof")
    await anna.send("deal o1 6k")


async def test_a_sole_traders_company_goes_along_where_that_is_said(crm: Crm, admin: Member, anna: Member) -> None:
    await _traders(crm, anna)
    assert "not counted in: o1, o2" in await admin.send("/personal c1")
    said = await admin.tap("Erase")
    assert "o1, o2 look like the same person and stay." in said
    assert "With the company that is only they: erase c1 o1" in said
    assert (await admin.send("erase c1 o2")).startswith("✋")
    await admin.send("erase c1 o1")
    await crm.advance(minutes=2)
    first, second = await Company.get(id=1), await Company.get(id=2)
    assert (first.name, first.phone, first.email) == ("Erased o1", None, None)
    assert (second.name, second.phone) == ("Big Works", "+48601999888")
    dumped = await dump()
    assert [one for one in ("murmur", "zm@hush", "gate code") if one in dumped] == []


async def test_it_stays_where_nothing_is_said(crm: Crm, admin: Member, anna: Member) -> None:
    await _traders(crm, anna)
    await erase(crm, admin, "c1")
    company = await Company.get(id=1)
    assert (company.name, company.phone, company.email) == ("Murmur Roofing", "+48601999888", "zm@hush.example")


async def test_it_tells_only_what_one_may_see(crm: Crm, boss: Member, anna: Member) -> None:
    await anna.send("contact Zdzich Murmur +48 601 999 888")
    await boss.send("deal c1 50k factory")
    await boss.send("/note d1 secret")
    await boss.send("/lead Zdzich Murmur website fence +48 601 999 888")
    async with crm.work() as work:
        await work.change(await Lead.get(id=1), LeadConverted, contact_id=1, status="converted")
    assert await anna.send("/personal c1") == "🔒 Zdzich Murmur · c1\n1 contact"
    said = await boss.send("/personal l1")
    assert said.startswith("🔒 Zdzich Murmur · c1\n1 contact · 1 lead · 1 deal · 1 note")
    # Who sees the lead alone is not told whom it became.
    await db.execute("UPDATE lead SET owner_id = ?", anna.user_id)
    await db.execute("UPDATE contact SET owner_id = ?, name = 'Secret Name'", boss.user_id)
    said = await anna.send("/personal l1")
    assert said.startswith("🔒 Zdzich Murmur")
    assert "Secret" not in said
    assert "c1" not in said
