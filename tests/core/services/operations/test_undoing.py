"""Operations taken back as a whole, and groups of duplicates merged by a rule."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import NotFound, NothingToUndo
from botcrm.core.domain.events import CompanyCreated, ContactChanged, ContactCreated, NoteChanged
from botcrm.core.models import Company, Contact, Deal, Merge, Note, Operation, User
from botcrm.core.services import activities, deals, records
from botcrm.core.services.merging.many import NEWEST, Rule, rehearse_bulk_merge, start_bulk_merge
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.operations import operations, undoing
from botcrm.core.services.operations.operations import BeingTakenBack, StillRunning, TakenBackInPart, run
from botcrm.core.services.operations.undoing import Kept, kept_changes
from botcrm.core.services.undo.undo import undo
from botcrm.core.services.work import Work
from botcrm.reminders import operations as running
from botcrm.reminders.operations import run_here
from tests.core.services.conftest import Office
from tests.core.services.duplicates.groups import members_of

PHONE = [{"what": "phone", "percent": 0}, {"what": "name", "percent": 92}]
NAME = [{"what": "name", "percent": 100}]


async def imports(work: Work, operation: Operation) -> bool:
    """Add companies with a contact each, change Old, hang a tag on it: two companies a piece."""
    done = operation.progress.get("done", 0)
    if not done:
        old = await Contact.get(name="Old")
        await work.change(old, ContactChanged, city="Gdynia", job_title="boss")
        await records.add_tags(work, old, ["imported"])
    for number in range(done, done + 2):
        company = await work.create(Company, CompanyCreated, name=f"Firm {number}", owner_id=work.actor.id)
        await work.create(
            Contact, ContactCreated, name=f"Person {number}", company_id=company.id, owner_id=work.actor.id
        )
    await operations.advance(work, operation, progress={"done": done + 2}, counts={"created": 2 * done + 4})
    return bool(done + 2 >= operation.params["total"])


@pytest.fixture
async def imported(office: Office, monkeypatch: pytest.MonkeyPatch) -> Operation:
    monkeypatch.setitem(running.STEPS, "import", imports)
    async with office.as_(office.anna) as work:
        old = await records.add_contact(work, "Old")
        await records.add_tags(work, old, ["mine"])
    async with office.as_(office.anna) as work:
        operation = await operations.start(work, "import", "contact", "people.csv", params={"total": 6})
        await run(work, operation, here=True)
    await run_here(office.app, operation.id)
    office.move(minutes=1)
    return operation


async def take_back(office: Office, operation_id: int, user: User | None = None) -> Operation:
    async with office.as_(user or office.anna) as work:
        taking = await operations.undo(work, operation_id, here=True)
    return await run_here(office.app, taking.id)


async def alive() -> dict[str, list[str]]:
    return {
        "company": [one.name for one in await Company.filter(deleted_at=None).order_by("id")],
        "contact": [one.name for one in await Contact.filter(deleted_at=None).order_by("id")],
    }


async def test_an_import_goes_back_as_a_whole(office: Office, imported: Operation) -> None:
    assert len((await alive())["contact"]) == 7
    taken = await take_back(office, imported.id)
    assert await alive() == {"company": [], "contact": ["Old"]}
    old = await Contact.get(name="Old")
    assert (old.city, old.job_title, await records.tags_of("contact", old.id)) == (None, None, ["mine"])
    assert (taken.state, taken.counts["kept"], taken.counts["back"]) == ("done", 0, 14)
    await imported.refresh_from_db()
    assert imported.state == "undone"
    assert await db.fetch("SELECT 1 AS y FROM search_entry WHERE name LIKE 'Firm%' OR name LIKE 'Person%'") == []
    async with office.as_(office.anna) as work:
        with pytest.raises(NothingToUndo):
            await operations.undo(work, imported.id)


async def test_what_was_used_or_changed_since_stays_and_is_listed(office: Office, imported: Operation) -> None:
    async with office.as_(office.anna) as work:
        used = await Contact.get(name="Person 1")
        await deals.add_deal(work, title="roof", contact_id=used.id)
        edited = await Contact.get(name="Person 2")
        await records.change_record(work, Contact, edited.id, name="Jan")
        old = await Contact.get(name="Old")
        await work.change(old, ContactChanged, city="Sopot")
    taken = await take_back(office, imported.id)
    # A contact that stays keeps the company it is at.
    assert await alive() == {"company": ["Firm 1", "Firm 2"], "contact": ["Old", "Person 1", "Jan"]}
    old = await Contact.get(name="Old")
    assert (old.city, old.job_title) == ("Sopot", None)
    kept = [one for _, one in await kept_changes(taken.id, limit=100)]
    firms = {one.name: one.id for one in await Company.all()}
    assert sorted(kept, key=lambda one: (one.entity, one.record_id)) == sorted(
        [
            Kept("contact", used.id, "used", ("deal",)),
            Kept("contact", edited.id, "used", ("changed",)),
            Kept("contact", old.id, "changed", ("city",)),
            Kept("company", firms["Firm 1"], "used", ("contact",)),
            Kept("company", firms["Firm 2"], "used", ("contact",)),
        ],
        key=lambda one: (one.entity, one.record_id),
    )
    assert taken.counts["kept"] == 5


async def test_taking_back_is_taken_back(office: Office, imported: Operation) -> None:
    taken = await take_back(office, imported.id)
    again = await take_back(office, taken.id)
    assert again.state == "done"
    assert len((await alive())["contact"]) == 7
    old = await Contact.get(name="Old")
    assert (old.city, await records.tags_of("contact", old.id)) == ("Gdynia", ["imported", "mine"])
    await imported.refresh_from_db()
    assert imported.state == "done"
    await take_back(office, imported.id)
    assert await alive() == {"company": [], "contact": ["Old"]}


async def test_colleagues_take_back_no_more_than_they_may_change(office: Office, imported: Operation) -> None:
    with pytest.raises(NotFound):
        await take_back(office, imported.id, office.zofia)
    taken = await take_back(office, imported.id, office.boss)
    assert (taken.counts["kept"], await alive()) == (0, {"company": [], "contact": ["Old"]})


async def test_what_runs_is_stopped_first(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.STEPS, "import", imports)
    async with office.as_(office.anna) as work:
        operation = await operations.start(work, "import", "contact", "x", params={"total": 6})
        with pytest.raises(NothingToUndo):
            await operations.undo(work, operation.id)
        await run(work, operation)
        with pytest.raises(StillRunning):
            await operations.undo(work, operation.id)


async def test_what_is_taken_back_already_is_named_and_goes_on_where_it_was_broken_off(
    office: Office, imported: Operation
) -> None:
    async with office.as_(office.anna) as work:
        taking = await operations.undo(work, imported.id, here=True)
    async with office.as_(office.anna) as work:
        with pytest.raises(BeingTakenBack, match=f"number {taking.id} of the journal"):
            await operations.undo(work, imported.id)
    office.move(minutes=2)
    async with office.as_(office.anna) as work:
        assert (await operations.undo(work, imported.id, here=True)).id == taking.id


async def pieces(office: Office, operation_id: int, count: int) -> None:
    """Do some pieces of an operation, and stop it."""
    for _ in range(count):
        async with office.app.work() as work:
            await running.piece(work, operation_id)
    async with office.as_(office.anna) as work:
        await operations.stop(work, operation_id)


async def test_what_is_taken_back_in_part_does_not_go_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.STEPS, "import", imports)
    monkeypatch.setattr(undoing, "EVENTS_AT_ONCE", 3)
    async with office.as_(office.anna) as work:
        await records.add_contact(work, "Old")
    async with office.as_(office.anna) as work:
        operation = await operations.start(work, "import", "contact", "people.csv", params={"total": 6})
        await run(work, operation, here=True)
    await pieces(office, operation.id, 2)
    async with office.as_(office.anna) as work:
        taking = await operations.undo(work, operation.id, here=True)
    for stopped in (False, True):
        if stopped:
            await pieces(office, taking.id, 3)
        async with office.as_(office.anna) as work:
            with pytest.raises(TakenBackInPart, match="is being taken back"):
                await run(work, await operations.operation_of(work, operation.id), here=True)
    assert 1 < len((await alive())["contact"]) < 5
    # To keep it, taking it back is taken back; then it goes on, and all of it is taken back at the end.
    assert (await take_back(office, taking.id)).state == "done"
    assert len((await alive())["contact"]) == 5
    async with office.as_(office.anna) as work:
        await run(work, await operations.operation_of(work, operation.id), here=True)
    assert (await run_here(office.app, operation.id)).state == "done"
    assert len((await alive())["contact"]) == 7
    taken = await take_back(office, operation.id)
    assert (taken.counts["kept"], await alive()) == (0, {"company": [], "contact": ["Old"]})
    async with office.as_(office.anna) as work:
        # An old button: what was taken back stays so.
        await run(work, operation, here=True)
    assert (await Operation.get(id=operation.id)).state == "undone"


@pytest.mark.parametrize("at_once", [1, 3, 200])
async def test_what_stays_keeps_what_it_was_given(
    office: Office, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    async def gives(work: Work, operation: Operation) -> bool:
        for name in ("Renamed", "Noted", "Note changed", "Idle"):
            one = await records.add_contact(work, name)
            await activities.add_note(work, "Colour: green", contact_id=one.id)
            await records.add_tags(work, one, ["vip"])
            await records.change_record(work, Contact, one.id, city="Gdynia")
        return True

    monkeypatch.setitem(running.STEPS, "import", gives)
    monkeypatch.setattr(undoing, "EVENTS_AT_ONCE", at_once)
    async with office.as_(office.anna) as work:
        operation = await operations.start(work, "import", "contact", "people.csv", params={})
        await run(work, operation, here=True)
    await run_here(office.app, operation.id)
    office.move(minutes=1)
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, 1, name="Renamed Nowak")
        await activities.add_note(work, "called", contact_id=2)
        await work.change(await Note.get(contact_id=3), NoteChanged, text="Colour: red")
    taken = await take_back(office, operation.id)
    assert (await alive())["contact"] == ["Renamed Nowak", "Noted", "Note changed"]
    notes = await Note.filter(deleted_at=None).order_by("id")
    assert [(note.contact_id, note.text) for note in notes] == [
        (1, "Colour: green"),
        (2, "Colour: green"),
        (3, "Colour: red"),
        (2, "called"),
    ]
    assert [await records.tags_of("contact", one) for one in range(1, 5)] == [["vip"], ["vip"], ["vip"], []]
    assert [one.city for one in await Contact.filter(deleted_at=None)] == ["Gdynia"] * 3
    kept = [one for _, one in await kept_changes(taken.id)]
    assert sorted(kept, key=lambda one: one.record_id) == [
        Kept("contact", 1, "used", ("changed",)),
        Kept("contact", 2, "used", ("note",)),
        Kept("contact", 3, "used", ("note",)),
    ]


# --- groups of duplicates --------------------------------------------------------------------------------------------------


async def found(office: Office, *groups: tuple[float, list[int], list[dict[str, Any]]]) -> int:
    """Note down what a search found, and return its operation."""
    async with office.as_(office.anna) as work:
        search = await operations.start(work, "duplicates", "contact", "Duplicates", params={})
        search.state = "done"
        await search.save()
        for number, (score, ids, reasons) in enumerate(groups, 1):
            members = await members_of("contact", score, ids, reasons)
            await db.insert(
                "duplicate_group",
                operation_id=search.id,
                entity="contact",
                number=number,
                score=score,
                members=db.to_json(members),
                state="open",
            )
    return int(search.id)


async def contacts(office: Office, user: User, *names: str) -> list[int]:
    async with office.as_(user) as work:
        return [(await records.add_contact(work, name)).id for name in names]


async def test_groups_are_merged_by_a_rule_and_come_apart_again(office: Office) -> None:
    ids = await contacts(
        office, office.anna, "Jan", "Jan N", "Jan Nowak", "Ewa", "Ewa K", "Piotr", "Piotr", "Olga", "Olga"
    )
    search = await found(
        office, (0.99, ids[0:3], PHONE), (0.95, ids[3:5], PHONE), (0.99, ids[5:7], NAME), (0.7, ids[7:9], PHONE)
    )
    rule = Rule(search, 0.9)
    async with office.as_(office.anna) as work:
        plan = await rehearse_bulk_merge(work, rule)
        assert (plan.groups, plan.records, plan.by_name, plan.refused, plan.owners) == (2, 3, 1, 0, 0)
        assert [names for _, names in plan.sample] == [("Jan", "Jan N", "Jan Nowak"), ("Ewa", "Ewa K")]
        operation = await start_bulk_merge(work, rule, "Merge")
        await run(work, operation, here=True)
    ended = await run_here(office.app, operation.id)
    assert (ended.state, ended.counts) == ("done", {"total": 3, "seen": 3, "merged": 3, "left": 1, "stale": 0})
    assert (await alive())["contact"] == ["Jan", "Ewa", "Piotr", "Piotr", "Olga", "Olga"]
    states = "SELECT state FROM duplicate_group ORDER BY number"
    assert await db.column(states) == ["merged", "merged", "open", "open"]
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, ids[0], name="Johnny")
    taken = await take_back(office, operation.id)
    assert (taken.counts["back"], taken.counts["kept"]) == (3, 0)
    assert (await alive())["contact"][:3] == ["Johnny", "Jan N", "Jan Nowak"]
    assert await db.column(states) == ["open"] * 4
    again = await take_back(office, taken.id)
    assert again.counts["back"] == 3
    assert await Merge.filter(undone_at=None).count() == 3
    await take_back(office, operation.id)
    assert len((await alive())["contact"]) == 9


async def test_whoever_is_in_a_group_by_name_alone_is_left_out(office: Office) -> None:
    ids = await contacts(office, office.anna, "Jan", "Jan", "Jan")
    search = await found(office, (0.99, ids, PHONE))
    row = await db.fetch_one("SELECT id, members FROM duplicate_group")
    assert row
    members = db.from_json(row["members"])
    members[2]["reasons"] = NAME
    members[1]["links"] = []
    await db.execute("UPDATE duplicate_group SET members = ? WHERE id = ?", db.to_json(members), row["id"])
    async with office.as_(office.anna) as work:
        operation = await start_bulk_merge(work, Rule(search, 0.5), "Merge")
        await run(work, operation, here=True)
    await run_here(office.app, operation.id)
    assert [one.id for one in await Contact.filter(deleted_at=None).order_by("id")] == [ids[0], ids[2]]


async def test_a_rule_leaves_what_the_actor_may_not_change_and_what_was_said_to_differ(office: Office) -> None:
    mine = await contacts(office, office.anna, "Jan", "Jan", "Ewa", "Ewa")
    theirs = await contacts(office, office.zofia, "Jan")
    search = await found(office, (0.99, [mine[0], theirs[0]], PHONE), (0.99, mine[2:4], PHONE))
    await db.insert(
        "distinct_pair", entity="contact", low_id=mine[2], high_id=mine[3], low_mark="a", high_mark="b", at=office.now
    )
    async with office.as_(office.anna) as work:
        assert (await rehearse_bulk_merge(work, Rule(search, 0.5))).refused == 1
        operation = await start_bulk_merge(work, Rule(search, 0.5), "Merge")
        await run(work, operation, here=True)
    ended = await run_here(office.app, operation.id)
    assert (ended.counts["merged"], ended.counts["left"]) == (0, 2)
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await rehearse_bulk_merge(work, Rule(search, 0.5))
    async with office.as_(office.admin) as work:
        plan = await rehearse_bulk_merge(work, Rule(search, 0.5))
        assert (plan.groups, plan.owners) == (1, 1)  # the other one was said to differ


async def test_the_newest_record_decides_where_the_rule_says_so_but_never_whose_it_is(office: Office) -> None:
    old = (await contacts(office, office.anna, "Jan"))[0]
    new = (await contacts(office, office.zofia, "Jan Nowak"))[0]
    office.move(hours=1)
    async with office.as_(office.zofia) as work:
        await records.change_record(work, Contact, new, name="Jan T. Nowak")
    search = await found(office, (0.99, [old, new], PHONE))
    async with office.as_(office.admin) as work:
        operation = await start_bulk_merge(work, Rule(search, 0.5, NEWEST), "Merge")
        await run(work, operation, here=True)
    await run_here(office.app, operation.id)
    contact = await Contact.get(id=old)
    assert (contact.name, contact.owner_id) == ("Jan T. Nowak", office.anna.id)
    assert await Deal.all().count() == 0


# --- what was done since and taken back, what was merged since -----------------------------------------------------------


async def test_a_change_that_was_taken_back_since_is_none(office: Office, imported: Operation) -> None:
    edited = await Contact.get(name="Person 2")
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, edited.id, city="Sopot")
        changed = work.id
    office.move(minutes=1)
    async with office.as_(office.anna) as work:
        await undo(work, changed)
    taken = await take_back(office, imported.id)
    assert (taken.counts["kept"], await alive()) == (0, {"company": [], "contact": ["Old"]})


async def test_a_merge_that_was_taken_back_since_is_none(office: Office, imported: Operation) -> None:
    one, two = await Contact.get(name="Person 1"), await Contact.get(name="Person 2")
    async with office.as_(office.anna) as work:
        await merge(work, "contact", one.id, [two.id])
    office.move(minutes=1)
    async with office.as_(office.anna) as work:
        await unmerge(work, (await Merge.get()).id)
    taken = await take_back(office, imported.id)
    assert (taken.counts["kept"], await alive()) == (0, {"company": [], "contact": ["Old"]})


async def test_what_a_merged_record_hangs_on_stays_for_it(office: Office, imported: Operation) -> None:
    one, two = await Contact.get(name="Person 1"), await Contact.get(name="Person 2")
    async with office.as_(office.anna) as work:
        await merge(work, "contact", one.id, [two.id])
    office.move(minutes=1)
    taken = await take_back(office, imported.id)
    assert await alive() == {"company": ["Firm 1", "Firm 2"], "contact": ["Old", "Person 1"]}
    kept = {(one.entity, one.record_id) for _, one in await kept_changes(taken.id, limit=100)}
    assert kept == {("contact", one.id), ("contact", two.id), ("company", one.company_id), ("company", two.company_id)}

    async with office.as_(office.anna) as work:
        await unmerge(work, (await Merge.get()).id)
    back = await Contact.get(id=two.id)
    assert (back.deleted_at, back.company_id) == (None, two.company_id)
    assert (await Company.get(id=two.company_id)).deleted_at is None
