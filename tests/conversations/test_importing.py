"""Files sent to the chat: looked through first, imported with a tap, problems back as a file, taken back as a whole; and exports."""

from __future__ import annotations

import csv
import io
import json

import pytest
from openpyxl import load_workbook

from botcrm.core import db
from botcrm.core.models import Company, Contact, Deal, Operation
from botcrm.testing import Crm, Member

PEOPLE = """\
Imię i nazwisko;Telefon;E-mail;Firma;Data urodzenia;Kolor
Anna Nowak;601 234 567;anna@example.pl;Acme;1.2.1980;zielony
Jan Kowalski;+48 602 111 222;bad@;Acme;31.02.1980;
=HYPERLINK("x");;evil@example.pl;;;
"""


async def settled(crm: Crm) -> None:
    """Let the pieces of what runs be done, and their ends be told."""
    for _ in range(20):
        await crm.advance(seconds=4)
        if not await Operation.filter(state="running").exists():
            break
    await crm.advance(seconds=4)


def button(member: Member, label: str) -> bool:
    return any(label in one for one in member.buttons)


async def test_a_file_is_shown_as_understood_and_imported_with_a_tap(crm: Crm, boss: Member) -> None:
    said = await boss.send_document(PEOPLE.encode("cp1250"), "ludzie.csv")
    assert "Import it as, or where does it belong?" in said
    await boss.tap("Contacts")
    card = boss.last
    assert "3 rows · 2 new · 1 with a problem" in card
    assert "• Anna Nowak · Acme · +48601234567 · anna@example.pl · 1980-02-01" in card
    assert "⚠ Row 2: E-mail: “bad@” is no e-mail address. Data urodzenia: “31.02.1980” is no date." in card
    assert "Into the note: Kolor" in card
    assert not await Contact.exists(), "nothing is written before it is said"

    await boss.tap("Import 2 rows")
    await settled(crm)
    anna = await Contact.get(name="Anna Nowak")
    assert (anna.phone, anna.email, str(anna.birth_date), anna.owner_id) == (
        "+48601234567",
        "anna@example.pl",
        "1980-02-01",
        boss.user_id,
    )
    assert (await Company.get(id=anna.company_id)).name == "Acme"
    assert await Contact.filter(name='=HYPERLINK("x")').exists()
    note = await db.fetch_one("SELECT text, contact_id FROM note")
    assert note == {"text": "Kolor: zielony", "contact_id": anna.id}
    name, content = boss.files[-1]
    assert name == "ludzie.problems.csv"
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][-1] == "botcrm_problem"
    assert rows[1][:3] == ["Jan Kowalski", "'+48 602 111 222", "bad@"]
    assert "Anna Nowak" in await boss.send("find 601234567"), "search knows them"

    mended = content.decode("utf-8-sig").replace("bad@", "jan@example.pl").replace("31.02", "28.02")
    await boss.send_document(mended.encode(), name)
    await boss.tap("Contacts")
    assert "1 row · 1 new" in boss.last
    await boss.tap("Import 1 row")
    await settled(crm)
    jan = await Contact.get(name="Jan Kowalski")
    assert (jan.email, jan.phone, jan.company_id) == ("jan@example.pl", "+48602111222", anna.company_id)


async def test_a_row_comes_in_without_a_day_that_is_none(crm: Crm, boss: Member) -> None:
    await boss.send_document(b"Name;Birthday;Color\nAnna Nowak;19180135;red\nJan;1.2.1980;\n", "people.csv")
    await boss.tap("Contacts")
    assert "2 rows · 2 new\n" in boss.last
    assert "📝 Row 1: Birthday: “19180135” is no date." in boss.last
    assert "1 row comes in without what makes no sense: it goes into the note." in boss.last

    await boss.tap("Import 2 rows")
    await settled(crm)
    assert "added: 2 · with a value that made no sense, now in the note: 1" in boss.last
    anna = await Contact.get(name="Anna Nowak")
    assert anna.birth_date is None
    assert await db.fetch("SELECT text, contact_id FROM note") == [
        {"text": "Color: red\nBirthday: 19180135", "contact_id": anna.id}
    ]


