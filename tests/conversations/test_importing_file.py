"""A file that was read wrong: other letters, another delimiter, the system that its IDs are from, whose its records are."""

from __future__ import annotations

from botcrm.core import db
from botcrm.core.models import Contact, Operation
from botcrm.testing import Crm, Member
from tests.conversations.test_importing import button, settled

GREEK = "Όνομα;Phone;Colour\nΓιώργος Παπαδόπουλος;+30 694 123 4567;red\n"


async def previewed(boss: Member, content: bytes, name: str = "people.csv", kind: str = "Contacts") -> str:
    await boss.send_document(content, name)
    await boss.tap(kind)
    return boss.last


async def test_other_letters_are_chosen_by_the_line_that_reads_right(crm: Crm, boss: Member) -> None:
    assert "Into the note: јнпмб, Colour" in await previewed(boss, GREEK.encode("cp1253")), "taken for Russian"
    await boss.tap("Letters look wrong?")
    assert "Tap the line that reads right." in boss.last
    assert boss.buttons[0] == "Γιώργος Παπαδόπουλος;+30 694 123 4567;red"
    assert sum(one.startswith("• ") for one in boss.buttons) == 1, "how it is read now is marked"
    await boss.tap("Γιώργος")
    assert "Into the note: Όνομα, Colour" in boss.last
    await boss.tap("Columns…")
    await boss.tap("Όνομα")
    await boss.tap("Name")
    await boss.tap("Look again")
    await boss.tap("Import 1 row")
    await settled(crm)
    assert (await Contact.get()).name == "Γιώργος Παπαδόπουλος"
    assert "Γιώργος" in await boss.send("find 694 123 4567")


async def test_columns_that_were_said_outlive_other_letters_where_they_are_called_the_same(
    crm: Crm, boss: Member
) -> None:
    await previewed(boss, GREEK.encode("cp1253"))
    await boss.tap("Columns…")
    await boss.tap("Colour → note")
    await boss.tap("Tags")
    await boss.tap("јнпмб → note")
    await boss.tap("Name")
    await boss.tap("Look again")
    await boss.tap("Letters look wrong?")
    await boss.tap("Γιώργος")
    assert "#red" in boss.last
    assert "Into the note: Όνομα" in boss.last


async def test_letters_of_utf8_are_not_in_doubt(crm: Crm, boss: Member) -> None:
    await previewed(boss, GREEK.encode())
    assert not button(boss, "Letters look wrong?")
    await boss.tap("The file…")
    assert [one.split(":")[0] for one in boss.buttons] == ["Cells parted by", "From the system", "Whose", "← Back"]


FIRST = "ID,Name,Colour\n7,Anna Nowak,red\n8,Jan Kowal,blue\n"


async def test_a_file_of_a_system_that_is_typed_brings_nobody_twice(crm: Crm, boss: Member) -> None:
    assert "Which system are its IDs from? Say it in The file…" in await previewed(boss, FIRST.encode())
    await boss.tap("The file…")
    await boss.tap("From the system: nobody knows")
    await boss.tap("Another one…")
    assert "Type what you call the system" in boss.last
    await boss.send("  Old CRM ")
    assert "Known as a file of old crm." in boss.last
    assert not button(boss, "Never mind")
    await boss.tap("Import 2 rows")
    await settled(crm)
    assert await db.column("SELECT DISTINCT source FROM external_ref") == ["old crm"]

    # Anna married: only her ID tells that it is she; nobody has to say the system once more.
    said = await previewed(boss, FIRST.replace("Anna Nowak", "Anna Zielińska").encode(), "again.csv")
    assert "Known as a file of old crm." in said
    assert "2 rows · 2 there already" in said

    # Of a file with other columns it is one tap.
    await previewed(boss, b"ID,Name,Shade\n8,Johann,green\n", "other.csv")
    assert "1 row · 1 new" in boss.last
    await boss.tap("The file…")
    await boss.tap("From the system")
    assert boss.buttons[:2] == ["old crm", "HubSpot"]
    await boss.tap("old crm")
    assert "1 row · 1 there already" in boss.last
    await boss.tap("The file…")
    await boss.tap("From the system")
    await boss.tap("None")
    assert "1 row · 1 new" in boss.last


