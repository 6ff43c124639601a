"""An administrator makes roles and departments in the chat; what is changed holds at once, and goes back with one tap."""

from __future__ import annotations

import pytest

from botcrm.testing import Crm, Member


@pytest.fixture
async def admin(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


async def test_a_role_is_changed_by_taps_and_holds_at_once(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    await anna.send("deal Acme 12k roof")
    assert (await bob.send("d1")).startswith("🤷")
    card = bob.card
    await admin.send("/roles rep")
    assert "Deals: own — see, add, change, delete" in admin.last
    await admin.tap("Deals")
    # The first row is seeing: no, own, the team's, all.
    assert admin.buttons[:4] == ["see: no", "✓ own", "team's", "all"]
    await admin.forge("yg:1:deal:read:all", admin.card)
    assert (await bob.send("d1")).startswith("💼 Acme")
    assert await bob.forge("wt:1", card) == "✋ Your role does not allow that."
    assert (await admin.tap("Undo")).startswith("↩ Undone")
    assert (await bob.send("d1")).startswith("🤷")
    await admin.tap("Bring back")
    assert (await bob.send("d1")).startswith("💼 Acme")


async def test_a_new_role_is_copied_named_given_and_deleted(crm: Crm, admin: Member, anna: Member) -> None:
    await admin.send("/roles manager")
    assert "Type the new role's name" in await admin.tap("Copy")
    await admin.tap("Never mind")
    assert "0 people" not in await admin.send("/roles"), "nothing was made"
    await admin.send("/roles manager")
    await admin.tap("Copy")
    assert (await admin.send("Manager")).startswith("✋"), "the name is taken; the question stays"
    assert "🔑 Call center" in await admin.send("Call center"), "a name that reads like a verb is a name"
    assert "👤 People" in admin.buttons
    await admin.tap("Rename")
    await admin.send("Callers")
    await admin.tap("Undo")
    await admin.send("/roles call center")
    assert "/invite call_center" in admin.last
    assert "t.me/" in await admin.send("/invite call_center Eva")
    await admin.send("/roles anna")
    await admin.tap("Other role")
    await admin.tap("Call center")
    assert "Role: Call center" in admin.last
    assert "team" in anna.menu, "she sees the commands of a manager now"
    await admin.send("/roles call center")
    assert "🗑 Delete" not in admin.buttons
    await admin.send("/roles anna")
    await admin.tap("Other role")
    await admin.tap("Sales rep")
    assert "team" not in anna.menu
    await admin.send("/roles call center")
    assert (await admin.tap("Delete")).startswith("🗑 The role Call center is gone.")
    await admin.tap("Undo")
    assert "Call center" in await admin.send("/roles")


async def test_a_role_of_ones_own_from_the_team(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    await bob.send("contact Jan Kowalski +48 601 234 567")
    await admin.send("/team")
    await admin.tap("Anna Rep")
    await admin.tap("🔑 Sales rep")
    await admin.tap("A role of their own")
    assert "🔑 Anna Rep's own role" in admin.last
    role = next(data for data in _data(admin) if data.startswith("ye:")).split(":")[1]
    await admin.forge(f"yg:{role}:contact:read:all", admin.card)
    assert "Jan Kowalski" in await anna.send("/find kowalski")
    await admin.send("/today @anna")
    assert "🔑 Own role" in admin.buttons
    assert (await anna.send("/roles")).startswith("✋")


def _data(member: Member) -> list[str]:
    rows = member.card.data["reply_markup"]["inline_keyboard"]
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


async def test_departments_are_a_tree_and_reach_downwards(crm: Crm, admin: Member, bob: Member) -> None:
    far = await crm.join("manager", "Maria Far")
    await bob.send("deal Acme 12k roof")
    assert (await far.send("d1")).startswith("🤷")
    await admin.send("/departments Sales/South")
    await admin.tap("Person")
    await admin.tap("Bob Rep")
    assert "People: Bob Rep" in admin.last
    await admin.send("/departments")
    assert admin.last.startswith("🏢 Departments\nSales\n   South · 1 person")
    await admin.tap("Sales")
    await admin.tap("Head")
    await admin.tap("Maria Far")
    assert "head: Maria Far" in admin.last
    assert (await far.send("d1")).startswith("💼 Acme")
    await admin.tap("Department below")
    assert "🏢 Sales/North" in await admin.send("North")
    await admin.tap("Move")
    await admin.tap("Sales/South")
    assert "🏢 Sales/South/North" in admin.last
    await admin.tap("Rename")
    assert "🏢 Sales/South/Deep" in await admin.send("Deep")
    await admin.tap("Delete")
    assert admin.last.startswith("🗑 The department Sales/South/Deep is gone.")
    await admin.tap("Undo")
    assert "Deep" in await admin.send("/departments")


async def test_the_last_administrator_stays_one(crm: Crm, admin: Member, anna: Member) -> None:
    await admin.send("/roles ada")
    await admin.tap("Other role")
    await admin.tap("Sales rep")
    assert "the only administrator" in admin.toast
    assert (await admin.send("/roles")).startswith("🔑 Roles")
    await admin.send("/roles administrator")
    assert "Deals" not in admin.buttons
    assert await admin.forge("yg:3:deal:read:none", admin.card) == (
        "✋ An administrator may do everything. For less, copy another role and change the copy."
    )