async def test_an_import_is_taken_back_as_a_whole(crm: Crm, boss: Member) -> None:
    await boss.send_document(PEOPLE.encode(), "ludzie.csv")
    await boss.tap("Contacts")
    await boss.tap("Import 2 rows")
    await settled(crm)
    await boss.send("/operations")
    assert "ludzie.csv" in boss.last
    operation = await Operation.get(kind="import")
    await boss.forge(f"ou:{operation.id}", boss.card)
    await settled(crm)
    assert not await Contact.filter(deleted_at=None).exists()
    assert not await Company.filter(deleted_at=None).exists()
    # Its references stand for nobody now: the same file brings them anew.
    await boss.send_document(PEOPLE.encode(), "ludzie.csv")
    await boss.tap("Contacts")
    assert "2 new" in boss.last


async def test_columns_are_changed_by_taps_and_remembered(crm: Crm, boss: Member) -> None:
    table = "Who,Fone,Shade\nEwa Zet,+48 603 000 111,green\n"
    await boss.send_document(table.encode(), "odd.csv")
    await boss.tap("Contacts")
    assert "Into the note: Who, Fone, Shade" in boss.last
    await boss.tap("Columns…")
    await boss.tap("Who → note")
    assert "What is “Who”?" in boss.last
    assert "Ewa Zet" in boss.last
    await boss.tap("Name")
    await boss.tap("Fone → note")
    await boss.tap("Phone")
    await boss.tap("Shade → note")
    await boss.tap("Leave it out")
    assert button(boss, "Shade → left out")
    await boss.tap("Look again")
    assert "• Ewa Zet · +48603000111" in boss.last
    await boss.tap("Cancel")

    await boss.send_document(table.replace("Ewa Zet", "Ola Igrek").encode(), "odd2.csv")
    await boss.tap("Contacts")
    assert "• Ola Igrek · +48603000111" in boss.last, "the same columns are known the next time"


@pytest.mark.parametrize(
    ("rule", "street", "city"),
    [("leave them", None, "Kraków"), ("fill in", "Lipowa 5", "Kraków"), ("write the file", "Lipowa 5", "Gdańsk")],
)
async def test_those_there_already(crm: Crm, boss: Member, rule: str, street: str | None, city: str) -> None:
    await boss.send("contact Anna Nowak +48 601 234 567")
    await db.execute("UPDATE contact SET city = 'Kraków'")
    await boss.send_document(
        b"Name,Phone,City,Street,Tags\nNowak Anna,601234567,Gda\xc5\x84sk,Lipowa 5,vip\nPiotr Nowak,601234567,,,\n",
        "a.csv",
    )
    await boss.tap("Contacts")
    assert "2 rows · 1 new · 1 there already" in boss.last, "one of the family is somebody else"
    await boss.tap("There already…")
    await boss.tap(rule)
    await boss.tap("Import 2 rows")
    await settled(crm)
    assert await Contact.all().count() == 2
    anna = await Contact.get(name="Anna Nowak") if rule != "write the file" else await Contact.get(city="Gdańsk")
    assert (anna.street, anna.city) == (street, city)
    assert await db.column("SELECT tag FROM tag") == ([] if rule == "leave them" else ["vip"])


async def test_rows_are_asked_about_one_by_one(crm: Crm, boss: Member) -> None:
    await boss.send("contact Anna Nowak +48 601 234 567")
    await boss.send("contact Jan Kowal +48 602 234 567")
    await boss.send_document(
        b"Name,Phone,City\nAnna Nowak,601234567,Radom\nJan Kowal,602234567,Lublin\nNew One,603234567,\n", "a.csv"
    )
    await boss.tap("Contacts")
    await boss.tap("There already…")
    await boss.tap("ask me")
    await boss.tap("Import 3 rows")
    await settled(crm)
    assert "Is it Anna Nowak? (same phone)" in boss.last
    await boss.tap("The same: fill in")
    assert (await Contact.get(name="Anna Nowak")).city == "Radom"
    assert "Is it Jan Kowal?" in boss.last
    await boss.tap("Another one")
    assert "All rows are dealt with." in boss.last
    assert await Contact.filter(name="Jan Kowal").count() == 2


