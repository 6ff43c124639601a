"""Files as other systems export them: known by their columns, each column understood; and what nobody has seen before, guessed."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcrm.core.services.importing.cells import Frame, PipelineFact, StageFact
from botcrm.core.services.importing.fields import FIELDS, NOTE, SKIP, target
from botcrm.core.services.importing.rows import Understanding
from botcrm.imports import own, sources
from botcrm.imports.headers import guess, looks_like_data
from botcrm.imports.source_tables import TABLES

SALES = PipelineFact(
    1,
    "Sales",
    (
        StageFact(1, "New", "open"),
        StageFact(2, "Proposal", "open"),
        StageFact(8, "Won", "won"),
        StageFact(9, "Lost", "lost"),
    ),
)
PEOPLE = {"anna nowak": 7, "anna": 7, "анна иванова": 8}


FILES = Path(__file__).with_name("files")


def export(name: str) -> str:
    return (FILES / f"{name}.csv").read_text(encoding="utf-8")


def understood(entity: str, text: str, delimiter: str = ",", **frame: Any) -> tuple[str, list[Any]]:
    header, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    source = sources.recognise(header)
    assert source is None or source.entity == entity
    mapping = tuple(guess(entity, header, source))
    facts: dict[str, Any] = {
        "region": "PL",
        "people": PEOPLE,
        "pipelines": (SALES,),
        "zone": "Europe/Warsaw",
        "currency": "PLN",
    }
    understanding = Understanding(Frame(entity, tuple(header), mapping, **(facts | frame)))
    return source.name if source else "", [understanding.row(n, cells) for n, cells in enumerate(rows, 1)]


def test_hubspot() -> None:
    system, (jane,) = understood("contact", export("hubspot_contacts"), region="US")
    assert system == "hubspot"
    assert not jane.problems
    assert (jane.external_id, jane.values["name"], jane.emails, jane.phones) == (
        "501",
        "Jane Doe",
        ["jane@example.com"],
        ["+16504508812", "+16504508813"],
    )
    assert (jane.values["owner_id"], jane.company, jane.company_ref) == (7, "Acme Inc", "901")
    assert jane.values["created_at"] == datetime(2025, 10, 13, 7, 15, tzinfo=UTC)
    assert jane.note == "Favorite colour: green"


def test_pipedrive() -> None:
    system, (jane,) = understood("contact", export("pipedrive_people"))
    assert (system, jane.problems) == ("pipedrive", [])
    assert (jane.external_id, jane.emails, jane.phones, jane.tags, jane.company) == (
        "12",
        ["jane@example.com", "j@home.example"],
        ["+48601234567"],
        ["hot", "vip"],
        "Acme",
    )
    assert jane.note == ""


def test_kommo() -> None:
    system, (roof,) = understood("deal", export("kommo_leads_ru"), currency="RUB")
    assert (system, roof.problems) == ("kommo", [])
    assert (roof.values["title"], roof.values["amount"], roof.values["currency"]) == (
        "Крыша",
        Decimal("120000.00"),
        "RUB",
    )
    assert (roof.values["status"], roof.values["stage_id"], roof.values["owner_id"]) == ("won", 8, 8)
    assert (roof.company, roof.contact, roof.contact_phones, roof.contact_emails) == (
        "ООО Ромашка",
        "Пётр Сидоров",
        ["+79161234567"],
        ["p@example.ru"],
    )
    assert (roof.tags, roof.note, roof.values["created_at"]) == (
        ["крыша"],
        "позвонить",
        datetime(2025, 11, 24, 9, 30, tzinfo=UTC),
    )
    system, (peter,) = understood("contact", export("kommo_contacts_ru"))
    assert (system, peter.values["name"], peter.phones) == ("kommo", "Пётр Сидоров", ["+79161234567", "+79161234568"])


def test_bitrix24() -> None:
    system, (peter,) = understood("contact", export("bitrix24_contacts_ru"), ";", region="RU")
    assert (system, peter.problems) == ("bitrix24", [])
    assert (peter.values["name"], peter.phones, peter.values["birth_date"], peter.values["job_title"]) == (
        "Пётр Иванович Сидоров",
        ["+79161234567"],
        date(1980, 2, 1),
        "Директор",
    )
    assert peter.note == "важный"
    system, (deal,) = understood("deal", export("bitrix24_deals_ru"), ";", currency="RUB")
    assert (system, deal.values["amount"], deal.values["stage_id"], deal.values["expected_close"]) == (
        "bitrix24",
        Decimal("120000.50"),
        2,
        date(2026, 12, 31),
    )


def test_odoo() -> None:
    system, (jane,) = understood("contact", export("odoo_contacts"))
    assert (system, jane.problems) == ("odoo", [])
    assert (jane.values["street"], jane.values["postcode"], jane.values["tax_id"], jane.company_ref) == (
        "Lipowa 5 m. 7",
        "30-001",
        "PL123",
        "__export__.res_partner_3",
    )
    system, (roof,) = understood("deal", export("odoo_opportunities"), region="US", day_first={9: False})
    assert (system, roof.values["amount"], roof.values["status"], roof.values["expected_close"]) == (
        "odoo",
        Decimal("12000.50"),
        "won",
        date(2026, 12, 31),
    )


def test_febrl_columns_are_guessed() -> None:
    header = (
        "rec_id,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth,soc_sec_id"
    )
    system, (row,) = understood(
        "contact", f"{header}\nrec-1-org,mia,white,12,oak court,unit 4,perth,6000,wa,19161027,123\n"
    )
    assert system == ""
    assert not row.problems
    assert (row.external_id, row.values) == (
        "rec-1-org",
        {
            "name": "mia white",
            "street": "12 oak court unit 4",
            "city": "perth",
            "postcode": "6000",
            "region": "wa",
            "birth_date": date(1916, 10, 27),
            "tax_id": "123",
            "owner_id": None,
        },
    )


@pytest.mark.parametrize(
    ("entity", "header", "mapping"),
    [
        ("contact", "Имя;Фамилия;Телефон;Почта;Город", "first_name;last_name;phone;email;city"),
        (
            "contact",
            "Vorname;Nachname;Telefonnummer;E-Mail;Firma;Notiz",
            "first_name;last_name;phone;email;company;note",
        ),
        ("contact", "氏名;会社名;電話番号;メール", "name;company;phone;email"),
        ("contact", "Name;Phone;Phone 2;E-mial;Qwertz", "name;phone;phone;email;note:"),
        ("contact", "Name;Phone no.;Tax no;Mobile nr", "name;phone;tax_id;phone"),
        ("company", "Company;VAT No.;Tax nr", "name;tax_id;note:"),
        ("company", "Nazwa firmy;NIP;Telefon;Strona www", "name;tax_id;phone;website"),
        ("lead", "Subject;Name;Phone;Source;Budget", "title;name;phone;source;amount"),
        ("deal", "Tytuł;Firma;Kwota;Waluta;Etap;Opiekun", "title;company;amount;currency;stage;owner"),
        ("deal", "Deal;Client;Value;Currency;Stage;Close date", "title;contact;amount;currency;stage;expected_close"),
    ],
)
def test_columns_of_nobody_known(entity: str, header: str, mapping: str) -> None:
    assert guess(entity, header.split(";")) == mapping.split(";")


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ("Anna Nowak;+48 601 234 567;Radom", True),
        ("Anna Nowak;anna@example.pl", True),
        ("Roof;Acme;12.5.2026;12 000,50", True),
        ("Who;Fone;Shade", False),
        ("Who;2024;2025", False),
        ("Anna Nowak;601234567;Phone", False),
    ],
)
def test_a_first_row_that_is_data_is_told(header: str, data: bool) -> None:
    assert looks_like_data(header.split(";")) is data


def test_what_the_tables_name_are_fields() -> None:
    for (system, entity), (marks, fields) in sources._read(TABLES).items():
        assert marks, (system, entity)
        for column, name in fields.items():
            assert name == SKIP or target(entity, name), (system, entity, name)
            assert column == sources.plain_name(column), (system, entity, column)


def test_our_own_export_is_known() -> None:
    from botcrm.core.services.exporting.export import columns

    for kind, entity in (("contacts", "contact"), ("companies", "company"), ("leads", "lead"), ("deals", "deal")):
        source = own.recognise(columns(kind))
        assert source is not None
        assert (source.name, source.entity, source.fields["id"]) == ("botcrm", entity, "external_id")
        assert NOTE not in guess(entity, columns(kind), source)
        assert set(source.fields.values()) - {SKIP} <= {field.name for field in FIELDS[entity]}
