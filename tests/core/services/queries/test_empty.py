"""What is empty: words that say nothing find nothing, and a condition that is not to hold takes in what has no value."""

from __future__ import annotations

import pytest

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.query import QueryUnclear, parse_query
from botcrm.core.models import Deal
from botcrm.core.services.activities import Due, plan_activity
from botcrm.core.services.custom.fields import add_field, set_values
from botcrm.core.services.deals import add_deal
from botcrm.core.services.operations.bulk import rehearse_bulk, start_bulk
from botcrm.core.services.operations.bulk_changes import Change
from botcrm.core.services.queries import queries
from botcrm.core.services.queries.values import NotAValue, NoWord
from botcrm.core.services.records import add_company, add_contact, delete_record
from tests.core.services.conftest import START, Office


@pytest.fixture
async def small(office: Office) -> Office:
    """Anna: a roof at Acme with Jan, with everything that can be filled in, and a shed with nothing but its name."""
    async with office.as_(office.admin) as work:
        size = await add_field(work, "deal", "size", "text")
    async with office.as_(office.anna) as work:
        acme = await add_company(work, "Acme")
        jan = await add_contact(work, "Jan Nowak", company_id=acme.id)
        roof = await add_deal(work, title="Roof", company_id=acme.id, contact_id=jan.id, source="Web")
        await set_values(work, "deal", roof.id, {size.id: "large"})
        await plan_activity(work, "call", "ring", Due(START.replace(tzinfo=None)), deal_id=roof.id)
        await add_deal(work, title="Shed")
    return office


async def _found(office: Office, text: str) -> list[str]:
    async with office.as_(office.anna) as work:
        found = await queries.compiled(work, parse_query(text))
        ids = await queries.ids_of(work, found, limit=50)
        return sorted(item.name.removeprefix("Acme ") for item in await queries.items(found.query.entity, ids))


SAYS_NOTHING = ("-", "%", "...", "'", "?", "🔥", "& -", "\u200b", "@.", "#")


@pytest.mark.parametrize(
    "written", ['"{}"', '-"{}"', 'roof "{}"', 'company:"{}"', 'company:acme,"{}"', '-contact:"{}"', 'contacts "{}"']
)
async def test_a_word_without_letters_and_digits_is_none(small: Office, written: str) -> None:
    for word in SAYS_NOTHING:
        if word == "-" and ":" in written:
            continue  # a dash is “none” there
        with pytest.raises(NoWord):
            await _found(small, written.format(word))


async def test_nothing_is_the_start_of_nothing(small: Office) -> None:
    for text in ("activities -", 'activities "?"', "stage:\u0301", "size:\u0301", "source:\u0301"):
        with pytest.raises(NoWord):
            await _found(small, text)
    for text in ("owner:@", "tag:#"):
        with pytest.raises(NotAValue):
            await _found(small, text)


@pytest.mark.parametrize("text", [",", ";", " , ; "])
async def test_what_says_nothing_asks_for_nothing(text: str) -> None:
    with pytest.raises(QueryUnclear):
        parse_query(text)


async def test_an_activity_is_found_by_a_word_that_means_nothing_elsewhere(small: Office) -> None:
    assert await _found(small, "activities no") == []
    assert await _found(small, "activities ring") == ["ring"]


@pytest.mark.parametrize("text", ["%", "company:%", 'roof "&"'])
async def test_nothing_is_done_with_all_then(small: Office, text: str) -> None:
    query = parse_query(text)
    async with small.as_(small.admin) as work:
        with pytest.raises(CrmError):
            await rehearse_bulk(work, query, Change("delete"))
        with pytest.raises(CrmError):
            await start_bulk(work, query, Change("delete"), "Delete")
        with pytest.raises(CrmError):
            await queries.narrowed(work, "deal", text)
        with pytest.raises(CrmError):
            await queries.found_sql(work, "deal", text, "d.id")
        with pytest.raises(CrmError):
            await queries.is_found(work, "deal", 1, text)
        assert not await db.column("SELECT record_id FROM operation_record")


async def test_what_has_no_value_is_not_of_that_value(small: Office) -> None:
    for text in ("company:acme", "contact:jan", "source:web", "size:large", "next<9d", "roof"):
        assert await _found(small, text) == ["Roof"], text
        assert await _found(small, f"-{text}") == ["Shed"], text


async def test_a_deal_that_was_deleted_is_none(small: Office) -> None:
    for kind, name in (("contacts", "Jan Nowak"), ("companies", "Acme")):
        assert await _found(small, f"{kind} has:deal") == [name]
        assert await _found(small, f"{kind} no:deal") == []
    async with small.as_(small.admin) as work:
        await delete_record(work, await Deal.get(title="Roof"))
    for kind, name in (("contacts", "Jan Nowak"), ("companies", "Acme")):
        assert await _found(small, f"{kind} has:deal") == []
        assert await _found(small, f"{kind} no:deal") == [name]
