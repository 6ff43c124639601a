"""A company's own fields in the chat: a manager makes them, a rep fills them in by a line or by taps."""

from __future__ import annotations

import pytest

from botcrm.core.models import CustomField, Deal, FieldValue, Lead
from botcrm.testing import Crm, Member


async def make_field(boss: Member, name: str, kind: str, *, of: str = "deals", words: str = "") -> None:
    """Have a manager make a field."""
    await boss.send(f"/fields {of}")
    await boss.tap("New field")
    await boss.send(name)
    await boss.tap(kind)
    if words:
        await boss.tap("New words")
        await boss.send(words)


@pytest.fixture
async def budget(boss: Member, crm: Crm) -> CustomField:
    """Give an amount of money on deals."""
    await make_field(boss, "Budget", "Money")
    return await CustomField.get(key="budget")


async def test_a_manager_makes_a_field_and_a_rep_fills_it_in_by_a_line(boss: Member, anna: Member) -> None:
    assert "Custom fields" in await boss.send("/fields")
    assert "None yet." in await boss.tap("Deals · 0")
    assert "Type its name" in await boss.tap("New field")
    assert "What does it hold?" in await boss.send("Roof type")
    assert "Which words can be chosen?" in await boss.tap("List, several")
    await boss.tap("New words")
    card = await boss.send("flat roof, gable, hip")
    assert card.startswith("✅ The field is there\n🗂 Roof type · List, several · Deals")
    assert 'In a line: roof_type:"flat roof"' in card
    assert "Words: flat roof, gable, hip" in card
    said = await anna.send("deal Acme 12k roof roof_type:gable color:red")
    assert "💼 Acme roof color:red · d1\nPLN 12,000 · New\n🔖 Roof type: gable" in said, "an unknown word stays text"


async def test_each_type_in_one_line(boss: Member, anna: Member, crm: Crm) -> None:
    for name, kind in (
        ("Remark", "Text"),
        ("Area", "Number"),
        ("Budget", "Money"),
        ("Start", "Date"),
        ("Visit", "Time of day"),
        ("VIP", "Yes or no"),
        ("Surveyor", "Colleague"),
        ("Drawing", "Link"),
    ):
        await make_field(boss, name, kind)
    await make_field(boss, "Kind", "List", words="roof, wall")
    said = await anna.send(
        'deal Acme 12k new roof remark:"two dogs" area: 1 250.5 budget:12 000 EUR, start:24 dec visit:9:30 vip:yes '
        "surveyor:Marta Boss drawing:example.com/a.pdf kind:ro next fri 10:00 look"
    )
    deal = await Deal.get(id=1)
    assert deal.title == "new roof"
    keys = {field.id: field.key for field in await CustomField.all()}
    assert {keys[int(one)]: value for one, value in (deal.custom or {}).items()} == {
        "remark": "two dogs",
        "area": "1250.5",
        "budget": {"amount": "12000", "currency": "EUR"},
        "start": "2026-12-24",
        "visit": "09:30",
        "vip": True,
        "surveyor": boss.user_id,
        "drawing": "https://example.com/a.pdf",
        "kind": (await FieldValue.get(text="roof")).number,
    }
    assert "🔖 Remark: two dogs · Area: 1,250.5 · Budget: €12,000 · Start: Thu 24 Dec · Visit: 9:30 · VIP: yes" in said
    assert "▶ Next: Fri 27 Nov 10:00" in said


async def test_what_cannot_be_read_stays_in_the_text_and_editing_the_line_mends_it(
    budget: CustomField, anna: Member, crm: Crm
) -> None:
    said = await anna.send("deal Acme 12k roof budget:lots")
    assert "💼 Acme roof budget:lots · d1" in said
    assert "✋ Budget: “lots” is no amount. Write it like 12k or 12 000 PLN." in said
    line = anna.mine
    said = await anna.edit(line, "deal Acme 12k roof budget:20k")
    assert "💼 Acme roof · d1" in said
    assert "🔖 Budget: PLN 20,000" in said
    assert "🔖 Budget: PLN 25,000" in await anna.edit(line, "deal Acme 12k roof budget:25k")
    assert "Budget" not in (await anna.edit(line, "deal Acme 12k roof")).split("Lost")[0]
    assert (await Deal.get(id=1)).custom is None
    assert await FieldValue.all().count() == 0
    assert "🔖 Budget: PLN 7,000" in await anna.send("deal d1 budget:7k")
    assert "Budget" not in await anna.send("deal d1 budget:-")
    assert "Budget: PLN 7,000" in (await anna.send("/undo") and await anna.send("d1"))


