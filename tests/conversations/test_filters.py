"""Filters and what is done with all that they find, as chats."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.testing import Crm, Member


@pytest.fixture
async def roofs(crm: Crm, anna: Member) -> None:
    await anna.send("deal Acme 12k roof repair #roof next fri 10:00 site visit")
    await anna.send("deal Beta 5k fence #fence")
    await anna.send("deal Gamma 20k barn #roof")


async def _tags() -> list[str]:
    return await db.column("SELECT tag FROM tag WHERE entity = 'deal' ORDER BY record_id, tag")


@pytest.mark.usefixtures("roofs")
async def test_a_query_is_counted_listed_and_saved(anna: Member) -> None:
    said = await anna.send("filter amount>10k tag:roof")
    assert said.startswith("🔎 amount>10k tag:roof\nDeals: 2 · PLN 32,000\nOpen ones only. All: status:any\nGamma barn")
    assert "Beta" not in said
    await anna.tap("Save")
    assert anna.last == "What is the filter to be called?"
    said = await anna.send("Call big roofs")
    assert said.startswith("💾 Saved. Type filter Call big roofs to see it.\n🔎 Call big roofs: amount>10k tag:roof")
    assert (await anna.send("/filter")).startswith(
        "🔎 Filters\n🔎 Call big roofs · 2 · PLN 32,000\n   amount>10k tag:roof"
    )
    assert "Deals: 2" in await anna.send("/deals call-big-roofs")
    assert "Deals: 1 · PLN 5,000" in await anna.send("/deals amount<10k")
    await anna.tap("Change", anna.card)
    assert "Deals: 1 · PLN 20,000" in await anna.send("amount>15k")


@pytest.mark.usefixtures("roofs")
async def test_a_shared_filter_is_for_everybody_and_changed_by_its_owner(
    anna: Member, bob: Member, boss: Member
) -> None:
    await anna.send("filter tag:roof")
    await anna.tap("Save")
    await anna.send("Roofs")
    assert "Roofs" not in await boss.send("/filter")
    await anna.tap("Share")
    assert "👥 Roofs · 2 · PLN 32,000" in await boss.send("/filter")
    assert "👥 Roofs · 0" in await bob.send("/filter")
    await boss.tap("Roofs")
    assert not {"✏ Change", "🗑 Delete", "🔒 Only for me"} & set(boss.buttons)
    await anna.send("filter roofs")
    assert await anna.tap("Delete") == "🗑 Deleted: Roofs"
    assert "Roofs" not in await boss.send("/filter")
    await anna.tap("Undo")
    assert "👥 Roofs" in await boss.send("/filter")


@pytest.mark.usefixtures("roofs")
async def test_what_is_wrong_is_said_and_a_typo_is_read(anna: Member) -> None:
    assert await anna.send("filter amont>10k") == "✋ There is no field “amont” in deals. Did you mean: amount?"
    assert await anna.send("filter amount>lots") == "✋ amount: “lots” is not understood. Like this: amount>10k"
    assert await anna.send('filter "roof') == "✋ The quotes before “roof” are not closed."
    assert "ℹ stage: “propsal” was read as Proposal." in await anna.send("filter stage:propsal")
    assert "nobody called “gandalf” whose records you see" in await anna.send("filter owner:gandalf")
    assert "Deals: 3" in await anna.send("filter deals")
    assert "amount>10k" in await anna.send("/filter ?")
    await anna.tap("contacts")
    assert "city:warsaw" in anna.last


async def test_contacts_are_found_by_their_own_fields(anna: Member) -> None:
    await anna.send("contact Anna Nowak +48 601 234 567 at Acme")
    await anna.send("contact Jan Kowalski")
    said = await anna.send("filter contacts no:phone")
    assert said == "🔎 contacts no:phone\nContacts: 1\n👤 Jan Kowalski · c2"
    await anna.tap("c2")
    assert "Jan Kowalski" in anna.last


@pytest.mark.usefixtures("roofs")
async def test_the_pages_of_a_long_list_turn(anna: Member) -> None:
    for number in range(8):
        await anna.send(f"deal Firm{number} {number + 1}k thing")
    first = await anna.send("filter status:open")
    second = await anna.tap("→")
    assert "Deals: 11" in first
    assert "Deals: 11" in second
    assert "Acme roof" in second
    assert "Acme roof" not in first
    assert await anna.tap("←") == first


@pytest.mark.usefixtures("roofs")
async def test_all_are_tagged_after_a_rehearsal_and_taken_back(crm: Crm, anna: Member) -> None:
    await anna.send("filter tag:roof")
    await anna.tap("Do with all")
    assert anna.last == "⚙ What is to be done with all 2 deals?\ntag:roof\nYou see first what would happen."
    await anna.tap("🏷 Tag")
    assert anna.last == "Which tag?"
    said = await anna.send("#hot")
    assert said == "⚙ Tag #hot\ntag:roof\n2 of 2 deals:\n   d3 Gamma barn · Anna Rep\n   d1 Acme roof repair · Anna Rep"
    assert await _tags() == ["roof", "fence", "roof"]
    await anna.tap("Do it (2)")
    await crm.advance(seconds=5)
    assert anna.last == "✅ Tag #hot\ntagged: 2"
    assert await _tags() == ["hot", "roof", "fence", "hot", "roof"]
    await anna.tap("Undo")
    await crm.advance(seconds=5)
    assert await _tags() == ["roof", "fence", "roof"]


@pytest.mark.usefixtures("roofs")
async def test_a_manager_plans_for_each_and_hands_over(crm: Crm, anna: Member, boss: Member) -> None:
    await boss.send("filter tag:roof")
    await boss.tap("Do with all")
    await boss.tap("Plan for each")
    assert "Like this: call back mon 9:00" in boss.last
    assert (await boss.send("call them")).startswith("✋ Time: “call them” is not understood.")
    said = await boss.send("call back mon 9:00")
    assert said.startswith("⚙ Plan: call back, Mon 30 Nov 9:00")
    await boss.tap("Do it")
    await crm.advance(seconds=5)
    rows = await db.fetch("SELECT kind, title, owner_id FROM activity WHERE title = 'call back'")
    assert [(row["kind"], row["owner_id"]) for row in rows] == [("call", anna.user_id)] * 2
    await boss.send("filter tag:roof")
    await boss.tap("Do with all")
    await boss.tap("Hand over")
    await boss.tap("Marta Boss")
    await boss.tap("Do it")
    await crm.advance(seconds=5)
    assert "handed over: 2" in boss.last
    assert "Deals: 0" in await anna.send("filter tag:roof")


@pytest.mark.usefixtures("roofs")
async def test_who_is_given_many_hears_of_it_once(crm: Crm, anna: Member, boss: Member) -> None:
    await boss.send("deal Delta 1k shed #roof")
    await boss.send("filter owner:me")
    await boss.tap("Do with all")
    await boss.tap("Hand over")
    await boss.tap("Anna Rep")
    await boss.tap("Do it")
    await crm.advance(seconds=5)
    assert anna.last == "🤝 Marta Boss handed 1 record over to you."


@pytest.mark.usefixtures("roofs")
async def test_a_press_of_long_ago_and_of_somebody_else_does_nothing(crm: Crm, anna: Member, bob: Member) -> None:
    await anna.send("filter tag:roof")
    await anna.tap("Do with all")
    await anna.tap("🗑 Delete")
    row = await db.fetch_one("SELECT id FROM draft WHERE kind = 'bulk'")
    assert row
    await bob.send("/today")
    await bob.forge(f"Bd:{row['id']}", bob.card)
    await crm.advance(seconds=5)
    assert await db.column("SELECT count(*) FROM deal WHERE deleted_at IS NULL") == [3]
    await anna.tap("Do it")
    await crm.advance(seconds=5)
    assert await db.column("SELECT title FROM deal WHERE deleted_at IS NULL") == ["fence"]
    assert "Done already" in await anna.forge(f"Bd:{row['id']}", anna.card)


@pytest.mark.usefixtures("roofs")
async def test_the_file_holds_what_the_filter_finds(crm: Crm, boss: Member) -> None:
    await boss.send("filter tag:roof amount>15k")
    await boss.tap("Export")
    await boss.tap("CSV")
    await crm.advance(seconds=5)
    name, content = boss.files[-1]
    assert name.startswith("deals-")
    text = content.decode("utf-8-sig")
    assert "barn" in text
    assert "repair" not in text


@pytest.mark.usefixtures("roofs")
async def test_a_report_counts_what_a_filter_finds(anna: Member) -> None:
    await anna.send("filter tag:roof")
    await anna.tap("Save")
    await anna.send("roofs")
    every = await anna.send("/report funnel")
    some = await anna.send("/report funnel filter:roofs this month")
    more = await anna.send("/report funnel filter:amount>15k")
    assert ["37,000" in said for said in (every, some, more)] == [True, False, False]
    assert "32,000" in some
    assert "20,000" in more


@pytest.mark.usefixtures("roofs")
@pytest.mark.parametrize(
    ("taps", "told"),
    [
        (("Move to a stage", "Proposal"), "✅ Move to Proposal\nmoved: 2"),
        (("Tag", "<hot>"), "✅ Tag #hot\ntagged: 2"),
        (("Take a tag off", "<roof>"), "✅ Take #roof off\ntag taken off: 2"),
        (("Plan for each", "<call back mon 9:00>"), "✅ Plan: call back, Mon 30 Nov 9:00\nplanned: 2"),
        (("🗑 Delete",), "✅ Delete\ndeleted: 2"),
        (("Set a field", "source", "<fair>"), "✅ Set source: fair\nchanged: 2"),
    ],
)
async def test_the_last_message_says_what_was_done(crm: Crm, anna: Member, taps: tuple[str, ...], told: str) -> None:
    await anna.send("filter tag:roof")
    for tap in ("Do with all", *taps, "Do it"):
        await (anna.send(tap[1:-1]) if tap.startswith("<") else anna.tap(tap))
    await crm.advance(seconds=5)
    assert anna.last == told
    assert told.split("\n")[1] in await anna.send("/operations")
