"""All of somebody's work goes to somebody else, and back."""

from __future__ import annotations

from datetime import UTC, datetime

from botcrm.core import db
from botcrm.testing import Crm, Member


async def _with_work(anna: Member) -> None:
    await anna.send("contact Jan Kowal +48 601 234 567 at Acme")
    await anna.send("deal Acme 12k roof next fri 10:00 site visit")
    await anna.send("deal Baltic 5k doors")
    await anna.send("deal Cargo 5k gates")
    await anna.send("/won d3")
    await anna.send("/lead Zed roof")


async def test_all_of_somebodys_work_goes_over_and_back(anna: Member, bob: Member, boss: Member) -> None:
    await _with_work(anna)
    assert await boss.send("/handover anna bob") == (
        "Hand over all of Anna Rep's work to Bob Rep?\n"
        "2 deals · 1 lead · 1 contact · 3 companies · 1 planned activity\n"
        "Closed deals and leads: 1\n"
        "What was done and written stays with who did it."
    )
    assert boss.buttons == ["🤝 Hand over 8", "With what is closed: 9", "Never mind"]
    assert "d1" not in await bob.send("/today"), "nothing happens before the tap"
    said = await boss.tap("Hand over 8")
    assert said == (
        "✅ Anna Rep's work went over to Bob Rep.\n2 deals · 1 lead · 1 contact · 3 companies · 1 planned activity"
    )
    assert bob.last.startswith("🤝 Marta Boss handed all of Anna Rep's work over to you.\n2 deals")
    assert anna.last.startswith("🤝 Marta Boss handed all of your work over to Bob Rep.")
    assert (await bob.send("d1")).startswith("💼 Acme roof · d1")
    assert (await bob.send("/find kowal")).startswith("Found for")
    assert (await anna.send("d1")).startswith("🤷")
    assert "Nothing found" in await anna.send("/find kowal")
    assert (await anna.send("d3")).startswith("🏆 Cargo gates")
    assert "went over to Bob Rep" in (await bob.send("d1") and await bob.tap("Timeline"))
    said = await boss.tap("Undo", boss.with_button("Undo"))
    assert said.startswith("↩ Given back to Anna Rep.\n2 deals · 1 lead · 1 contact")
    assert (await anna.send("d1")).startswith("💼 Acme roof · d1")
    assert (await anna.send("/find kowal")).startswith("Found for")
    assert (await bob.send("d1")).startswith("🤷")
    await boss.tap("Bring back")
    assert (await bob.send("d1")).startswith("💼 Acme roof · d1")


async def test_what_went_on_to_somebody_else_stays_there(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    carl = await crm.join("rep", "Carl Rep", manager=boss)
    await _with_work(anna)
    await boss.send("/handover anna to bob")
    card = boss.card
    await boss.tap("With what is closed")
    assert (await bob.send("d3")).startswith("🏆 Cargo gates")
    await boss.send("/deal d2 @carl")
    await bob.send("/deal d1 15k")
    assert "Baltic doors" in carl.last
    said = await boss.tap("Undo", card)
    assert said.startswith("↩ Given back to Anna Rep.\n2 deals")
    assert "gone on to" in said
    assert (await carl.send("d2")).startswith("💼 Baltic doors")
    assert "PLN 15,000" in await anna.send("d1"), "what Bob did meanwhile stays"


async def test_slash_undo_takes_a_handover_back(anna: Member, bob: Member, boss: Member) -> None:
    await _with_work(anna)
    await boss.send("/handover anna bob")
    await boss.tap("Hand over 8")
    assert (await bob.send("/undo")) == "✋ There is nothing of yours to undo."
    assert (await boss.send("/undo")).startswith("↩ Given back to Anna Rep.")
    assert (await anna.send("d1")).startswith("💼")


async def test_who_has_left_can_be_handed_over(anna: Member, bob: Member, boss: Member) -> None:
    await _with_work(anna)
    await db.execute('UPDATE "user" SET active = ? WHERE id = ?', False, anna.user_id)
    said = await boss.send("/handover anna")
    assert said == "Who gets all of Anna Rep's work?"
    assert boss.buttons == ["Bob Rep", "Marta Boss", "Never mind"]
    assert "Anna Rep has left." in await boss.tap("Bob Rep")
    await boss.tap("Hand over")
    assert (await bob.send("d1")).startswith("💼 Acme roof")


async def test_a_handover_that_cannot_be(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    other = await crm.join("manager", "Other Boss")
    assert await boss.send("/handover") == "✋ Hand over whose work, to whom? Like this: handover anna bob"
    assert await boss.send("/handover anna anna") == "✋ Anna Rep has it already. Name somebody else."
    assert (await boss.send("/handover anna zed")).startswith("🤷")
    assert (await other.send("/handover anna bob")).startswith("🤷")
    assert (await anna.send("/handover anna bob")).startswith("🤷")
    await boss.send("/handover anna bob")
    assert boss.last == "Hand over all of Anna Rep's work to Bob Rep?\nNothing is open."
    assert await boss.tap("Never mind") == "Nothing was handed over."


async def test_reminders_follow_the_new_owners_wish(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    await bob.send("/settings reminder_minutes 60")
    await anna.send("deal Acme 12k roof next 15:00 site visit")
    await boss.send("/handover anna bob")
    await boss.tap("Hand over")
    await crm.until(datetime(2026, 11, 24, 13, 1, tzinfo=UTC))
    assert bob.last.startswith("⏰ 1 h: site visit")
    assert "site visit" not in anna.last
