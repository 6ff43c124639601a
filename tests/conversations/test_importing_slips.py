"""Files in the chat as people really send them: workbooks, old Excel files, columns of one name, questions answered too late."""

from __future__ import annotations

import io
from collections.abc import Sequence

import openpyxl

from botcrm.core import db
from botcrm.core.models import Contact, Operation
from botcrm.testing import Crm, Member
from tests.conversations.test_importing import button, settled


def workbook(*rows: Sequence[str]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "People"
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


async def imported(crm: Crm, boss: Member, content: bytes, name: str, kind: str = "Contacts") -> str:
    """Import a file and return what its preview said."""
    await boss.send_document(content, name)
    await boss.tap(kind)
    said = boss.last
    await boss.tap("Import ")
    await settled(crm)
    return said


async def test_a_workbook_is_imported_and_our_own_comes_back(crm: Crm, boss: Member) -> None:
    said = await imported(crm, boss, workbook(["Name", "Phone"], ["Anna Nowak", "+48601234567"]), "people.xlsx")
    assert "1 row · 1 new" in said
    assert "Sheet “People”" in said
    assert (await Contact.get()).phone == "+48601234567"

    await boss.send("/export contacts xlsx")
    await crm.advance(seconds=4)
    name, content = boss.files[-1]
    assert name.endswith(".xlsx")
    await boss.send_document(content, name)
    await boss.tap("Contacts")
    assert "1 row · 1 there already" in boss.last


async def test_a_file_of_the_old_excel_is_told_how_to_be_saved(crm: Crm, boss: Member) -> None:
    await boss.send_document(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "kontakty.xls")
    await boss.tap("Contacts")
    assert "it is an old Excel file, or locked by a password. Save it as XLSX or CSV." in boss.last


async def test_what_excel_calls_unicode_text_is_a_table(crm: Crm, boss: Member) -> None:
    said = await imported(crm, boss, "Name\tPhone\r\nŁukasz\t+48601234567\r\n".encode("utf-16"), "contacts.txt")
    assert "1 row · 1 new" in said
    assert (await Contact.get()).name == "Łukasz"


async def test_a_first_row_that_is_data_is_told(crm: Crm, boss: Member) -> None:
    await boss.send_document(b"Anna Nowak,+48 601 234 567,Radom\nJan Kos,+48 602 234 567,Sopot\n", "a.csv")
    await boss.tap("Contacts")
    assert "⚠ The first row looks like data: put the names of the columns above it (Name, Phone, …)" in boss.last
    await boss.send_document(b"Who,Fone,Shade\nJan Kos,+48 602 234 567,red\n", "b.csv")
    await boss.tap("Contacts")
    assert "looks like data" not in boss.last


async def test_the_same_deals_once_more_are_there_already(crm: Crm, boss: Member) -> None:
    file = b"Title,Company,Amount,Currency\nRoof,Acme,1000,PLN\nGate,Acme,200,PLN\n"
    assert "2 rows · 2 new" in await imported(crm, boss, file, "deals.csv", "Deals")
    await boss.send_document(file, "deals.csv")
    await boss.tap("Deals")
    assert "2 rows · 2 there already" in boss.last
    await boss.tap("There already…")
    await boss.tap("ask me about each")
    await boss.tap("Import ")
    await settled(crm)
    assert "Is it Roof? (same title, client and amount)" in boss.last


async def test_what_stays_of_an_import_is_named_merged_or_not(crm: Crm, boss: Member) -> None:
    await imported(crm, boss, b"Name,Company\nOla Zet,Imp Co\nIga Quill,Imp Two\n", "people.csv")
    await boss.send("merge c1 c2")
    await boss.tap("Merge")
    operation = await Operation.get(kind="import")
    await boss.send("/operations")
    await boss.forge(f"ou:{operation.id}", boss.card)
    await settled(crm)
    for kept in ("c1 Ola Zet", "c2 Iga Quill", "o1 Imp Co", "o2 Imp Two"):
        assert kept in boss.seen, kept


async def test_of_two_columns_the_one_that_was_tapped_is_left_out(crm: Crm, boss: Member) -> None:
    await boss.send_document(b"Name,Phone,PHONE\nAnna,+48601234567,+48602234567\n", "a.csv")
    await boss.tap("Contacts")
    await boss.tap("Columns…")
    await boss.tap("Phone → Phone")
    await boss.tap("Leave it out")
    await boss.tap("Look again")
    await boss.tap("Columns…")
    assert button(boss, "Phone → left out")
    assert button(boss, "PHONE 2 → Phone")


ASKED = b"Name,Phone,City\nAnna Nowak,+48601234567,Radom\nAnna Nowak,+48602234567,Sopot\n"


async def asked(crm: Crm, boss: Member) -> Operation:
    await boss.send("contact Anna Nowak +48 601 234 567")
    await Contact.create(
        name="Anna Nowak", phone="+48602234567", owner_id=boss.user_id, created_at=crm.clock(), updated_at=crm.clock()
    )
    await boss.send_document(ASKED, "a.csv")
    await boss.tap("Contacts")
    await boss.tap("There already…")
    await boss.tap("ask me")
    await boss.tap("Import 2 rows")
    await settled(crm)
    assert "Is it Anna Nowak? (same phone)" in boss.last
    return await Operation.get(kind="import")


async def test_a_question_is_of_no_use_once_the_import_is_taken_back(crm: Crm, boss: Member) -> None:
    operation = await asked(crm, boss)
    question = boss.card
    await boss.forge(f"ou:{operation.id}", boss.card)
    await settled(crm)
    await boss.forge(f"iq:{operation.id}:1:c", question)
    assert "was taken back: its rows are left out. Import the file anew to have them." in boss.toast
    assert await Contact.filter(deleted_at=None).count() == 2


async def test_a_question_about_somebody_who_is_gone_stays_open(crm: Crm, boss: Member) -> None:
    operation = await asked(crm, boss)
    await Contact.filter(phone="+48601234567").update(deleted_at=crm.clock())
    await db.execute("DELETE FROM record_key WHERE key = ?", "p:+48601234567")
    await boss.tap("The same: fill in")
    assert "Row 1 is not taken: the record is not there any more." in boss.toast
    assert await Contact.all().count() == 2
    assert len((await Operation.get(id=operation.id)).progress["asked"]) == 2
    await boss.forge(f"iq:{operation.id}:1:U", boss.card)
    # The one that is there was filled in, the other is asked about still.
    assert [one["number"] for one in (await Operation.get(id=operation.id)).progress["asked"]] == [1]
    assert (await Contact.get(phone="+48602234567")).city == "Sopot"


async def test_a_row_that_may_not_be_taken_stays_open_and_says_why(crm: Crm, boss: Member, anna: Member) -> None:
    operation = await asked(crm, boss)
    await Contact.all().update(owner_id=anna.user_id)
    await db.execute(
        "UPDATE role SET grants = ? WHERE key = 'manager'",
        db.to_json(
            {
                **db.from_json((await db.fetch("SELECT grants FROM role WHERE key = 'manager'"))[0]["grants"]),
                "contact.change": "own",
            }
        ),
    )
    await boss.tap("The same: fill in")
    assert "Row 1 is not taken: Anna Nowak (c1) is there already, and not yours to change." in boss.toast
    assert len((await Operation.get(id=operation.id)).progress["asked"]) == 2