async def test_deals_come_with_their_company_and_contact(crm: Crm, boss: Member) -> None:
    await boss.send("company Acme Ltd")
    table = (
        "Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Organization,Deal - Contact person,Deal - Stage,Deal - Status,"
        "Deal - Owner,Deal - Expected close date,Deal - ID\n"
        'Roof,"12,000.50",EUR,Acme Ltd,Bea Roofer,Proposal,Open,,2026-12-31,77\n'
        "Barn,500,PLN,Farm & Co,,Somewhere,Won,,,78\n"
        "Shed,100,PLN,Farm & Co,,,Won,,,79\n"
    )
    await boss.send_document(table.encode(), "deals.csv")
    await boss.tap("Deals")
    assert "Known as a file of Pipedrive." in boss.last
    assert "There is no stage “Somewhere” in Sales." in boss.last
    await boss.tap("Import 2 rows")
    await settled(crm)
    roof, shed = await Deal.all().order_by("id")
    assert (roof.title, str(roof.amount), roof.currency, roof.status, str(roof.expected_close)) == (
        "Roof",
        "12000.50",
        "EUR",
        "open",
        "2026-12-31",
    )
    assert (await Company.get(id=roof.company_id)).name == "Acme Ltd"
    assert (await Contact.get(id=roof.contact_id)).company_id == roof.company_id
    assert (shed.status, shed.closed_at is not None) == ("won", True)
    assert "Acme Ltd Roof" in await boss.send("find roof")


async def test_a_rep_is_offered_no_import_and_a_hidden_button_does_nothing(
    crm: Crm, anna: Member, boss: Member
) -> None:
    said = await anna.send_document(PEOPLE.encode(), "ludzie.csv")
    assert "Import" not in said
    assert not button(anna, "Contacts")
    assert "does not allow" in await anna.forge("ii:1:c", anna.card)
    assert "does not allow" in await anna.send("/import")
    assert "does not allow" in await anna.send("/export contacts csv")
    assert not await Operation.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03" * 50, "it is no table"),
        (b"PK\x03\x04 broken", "it is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it is an old Excel file"),
    ],
)
async def test_what_is_no_table_is_said(crm: Crm, boss: Member, content: bytes, said: str) -> None:
    await boss.send_document(content or b"  \n", "odd.csv")
    await boss.tap("Contacts")
    assert (said if said != "empty" else "there is nothing in it") in boss.last


async def test_records_go_out_as_files(crm: Crm, boss: Member, anna: Member) -> None:
    await anna.send("deal Acme 12k roof")
    await boss.send("deal Bolt 5k gate")
    await boss.send("/won d2")
    await boss.send("/export deals json")
    name, content = boss.files[-1]
    assert name == "deals-2026-11-24.json"
    assert [deal["title"] for deal in json.loads(content)] == ["roof", "gate"]
    await boss.send("/export deals")
    await boss.tap("XLSX")
    sheet = load_workbook(io.BytesIO(boss.files[-1][1])).active
    assert sheet is not None
    assert [row[1].value for row in sheet.iter_rows()] == ["title", "roof", "gate"]
    await boss.send(f"/deals @{'Anna'}")
    await boss.tap("Export")
    await boss.tap("CSV")
    assert boss.files[-1][1].decode("utf-8-sig").splitlines()[1].startswith("1,roof,12000,")
    await boss.send("find bolt")
    await boss.tap("Export")
    await boss.tap("companies")
    await boss.tap("CSV")
    assert boss.files[-1][1].decode("utf-8-sig").splitlines()[1].startswith("2,Bolt,")
