"""Own fields beneath the chat: what plugins and rules use, what is derived, files in and out, and what they cost."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcrm import services
from botcrm.core import db
from botcrm.core.domain.custom_errors import NoSuchChoice, NoSuchField, NotAnAmount, WrongPipeline
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.money import Money
from botcrm.core.models import Choice, Contact, CustomField, Deal, FieldValue, Pipeline
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.custom.api import CustomTest
from botcrm.core.services.deals import add_deal
from botcrm.core.services.exporting import export
from botcrm.core.services.exporting.formats import csv_text
from botcrm.core.services.records import add_contact
from botcrm.core.services.search.subjects import search
from botcrm.core.services.staff.people import actor_by_id
from botcrm.core.services.undo.undo import undo
from tests.core.services.conftest import Office
from tests.core.services.importing.files import imported


async def make(office: Office, entity: str = "deal") -> dict[str, CustomField]:
    """Have the manager make a field of each type."""
    made: dict[str, CustomField] = {}
    async with office.as_(office.boss) as work:
        await dictionaries.add_choices(work, "kinds", "roof, wall, flat roof")
        for key, kind in (
            ("remark", "text"),
            ("area", "number"),
            ("budget", "money"),
            ("start", "date"),
            ("visit", "time"),
            ("kind", "list"),
            ("parts", "multi"),
            ("vip", "yes_no"),
            ("surveyor", "person"),
            ("drawing", "link"),
        ):
            made[key] = await custom_fields.add_field(work, entity, key.title(), kind, dictionary="kinds")
    return made


VALUES: dict[str, Any] = {
    "remark": "two dogs",
    "area": Decimal("1250.125"),
    "budget": Money(Decimal(12000), "EUR"),
    "start": date(2026, 12, 24),
    "visit": "9:30",
    "kind": "flat",
    "parts": ["roof", "wall"],
    "vip": True,
    "surveyor": "Marek",
    "drawing": "example.com",
}
READ = {
    "remark": "two dogs",
    "area": "1250.125",
    "budget": {"amount": "12000", "currency": "EUR"},
    "start": "2026-12-24",
    "visit": "09:30",
    "kind": "flat roof",
    "parts": ["roof", "wall"],
    "vip": True,
    "surveyor": "Marek",
    "drawing": "https://example.com",
}


async def test_plugins_get_and_set_them(office: Office) -> None:
    await make(office)
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="Acme roof")
        await services.set_custom(work, deal, VALUES)
        assert await services.custom_values(work, deal) == READ
        work_id = work.id
    rows = {(row.text, row.number, str(row.moment or "")[:10]) for row in await FieldValue.filter(record_id=deal.id)}
    assert ("roof", Decimal((await Choice.get(name="roof")).id), "") in rows
    assert ("eur", Decimal(12000), "") in rows
    assert (None, None, "2026-12-24") in rows
    assert all(row.measure == (None if row.number is None else float(row.number)) for row in await FieldValue.all())
    async with office.as_(office.anna) as work:
        await services.set_custom(work, await Deal.get(id=deal.id), {"budget": "15k", "vip": None})
        found = await services.custom_values(work, await Deal.get(id=deal.id))
        assert (found["budget"], "vip" in found) == ({"amount": "15000", "currency": "PLN"}, False)
        changed = work.id
    async with office.as_(office.anna) as work:
        await undo(work, changed)
        assert await services.custom_values(work, await Deal.get(id=deal.id)) == READ
    async with office.as_(office.anna) as work:
        await undo(work, work_id)
        assert await Deal.get(id=deal.id).values_list("deleted_at", flat=True)


async def test_what_does_not_fit_is_refused(office: Office) -> None:
    fields = await make(office)
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="Acme roof")
    for values, error in (
        ({"budget": "lots"}, NotAnAmount),
        ({"kind": "door"}, NoSuchChoice),
        ({"colour": "red"}, NoSuchField),
    ):
        async with office.as_(office.anna) as work:
            with pytest.raises(error):
                await services.set_custom(work, deal, values)
    async with office.as_(office.zofia) as work:
        with pytest.raises(NotFound):
            await custom_fields.set_values(work, "deal", deal.id, {fields["vip"].id: True})
        with pytest.raises(NotAllowed):
            await custom_fields.add_field(work, "deal", "Secret", "text")
    other = await Pipeline.create(name="Service", position=2)
    async with office.as_(office.boss) as work:
        await custom_fields.change_field(work, fields["vip"].id, pipeline_id=other.id)
    async with office.as_(office.anna) as work:
        with pytest.raises(WrongPipeline):
            await custom_fields.set_values(work, "deal", deal.id, {fields["vip"].id: True})
        assert await custom_fields.fields_of("deal", deal.pipeline_id) != await custom_fields.fields_of("deal")


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_rules_compare_them(office: Office) -> None:
    fields = await make(office)
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="Acme roof")
        await services.set_custom(work, deal, VALUES)
        cases: list[tuple[str, CustomTest, str, bool]] = [
            ("budget", "filled", "", True),
            ("budget", "empty", "", False),
            ("budget", "at_least", "12k EUR", True),
            ("budget", "at_least", "12001 EUR", False),
            ("budget", "at_least", "1k PLN", False),
            ("area", "at_most", "2000", True),
            ("start", "at_most", "31.12.2026", True),
            ("start", "at_least", "in 2 months", False),
            ("visit", "is", "9:30", True),
            ("kind", "is", "flat roof", True),
            ("kind", "is_not", "wall", True),
            ("parts", "has", "wall", True),
            ("parts", "has", "flat roof", False),
            ("parts", "is", "wall, roof", True),
            ("remark", "has", "DOGS", True),
            ("vip", "is", "yes", True),
            ("surveyor", "is", "Marek", True),
            ("surveyor", "is", "Zofia", False),
        ]
        for key, test, text, holds in cases:
            assert await services.custom_holds(work, deal, fields[key].id, test, text) == holds, (key, test, text)
        assert await services.write_custom(work, deal, fields["parts"].id, "flat roof") == "flat roof"
        assert await services.write_custom(work, deal, fields["parts"].id, "") == ""
        assert not await services.custom_holds(work, deal, fields["parts"].id, "filled")
        assert await services.custom_name(work, fields["vip"].id) == "Vip"


async def test_search_finds_their_words(office: Office) -> None:
    await make(office, "contact")
    async with office.as_(office.anna) as work:
        contact = await add_contact(work, "Eva Stone")
        await services.set_custom(work, contact, {"remark": "collects clocks", "kind": "flat roof"})
    async with office.as_(office.anna) as work:
        for words in ("clocks", "flat"):
            assert [found.record_id for found in await search(work, words, limit=5)] == [contact.id]
        assert await custom_fields.search_texts("contact", await Contact.get(id=contact.id)) == [
            "collects clocks",
            "flat roof",
        ]


async def test_what_goes_out_comes_back_in(office: Office, tmp_path: Path) -> None:
    await make(office, "contact")
    async with office.as_(office.admin) as work:
        contact = await add_contact(work, "Eva Stone", email="eva@example.com")
        await services.set_custom(work, contact, VALUES)
        before = contact.custom
    actor = await actor_by_id(office.app.defaults, office.admin.id)
    async with office.app.work(actor) as work:
        rows = [row async for row in export.export_rows(work, "contacts")]
    assert {name: rows[0][f"custom:{name}"] for name in READ} == {
        "remark": "two dogs",
        "area": "1250.1250",
        "budget": "12000 EUR",
        "start": "2026-12-24",
        "visit": "09:30",
        "kind": "flat roof",
        "parts": "roof, wall",
        "vip": "yes",
        "surveyor": "Marek",
        "drawing": "https://example.com",
    }
    names = await export.all_columns("contacts")

    async def again() -> AsyncIterator[dict[str, Any]]:
        for row in rows:
            yield row

    text = "".join([piece async for piece in csv_text(again(), names)])
    async with office.as_(office.admin) as work:
        await services.delete_record(work, await Contact.get(id=contact.id))
    path = tmp_path / "contacts.csv"
    path.write_text(text.replace("Eva Stone", "Eva Rock"), encoding="utf-8")
    operation = await imported(office.app, path, "contact", office.admin.id)
    assert operation.counts["created"] == 1, operation.error
    found = await Contact.get(name="Eva Rock")
    assert found.custom == before
    assert await FieldValue.filter(entity="contact", record_id=found.id).count() == len(READ) + 1
    async with office.as_(office.admin) as work:
        assert [one.record_id for one in await search(work, "dogs", limit=5)] == [found.id]


async def test_columns_are_known_by_a_fields_name(office: Office, tmp_path: Path) -> None:
    await make(office, "contact")
    path = tmp_path / "people.csv"
    sheet = [
        ["Name", "E-mail", "Area", "Start", "Kind", "Vip"],
        ["Eva Stone", "eva@example.com", "1,5", "24/12/2026", "roof", "yes"],
        ["Jan Kowal", "jan@example.com", "wide", "25/12/2026", "door", "maybe"],
    ]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(sheet)
    path.write_text(buffer.getvalue(), encoding="utf-8")
    operation = await imported(office.app, path, "contact", office.admin.id)
    assert operation.params["mapping"] == ["name", "email", "custom:area", "custom:start", "custom:kind", "custom:vip"]
    async with office.as_(office.admin) as work:
        eva, jan = await Contact.get(name="Eva Stone"), await Contact.get(name="Jan Kowal")
        assert await services.custom_values(work, eva) == {
            "area": "1.5",
            "start": "2026-12-24",
            "kind": "roof",
            "vip": True,
        }
        assert await services.custom_values(work, jan) == {"start": "2026-12-25"}
    notes = await db.column("SELECT text FROM note")
    assert notes == ["Area: wide\nKind: door\nVip: maybe"], "what makes no sense goes into the note"
    path.write_text(buffer.getvalue().replace("1,5", "2,5").replace("wide", "7"), encoding="utf-8")
    await imported(office.app, path, "contact", office.admin.id, rule="update")
    async with office.as_(office.admin) as work:
        assert (await services.custom_values(work, await Contact.get(id=eva.id)))["area"] == "1.5", "filled already"
        assert (await services.custom_values(work, await Contact.get(id=jan.id)))["area"] == "7"


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
async def test_without_own_fields_nothing_is_asked_about_them(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fetch, fetch_one = db.fetch, db.fetch_one

    async def noted(sql: str, *args: Any) -> Any:
        asked.append(sql)
        return await fetch(sql, *args)

    async def noted_one(sql: str, *args: Any) -> Any:
        asked.append(sql)
        return await fetch_one(sql, *args)

    monkeypatch.setattr(db, "fetch", noted)
    monkeypatch.setattr(db, "fetch_one", noted_one)
    async with office.as_(office.anna) as work:
        deal = await add_deal(work, title="Acme roof")
        await work.flush()
        assert await custom_fields.held(work, deal, empty=True) == []
        assert await custom_fields.fields_for(work, "deal") == ()
    assert not [sql for sql in asked if "custom_field" in sql or "choice" in sql or "field_value" in sql]
    assert not [sql for sql in asked if "setting" in sql and "= ? AND user_id = 0" in sql]


async def test_a_reading_of_before_a_change_is_never_taken_for_the_present(office: Office) -> None:
    async with office.as_(office.boss) as work:
        one = await custom_fields.add_field(work, "deal", "Budget", "money")
    assert [field.name for field in await custom_fields.fields_of("deal")] == ["Budget"]
    with contextlib.suppress(ZeroDivisionError):
        async with office.as_(office.boss) as work:
            await custom_fields.change_field(work, one.id, name="Purse")
            await work.flush()
            assert [field.name for field in await custom_fields.fields_of("deal")] == ["Purse"]
            raise ZeroDivisionError
    assert [field.name for field in await custom_fields.fields_of("deal")] == ["Budget"]
    async with office.as_(office.boss) as work:
        await custom_fields.delete_field(work, one.id)
    assert await custom_fields.fields_of("deal") == ()
    assert await custom_fields.find_field("deal", "budget") is None


async def test_the_shipped_words_are_put_in_once_and_in_the_companys_language(office: Office) -> None:
    assert [one.name for one in await dictionaries.choices("lost_reason")][:2] == ["Price", "Competitor"]
    async with office.as_(office.boss) as work:
        for one in await dictionaries.choices("segment"):
            await dictionaries.delete_choice(work, one.id)
    async with db.transaction():
        await dictionaries.seed_dictionaries(office.now, str.upper)
    assert await dictionaries.choices("segment") == ()
    await Choice.filter(dictionary="industry").delete()
    async with db.transaction():
        await dictionaries.seed_dictionaries(office.now, str.upper)
    assert "CONSTRUCTION" in [one.name for one in await dictionaries.choices("industry")]
