"""Importing piece by piece: values, who is known, what is written and heard, and that a kill between or within pieces costs nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from botcrm.app import App
from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed
from botcrm.core.domain.events import ContactChanged
from botcrm.core.domain.money import Money
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.deals import add_deal
from botcrm.core.services.duplicates.distinct import say_distinct
from botcrm.core.services.exporting import export
from botcrm.core.services.exporting import formats as export_formats
from botcrm.core.services.operations import operations
from botcrm.core.services.records import add_company, add_contact, add_lead, add_tags, delete_record
from botcrm.core.services.staff.people import actor_by_id, add_user
from botcrm.imports import step
from botcrm.imports.analysing import analyse, read_layout
from botcrm.reminders import operations as running
from tests.core.services.importing.files import NOW, begun, imported, people, problems, rewrite, table, told

# --- who is known ----------------------------------------------------------------------------------------------------


async def test_the_other_systems_id_goes_before_everything(app: App, tmp_path: Path) -> None:
    first = table(tmp_path, "external_id,Name,Phone", "a1,Anna Nowak,601234567", "a2,Anna Nowak,601234567")
    assert told(await imported(app, first, "contact")) == {"created": 2}, "two ids in one system are two"
    assert told(await imported(app, first, "contact")) == {"skipped": 2}
    renamed = table(tmp_path, "external_id,Name,Phone", "a1,Anna Kowalska,605111222", name="b.csv")
    assert told(await imported(app, renamed, "contact", rule="overwrite")) == {"changed": 1}
    anna = await Contact.get(id=1)
    assert (anna.name, anna.phone, anna.more_phones) == ("Anna Kowalska", "+48605111222", ["+48601234567"])
    assert told(await imported(app, renamed, "contact", rule="overwrite")) == {"same": 1}


async def test_phone_or_mail_and_a_name_that_goes_with_them(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        anna = await add_contact(work, "Anna Nowak", phone="+48601234567", email="anna.nowak@gmail.com")
        await add_contact(work, "Jan Nowak", phone="+48601234567")
        await work.flush()
        await work.change(anna, ContactChanged, more_phones=["+48602000000"])
    path = table(
        tmp_path,
        "Name,Phone,E-mail",
        "NOWAK Anna,+48 602 000 000,",
        "A. Nowak,,annanowak@gmail.com",
        "Piotr Nowak,601234567,",
        "Ewa Zet,601234567,",
        "Ewa Zet,601 234 567,",
    )
    assert told(await imported(app, path, "contact")) == {"created": 2, "skipped": 3}
    assert sorted(await db.column("SELECT name FROM contact")) == ["Anna Nowak", "Ewa Zet", "Jan Nowak", "Piotr Nowak"]


async def test_not_a_duplicate_holds_for_a_file_too(app: App, tmp_path: Path) -> None:
    path = table(tmp_path, "external_id,Name,Phone", "7,Jan Kowalski,601234567")
    async with app.work() as work:
        here = await add_contact(work, "Jan Kowalski", phone="+48601234567")
    await imported(app, path, "contact", rule="create")
    async with app.work() as work:
        await say_distinct(work, "contact", here.id, [2])
        await delete_record(work, await Contact.get(id=2))
    assert told(await imported(app, path, "contact")) == {"created": 1}, "it is not the one that is here"


async def test_what_is_out_of_reach_is_not_there(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        boss = await add_user(work, name="Marta", role="manager", telegram_id=1)
        other = await add_user(work, name="Zofia", role="manager", telegram_id=2)
        await add_contact(work, "Anna Nowak", phone="+48601234567", owner_id=other.id)
        await add_company(work, "Acme", owner_id=other.id)
    path = table(tmp_path, "external_id,Name,Phone,Company,Owner", "1,Anna Nowak,601234567,Acme,", "2,Ola Zet,,,Zofia")
    operation = await imported(app, path, "contact", boss.id, rule="overwrite")
    assert told(operation) == {"created": 1, "companies": 1, "bad": 1}
    assert "Zofia is not within your reach." in problems(operation)
    anna = await Contact.get(id=2)
    assert (anna.owner_id, (await Company.get(id=anna.company_id)).owner_id) == (boss.id, boss.id)


async def test_rights(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        rep = await add_user(work, name="Anna", role="rep", telegram_id=1)
    path = table(tmp_path, "Name", "X")
    operation = await begun(app, path, "contact", rep.id)
    done = await running.run_here(app, operation.id)
    assert (done.state, await Contact.exists()) == ("failed", False)
    actor = await actor_by_id(app.defaults, rep.id)
    async with app.work(actor) as work:
        with pytest.raises(NotAllowed):
            await analyse(work, path, await read_layout(path, "contact"))


# --- what is written and heard -----------------------------------------------------------------------------------------


async def test_each_record_has_its_event_and_hooks_hear_once(app: App, tmp_path: Path) -> None:
    heard: list[str] = []
    app.on_commit(lambda work: heard.extend(event.type for event in work.events))
    path = table(tmp_path, "Name,Tags,Note,Company", *(f'Person {n},"a, b",hello,Acme' for n in range(30)))
    operation = await imported(app, path, "contact")
    assert heard == ["OperationEnded"]
    rows = await db.fetch(
        "SELECT type, count(*) AS n FROM event WHERE work_id = ? GROUP BY type ORDER BY type", operation.work_id
    )
    assert {row["type"]: row["n"] for row in rows} == {
        "CompanyCreated": 1,
        "ContactCreated": 30,
        "NoteAdded": 30,
        "OperationEnded": 1,
        "TagAdded": 60,
    }
    heard.clear()
    path = table(tmp_path, "Name,Phone", "New One,605000111", name="b.csv")
    await imported(app, path, "lead", heard=True)
    assert heard == ["LeadCreated", "OperationEnded"]


async def test_an_event_holds_what_typing_it_would_have(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        await add_lead(work, "Roof", name="Anna", phone="+48601234567", source="web", amount=Money(Decimal(5), "EUR"))
    path = table(tmp_path, "Title,Name,Phone,Source,Amount,Currency", "Roof,Anna,601234567,web,5,EUR")
    await imported(app, path, "lead", rule="create")
    typed, read = await db.fetch(
        "SELECT version, lead_id, record_id, after FROM event WHERE type = 'LeadCreated' ORDER BY id"
    )
    one, other = (
        {name: value for name, value in db.from_json(row["after"]).items() if value is not None}
        for row in (typed, read)
    )
    assert one == {"company_name": "", **other} | {"company_name": ""}
    assert (read["version"], read["lead_id"]) == (1, read["record_id"])
    roof, again = await Lead.all().order_by("id")
    assert {name: value for name, value in again.__dict__.items() if name[0] != "_" and name != "id"} == {
        name: value for name, value in roof.__dict__.items() if name[0] != "_" and name != "id"
    }


async def test_an_update_fills_or_writes_over(app: App, tmp_path: Path) -> None:
    async with app.work() as work:
        deal = await add_deal(work, title="Roof", amount=Money(Decimal(100), "PLN"))
    rows = ("external_id,Title,Amount,Currency,Stage,Expected close", "5,Roof,250,EUR,Proposal,2026-12-31")
    await db.execute(
        "INSERT INTO external_ref (entity, record_id, source, external_id) VALUES ('deal', ?, '', '5')", deal.id
    )
    assert told(await imported(app, table(tmp_path, *rows), "deal", rule="update")) == {"changed": 1}
    deal = await Deal.get(id=deal.id)
    assert (deal.amount, deal.currency, str(deal.expected_close), deal.stage_id) == (
        Decimal(100),
        "PLN",
        "2026-12-31",
        1,
    )
    assert told(await imported(app, table(tmp_path, *rows, name="b.csv"), "deal", rule="overwrite")) == {"changed": 1}
    deal = await Deal.get(id=deal.id)
    assert (deal.amount, deal.currency, deal.stage_id) == (Decimal(250), "EUR", 3)


async def test_an_import_taken_back_leaves_what_was_changed_since(app: App, tmp_path: Path) -> None:
    path = table(tmp_path, "external_id,Name,Company", *(f"{n},Person {n},Acme" for n in range(5)))
    operation = await imported(app, path, "contact")
    async with app.work() as work:
        await add_deal(work, title="Roof", contact_id=2)
        taking = await operations.undo(work, operation.id, here=True)
    taken = await running.run_here(app, taking.id)
    assert taken.state == "done"
    left = await Contact.filter(deleted_at=None)
    assert [contact.id for contact in left] == [2]
    assert await Company.filter(deleted_at=None).count() == 1, "the one that stays hangs on it"
    assert told(await imported(app, path, "contact")) == {"created": 4, "skipped": 1}


# --- broken off ------------------------------------------------------------------------------------------------------


async def test_a_file_that_was_changed_meanwhile_is_not_gone_on_with(app: App, tmp_path: Path) -> None:
    path = people(tmp_path, 10)
    operation = await begun(app, path, "contact")
    rewrite(path, "external_id,Name,Phone,E-mail,Company\n1,Other,,,\n")
    done = await running.run_here(app, operation.id)
    assert (done.state, "was changed" in done.error, await Contact.exists()) == ("failed", True, False)


async def test_a_large_file_is_read_by_a_process_of_its_own(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "APART", 100)
    path = people(tmp_path, 60)
    assert told(await imported(app, path, "contact")) == {"created": 51, "bad": 9, "companies": 11}


# --- out and in again ------------------------------------------------------------------------------------------------

letters = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="\ufeff\ufffd")
text = st.text(letters | st.sampled_from(" =+-@'\"\t,;"), max_size=20).map(lambda one: " ".join(one.split()))
name = text.filter(bool)
phone = st.none() | st.integers(500_000_000, 799_999_999).map("+48{}".format)
amount = st.none() | st.decimals(0, 10**12, places=2)
moment = st.datetimes(datetime(2000, 1, 1), datetime(2026, 11, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))


A_CONTACT: dict[str, Any] = {
    "name": "'=",
    "phone": None,
    "more_phones": None,
    "email": None,
    "street": None,
    "tax_id": None,
    "birth_date": None,
    "created_at": NOW,
    "tags": [],
}


async def exported(app: App, kind: str, path: Path, form: str) -> list[dict[str, Any]]:
    async with app.work() as work:
        rows = [row async for row in export.export_rows(work, kind)]

    async def again() -> AsyncIterator[dict[str, Any]]:
        for row in rows:
            yield row

    if form == "csv":
        rewrite(path, "".join([piece async for piece in export_formats.csv_text(again(), export.columns(kind))]))
    else:
        book = export_formats.Xlsx(export.columns(kind))
        for row in rows:
            book.row(row)
        book.save(path)
    return rows


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.sampled_from(["csv", "xlsx"]),
    contacts=st.lists(
        st.fixed_dictionaries(
            {
                "name": name,
                "phone": phone,
                "more_phones": st.none() | st.just(["+48601000000", "+48602000000"]),
                "email": st.none() | st.just("anna+x@example.pl"),
                "street": st.none() | name,
                "tax_id": st.none() | st.just("=7"),
                "birth_date": st.none() | st.dates(datetime(1930, 1, 1).date(), datetime(2010, 1, 1).date()),
                "created_at": moment,
                "tags": st.lists(st.sampled_from(["roof", "vip"]), unique=True),
            }
        ),
        min_size=1,
        max_size=4,
    ),
    deals=st.lists(st.fixed_dictionaries({"title": name, "amount": amount, "source": st.none() | name}), max_size=4),
)
@example(form="xlsx", contacts=[A_CONTACT], deals=[{"title": "''+1", "amount": None, "source": "'@"}])
async def test_what_goes_out_comes_back_the_same(
    app: App, tmp_path: Path, form: str, contacts: list[dict[str, Any]], deals: list[dict[str, Any]]
) -> None:
    await _emptied()
    async with app.work() as work:
        for values in contacts:
            given_values = {name: value for name, value in values.items() if name != "tags"}
            if values["phone"] is None:
                given_values["more_phones"] = None
            made = await Contact.create(updated_at=NOW, **given_values)
            work.touch(made)
            await add_tags(work, made, values["tags"])
        for values in deals:
            money = Money(values["amount"], "PLN") if values["amount"] is not None else None
            deal = await add_deal(work, title=values["title"], amount=money, source=values["source"])
            await Deal.filter(id=deal.id).update(source=values["source"])
    before = {}
    for kind in ("contacts", "deals"):
        before[kind] = await exported(app, kind, tmp_path / f"{kind}.{form}", form)
    same = await imported(app, tmp_path / f"contacts.{form}", "contact", rule="overwrite")
    assert told(same) == {"same": len(contacts)}, "with us each is known by its number and the second it was made"
    await _emptied()
    for kind, entity in (("contacts", "contact"), ("deals", "deal")):
        if not before[kind]:
            continue
        operation = await imported(app, tmp_path / f"{kind}.{form}", entity, rule="create")
        assert told(operation) == {"created": len(before[kind])}
        after = await exported(app, kind, tmp_path / "again.csv", "csv")
        for one, other in zip(before[kind], after, strict=True):
            assert {**one, "id": 0} == {**other, "id": 0}


async def _emptied() -> None:
    for table_name in (
        *("external_ref", "record_key", "search_term", "search_entry", "event", "tag", "note"),
        *("import_mapping", "operation", "lead", "deal", "contact", "company"),
    ):
        await db.execute(f"DELETE FROM {table_name}")


async def test_dates_of_a_column_are_read_one_way(app: App, tmp_path: Path) -> None:
    path = table(tmp_path, "Name,Birthday", "A,03/04/1980", "B,05/14/1981")
    await imported(app, path, "contact")
    assert [str(one.birth_date) for one in await Contact.all().order_by("id")] == ["1980-03-04", "1981-05-14"]
    path = table(tmp_path, "Name,Birthday", "C,03/04/1980", name="b.csv")
    await imported(app, path, "contact")
    assert str((await Contact.get(name="C")).birth_date) == "1980-04-03"


async def test_created_is_never_in_the_future(app: App, tmp_path: Path) -> None:
    path = table(
        tmp_path, "Title,Created,Stage,Closed", "A,2020-05-01,Won,2021-05-01", f"B,{NOW + timedelta(days=9):%Y-%m-%d},,"
    )
    await imported(app, path, "deal")
    old, new = await Deal.all().order_by("id")
    assert (old.created_at.year, old.closed_at and old.closed_at.year, old.status) == (2020, 2021, "won")
    assert new.created_at == NOW
