"""What records were called before they went into another: the one that stays is found by it, until they are taken out."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import NothingToUndo
from botcrm.core.domain.events import RecordRestored
from botcrm.core.models import Contact
from botcrm.core.services import records
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.personal.erasing import start_erasing
from botcrm.core.services.queries import queries
from botcrm.core.services.search.recount import recount_entries
from botcrm.core.services.search.subjects import by_name, match_subject, search
from botcrm.core.services.work import Work
from botcrm.reminders.operations import run_here
from tests.core.services.conftest import Office

KINDS = ["company", "contact", "lead"]


async def _add(office: Office, name: str, **values: object) -> int:
    async with office.as_(office.anna) as work:
        return (await records.add_contact(work, name, **values)).id  # type: ignore[arg-type]


async def _merge(office: Office, main: int, *others: int) -> list[int]:
    async with office.as_(office.anna) as work:
        return [one.id for one in (await merge(work, "contact", main, others)).merges]


async def _found(office: Office, text: str) -> list[int]:
    async with office.as_(office.anna) as work:
        return [item.record_id for item in await search(work, text)]


async def _wrong(entity: str = "contact") -> int:
    return await recount_entries(entity, 0, 1000)


async def test_the_one_that_stays_is_found_by_what_the_other_was_called(office: Office) -> None:
    adam = await _add(office, "Adam Alfa", phone="+48601222333")
    bert = await _add(office, "Bert Beta", phone="+48602444555", email="bertie@beta.example")
    (done,) = await _merge(office, adam, bert)
    async with office.as_(office.anna) as work:
        # It stays found by a number that it does not have any more.
        await records.change_record(work, Contact, adam, more_phones=[], email=None)
    for text in (
        "beta",
        "bert beta",
        "Beta Bert",
        "bet",
        "bert betta",
        "4555",
        "bertie",
        "bertie@beta.example",
        "adam",
    ):
        assert await _found(office, text) == [adam], text
    async with office.as_(office.anna) as work:
        for line in ("bert beta 5m ok", "Adam Alfa 5m ok"):
            match = await match_subject(work, line.split(), KINDS)
            assert (match.found[0].record_id, match.words, match.tier, match.clear) == (adam, 2, "exact", True)
        assert [item.record_id for item in await by_name(work, ["BERT  Beta"], ["contact"])] == [adam]
        found = await queries.compiled(work, await queries.query_of(work, "contacts bert"))
        assert await queries.ids_of(work, found, limit=9) == [adam]
        assert await _wrong() == 0
    async with office.as_(office.anna) as work:
        await unmerge(work, done)
    assert await _found(office, "beta") == [bert]
    assert await _found(office, "alfa") == [adam]
    async with office.as_(office.anna) as work:
        assert [item.record_id for item in await by_name(work, ["bert beta"], ["contact"])] == [bert]
        assert await _wrong() == 0


async def test_through_a_second_merge_and_out_of_the_middle(office: Office) -> None:
    adam, bert, carl = [await _add(office, name) for name in ("Adam Alfa", "Bert Beta", "Carl Gamma")]
    (first,) = await _merge(office, bert, carl)
    (second,) = await _merge(office, adam, bert)
    for text in ("gamma", "beta", "alfa"):
        assert await _found(office, text) == [adam], text
    async with office.as_(office.anna) as work:
        await unmerge(work, first)
    assert (await _found(office, "gamma"), await _found(office, "beta")) == ([carl], [adam])
    async with office.as_(office.anna) as work:
        await unmerge(work, second)
    assert (await _found(office, "beta"), await _found(office, "alfa")) == ([bert], [adam])
    async with office.as_(office.anna) as work:
        with pytest.raises(NothingToUndo):
            await unmerge(work, second)
        assert await _wrong() == 0


async def test_a_lead_and_a_namesake_give_way_or_are_asked_for(office: Office) -> None:
    """The line that was about somebody goes to whom they went into, not to a lead of that name."""
    adam, bert = await _add(office, "Adam Alfa"), await _add(office, "Bert Beta")
    async with office.as_(office.anna) as work:
        await records.add_lead(work, "Bert Beta")
    await _merge(office, adam, bert)
    async with office.as_(office.anna) as work:
        match = await match_subject(work, ["Bert", "Beta", "5m"], KINDS)
        assert (match.found[0].record_id, match.found[0].entity, match.clear) == (adam, "contact", True)
    other = await _add(office, "Bert Beta")
    async with office.as_(office.anna) as work:
        match = await match_subject(work, ["Bert", "Beta", "5m"], KINDS)
        assert not match.clear
        assert [(one.entity, one.record_id) for one in match.found[:2]] == [("contact", other), ("contact", adam)]


async def test_a_name_that_gave_way_to_the_others_is_one_too(office: Office) -> None:
    adam, bert = await _add(office, "Adam Alfa"), await _add(office, "Bert Beta")
    async with office.as_(office.anna) as work:
        merged = await merge(work, "contact", adam, [bert], {"name": bert})
    for text in ("alfa", "beta"):
        assert await _found(office, text) == [adam], text
    async with office.as_(office.anna) as work:
        for name in ("Adam Alfa", "Bert Beta"):
            assert [item.record_id for item in await by_name(work, [name], ["contact"])] == [adam]
        assert await _wrong() == 0
        await unmerge(work, merged.merges[0].id)
    assert (await _found(office, "alfa"), await _found(office, "beta")) == ([adam], [bert])


async def test_companies_and_leads_too(office: Office) -> None:
    async with office.as_(office.anna) as work:
        acme, zenith = [(await records.add_company(work, name)).id for name in ("Acme", "Zenith Works")]
        web, shop = [
            (await records.add_lead(work, title, name=name)).id for title, name in (("Web", "Olga"), ("Shop", "Ida"))
        ]
    async with office.as_(office.anna) as work:
        await merge(work, "company", acme, [zenith])
        await merge(work, "lead", web, [shop])
    async with office.as_(office.anna) as work:
        for text, expected in (("zenith", ("company", acme)), ("ida", ("lead", web)), ("shop", ("lead", web))):
            assert [(item.entity, item.record_id) for item in await search(work, text)] == [expected], text
        assert [item.record_id for item in await by_name(work, ["zenith works"], ["company"])] == [acme]
        assert await _wrong("company") + await _wrong("lead") == 0


async def test_out_of_reach_it_is_not_found(office: Office) -> None:
    await _merge(office, await _add(office, "Adam Alfa"), await _add(office, "Bert Beta"))
    async with office.as_(office.zofia) as work:
        assert await search(work, "beta") == []
        assert await by_name(work, ["bert beta"], ["contact"]) == []
        assert not (await match_subject(work, ["Bert", "Beta"], KINDS)).found


async def test_a_base_of_before_is_put_right(office: Office) -> None:
    adam, bert = await _add(office, "Adam Alfa"), await _add(office, "Bert Beta")
    await _merge(office, adam, bert)
    async with office.as_(None):
        await db.execute("DELETE FROM search_term WHERE term IN ('bert', 'beta') OR term LIKE ?", "ʔ=%")
        assert await _wrong() == 1
        assert await _wrong() == 0
    assert await _found(office, "bert beta") == [adam]


async def test_brought_back_from_the_deleted_it_is_found_so_again(office: Office) -> None:
    adam, bert = await _add(office, "Adam Alfa"), await _add(office, "Bert Beta")
    await _merge(office, adam, bert)
    async with office.as_(office.anna) as work:
        await records.delete_record(work, await Contact.get(id=adam))
    assert await _found(office, "beta") == []
    async with office.as_(office.anna) as work:
        await _restore(work, adam)
    assert await _found(office, "beta") == [adam]


async def _restore(work: Work, contact_id: int) -> None:
    await work.change(await Contact.get(id=contact_id), RecordRestored, deleted_at=None)


async def test_who_is_erased_is_found_by_no_name_they_had(office: Office) -> None:
    adam = await _add(office, "Adam Alfa")
    bert = await _add(office, "Bert Beta", phone="+48602444555", email="bertie@beta.example")
    await _merge(office, adam, bert)
    async with office.as_(office.admin) as work:
        operation = await start_erasing(work, "contact", adam, f"erase c{adam}", here=True)
    assert (await run_here(office.app, operation.id)).state == "done"
    words = [*await db.column("SELECT term FROM search_term"), *await db.column("SELECT word FROM search_word")]
    assert not [word for word in words if any(part in word for part in ("alfa", "bert", "beta", "444555"))], words