async def test_a_required_field_is_asked_for_on_the_card(budget: CustomField, boss: Member, anna: Member) -> None:
    await boss.tap("Required")
    said = await anna.send("deal Acme 12k roof")
    assert "❗ Missing: Budget" in said
    assert "Type: Budget" in await anna.tap("❗ Budget")
    assert "is no amount" in await anna.send("lots")
    assert "✅ Saved\n📋 Acme roof · d1" in await anna.send("20k"), "the question stays until it is answered"
    card = await anna.tap("Back")
    assert "🔖 Budget: PLN 20,000" in card
    assert "Missing" not in card


async def test_values_are_set_by_taps(boss: Member, anna: Member) -> None:
    await make_field(boss, "Roof type", "List, several", words="flat, gable")
    await make_field(boss, "VIP", "Yes or no")
    await make_field(boss, "Surveyor", "Colleague")
    await make_field(boss, "Plan", "File")
    await anna.send("deal Acme 12k roof")
    await anna.tap("Fields")
    await anna.tap("Roof type")
    await anna.tap("gable")
    assert "Roof type: gable, flat" in await anna.tap("flat")
    assert "Roof type: flat" in await anna.tap("✓ gable")
    await anna.tap("Back")
    assert "VIP: yes" in await anna.tap("☐ VIP")
    assert "VIP: none" in await anna.tap("Undo") or "VIP: none" in (await anna.send("d1") and await anna.tap("Fields"))
    await anna.tap("Surveyor")
    assert "Surveyor: Marta Boss" in await anna.tap("Marta Boss")
    assert "Send the file: Plan" in await anna.tap("Plan")
    assert "Plan: roof.pdf (f1)" in await anna.send_document(b"%PDF", "roof.pdf")
    await anna.tap("Plan")
    await anna.tap("Open")
    assert "Plan: none" in await anna.tap("None")
    await anna.tap("Source")
    assert "Source: Referral" in await anna.tap("Referral")
    await anna.tap("Source")
    await anna.tap("Other…")
    assert "Source: A neighbour" in await anna.send("A neighbour"), "any word is kept"
    assert (await Deal.get(id=1)).source == "A neighbour"


async def test_contacts_companies_and_leads_have_them_as_well(boss: Member, anna: Member, crm: Crm) -> None:
    await make_field(boss, "Gift", "Text", of="contacts")
    await make_field(boss, "Fleet", "Number", of="companies")
    await make_field(boss, "House", "Yes or no", of="leads")
    assert "🔖 Gift: honey" in await anna.send("contact Eva Stone gift:honey")
    assert "🔖 Gift: wine" in await anna.send("contact Eva Stone gift:wine")
    assert "🔖 Fleet: 12" in await anna.send("company Acme fleet:12")
    assert "🔖 House: yes" in await anna.send("lead Ivan Petrov roof house:yes #website")
    lead = await Lead.get(id=1)
    assert lead.source == "Website", "a source is written as its list has it"
    assert "Eva Stone" in await anna.send("find wine")
    assert "Eva Stone" not in await anna.send("find honey")


async def test_a_deleted_field_hides_its_values_and_comes_back_with_them(
    budget: CustomField, boss: Member, anna: Member, crm: Crm
) -> None:
    await anna.send("deal Acme 12k roof budget:20k")
    await boss.send("/fields deals")
    assert "1 record has it" in await boss.tap("Budget")
    assert "is gone" in await boss.tap("Delete")
    assert "Budget" not in await anna.send("d1")
    said = await anna.send("deal d1 roof budget:3k")
    assert "💼 Acme roof · d1" in said, "no field any more, and no title"
    assert "There is no field “budget” here." in said
    assert "Back: field Budget" in await boss.tap("Undo")
    assert "🔖 Budget: PLN 20,000" in await anna.send("d1")
    assert await FieldValue.filter(record_id=1, number=20000).exists()


async def test_a_field_is_renamed_ordered_and_limited(
    budget: CustomField, boss: Member, anna: Member, crm: Crm
) -> None:
    await make_field(boss, "Area", "Number")
    await boss.tap("Name")
    assert "Floor area · Number" in await boss.send("Floor area")
    listed = await boss.tap("↑")
    assert listed.index("Floor area") < listed.index("Budget")
    assert "🔖 Floor area: 120" in await anna.send("deal Acme 12k roof area:120"), "the word in lines stays"
    await boss.send("/fields deals")
    await boss.tap("New field")
    assert "“budget:” is taken already" in await boss.send("Budget")
    assert "“stage:” is taken already" in await boss.send("Stage")
    assert "is no name" in await boss.send("42")
    assert "What does it hold?" in await boss.send("Heating")