async def test_columns_of_a_system_that_was_not_recognised_are_its_own(crm: Crm, boss: Member) -> None:
    table = "Person - Name,Person - Phone - Work,Person - ID\nBea Roofer,+48601234567,77\n"
    said = await previewed(boss, table.encode())
    if "Pipedrive" not in said:
        await boss.tap("The file…")
        await boss.tap("From the system")
        await boss.tap("Pipedrive")
    assert "Known as a file of Pipedrive." in boss.last
    assert "• Bea Roofer · +48601234567" in boss.last


async def test_a_system_without_a_column_of_ids_is_said(crm: Crm, boss: Member) -> None:
    await previewed(boss, b"Name,Phone\nAnna Nowak,+48601234567\n")
    await boss.tap("The file…")
    await boss.tap("From the system")
    await boss.tap("Kommo")
    assert "Known as a file of Kommo.\nNo column holds its IDs: say which in Columns…." in boss.last


async def test_mended_rows_come_back_as_they_were_understood(crm: Crm, boss: Member) -> None:
    await previewed(boss, b"ID,Who,E-mail\n7,Anna Nowak,bad@\n8,Jan Kowal,\n")
    await boss.tap("Columns…")
    await boss.tap("Who → note")
    await boss.tap("Name")
    await boss.tap("Look again")
    await boss.tap("The file…")
    await boss.tap("From the system")
    await boss.tap("Odoo")
    await boss.tap("Import 1 row")
    await settled(crm)
    name, content = boss.files[-1]
    assert "Known as a file of Odoo." in await previewed(boss, content.replace(b"bad@", b"anna@example.pl"), name)
    assert "• Anna Nowak" in boss.last
    await boss.tap("Import 1 row")
    await settled(crm)
    rows = await db.fetch("SELECT external_id, source FROM external_ref ORDER BY external_id")
    assert [(row["external_id"], row["source"]) for row in rows] == [("7", "odoo"), ("8", "odoo")]


async def test_another_delimiter(crm: Crm, boss: Member) -> None:
    await previewed(boss, b"Name;Phone,City\nAnna Nowak;+48601234567,Radom\nJan Kowal;+48602234567,Lublin\n")
    await boss.tap("The file…")
    await boss.tap("Cells parted by")
    other = "semicolon" if button(boss, "• comma") else "comma"
    await boss.tap(other)
    await boss.tap("The file…")
    assert button(boss, f"Cells parted by: {other}")


async def test_whose_the_records_are(crm: Crm, boss: Member, anna: Member) -> None:
    await previewed(boss, FIRST.encode())
    await boss.tap("The file…")
    await boss.tap("Whose: me")
    await boss.tap("Anna")
    assert "Without an owner in the file they go to Anna" in boss.last
    await boss.tap("Import 2 rows")
    await settled(crm)
    assert await db.column("SELECT DISTINCT owner_id FROM contact") == [anna.user_id]


async def test_what_was_not_offered_is_not_taken(crm: Crm, boss: Member, anna: Member) -> None:
    await previewed(boss, FIRST.encode())
    number = (await Operation.get()).id
    for forged in ("l:utf-7", "s:99", "d:9", "o:999", "z:1", "s:x"):
        assert "not" in await boss.forge(f"iY:{number}:{forged}", boss.card), forged
    assert "read" not in (await Operation.get()).params
    await anna.send("today")
    assert "not yours to see" in await anna.forge(f"iY:{number}:s:0", anna.card)
    assert "not yours to see" in await anna.forge(f"iv:{number}", anna.card)
