"""Derived in bulk is derived: search entries, words and keys are those that each record by itself would have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.services.derived.derive import derive
from botcrm.core.services.derived.many import derive_many, derived
from botcrm.core.services.importing.write import create_many, load_many
from botcrm.settings import Settings
from tests.starting import start_up_to_date

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[App]:
    app = App(Settings(database_url=database_url, timezone="Europe/Warsaw"), now=lambda: NOW)
    await start_up_to_date(app)
    yield app
    await app.stop()


words = st.sampled_from(
    ["Anna", "Łukasz", "Nowak-Zięba", "Иванов", "山田太郎", "ab", "O'Neil", "x" * 70, "Acme", "Sp. z o.o.", "7"]
)
names = st.lists(words, min_size=1, max_size=4).map(" ".join)
phones = st.none() | st.integers(500_000_000, 899_999_999).map("+48{}".format)
emails = st.none() | st.sampled_from(["anna@example.pl", "a.b+c@gmail.com", "info@acme.example"])
reached = {"phone": phones, "email": emails, "city": st.none() | words, "postcode": st.none() | st.just("30-001")}
values = {
    "company": st.fixed_dictionaries(
        {"name": names, "website": st.none() | st.just("https://acme.example/x"), **reached}
    ),
    "contact": st.fixed_dictionaries(
        {
            "name": names,
            "birth_date": st.none() | st.dates(date(1930, 1, 1), date(2010, 1, 1)),
            "tax_id": st.none() | st.just("PL 123"),
            "more_phones": st.none() | st.just(["+48601000000"]),
            **reached,
        }
    ),
    "lead": st.fixed_dictionaries(
        {
            "title": names,
            "name": st.just("") | names,
            "company_name": st.just("") | names,
            "status": st.sampled_from(["new", "lost"]),
            "currency": st.just("PLN"),
            **reached,
        }
    ),
    "deal": st.fixed_dictionaries(
        {
            "title": names,
            "status": st.sampled_from(["open", "won"]),
            "amount": st.none() | st.just(Decimal(5)),
            "currency": st.just("PLN"),
        }
    ),
}
batches = st.tuples(*(st.lists(made, max_size=3) for made in values.values()))


async def _stored() -> dict[str, list[Any]]:
    """Return all that is derived, without the row numbers."""
    return {
        "entries": await db.fetch(
            "SELECT entity, record_id, owner_id, name, folded, open FROM search_entry ORDER BY entity, record_id"
        ),
        "terms": await db.fetch(
            "SELECT e.entity, e.record_id, t.term, t.owner_id FROM search_term t JOIN search_entry e ON e.id = t.entry_id "
            "ORDER BY e.entity, e.record_id, t.term"
        ),
        "keys": await db.fetch("SELECT entity, record_id, key FROM record_key ORDER BY entity, record_id, key"),
        "words": sorted(await db.column("SELECT word FROM search_word")),
    }


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=batches)
async def test_many_at_once_are_derived_as_one_by_one(app: App, batch: tuple[list[dict[str, Any]], ...]) -> None:
    for table in (
        "record_key",
        "search_term",
        "search_entry",
        "search_word",
        "event",
        "lead",
        "deal",
        "contact",
        "company",
    ):
        await db.execute(f"DELETE FROM {table}")
    company_id = contact_id = None
    companies, contacts = "", ""
    async with app.work() as work:
        for entity, records in zip(values, batch, strict=True):
            links: dict[str, Any] = {"company_id": company_id} if entity in ("contact", "deal") else {}
            if entity == "deal":
                links |= {"contact_id": contact_id, "pipeline_id": 1, "stage_id": 1, "stage_entered_at": NOW}
            full = [{**record, **links} for record in records]
            ids = await create_many(work, entity, full)
            said = [
                derived(
                    entity,
                    record,
                    companies if entity in ("contact", "deal") and company_id else "",
                    contacts if entity == "deal" and contact_id else "",
                )
                for record in full
            ]
            await derive_many(work, entity, list(zip(ids, said, strict=True)))
            if records and entity == "company":
                company_id, companies = ids[0], records[0]["name"]
            if records and entity == "contact":
                contact_id, contacts = ids[0], records[0]["name"]
    at_once = await _stored()
    for table in ("record_key", "search_term", "search_entry", "search_word"):
        await db.execute(f"DELETE FROM {table}")
    async with app.work() as work:
        for entity in values:
            ids = await db.column(f"SELECT id FROM {entity}")
            await derive(work, list((await load_many(entity, ids)).values()))
    assert at_once == await _stored()
