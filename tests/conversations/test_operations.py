"""The journal of long changes: their progress, stopped, taken back as a whole, and what stayed as a list."""

from __future__ import annotations

import csv
import io

import pytest

from botcrm.core import db
from botcrm.core.domain.events import ContactCreated
from botcrm.core.models import Contact, Operation
from botcrm.core.services.operations import operations
from botcrm.core.services.staff.people import actor_by_id
from botcrm.core.services.work import Work
from botcrm.reminders import operations as running
from botcrm.testing import Crm, Member
from tests.core.services.duplicates.groups import members_of

PHONE = [{"what": "phone", "percent": 0}]


async def people(work: Work, operation: Operation) -> bool:
    """Add two people a piece."""
    done = operation.progress.get("done", 0)
    for number in range(done, done + 2):
        await work.create(Contact, ContactCreated, name=f"Person {number}", owner_id=work.actor.id)
    counts = {"created": done + 2, "seen": done + 2, "total": operation.params["total"]}
    await operations.advance(work, operation, progress={"done": done + 2}, counts=counts)
    return bool(done + 2 >= operation.params["total"])


async def begin(crm: Crm, member: Member, total: int) -> int:
    """Begin an import in somebody's name, its progress shown in their chat."""
    actor = await actor_by_id(crm.app.defaults, member.user_id or 0)
    assert actor
    async with crm.app.work(actor) as work:
        operation = await operations.start(
            work, "import", "contact", "people.csv", params={"total": total}, chat_id=member.person.id
        )
        await operations.run(work, operation)
    return int(operation.id)


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.STEPS, "import", people)


@pytest.mark.usefixtures("imports")
async def test_a_long_change_is_shown_and_taken_back_as_a_whole(crm: Crm, anna: Member) -> None:
    assert await anna.send("/operations") == "Journal\nNo imports, bulk changes or merges yet."
    await begin(crm, anna, 6)
    await crm.advance(seconds=5)
    assert anna.last == "✅ people.csv\nadded: 6"
    assert anna.buttons == ["↩ Undo", "Journal"]
    card = anna.card
    await anna.send("/note Person 1 hm")
    await anna.send("/deal c1 5k roof")
    assert await anna.tap("Journal", card) == ("📒 Journal\n✅ people.csv · done\n   today 10:00 · Anna Rep · added: 6")
    await anna.tap("people.csv", card)
    await anna.tap("Undo", card)
    await crm.advance(seconds=5)
    assert await Contact.filter(deleted_at=None).count() == 2
    assert (await anna.send("/journal")).startswith("📒 Journal\n✅ Take back: people.csv · done\n")
    await anna.tap("Take back")
    assert anna.last.startswith("✅ Take back: people.csv\ntaken back: 4 · kept because somebody worked on them: 2")
    assert "These stayed as they are:\n   c2 Person 1: in use (note)\n   c1 Person 0: in use (deal)" in anna.last


@pytest.mark.usefixtures("imports")
async def test_undo_of_the_last_work_leads_to_the_operation_it_was_part_of(crm: Crm, anna: Member) -> None:
    await begin(crm, anna, 4)
    await crm.advance(seconds=5)
    assert await anna.send("/undo") == "✅ people.csv\nadded: 4"
    assert await Contact.filter(deleted_at=None).count() == 4
    await anna.tap("Undo")
    await crm.advance(seconds=5)
    assert await Contact.filter(deleted_at=None).count() == 0


@pytest.mark.usefixtures("imports")
async def test_more_that_stayed_than_a_message_holds_comes_as_a_file(crm: Crm, anna: Member) -> None:
    await begin(crm, anna, 12)
    await crm.advance(seconds=5)
    for number in range(1, 13):
        await anna.send(f"/note c{number} x")
    await db.execute("UPDATE contact SET name = '=1+1' WHERE id = 3")
    await db.execute("UPDATE search_entry SET name = '=1+1' WHERE entity = 'contact' AND record_id = 3")
    await anna.send("/operations")
    await anna.tap("people.csv")
    await anna.tap("Undo")
    await crm.advance(seconds=5)
    assert "… and 2 more" in anna.last
    await anna.tap("List of what stayed")
    found = anna.card.data["document"]
    assert found["file_name"] == "stayed-2.csv"
    rows = list(csv.reader(io.StringIO(crm.telegram.files.get(found["file_id"]).data.decode("utf-8-sig"))))
    assert len(rows) == 13
    assert rows[0] == ["reference", "name", "reason"]
    assert ["c3", "'=1+1", "in use (note)"] in rows


