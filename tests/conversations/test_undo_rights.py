"""Undo and tags go by what somebody may do today: their own doing is no exception, but what they gave away a moment ago comes back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcrm.core import db
from botcrm.core.models import Deal
from botcrm.core.services.records import hand_over
from botcrm.simulator import Message
from botcrm.testing import Crm, Member
from tests.conversations.test_custom_fields import make_field


@pytest.fixture
async def admin(crm: Crm) -> Member:
    return await crm.join("admin", "Ada Admin")


async def forbid(admin: Member, *grants: str) -> None:
    """Take rights away from sales reps."""
    role = (await db.column("SELECT id FROM role WHERE key = 'rep'"))[0]
    await admin.send("/roles rep")
    for grant in grants:
        await admin.forge(f"yg:{role}:{grant.replace('.', ':')}:none", admin.card)


async def do_with_all(member: Member, query: str, *taps: str) -> Message:
    """Change all that a query finds; returns the message with the undo button. A tap in <> is typed."""
    await member.send(query)
    for tap in ("Do with all", *taps, "Do it"):
        await (member.send(tap[1:-1]) if tap.startswith("<") else member.tap(tap))
    await member.crm.advance(seconds=5)
    return member.card


async def test_who_only_sees_a_record_hangs_no_tag_on_it(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    await bob.send("contact Very Vip +48 602 345 678")
    await admin.send("/roles rep")
    role = (await db.column("SELECT id FROM role WHERE key = 'rep'"))[0]
    await admin.forge(f"yg:{role}:contact:read:all", admin.card)
    for line in ("/contact c1 #stop", "/call c1 5m ok #stop"):
        assert "Your role does not allow that." in await anna.send(line)
    # What a lead says of somebody known stays with the lead.
    await anna.send("/lead Very Vip website roof +48 602 345 678 #junk")
    await anna.send("l1")
    await anna.tap("Choose")
    await anna.tap("Without deal")
    assert "✋" not in await anna.tap("Convert")
    assert await db.fetch("SELECT entity, tag FROM tag") == [{"entity": "lead", "tag": "junk"}]
    assert await db.column("SELECT contact_id FROM lead") == [1]


async def test_who_may_add_and_not_change_tags_what_they_add(admin: Member, anna: Member) -> None:
    await forbid(admin, "deal.change")
    await anna.send("deal Acme 12k roof #hot")
    assert await db.column("SELECT tag FROM tag") == ["hot"]
    assert "Your role does not allow that." in await anna.send("/deal d1 #cold")


async def test_own_doing_is_taken_back_by_todays_rights(admin: Member, anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/deal d1 20k")
    card = anna.card
    await forbid(admin, "deal.change")
    await anna.tap("Undo", card)
    assert "Your role does not allow that." in f"{anna.toast} {anna.last}"
    assert (await Deal.get(id=1)).amount == 20_000


async def test_what_was_handed_on_since_is_out_of_reach_of_undo(crm: Crm, anna: Member, bob: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await anna.send("/deal d1 20k")
    card = anna.card
    async with crm.work() as work:
        await hand_over(work, await Deal.get(id=1), bob.user_id or 0)
    await anna.tap("Undo", card)
    assert (await Deal.get(id=1)).amount == 20_000


async def test_what_was_given_to_the_manager_a_moment_ago_comes_back(crm: Crm, boss: Member, anna: Member) -> None:
    for _ in range(2):
        await anna.send("deal Acme 12k roof")
    await anna.send("/deal d1 20k @Marta")
    assert (await Deal.get(id=1)).owner_id == boss.user_id
    await anna.send("/undo")
    deal = await Deal.get(id=1)
    assert (deal.owner_id, deal.amount) == (anna.user_id, Decimal(12_000))
    # Who got it did something with it: it is theirs.
    await anna.send("/deal d2 @Marta")
    await boss.send("/deal d2 30k")
    await anna.send("/undo")
    deal = await Deal.get(id=2)
    assert (deal.owner_id, deal.amount) == (boss.user_id, Decimal(30_000))


async def test_an_operation_is_taken_back_by_todays_rights(crm: Crm, admin: Member, anna: Member, bob: Member) -> None:
    for name in ("Acme", "Beta"):
        await anna.send(f"deal {name} 12k roof")
    card = await do_with_all(anna, "filter roof", "Set a field", "source", "<Website>")
    async with crm.work() as work:
        await hand_over(work, await Deal.get(id=1), bob.user_id or 0)
    await anna.tap("Undo", card)
    await crm.advance(seconds=5)
    assert await db.column("SELECT source FROM deal ORDER BY id") == ["Website", None]
    assert await db.fetch("SELECT record_id, reason FROM kept_change") == [{"record_id": 1, "reason": "refused"}]


async def test_what_was_deleted_comes_back_only_for_who_may_delete(crm: Crm, admin: Member, anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    card = await do_with_all(anna, "filter roof", "🗑 Delete")
    await forbid(admin, "deal.delete", "deal.change")
    await anna.tap("Undo", card)
    await crm.advance(seconds=5)
    assert (await Deal.get(id=1)).deleted_at is not None


async def test_a_former_manager_does_not_take_a_hand_over_back(
    crm: Crm, admin: Member, boss: Member, anna: Member, bob: Member
) -> None:
    await anna.send("deal Acme 12k roof")
    card = await do_with_all(boss, "filter roof", "Hand over", "Bob Rep")
    assert (await Deal.get(id=1)).owner_id == bob.user_id
    await admin.send("/roles marta")
    await admin.tap("Other role")
    await admin.tap("Sales rep")
    await boss.tap("Undo", card)
    await crm.advance(seconds=5)
    assert (await Deal.get(id=1)).owner_id == bob.user_id


async def test_an_operation_that_gave_ones_own_records_away_comes_back(crm: Crm, boss: Member, anna: Member) -> None:
    for name in ("Acme", "Beta"):
        await anna.send(f"deal {name} 12k roof")
    card = await do_with_all(anna, "filter roof", "Hand over", "Marta Boss")
    await boss.send("/deal d1 30k")
    await anna.tap("Undo", card)
    await crm.advance(seconds=5)
    assert await db.column("SELECT owner_id FROM deal ORDER BY id") == [boss.user_id, anna.user_id]


async def test_own_fields_go_back_one_by_one(crm: Crm, boss: Member, anna: Member) -> None:
    await make_field(boss, "Area", "Number")
    await make_field(boss, "Remark", "Text")
    await anna.send("deal Acme 12k roof area:5 remark:old")
    await anna.send("deal Beta 5k roof area:6")
    before = await db.column("SELECT custom FROM deal ORDER BY id")
    card = await do_with_all(anna, "filter roof", "Set a field", "Area", "<99>")
    await anna.send("/deal d1 remark:new")
    await anna.tap("Undo", card)
    await crm.advance(seconds=5)
    first, second = await Deal.all().order_by("id")
    assert list((first.custom or {}).values()) == [(db.from_json(before[0]))["1"], "new"]
    assert second.custom == db.from_json(before[1])
    assert await db.column("SELECT count(*) FROM kept_change") == [0]


async def test_one_own_field_goes_back_and_another_ones_newer_value_stays(crm: Crm, boss: Member, anna: Member) -> None:
    await make_field(boss, "Area", "Number")
    await make_field(boss, "Remark", "Text")
    await anna.send("deal Acme 12k roof")
    await anna.send("/deal d1 area:5")
    card = anna.card
    await anna.send("/deal d1 remark:new")
    await anna.tap("Undo", card)
    assert (await Deal.get(id=1)).custom == {"2": "new"}
    # The same field set anew stands in the way, as ever.
    await anna.send("/deal d1 area:6")
    card = anna.card
    await anna.send("/deal d1 area:7")
    before = (await Deal.get(id=1)).custom
    await anna.tap("Undo", card)
    assert "Not undone" in f"{anna.last} {anna.toast}"
    assert (await Deal.get(id=1)).custom == before


async def test_what_one_did_a_moment_ago_comes_back_as_ever(crm: Crm, boss: Member, anna: Member) -> None:
    """Also where it touched what colleagues wrote, or was made for somebody else."""
    await anna.send("/lead Jan Nowak website roof +48 602 345 678")
    await boss.send("/note l1 offer him the big roof")
    await boss.send("/task l1 tomorrow 10:00 call him")
    await anna.send("l1")
    await anna.tap("Make it a deal")
    assert await db.column("SELECT deal_id FROM note UNION SELECT deal_id FROM activity") == [1]
    await anna.send("/undo")
    assert await db.column("SELECT deal_id FROM note UNION SELECT deal_id FROM activity") == [None]
    assert await db.column("SELECT status FROM lead") == ["new"]
    await anna.send("/task @Marta tomorrow 11:00 sign")
    made = (await db.column("SELECT max(id) FROM activity"))[0]
    assert await db.column("SELECT owner_id FROM activity WHERE id = ?", made) == [boss.user_id]
    assert (await anna.send("/undo")).startswith("↩")
    assert await db.column("SELECT id FROM activity WHERE id = ? AND deleted_at IS NULL", made) == []
    await anna.send("deal Acme 12k roof @Marta")
    assert (await anna.send("/undo")).startswith("↩")
    assert await Deal.filter(deleted_at=None).count() == 0


async def test_a_former_administrator_does_not_set_the_company_back(crm: Crm, admin: Member) -> None:
    second = await crm.join("admin", "Bea Admin")
    await admin.send("/settings company zone Europe/Berlin")
    assert "Berlin" in str(await db.column("SELECT value FROM setting WHERE user_id = 0 AND key = 'zone'"))
    await second.send("/roles ada")
    await second.tap("Other role")
    await second.tap("Sales rep")
    assert await admin.send("/undo") == "✋ Only an administrator can do that."
    assert "Berlin" in str(await db.column("SELECT value FROM setting WHERE user_id = 0 AND key = 'zone'"))


async def test_undo_says_what_it_may_not_take_back_and_offers_the_one_before(anna: Member, boss: Member) -> None:
    await anna.send("deal Acme 1k roof")
    await anna.send("deal Beta 2k fence")
    await boss.send("/deal d2 5k")
    said = await anna.send("undo")
    assert said.startswith("deal Beta fence\n↩ Not undone: Marta Boss changed it since (changed).")
    assert said.endswith("The one before: deal Acme roof")
    assert (await anna.tap("Undo the one before")).startswith("↩ Undone")
    assert await db.column("SELECT title FROM deal WHERE deleted_at IS NULL") == ["fence"]
    assert "The one before" not in await anna.send("undo"), "there is none"
