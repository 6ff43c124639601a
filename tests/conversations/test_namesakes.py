"""Two people of one name: a line about one of them went to the other, and a tap puts that right."""

from __future__ import annotations

from botcrm.core.models import Contact
from botcrm.testing import Crm, Member


async def test_another_person_of_the_same_name(crm: Crm, anna: Member, bob: Member) -> None:
    await anna.send("contact Jan Nowak +48 601 234 567 at Acme")
    await anna.send("contact Jan Nowak jan@acme.example")
    assert not any("Another" in button for button in anna.buttons)  # it only fills in what was empty
    await anna.send("contact Jan Nowak +48 602 345 678 at Bolt")
    assert "Changed" in anna.last
    await anna.tap("Another Jan Nowak")
    assert "Added" in anna.last
    assert "c2" in anna.last
    first, second = await Contact.all().order_by("id")
    assert (first.phone, first.more_phones, first.email) == ("+48601234567", None, "jan@acme.example")
    assert (second.phone, second.more_phones, second.email) == ("+48602345678", None, None)
    assert first.company_id != second.company_id
    await anna.edit(anna.mine, "contact Jan Nowak +48 602 345 679 at Bolt")
    assert (await Contact.get(id=second.id)).phone == "+48602345679"
    await anna.tap("Undo")
    assert await Contact.filter(deleted_at=None).count() == 1
    assert (await Contact.get(id=first.id)).more_phones is None


async def test_not_when_somebody_changed_the_first_one_since(crm: Crm, anna: Member, boss: Member) -> None:
    await anna.send("contact Jan Nowak +48 601 234 567")
    await anna.send("contact Jan Nowak +48 602 345 678")
    await boss.send("contact c1 +48 603 456 789")
    await anna.tap("Another Jan Nowak")
    assert await Contact.all().count() == 1


async def test_a_line_edited_into_another_one_makes_its_new_company_anew(crm: Crm, anna: Member) -> None:
    await anna.send("contact Ewa Lis at Newco")
    await anna.edit(anna.mine, "deal Newco 5k gate")
    assert "Newco" in anna.last
    assert "5,000" in anna.last