@pytest.mark.usefixtures("imports")
async def test_a_stopped_one_goes_on_where_it_was(crm: Crm, anna: Member, bob: Member) -> None:
    operation_id = await begin(crm, anna, 6)
    async with crm.app.work() as work:
        await operations.stop(work, operation_id)
    await crm.advance(seconds=5)
    assert await Contact.all().count() == 0
    await anna.send("/operations")
    assert anna.last.startswith("📒 Journal\n⏹ people.csv · stopped")
    assert await bob.send("/operations") == "Journal\nNo imports, bulk changes or merges yet."
    assert (await bob.forge(f"og:{operation_id}", bob.card)).startswith("🤷 Nothing here by")
    await anna.tap("people.csv")
    assert anna.buttons == ["▶ Go on", "↩ Undo", "Journal"]
    await anna.tap("Go on")
    await crm.advance(seconds=5)
    assert anna.last == "✅ people.csv\nadded: 6"
    assert await Contact.all().count() == 6


@pytest.mark.usefixtures("imports")
async def test_what_is_taken_back_in_part_says_so_and_does_not_go_on(
    crm: Crm, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation_id = await begin(crm, anna, 6)
    async with crm.app.work() as work:
        await operations.stop(work, operation_id)
    await anna.send("/operations")
    await anna.tap("people.csv")
    stopped = anna.card
    await anna.tap("Undo")
    async with crm.app.work() as work:
        await operations.stop(work, operation_id + 1)
    assert "is being taken back, and cannot go on meanwhile" in await anna.forge(f"og:{operation_id}", stopped)
    await anna.send("/operations")
    await anna.tap("⏹ people.csv")
    assert "It is taken back in part." in anna.last
    assert anna.buttons == ["↩ Undo", "Take back: people.csv", "Journal"]
    await anna.tap("Take back: people.csv")
    assert anna.buttons == ["▶ Go on", "↩ Undo", "Journal"]
    await anna.tap("Go on")
    await crm.advance(seconds=5)
    await anna.send("/operations")
    assert "people.csv · taken back" in anna.last


async def test_groups_of_duplicates_are_merged_by_a_rule_after_a_look(crm: Crm, boss: Member) -> None:
    for name in ("Jan Nowak", "Nowak Jan", "Ewa Lis", "Lis Ewa"):
        await boss.send(f'/contact "{name}"')
    ids = await db.column("SELECT id FROM contact ORDER BY id")
    actor = await actor_by_id(crm.app.defaults, boss.user_id or 0)
    assert actor
    async with crm.app.work(actor) as work:
        search = await operations.start(work, "duplicates", "contact", "Duplicates", params={})
        search.state = "done"
        await search.save()
        for number, (pair, reasons) in enumerate(((ids[:2], PHONE), (ids[2:], [{"what": "name", "percent": 100}])), 1):
            members = await members_of("contact", 0.97, pair, reasons)
            await db.insert(
                "duplicate_group",
                operation_id=search.id,
                entity="contact",
                number=number,
                score=0.97,
                members=db.to_json(members),
                state="open",
            )
    await boss.send("/today")
    await boss.forge(f"mb:{search.id}:95:m", boss.card)
    assert boss.last == (
        "Merge what is surely the same\n"
        "1 group · 1 record goes into another\n"
        "Groups from 95 % on; where they differ, the main record's value stands.\n"
        "1 group is left for you: only the name is alike.\n"
        "For example:\n"
        "   Jan Nowak · c1 ← Nowak Jan · c2"
    )
    await boss.tap("≥ 99 %")
    assert "0 groups" in boss.last
    await boss.tap("≥ 95 %")
    await boss.tap("Merge 1 group")
    await crm.advance(seconds=5)
    assert boss.last == "✅ Merge duplicates from 95 % on\nmerged: 1 · left as they are: 1"
    assert await Contact.filter(deleted_at=None).count() == 3
    await boss.tap("Undo")
    await crm.advance(seconds=5)
    assert boss.last == "✅ Take back: Merge duplicates from 95 % on\ntaken back: 1"
    assert await Contact.filter(deleted_at=None).count() == 4


@pytest.mark.usefixtures("imports")
async def test_one_that_was_broken_off_can_go_on(crm: Crm, anna: Member) -> None:
    actor = await actor_by_id(crm.app.defaults, anna.user_id or 0)
    assert actor
    async with crm.app.work(actor) as work:
        operation = await operations.start(work, "import", "contact", "people.csv", params={"total": 4})
        await operations.run(work, operation, here=True)
    await anna.send("/operations")
    await anna.tap("people.csv")
    assert anna.buttons == ["Stop", "Journal"], "a command does it just now"
    await crm.advance(minutes=2)
    await anna.tap("Journal")
    await anna.tap("people.csv")
    assert anna.last == "⏳ people.csv\nIt was broken off; it can go on."
    await anna.tap("Go on")
    await crm.advance(seconds=5)
    assert anna.last == "✅ people.csv\nadded: 4"
