"""Who has left, who has nobody above them: their open work still reaches somebody."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.services.staff.people import deactivate_user
from botcrm.testing import Crm, Member

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


async def _leaves(crm: Crm, member: Member) -> None:
    async with crm.work() as work:
        await deactivate_user(work, member.user_id or 0)
    await crm.advance(seconds=5)


async def test_the_manager_is_told_and_hands_over_all(anna: Member, bob: Member, boss: Member, crm: Crm) -> None:
    await anna.send("/deal Acme 12k roof next 12:00 visit")
    await _leaves(crm, anna)
    assert boss.last == (
        "🚪 Anna Rep has left. Still theirs:\n1 deal · 1 company · 1 planned activity\n"
        "Nobody else is told of it but you, until it is handed over."
    )
    said = await boss.tap("Show")
    assert said.startswith("Deals of Anna Rep (left)")
    assert "Acme roof" in said
    await boss.tap("Hand over all", boss.with_button("Hand over all"))
    await boss.tap("Bob Rep")
    await boss.tap("🤝 Hand over 3")
    assert "Acme roof" in await bob.send("/today")
    assert await boss.send("/team") == "Team\nBob Rep: 📥 0 · 📅 1 · 🔴 0"


async def test_who_leaves_nothing_undone_is_not_spoken_of(anna: Member, boss: Member, crm: Crm) -> None:
    before = len(boss.person.messages())
    await _leaves(crm, anna)
    assert len(boss.person.messages()) == before
    assert "Anna Rep" not in await boss.send("/team")


async def test_the_team_lists_who_left_last_and_they_can_be_looked_at(
    anna: Member, bob: Member, boss: Member, crm: Crm
) -> None:
    await anna.send("/deal Acme 12k roof next in 5m visit")
    await _leaves(crm, anna)
    await crm.advance(minutes=20)
    assert await boss.send("/team") == "Team\nBob Rep: 📥 0 · 📅 0 · 🔴 0\nAnna Rep (left): 📥 0 · 📅 1 · 🔴 1"
    for line in ("/today @anna", "/today anna", "/team anna", "/deals @anna"):
        assert (await boss.send(line)).startswith("Deals of Anna Rep (left)"), line
    assert "🤝 Hand over all" in boss.buttons
    assert (await bob.send("/today @anna")).startswith("🤷")


async def test_reminders_waits_and_pings_go_to_the_manager(anna: Member, boss: Member, crm: Crm) -> None:
    await anna.send("/deal Acme 12k roof next 12:00 visit")
    await anna.send("/deal Beta 1k")
    await anna.send("/wait d2 25.11 budget")
    await _leaves(crm, anna)
    before = len(boss.person.messages())
    await crm.advance(hours=2, minutes=1)
    assert boss.last.startswith("⏰ now: visit — Acme\nIt is Anna Rep's, who has left.")
    await crm.advance(hours=4)
    assert boss.last.startswith("🔴 Anna Rep (left): visit — Acme")
    assert boss.buttons[0] == "🤝 Hand over all"
    await crm.advance(hours=20)
    told = [str(message.text) for message in boss.person.messages()[before:]]
    assert any(text.startswith("⏳ The day has come that Beta waited for.\n   budget\nIt is Anna") for text in told)


async def test_where_nobody_is_above_the_administrators_hear(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada")
    boss = await crm.join("manager", "Marta Boss")
    anna, lone = await crm.join("rep", "Anna Rep", manager=boss), await crm.join("rep", "Lone Rep")
    await anna.send("/deal Acme 1k next in 5m visit")
    await lone.send("/deal Beta 1k next in 5m visit")
    await _leaves(crm, boss)
    await crm.advance(hours=5)
    assert ada.last.startswith("🔴 2 are overdue")
    assert "Anna Rep: 1" in ada.last
    assert "Lone Rep: 1" in ada.last


async def test_a_managers_people_go_over_with_the_work_and_come_back(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada")
    boss = await crm.join("manager", "Marta Boss")
    other = await crm.join("manager", "Olga Other", manager=boss)
    anna = await crm.join("rep", "Anna Rep", manager=boss)
    await anna.send("/deal Acme 1k next fri visit")
    assert "Anna Rep" not in await other.send("/team")
    await ada.send("/handover marta anna")
    assert not any("person" in label for label in ada.buttons)
    said = await ada.send("/handover marta olga")
    assert "1 person reports to Marta Boss." in said
    assert "1 person's manager" in await ada.tap("👥 And 1 person")
    assert "Anna Rep" in await other.send("/team")
    row = await db.fetch_one('SELECT manager_id FROM "user" WHERE name = ?', "Olga Other")
    assert row
    assert row["manager_id"] is None
    await ada.tap("Undo")
    assert "Anna Rep" not in await other.send("/team")
    assert "Anna Rep" in await boss.send("/team")


async def test_slash_undo_gives_a_manager_without_records_their_people_back(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada")
    boss = await crm.join("manager", "Marta Boss")
    other = await crm.join("manager", "Olga Other")
    await crm.join("rep", "Anna Rep", manager=boss)
    await ada.send("/company Acme")
    await ada.send("/handover marta olga")
    await ada.tap("👥 And 1 person")
    assert "Anna Rep" in await other.send("/team")
    said = await ada.send("/undo")
    assert "Given back to Marta Boss" in said
    assert "1 person's manager" in said
    assert "Anna Rep" in await boss.send("/team")
    assert "Removed: company Acme" in await ada.send("/undo")


async def test_what_cannot_be_given_back_does_not_stand_in_the_way_of_undo(crm: Crm) -> None:
    ada = await crm.join("admin", "Ada")
    boss = await crm.join("manager", "Marta Boss")
    await crm.join("manager", "Olga Other")
    anna = await crm.join("rep", "Anna Rep", manager=boss)
    await ada.send("/company Acme")
    await ada.send("/handover marta olga")
    await ada.tap("👥 And 1 person")
    await db.execute('UPDATE "user" SET manager_id = NULL WHERE id = ?', anna.user_id)
    assert "Nothing was left to give back." in await ada.send("/undo")
    assert "Removed: company Acme" in await ada.send("/undo")
