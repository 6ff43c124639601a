"""Leads become contact, company and deal: at once where nothing is unclear, by a card where somebody may be known."""

from __future__ import annotations

from decimal import Decimal

from botcrm.core.domain.events import LeadChanged
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.testing import Crm, Member


async def test_a_clear_lead_becomes_a_deal_with_one_tap_and_only_once(crm: Crm, anna: Member) -> None:
    await anna.send("/lead Ivan Petrov roof 12k +48 602 345 678 #site")
    card = anna.card
    said = await anna.tap("Make it a deal")
    assert said.startswith("✅ The lead is a deal now")
    assert "Ivan Petrov" in said
    assert "#site" in said
    assert "Was lead l1" in said
    await anna.forge("lc:1:1", card)
    assert await Deal.all().count() == 1
    lead = await anna.send("l1")
    assert "Became: 💼 Ivan Petrov — roof · 👤 Ivan Petrov" in lead
    assert "Make it a deal" not in anna.buttons
    assert (await anna.tap("👤 Ivan Petrov")).startswith("👤 Ivan Petrov · c1")


async def test_who_may_be_known_is_asked_about_first(crm: Crm, anna: Member) -> None:
    await anna.send("/company Acme GmbH")
    await anna.send("/contact Jan Nowak +48 601 234 567")
    await anna.send("/lead Jan Nowk roof +48 601 234 567")
    await anna.tap("New anyway") if "New anyway" in anna.buttons else None
    async with crm.app.work() as work:
        await work.change(
            await Lead.get(id=1), LeadChanged, company_name="Acme Gmbh & Co", more_phones=["+48602000111"]
        )
    await anna.send("l1")
    said = await anna.tap("Make it a deal")
    assert "It becomes:" in said
    assert "👤 Jan Nowk · new" in said
    assert "Same as Jan Nowak · c1 (same phone" in said
    assert await Deal.all().count() == 0
    said = await anna.tap("👤 Jan Nowak · c1")
    assert "👤 Jan Nowak · c1 (same phone" in said
    await anna.tap("Without deal")
    assert "💼 Jan" not in anna.seen.splitlines()[-1]
    said = await anna.tap("Convert")
    assert said.startswith("✅ The lead is a contact now")
    jan = await Contact.get(id=1)
    assert (jan.name, jan.phone, jan.more_phones) == ("Jan Nowak", "+48601234567", ["+48602000111"])
    assert await Deal.all().count() == 0
    assert "Became: 👤 Jan Nowak" in await anna.send("l1")
    await anna.send("undo")
    lead, jan = await Lead.get(id=1), await Contact.get(id=1)
    assert (lead.status, lead.contact_id, lead.company_id, jan.more_phones) == ("new", None, None, None)
    assert await Company.filter(deleted_at=None).count() == 1


async def test_what_it_becomes_can_be_chosen_at_any_time(crm: Crm, anna: Member) -> None:
    await anna.send("/lead Olga Maj windows")
    said = await anna.tap("Choose…")
    assert "• 👤 New contact" in anna.buttons
    await anna.tap("No contact")
    said = await anna.tap("Without deal")
    assert "It becomes nothing" in said
    assert "✅ Convert" not in anna.buttons
    await anna.tap("With deal")
    await anna.tap("Convert")
    deal = await Deal.get(id=1)
    assert (deal.contact_id, deal.company_id) == (None, None)
    await anna.tap("Undo")
    assert (await Lead.get(id=1)).status == "new"
    assert (await Deal.get(id=1)).deleted_at is not None


async def test_a_copy_has_the_fields_and_tags_and_none_of_the_past(crm: Crm, anna: Member) -> None:
    await anna.send("/deal Acme 12k roof repair >proposal #roof next tomorrow 10:00 visit")
    said = await anna.send("copy d1 second roof")
    assert "Copy of d1" in said
    copy = await Deal.get(id=2)
    assert (copy.title, copy.amount, copy.company_id) == ("second roof", Decimal(12_000), 1)
    assert "#roof" in said
    assert "New" in said
    assert "visit" not in said
    await anna.tap("Undo")
    assert (await Deal.get(id=2)).deleted_at is not None
    await anna.send("d1")
    await anna.tap("Copy")
    assert (await Deal.get(id=3)).title == "roof repair (copy)"
    await anna.send("/contact Anna Nowak +48 601 234 567 at Acme")
    await anna.tap("Copy")
    assert (await Contact.get(id=2)).name == "Anna Nowak (copy)"
    assert "Copy what?" in await anna.send("/copy")
    assert "d99" in await anna.send("copy d99")
