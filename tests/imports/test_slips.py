"""Files with slips in them: nothing is swallowed, nothing is cut off, and what is taken for letters is what was written."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from botcrm.imports.encodings import detect
from botcrm.imports.opening import open_table
from botcrm.imports.table import Row, UnreadableFile
from tests.imports.test_tables import read, written

TOO_MANY = "The row has more cells than there are columns."
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


def good(rows: list[Row]) -> list[list[str]]:
    return [row.cells for row in rows if not row.problem]


def test_a_quote_that_swallowed_other_rows_gives_them_back(tmp_path: Path) -> None:
    text = 'Name,Street,City\nA,"Street 1,Radom\nB,Street 2,Radom\nC,Street 3,Radom\nD,"Street 4, flat 2",Radom\nE,Street 5,Radom\n'
    _, rows = read(written(tmp_path, text.encode()))
    assert [cells[0] for cells in good(rows)] == ["B", "C", "D", "E"]
    assert [row.cells for row in rows if row.problem] == [['A,"Street 1,Radom']]
    # Closed by the opening quote of a cell that a delimiter follows, it makes the record too wide.
    text = 'Name,Street,City\nA,"Street 1,Radom\nB,Street 2,"",Radom,x\nC,"Street",Radom\n'
    _, rows = read(written(tmp_path, text.encode()))
    assert [row.cells[0] for row in rows if row.problem] == ['A,"Street 1,Radom', "B"]
    assert good(rows) == [["C", "Street", "Radom"]]


def test_text_behind_a_closing_quote_is_kept(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, b'a,b\n"Acme" Ltd,1\n2,3\n'))
    assert good(rows) == [["Acme Ltd", "1"], ["2", "3"]]


def test_a_row_of_several_lines_with_a_foreign_letter_is_one_row(tmp_path: Path) -> None:
    text = "a,b\nZażółć,gęślą jaźń\n".encode() + b'x\xc5,"one\ntwo"\n3,4\n'
    _, rows = read(written(tmp_path, text))
    assert [bool(row.problem) for row in rows] == [False, True, False]


def test_more_cells_than_columns_are_told(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, b"Name,Company,Note\nJan,Acme, Inc.,called\nOla,Acme,x,, \n"))
    assert [(row.cells, row.problem) for row in rows] == [
        (["Jan", "Acme", " Inc.", "called"], TOO_MANY),
        (["Ola", "Acme", "x", "", " "], ""),
    ]


def test_a_single_column_is_not_cut(tmp_path: Path) -> None:
    header, rows = read(written(tmp_path, b'Full name\nKowalski, Jan\n"Nowak; Anna"\n'))
    assert (header, good(rows)) == (("Full name",), [["Kowalski, Jan"], ["Nowak; Anna"]])


def test_columns_that_differ_in_case_only_have_names_of_their_own(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"Phone,PHONE,phone 2\n1,2,3\n"))[0] == ("Phone", "PHONE 2", "phone 2 2")


@pytest.mark.parametrize(
    "text",
    [
        "Kontakty firmy\n\nImię i nazwisko,Telefon\nJan,601\n",
        "Kontakty firmy,\n,\nImię i nazwisko,Telefon\nJan,601\n",
        "Kontakty firmy\r\nImię i nazwisko;Telefon\r\nJan;601\r\n",
    ],
)
def test_a_title_above_the_header_is_passed_over(tmp_path: Path, text: str) -> None:
    header, rows = read(written(tmp_path, text.encode()))
    assert (header, good(rows)) == (("Imię i nazwisko", "Telefon"), [["Jan", "601"]])


LETTERS = {
    "pl": "Imię i nazwisko;Miasto\nŁukasz Żółć;Łódź\nMałgorzata Wójcik;Kraków\nJerzy Dąbrowski;Gdańsk\n",
    "cs": "Jméno;Město\nJiří Novák;Plzeň\nŘehoř Dvořák;Brno\nVěra Šťastná;Děčín\n",
    "ru": "Имя;Город\nИван Петров;Москва\nАнна Сидорова;Тверь\nООО Ромашка;Казань\n",
    "ru capitals": "ИМЯ;ГОРОД\nИВАН ПЕТРОВ;МОСКВА\nАННА СИДОРОВА;ТВЕРЬ\n",
    "ru small": "имя;город\nиван петров;москва\nанна сидорова;тверь\n",
    "de": "Name;Stadt\nJörg Müller;München\nGroß Käthe;Köln\n",
    "ja": "氏名,都市\n山田太郎,東京都\nヤマダ タロウ,大阪\n",
    "ja narrow": "ｼﾒｲ,ﾃﾞﾝﾜ\nﾔﾏﾀﾞ ﾀﾛｳ,03\nｽｽﾞｷ,ｶ)ﾄﾖﾀ\n",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, name) for language in ("pl", "cs") for name in ("cp1250", "iso8859-2", "cp852")),
        *((one, name) for one in ("ru", "ru capitals", "ru small") for name in ("cp1251", "koi8-r", "cp866")),
        *(("de", "cp1252"), ("ja", "cp932"), ("ja narrow", "cp932")),
    ],
)
def test_older_encodings_are_told_by_their_letters(language: str, encoding: str) -> None:
    content = LETTERS[language].encode(encoding)
    assert content.decode(detect(content)) == LETTERS[language]


@pytest.mark.parametrize("language", ["pl", "de", "ru", "ja"])
def test_a_letter_cut_in_two_does_not_change_the_encoding_of_the_others(language: str) -> None:
    content = LETTERS[language].encode()
    for place, byte in enumerate(content):
        if byte >= 0x80:
            assert detect(content[:place] + content[place + 1 :]) == "utf-8"


def test_a_soft_break_before_a_space_is_no_folded_line(tmp_path: Path) -> None:
    card = (
        b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:A\r\nNOTE;ENCODING=QUOTED-PRINTABLE:first line=\r\n second\r\nEND:VCARD\r\n"
    )
    header, rows = read(written(tmp_path, card, "a.vcf"))
    assert rows[0].cells[header.index("Note")] == "first line second"


# --- workbooks -----------------------------------------------------------------------------------------------------------


def workbook(path: Path, fill: Callable[[openpyxl.Workbook], object]) -> Path:
    book = openpyxl.Workbook()
    fill(book)
    book.save(path)
    return path


def test_a_workbook_is_opened_whatever_it_is_called(tmp_path: Path) -> None:
    path = workbook(tmp_path / "file.xlsx", lambda book: book.active.append(["Name"])).rename(tmp_path / "file")
    assert read(path)[0] == ("Name",)


def test_a_hidden_sheet_is_passed_over(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        lists, people = book.active, book.create_sheet("People")
        lists.append(["new", "old"])
        lists.sheet_state = "hidden"
        people.append(["Name"])

    table = open_table(workbook(tmp_path / "a.xlsx", fill))
    assert (table.header, table.about.sheet) == (("Name",), "People")
    table.close()


def test_a_title_over_merged_cells_is_passed_over(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        for row in (["Kontakty"], [], ["Imię i nazwisko", "Telefon"], ["Jan", "601", "more"]):
            book.active.append(row)
        book.active.merge_cells("A1:B1")

    header, rows = read(workbook(tmp_path / "a.xlsx", fill))
    assert (header, rows[0].cells, rows[0].problem) == (
        ("Imię i nazwisko", "Telefon"),
        ["Jan", "601", "more"],
        TOO_MANY,
    )


def changed(path: Path, name: str, old: bytes, new: bytes) -> Path:
    """Write a workbook anew with one part changed."""
    made = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            content = before.read(part)
            after.writestr(part.filename, content.replace(old, new) if part.filename == name else content)
    return made


def test_a_row_numbered_a_billion_is_not_counted_up_to(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda book: [book.active.append(row) for row in (["Name"], ["Jan"])])
    far = changed(path, "xl/worksheets/sheet1.xml", b'r="2"', b'r="3000000000"')
    assert read(far) == (("Name",), [])


@pytest.mark.parametrize(
    ("parts", "declared"),
    [
        ([("xl/worksheets/sheet1.xml", 200_000_000)], ["xl/worksheets/sheet1.xml"]),
        ([(f"xl/worksheets/sheet{n}.xml", 4_000_000) for n in range(40)], []),
    ],
    ids=["one part", "many parts"],
)
def test_a_workbook_that_packs_too_well_is_refused_before_it_is_unpacked(
    tmp_path: Path, parts: list[tuple[str, int]], declared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types(*declared))
        for name, size in parts:
            archive.writestr(name, b" " * size)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *a, **k: pytest.fail("nothing is to be unpacked"))
    with pytest.raises(UnreadableFile, match="unpacks to more"):
        open_table(path)


def types(*sheets: str) -> str:
    told = "".join(f'<Override PartName="/{name}" ContentType="{SHEET}"/>' for name in sheets)
    return f'<?xml version="1.0"?><Types xmlns="{TYPES}">{told}</Types>'


def test_what_a_workbook_holds_in_memory_is_limited_whatever_its_part_is_called(tmp_path: Path) -> None:
    path = tmp_path / "texts.xlsx"
    texts = random.Random(1).randbytes(41_000_000)
    for sheets in ((), ("xl/pictures.bin", "xl/pictures.bin")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("[Content_Types].xml", types(*sheets))
            archive.writestr("xl/pictures.bin", texts)
        with pytest.raises(UnreadableFile, match="unpacks to more"):
            open_table(path)


def test_telephones_beyond_the_columns_are_kept(tmp_path: Path) -> None:
    lines = "".join(f"TEL:+4860123450{n}\n" for n in range(7))
    header, rows = read(written(tmp_path, f"BEGIN:VCARD\nFN:A\n{lines}END:VCARD\n".encode(), "a.vcf"))
    assert rows[0].cells[header.index("Phone 5")] == "+48601234504, +48601234505, +48601234506"
