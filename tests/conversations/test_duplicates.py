"""Duplicates in the chat: asked about on a new card, searched for among all, told apart for the whole team."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.reminders import duplicates
from botcrm.testing import Crm, Member


async def searched(crm: Crm, member: Member, what: str = "contacts") -> str:
    """Search and return the message with the result."""
    await member.send(f"/duplicates {what}")
    await crm.advance(seconds=5)
    return member.last


@pytest.fixture
async def people(anna: Member, bob: Member) -> None:
    await anna.send("contact Jan Kowalski +48 601 234 567 jan.kowalski@example.com")
    await bob.send("contact Kowalski Janek +48 601 234 567")
    await anna.send("contact Ewa Nowak +48 602 000 111")
    await bob.send("contact Piotr Zieliński +48 603 111 222")
    await bob.send("contact Piotr Zielinsky +48 603 111 222")
    await bob.tap("New anyway")


async def test_a_new_card_asks_and_new_anyway_holds(anna: Member, bob: Member, crm: Crm) -> None:
    await anna.send("contact Jan Kowalski +48 601 234 567")
    await anna.send("contact Janek Kowalski +48 601 234 567")
    assert "👥 Same as Jan Kowalski · c1 (same phone; name 95 %)?" in anna.last
    assert anna.buttons[:3] == ["Open", "Use that one", "New anyway"]
    said = await anna.tap("New anyway")
    assert said.startswith("✅ Kept as somebody else.\n👤 Janek Kowalski · c2")
    assert "Same as" not in said
    rows = await db.fetch("SELECT entity, low_id, high_id, user_id FROM distinct_pair")
    assert [tuple(row.values()) for row in rows] == [("contact", 1, 2, anna.user_id)]


async def test_script_order_and_slips_make_no_difference(anna: Member) -> None:
    await anna.send("contact Александр Щукин +7 912 345 67 89")
    await anna.send("contact Schukin Sasha +7 912 345 67 89")
    assert "👥 Same as Александр Щукин · c1 (same phone; name 9" in anna.last
    await anna.send("contact Ольга Щукина +7 912 345 67 89")
    assert "Same as" not in anna.last, "his wife"


async def test_companies_are_the_same_whatever_their_legal_form(anna: Member) -> None:
    await anna.send("company Ромашка ООО")
    await anna.send("company Romashka LLC")
    assert "👥 Same as Ромашка ООО · o1 (name 97 %)?" in anna.last


@pytest.mark.usefixtures("people")
async def test_a_search_is_gone_through_group_by_group(crm: Crm, boss: Member) -> None:
    assert await searched(crm, boss) == "✅ Duplicates among contacts\ngroups: 1"
    card = await boss.tap("Look through them")
    lines = card.split("\n")
    assert lines[0].startswith("👥 Duplicates among contacts · ")
    assert lines[0].endswith(" · 1 group left")
    assert "👤 Jan Kowalski · c1 · stays" in lines
    assert "   +48 601 234 567 · jan.kowalski@example.com · Anna Rep" in lines
    assert "👤 Kowalski Janek · c2" in lines
    assert "   same phone; name 95 %" in lines
    assert boss.buttons == ["🔗 Merge", "Not duplicates", "Next →", "c1", "c2"]
    assert "👤 Kowalski Janek · c2" in await boss.tap("Next")
    said = await boss.tap("Not duplicates")
    assert said == (
        "✅ Not the same: nobody is asked about them again.\n👥 Duplicates among contacts\n✅ No duplicates left here."
    )
    assert await searched(crm, boss) == "✅ Duplicates among contacts"


@pytest.mark.usefixtures("people")
async def test_what_was_told_apart_can_be_taken_back(crm: Crm, boss: Member, anna: Member) -> None:
    await anna.send("contact Nowak Ewka +48 602 000 111")
    await searched(crm, boss)
    first = (await boss.tap("Look through them")).split("\n")[1]
    said = await boss.tap("Not duplicates")
    assert "1 group left" in said
    assert first not in said
    assert boss.buttons[2:4] == ["↩ Take back", "Next →"]
    said = await boss.tap("Take back")
    assert said.startswith("↩ Taken back.")
    assert first in said
    assert "2 groups left" in said


@pytest.mark.usefixtures("people")
async def test_what_is_open_is_offered_again(crm: Crm, boss: Member) -> None:
    await searched(crm, boss)
    said = await boss.send("/duplicates")
    assert "Where shall I look? Nothing is merged unless you say so." in said
    assert boss.buttons == ["🔎 Contacts", "🔎 Companies", "🔎 Leads", "👥 Duplicates among contacts: 1"]
    assert "Kowalski Janek" in await boss.tap("Duplicates among contacts")
    await boss.send("/duplicates")
    await boss.tap("Companies")
    await crm.advance(seconds=5)
    assert boss.last == "✅ Duplicates among companies"
    assert (await boss.send("/duplicates deals")).startswith(
        "✋ I look for duplicates among contacts, companies and leads."
    )


async def test_only_within_reach_and_with_the_right(crm: Crm, anna: Member, boss: Member) -> None:
    other = await crm.join("rep", "Olga Other", manager=await crm.join("manager", "Max Other"))
    await anna.send("contact Jan Kowalski +48 601 234 567")
    await other.send("contact Jan Kowalski +48 601 234 567")
    assert "Same as" not in other.last
    assert await searched(crm, boss) == "✅ Duplicates among contacts"
    assert (await anna.send("/duplicates contacts")).startswith("✋")
    assert (await anna.send("/duplicates")).startswith("✋")
    ada = await crm.join("admin", "Ada Admin")
    assert await searched(crm, ada) == "✅ Duplicates among contacts\ngroups: 1"
    group = await db.fetch_one("SELECT operation_id FROM duplicate_group")
    assert group
    assert (await boss.forge(f"dg:{group['operation_id']}", boss.card)).startswith("🤷")


@pytest.mark.usefixtures("people")
async def test_told_apart_survives_a_new_import(crm: Crm, anna: Member, bob: Member, boss: Member) -> None:
    """Both are deleted and come again with other ids, as when a file is imported anew."""
    await searched(crm, boss)
    await boss.tap("Look through them")
    await boss.tap("Not duplicates")
    for member, text in ((anna, "/contact c1"), (bob, "/contact c2")):
        await member.send(text)
    await db.execute("UPDATE contact SET deleted_at = updated_at WHERE id IN (1, 2)")
    await db.execute("DELETE FROM record_key WHERE record_id IN (1, 2)")
    await anna.send("contact Jan Kowalski +48 601 234 567 jan.kowalski@example.com")
    await anna.send("contact Kowalski Janek +48 601 234 567")
    assert "Same as" not in anna.last
    assert await searched(crm, boss) == "✅ Duplicates among contacts"


@pytest.mark.usefixtures("people")
async def test_a_process_of_its_own_searches_a_large_base(
    crm: Crm, boss: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "SMALL", 0)
    await boss.send("/duplicates contacts")
    await crm.advance(seconds=1)
    [search] = duplicates.SEARCHES.values()
    await search.wait()
    await crm.advance(seconds=10)
    assert boss.last == "✅ Duplicates among contacts\ngroups: 1"
    assert not duplicates.SEARCHES
    assert "Kowalski Janek" in await boss.tap("Look through them")


async def test_a_search_that_breaks_off_says_so(
    crm: Crm, boss: Member, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await anna.send("contact Jan Kowalski")
    monkeypatch.setattr(duplicates, "SMALL", 0)
    monkeypatch.setattr(db, "opened_url", lambda: "nothing://at.all")
    await boss.send("/duplicates contacts")
    await crm.advance(seconds=1)
    [search] = duplicates.SEARCHES.values()
    await search.wait()
    await crm.advance(seconds=10)
    assert "Failed: The search for duplicates broke off; nothing was changed. Try again." in boss.last


@pytest.mark.usefixtures("people")
async def test_a_group_is_merged_and_gone(crm: Crm, boss: Member) -> None:
    await searched(crm, boss)
    await boss.tap("Look through them")
    plan = await boss.tap("Merge")
    assert "Kowalski Janek" in plan
    await boss.tap("Merge")
    assert await db.column("SELECT merged_into_id FROM contact WHERE id = 2") == [1]
    assert await searched(crm, boss) == "✅ Duplicates among contacts"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_a_bot_that_stops_ends_its_search(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "SMALL", 0)
    crm = await Crm.start(database_url)
    boss = await crm.join("manager", "Marta Boss")
    await boss.send("contact Jan Kowalski +48 601 234 567")
    await boss.send("/duplicates contacts")
    await crm.advance(seconds=1)
    assert duplicates.SEARCHES
    await crm.stop()
    assert not duplicates.SEARCHES
    crm = await Crm.start(database_url)
    try:
        await crm.advance(minutes=1)
        [search] = duplicates.SEARCHES.values()
        await search.wait()
        await crm.advance(minutes=2)
        assert await db.column("SELECT state FROM operation") == ["done"], "it began anew"
    finally:
        await crm.stop()
