"""What hangs on a contact or company that was deleted: it stays, and shows nothing of what is gone until that is back."""

from __future__ import annotations

from botcrm.core import db
from botcrm.core.models import Contact, Deal
from botcrm.testing import Crm, Member
from tests.conversations.test_importing import settled


async def delete_all(crm: Crm, boss: Member, query: str) -> str:
    """Delete what a filter finds, and return what the rehearsal said."""
    await boss.send(query)
    await boss.tap("Do with all")
    await boss.tap("🗑 Delete")
    said = boss.last
    await boss.tap("✅ Do it")
    await settled(crm)
    return said


async def exported(crm: Crm, boss: Member, what: str) -> str:
    await boss.send(f"export {what} csv")
    await crm.advance(seconds=4)
    return boss.files[-1][1].decode("utf-8-sig")


async def test_a_deleted_company_is_not_there_until_it_is_back(crm: Crm, boss: Member) -> None:
    await boss.send("deal Acme 5k roof")
    await boss.send("contact Ola Zet +48 601 234 567")
    await db.execute("UPDATE contact SET company_id = (SELECT id FROM company)")
    await boss.send("note o1 loud street")

    said = await delete_all(crm, boss, "filter companies acme")
    assert "1 of 1 companies:" in said
    assert "On it: 1 deal, 1 contact, 1 note. That stays, without it." in said

    assert "Acme" not in await boss.send("d1")
    assert "Acme" not in await boss.send("c1")
    assert "Acme" not in await boss.send("deals")
    for kind, name in (("deals", "roof"), ("contacts", "Ola Zet")):
        assert name in await boss.send(f"filter {kind} no:company")
        assert name in await boss.send(f"filter {kind} company:none")
        assert name not in await boss.send(f"filter {kind} has:company")
        assert "Acme" not in await exported(crm, boss, kind)
    assert (await Deal.get()).company_id == 1, "the link itself stays"

    await boss.send("/operations")
    operation = await db.fetch_one("SELECT id FROM operation WHERE kind = 'bulk'")
    assert operation
    await boss.forge(f"ou:{operation['id']}", boss.card)
    await settled(crm)
    assert "Acme" in await boss.send("d1")
    assert "Acme" in await boss.send("c1")
    assert "roof" in await boss.send("filter deals has:company")
    assert "Acme" in await exported(crm, boss, "contacts")


async def test_a_deleted_contact_is_not_on_its_deal_nor_in_the_reminder(crm: Crm, boss: Member) -> None:
    await boss.send("contact Ola Zet +48 601 234 567")
    await boss.send("deal c1 5k roof")
    await boss.send("meet d1 today 18:00 show it")
    assert "Ola Zet" in await boss.send("d1")

    said = await delete_all(crm, boss, "filter contacts ola")
    assert "On it: 1 deal, 1 activity. That stays, without it." in said
    assert not await Contact.filter(deleted_at=None).exists()
    for line in ("d1", "a1", "deals", "today"):
        answer = await boss.send(line)
        assert "Ola" not in answer, line
        assert "601 234 567" not in answer, line
    assert "roof" in await boss.send("filter deals no:contact")
    assert "roof" not in await boss.send("filter deals has:contact")
    assert "Ola" not in await exported(crm, boss, "deals")
    assert "Ola" not in await exported(crm, boss, "activities")

    await crm.advance(hours=8)
    reminded = [str(one.text) for one in boss.person.messages() if one.from_bot and "⏰" in str(one.text)]
    assert any("show it" in one for one in reminded)
    assert not any("Ola" in one for one in reminded)
