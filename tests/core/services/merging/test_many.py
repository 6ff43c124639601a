"""Groups of duplicates merged by a rule: only what is the same now, whatever was found before; killed anywhere, by two at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Company, Contact, Merge, Operation, User
from botcrm.core.services import activities, deals, records
from botcrm.core.services.merging import many as bulk_merging
from botcrm.core.services.merging.many import Rule, rehearse_bulk_merge, start_bulk_merge
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.operations import operations, undoing
from botcrm.core.services.operations.operations import run
from botcrm.reminders import operations as running
from botcrm.reminders.operations import run_here
from tests.core.services.conftest import Office
from tests.core.services.duplicates.groups import members_of

PHONE = [{"what": "phone", "percent": 0}, {"what": "name", "percent": 92}]
STATE = (
    "SELECT id, name, phone, email, more_phones, merged_into_id, deleted_at IS NULL AS here FROM contact ORDER BY id",
    "SELECT id, contact_id FROM deal ORDER BY id",
    "SELECT id, contact_id FROM note ORDER BY id",
    "SELECT entity, record_id, tag FROM tag ORDER BY entity, record_id, tag",
    "SELECT entity, record_id, name FROM search_entry ORDER BY entity, record_id",
    "SELECT entity, record_id, key FROM record_key ORDER BY entity, record_id, key",
    "SELECT number, state FROM duplicate_group ORDER BY number",
)


class Killed(BaseException):
    """The process ended here."""


async def searched(office: Office, entity: str = "contact") -> int:
    """Search for duplicates as the bot does, and return the operation."""
    async with office.as_(office.admin) as work:
        operation = await operations.start(work, "duplicates", entity, "Duplicates", params={})
        await run(work, operation, here=True)
    assert (await run_here(office.app, operation.id)).state == "done"
    return int(operation.id)


async def begun(office: Office, rule: Rule, user: User | None = None) -> Operation:
    async with office.as_(user or office.admin) as work:
        operation = await start_bulk_merge(work, rule, "Merge")
        await run(work, operation, here=True)
    return operation


async def merged(office: Office, search: int, least: float = 0.9) -> dict[str, int]:
    """Merge what is surely the same, after a rehearsal that says the same; returns the counts."""
    async with office.as_(office.admin) as work:
        plan = await rehearse_bulk_merge(work, Rule(search, least))
    ended = await run_here(office.app, (await begun(office, Rule(search, least))).id)
    assert (plan.records, plan.stale) == (ended.counts["merged"], ended.counts["stale"])
    return ended.counts


async def taken_back(office: Office, operation_id: int) -> Operation:
    async with office.as_(office.admin) as work:
        taking = await operations.undo(work, operation_id, here=True)
    return await run_here(office.app, taking.id)


async def went() -> dict[int, int | None]:
    return {one.id: one.merged_into_id for one in await Contact.all()}


async def states() -> list[str]:
    return await db.column("SELECT state FROM duplicate_group ORDER BY number")


async def pairs(office: Office, count: int) -> int:
    """Put pairs of one person each into the base, something hanging on each, and return the search that found them."""
    async with office.as_(office.anna) as work:
        for number in range(count):
            phone = f"+48601{number:06}"
            main = await records.add_contact(work, f"Jan Nowak{number}", phone=phone)
            other = await records.add_contact(work, f"Nowak{number} Janek", phone=phone, email=f"jan{number}@x.pl")
            await records.add_tags(work, other, ["vip"])
            await deals.add_deal(work, title="roof", contact_id=other.id)
            await activities.add_note(work, "x", contact_id=main.id)
    search = await searched(office)
    assert len(await states()) == count
    return search


# --- what was found before, and what is now ---------------------------------------------------------------------------------


async def test_what_was_changed_since_the_search_is_left_and_told(office: Office) -> None:
    async with office.as_(office.anna) as work:
        for name, phone, email in (
            ("Anna Nowak", "+48601234567", "anna@x.pl"),
            ("Anna Nowak", "+48601234567", None),
            ("Ania Nowak", None, "anna@x.pl"),
            ("Jan Kos", "+48601234599", None),
            ("Jan Kos", "+48601234599", None),
            ("Ewa Lis", "+48601234511", None),
            ("Ewa Lis", "+48601234511", None),
        ):
            await records.add_contact(work, name, phone=phone, email=email)
    search = await searched(office)
    assert len(await states()) == 3
    async with office.as_(office.anna) as work:
        # The second and the third have nothing in common but through the first.
        await records.delete_record(work, await Contact.get(id=1))
        await records.change_record(work, Contact, 5, name="Piotr Wilk", phone="+48700111222")
        # What says nothing about who somebody is makes no difference.
        await records.change_record(work, Contact, 7, job_title="boss", owner_id=office.anna.id)
        await records.add_tags(work, await Contact.get(id=7), ["vip"])
    assert await merged(office, search) == {"total": 3, "seen": 3, "merged": 1, "left": 0, "stale": 2}
    assert {one for one, into in (await went()).items() if into} <= {6, 7}
    assert sorted(await states()) == ["merged", "open", "open"]
    # As it was again, it may be merged after all.
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, 5, name="Jan Kos", phone="+48601234599")
    assert (await merged(office, search))["merged"] == 1


async def test_a_company_that_changed_its_name_is_evidence_no_more(office: Office) -> None:
    async with office.as_(office.anna) as work:
        acme = await records.add_company(work, "Acme Roofing")
        for _ in range(2):
            await records.add_contact(work, "Anna Nowak", phone="+48601234567", company_id=acme.id)
    search = await searched(office)
    async with office.as_(office.anna) as work:
        await records.change_record(work, Company, acme.id, name="Zenith")
    assert (await merged(office, search))["stale"] == 1


async def test_only_what_more_than_a_name_holds_together_goes_together(office: Office) -> None:
    async with office.as_(office.anna) as work:
        ids = [(await records.add_contact(work, f"Jan {number}")).id for number in range(7)]
        search = await operations.start(work, "duplicates", "contact", "Duplicates", params={})
        search.actor_id, search.state = office.admin.id, "done"
        await search.save()
        members = await members_of("contact", 0.99, ids, PHONE)
        # 1-2-3 by a telephone, 4-5 by another one, 6 by less than the rule wants, 7 by its name.
        for member, links in zip(
            members,
            ([[ids[1], 0.99]], [[ids[2], 0.99]], [], [[ids[4], 0.99]], [[ids[5], 0.8]], [], []),
            strict=True,
        ):
            member["links"] = links
        values = {"operation_id": search.id, "entity": "contact", "number": 1, "score": 0.99, "state": "open"}
        await db.insert("duplicate_group", members=db.to_json(members), **values)
    assert (await merged(office, search.id))["merged"] == 3
    into = await went()
    assert [into[one] for one in ids] == [None, ids[0], ids[0], None, ids[3], None, None]
    # The rest is for a person to look at.
    assert await states() == ["open"]


async def test_companies_that_only_share_a_name_are_not_joined_by_their_twins(office: Office) -> None:
    async with office.as_(office.anna) as work:
        for phone in ("+48221111111", "+48221111111", "+48223333333", "+48223333333"):
            await records.add_company(work, "Zefirex Global Roofing", phone=phone)
    search = await searched(office, "company")
    groups = await db.fetch("SELECT members FROM duplicate_group")
    links = [
        {member["id"], other}
        for row in groups
        for member in db.from_json(row["members"])
        for other, _ in member["links"]
    ]
    assert sorted(map(sorted, links)) == [[1, 2], [3, 4]]
    await merged(office, search)
    into = {one.id: one.merged_into_id for one in await Company.all()}
    assert sum(one is not None for one in into.values()) == 2
    assert into[1] in (2, None)
    assert into[3] in (4, None)


# --- taken back ---------------------------------------------------------------------------------------------------------------


async def test_taking_one_of_two_bulk_merges_back_leaves_the_groups_of_the_other(office: Office) -> None:
    search = await pairs(office, 2)
    await db.execute("UPDATE duplicate_group SET score = 0.5 WHERE number = 2")
    first = await run_here(office.app, (await begun(office, Rule(search, 0.9))).id)
    await db.execute("UPDATE duplicate_group SET score = 0.95 WHERE number = 2")
    second = await run_here(office.app, (await begun(office, Rule(search, 0.9))).id)
    assert (first.counts["merged"], second.counts["merged"]) == (1, 1)
    assert await states() == ["merged", "merged"]
    taking = await taken_back(office, first.id)
    assert await states() == ["open", "merged"]
    # Merged again as the undo is taken back, and open again once one is taken out by itself.
    await taken_back(office, taking.id)
    assert await states() == ["merged", "merged"]
    async with office.as_(office.admin) as work:
        await unmerge(work, (await Merge.get(operation_id=second.id)).id)
    assert await states() == ["merged", "open"]


# --- killed, and two at once ----------------------------------------------------------------------------------------------------


def killing(piece: Callable[..., Any], at: int, within: bool) -> Callable[..., Any]:
    """Return a piece that is killed before it, or after all is written and before that is committed, from `at` on every third time."""
    count = 0

    async def killed(work: Any, operation: Operation) -> bool:
        nonlocal count
        count += 1
        kill = (count + at) % 3 == 0
        if kill and not within:
            raise Killed
        done = await piece(work, operation)
        if kill:
            raise Killed
        return bool(done)

    return killed


async def until_done(office: Office, operation_id: int) -> tuple[Operation, int]:
    kills = 0
    for _ in range(60):
        try:
            operation = await run_here(office.app, operation_id)
        except Killed:
            kills += 1
            continue
        if operation.state != "running":
            return operation, kills
    raise AssertionError("it never ends")


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("within", [True, False])
async def test_killed_at_any_commit_it_and_its_undo_come_out_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch, at: int, within: bool
) -> None:
    monkeypatch.setattr(bulk_merging, "_GROUPS_AT_ONCE", 2)
    monkeypatch.setattr(undoing, "MERGES_AT_ONCE", 2)
    search = await pairs(office, 7)
    before = [await db.fetch(sql) for sql in STATE]
    for kind in ("merge", "undo"):
        monkeypatch.setitem(running.STEPS, kind, killing(running.STEPS[kind], at, within))
    operation = await begun(office, Rule(search, 0.9))
    ended, kills = await until_done(office, operation.id)
    assert kills
    assert (ended.state, ended.counts) == ("done", {"total": 7, "seen": 7, "merged": 7, "left": 0, "stale": 0})
    rows = await Merge.all()
    assert len(rows) == len({one.merged_id for one in rows}) == len({one.work_id for one in rows}) == 7
    told = await db.column("SELECT record_id FROM event WHERE type = 'RecordMerged' ORDER BY record_id")
    assert told == sorted(one.merged_id for one in rows)
    assert await db.column("SELECT count(*) FROM event WHERE type = 'OperationEnded' AND record_id = ?", ended.id) == [
        1
    ]
    assert await states() == ["merged"] * 7
    async with office.as_(office.admin) as work:
        taking = await operations.undo(work, operation.id, here=True)
    back, kills = await until_done(office, taking.id)
    assert kills
    assert (back.state, back.counts["back"], back.counts["kept"]) == ("done", 7, 0)
    assert [await db.fetch(sql) for sql in STATE] == before


async def test_two_merge_the_same_groups_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_merging, "_GROUPS_AT_ONCE", 3)
    search = await pairs(office, 6)
    again = await searched(office)
    # The other search lists them the other way round.
    await db.execute("UPDATE duplicate_group SET number = 100 - number WHERE operation_id = ?", again)
    rows = await db.fetch("SELECT id, members FROM duplicate_group WHERE operation_id = ? ORDER BY id", again)
    for row, other in zip(rows, rows[::-1], strict=True):
        text = other["members"] if isinstance(other["members"], str) else db.to_json(other["members"])
        await db.execute("UPDATE duplicate_group SET members = ? WHERE id = ?", text, row["id"])
    both = [await begun(office, Rule(one, 0.9)) for one in (search, again)]
    ended = await asyncio.gather(*(run_here(office.app, one.id) for one in both))
    assert [one.state for one in ended] == ["done", "done"]
    assert sum(one.counts["merged"] for one in ended) == 6
    assert await Merge.filter(undone_at=None).count() == 6
    assert await Contact.filter(deleted_at=None).count() == 6


async def test_somebody_merges_or_changes_them_meanwhile(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_merging, "_GROUPS_AT_ONCE", 2)
    search = await pairs(office, 8)
    operation = await begun(office, Rule(search, 0.9))

    async def meddle(number: int) -> None:
        one, two = 2 * number + 1, 2 * number + 2
        async with office.as_(office.anna) as work:
            if number % 2:
                await merge(work, "contact", two, [one])
            else:
                await records.change_record(work, Contact, two, name="Ewa Wilk", phone="+48700000000")

    done = await asyncio.gather(
        run_here(office.app, operation.id), *(meddle(number) for number in range(7, -1, -1)), return_exceptions=True
    )
    ended = done[0]
    assert isinstance(ended, Operation)
    assert all(one is None or isinstance(one, CrmError) for one in done[1:])
    assert ended.state == "done"
    # Whoever came first: nobody went into two, nobody is gone for nothing, and no Ewa went into a Jan after she was one.
    rows = await Merge.filter(undone_at=None)
    assert len(rows) == len({one.merged_id for one in rows})
    assert {one.id for one in await Contact.exclude(deleted_at=None)} == {one.merged_id for one in rows}
    changed = await db.fetch(
        "SELECT c.record_id FROM event c JOIN event m ON m.record_id = c.record_id AND m.type = 'RecordMerged' AND m.id > c.id "
        "WHERE c.type = 'ContactChanged' AND CAST(c.after AS TEXT) LIKE '%Ewa%'"
    )
    assert changed == []