async def test_fields_of_one_pipeline(budget: CustomField, boss: Member, anna: Member, crm: Crm) -> None:
    from botcrm.core.models import Pipeline, Stage

    other = await Pipeline.create(name="Service", position=2)
    await Stage.create(pipeline=other, name="New", position=1)
    await boss.send("/fields deals")
    await boss.tap("Budget")
    await boss.tap("Pipeline")
    assert "Only in the pipeline Service" in await boss.tap("Service")
    said = await anna.send("deal Acme 12k roof budget:5k")
    assert "Budget is only for deals in Service." in said
    assert "📝 Budget: 5000 PLN" in said, "nothing typed is lost"
    assert (await Deal.get(id=1)).custom is None


async def test_a_rep_sees_fields_but_makes_none(budget: CustomField, anna: Member, crm: Crm) -> None:
    assert "💰 Budget · budget:" in await anna.send("/fields deals")
    assert not any("New field" in one for one in anna.buttons)
    await anna.tap("Budget")
    assert anna.buttons == ["← Back"]
    assert "Your role does not allow that" in await anna.forge(f"zx:{budget.id}:{budget.version}", anna.card)
    assert await CustomField.filter(deleted_at=None).count() == 1


async def test_a_rep_fills_in_only_what_is_theirs(budget: CustomField, anna: Member, bob: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await bob.send("/today")
    for data in ("zv:d1", f"zp:d1:{budget.id}", f"zs:d1:{budget.id}:-", "zs:d1:0:1"):
        assert "Nothing here by" in await bob.forge(data, bob.card)
    assert "Nothing here by" in await bob.send("deal d1 budget:1k")
    assert (await Deal.get(id=1)).custom is None


async def test_a_question_survives_a_restart(budget: CustomField, anna: Member, crm: Crm) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.tap("Fields")
    await anna.tap("Budget")
    await crm.restart(minutes=5)
    assert "Budget: PLN 20,000" in await anna.send("20k")


async def test_rules_look_at_them_and_set_them(boss: Member, anna: Member, crm: Crm) -> None:
    await make_field(boss, "Budget", "Money")
    await make_field(boss, "Checked", "Yes or no")
    await boss.send("/rules")
    await boss.tap("New rule")
    await boss.tap("A deal is won")
    await boss.tap("Only if…")
    await boss.tap("A custom field is…")
    await boss.tap("Field")
    await boss.tap("Deals › Budget")
    await boss.tap("Test")
    await boss.tap("at least")
    await boss.tap("Value")
    await boss.send("10k")
    assert "Only if: Budget is at least 10k" in await boss.tap("To the rule")
    await boss.tap("Do…")
    await boss.tap("Set a custom field")
    await boss.tap("Field")
    await boss.tap("Deals › Checked")
    await boss.tap("Value")
    await boss.send("yes")
    assert "Do:\n   1. set Checked to yes" in await boss.tap("To the rule")
    await boss.tap("Switch on")
    await anna.send("deal Acme 5k roof budget:20k\ndeal Beta 5k roof budget:2k")
    await anna.send("won d1\nwon d2")
    await crm.advance(minutes=1)
    assert "Checked: yes" in await anna.send("d1")
    assert "Checked" not in await anna.send("d2")


async def test_the_timeline_and_a_merge_show_them_in_words(boss: Member, anna: Member, crm: Crm) -> None:
    await make_field(boss, "Budget", "Money", of="contacts")
    await make_field(boss, "Kind", "List", of="contacts", words="roof, wall")
    await anna.send("contact Eva Stone +48 601 234 567 budget:5k kind:roof")
    await anna.send("contact c1 budget:20k kind:wall")
    said = await anna.send("/timeline c1")
    assert "changed: Budget PLN 5,000 → PLN 20,000, Kind roof → wall" in said
    await anna.send("contact c1 kind:-")
    assert "changed: Kind wall → –" in await anna.send("/timeline c1")
    await anna.send("contact Eva Stonne +48 601 234 568 budget:7k kind:roof")
    said = await anna.send("/merge c1 c2")
    assert "Kind" in said
    assert any("PLN 7,000" in label for label in anna.buttons)
