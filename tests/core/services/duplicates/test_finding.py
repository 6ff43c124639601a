"""Keys kept beside the records, the search of a whole base, who stays, and what was said not to be the same."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.facts import keys_of
from botcrm.core.models import Contact, Lead
from botcrm.core.services import records
from botcrm.core.services.deals import add_deal
from botcrm.core.services.derived.fixing import fix_derived
from botcrm.core.services.duplicates.alike import look_alikes
from botcrm.core.services.duplicates.distinct import say_distinct, take_back_distinct
from botcrm.core.services.duplicates.finding import find_groups
from botcrm.core.services.duplicates.groups import demand_search
from botcrm.core.services.duplicates.keys import values_of
from botcrm.core.services.merging.main_record import choose_main
from botcrm.core.services.undo import undo
from tests.core.services.conftest import Office

PHONE = "+48601234567"


async def keys(entity: str, record_id: int) -> list[str]:
    return sorted(await db.column("SELECT key FROM record_key WHERE entity = ? AND record_id = ?", entity, record_id))


async def add(office: Office, name: str, user: Any = None, **values: Any) -> Contact:
    async with office.as_(user or office.anna) as work:
        return await records.add_contact(work, name, **values)


async def found(people: frozenset[int] | None = None, entity: str = "contact") -> list[list[int]]:
    return [sorted(member.record_id for member in group.members) for group in await find_groups(entity, people)]


async def test_keys_follow_the_record(office: Office) -> None:
    anna = await add(office, "Анна Нowak", phone=PHONE, email="Anna.Nowak+crm@gmail.com")
    assert await keys("contact", anna.id) == sorted(keys_of("contact", values_of(anna)))
    assert f"p:{PHONE}" in await keys("contact", anna.id)
    assert "e:annanowak@gmail.com" in await keys("contact", anna.id)
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, anna.id, phone="+48602222333", more_phones=[PHONE], email=None)
    assert {key for key in await keys("contact", anna.id) if key[0] in "pe"} == {f"p:{PHONE}", "p:+48602222333"}
    async with office.as_(office.boss) as work:
        await records.delete_record(work, await Contact.get(id=anna.id))
        deleted = work.id
    assert await keys("contact", anna.id) == []
    async with office.as_(office.boss) as work:
        await undo.undo(work, deleted)
    assert f"p:{PHONE}" in await keys("contact", anna.id)


async def test_keys_are_put_right(office: Office) -> None:
    anna = await add(office, "Anna Nowak", phone=PHONE)
    gone = await add(office, "Piotr Lis", phone="+48602222333")
    assert (await fix_derived())["keys of duplicates"] == 0
    right = await keys("contact", anna.id)
    await db.execute("DELETE FROM record_key WHERE record_id = ? AND key LIKE 'p:%'", anna.id)
    await db.execute("INSERT INTO record_key (entity, key, record_id) VALUES ('contact', 'p:wrong', ?)", anna.id)
    await db.execute("UPDATE contact SET deleted_at = updated_at WHERE id = ?", gone.id)
    assert (await fix_derived())["keys of duplicates"] > 1
    assert await keys("contact", anna.id) == right
    assert await keys("contact", gone.id) == []
    assert (await fix_derived())["keys of duplicates"] == 0


async def test_a_search_finds_what_belongs_together(office: Office) -> None:
    one = await add(office, "Anna Nowak", phone=PHONE)
    two = await add(office, "Nowak Ania", office.zofia, phone=PHONE)
    await add(office, "Piotr Nowak", phone=PHONE)
    assert await found() == [[one.id, two.id]]
    assert await found(frozenset({office.anna.id})) == []
    async with office.as_(office.admin) as work:
        await say_distinct(work, "contact", two.id, [one.id])
        await say_distinct(work, "contact", one.id, [two.id])
    assert await found() == []
    async with office.as_(office.admin) as work:
        await take_back_distinct(work, "contact", two.id, [one.id])
    assert await found() == [[one.id, two.id]]


async def test_companies_by_name_and_leads_still_worked_on(office: Office) -> None:
    async with office.as_(office.anna) as work:
        for name in ("Romashka Servis LLC", "ООО «Ромашка Сервис»", "Baltic Doors"):
            await records.add_company(work, name)
        leads = [await records.add_lead(work, "roof", name="Ivan Petrov", phone=PHONE) for _ in range(3)]
        await work.change(leads[2], records._CHANGED[Lead], status="lost")
    assert await found(entity="company") == [[1, 2]]
    assert await found(entity="lead") == [[leads[0].id, leads[1].id]]


async def test_the_main_record_is_the_one_that_most_hangs_on(office: Office) -> None:
    bare = await add(office, "Anna Nowak", phone=PHONE)
    full = await add(office, "Anna Nowak", phone=PHONE, email="anna@x.pl")
    async with office.as_(office.anna) as work:
        assert await choose_main(work, "contact", [bare.id, full.id]) == full.id
        office.move(hours=1)
    async with office.as_(office.anna) as work:
        await records.change_record(work, Contact, bare.id, name="Anna Maria Nowak")
    async with office.as_(office.anna) as work:
        assert await choose_main(work, "contact", [bare.id, full.id]) == bare.id, "worked on last"
        await add_deal(work, title="roof", contact_id=full.id)
    async with office.as_(office.anna) as work:
        assert await choose_main(work, "contact", [bare.id, full.id]) == full.id, "a deal hangs on it"


async def refer(record_id: int, external_id: str) -> None:
    await db.execute(
        "INSERT INTO external_ref (entity, record_id, source, external_id) VALUES ('contact', ?, 'bitrix', ?)",
        record_id,
        external_id,
    )


@pytest.mark.parametrize("referred", [True, False])
async def test_not_a_duplicate_holds_for_records_that_come_in_anew(office: Office, referred: bool) -> None:
    """By what the other system calls them even with other data, else by their data."""
    pairs = [("Anna Nowak", "B1"), ("Nowak Anna", "B2")]
    first = [await add(office, name, phone=PHONE) for name, _ in pairs]
    if referred:
        for record, (_, external_id) in zip(first, pairs, strict=True):
            await refer(record.id, external_id)
    async with office.as_(office.anna) as work:
        await say_distinct(work, "contact", first[0].id, [first[1].id])
    async with office.as_(office.boss) as work:
        for record in first:
            await records.delete_record(work, await Contact.get(id=record.id))
    await db.execute("DELETE FROM external_ref")
    again = [await add(office, name, phone=PHONE, email="new@x.pl" if referred else None) for name, _ in pairs]
    if referred:
        for record, (_, external_id) in zip(again, pairs, strict=True):
            await refer(record.id, external_id)
    assert await found() == []
    async with office.as_(office.anna) as work:
        assert await look_alikes(work, "contact", await Contact.get(id=again[1].id)) == []
    other = await add(office, "Anna Nowak", phone=PHONE)
    async with office.as_(office.anna) as work:
        alike = await look_alikes(work, "contact", await Contact.get(id=other.id))
    if referred:
        assert {item.record_id for item in alike} == {record.id for record in again}, "that one is somebody new"


async def test_who_may_tell_apart_and_search(office: Office) -> None:
    mine, hers = (
        await add(office, "Anna Nowak", phone=PHONE),
        await add(office, "Anna Nowak", office.zofia, phone=PHONE),
    )
    async with office.as_(office.anna) as work:
        with pytest.raises(NotFound):
            await say_distinct(work, "contact", mine.id, [hers.id])
        with pytest.raises(InvalidValue):
            await say_distinct(work, "contact", mine.id, [mine.id])
        with pytest.raises(InvalidValue):
            await say_distinct(work, "deal", mine.id, [hers.id])
        with pytest.raises(NotAllowed):
            demand_search(work, "contact")
    async with office.as_(office.boss) as work:
        demand_search(work, "contact")
        with pytest.raises(NotFound):
            demand_search(work, "deal")
    assert await db.fetch("SELECT 1 AS y FROM distinct_pair") == []


async def test_a_crowd_behind_one_telephone_hides_nobody(office: Office) -> None:
    async with office.as_(office.anna) as work:
        for number in range(70):
            await records.add_contact(work, f"Person{number:02} Surname{number:02}", phone="+48221112233")
        await records.add_contact(work, "Zenon Wolski", phone="+48221112233")
        made = await records.add_contact(work, "Wolsky Zenom", phone="+48221112233")
        assert [item.name for item in await look_alikes(work, "contact", made)] == ["Zenon Wolski"]
