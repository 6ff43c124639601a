"""Reading tables: whatever the encoding, the delimiter and the damage; and going on from any row."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.imports.delimited import sniff
from botcrm.imports.encodings import SAMPLE, detect
from botcrm.imports.opening import open_table
from botcrm.imports.table import Row, UnreadableFile

POLISH = "Imię;Nazwisko;Miasto\nŁukasz;Wiśniewski;Łódź\nŻaneta;Gołąb;Kraków\n"
TEXTS = {
    "utf-8": POLISH + "Иван;Петров;Москва\n",
    "utf-8-sig": POLISH,
    "utf-16": POLISH + "山田;太郎;東京\n",
    "utf-16-le": "Name\tPhone\nŁukasz\t+48 601\n",
    "utf-16-be": "Имя\tТелефон\nИван\t+7 916 123\n",
    "cp1250": POLISH,
    "cp1251": "Имя;Фамилия;Город\nПётр;Сидоров;Нижний Новгород\nООО «Ромашка»;;№ 5\n",
    "cp1252": "Name;Ort;Straße\nJürgen Müller;Köln;Große Straße 5\nFrançois;Orléans;où\nPeña;Núñez;ação\n",
    "shift_jis": "氏名,会社\n山田太郎,株式会社テスト\n佐藤花子,有限会社サンプル\n",
    "gb18030": "姓名,公司\n张伟,北京科技有限公司\n李娜,上海贸易公司\n",
}


def written(folder: Path, content: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(path: Path, **how: str) -> tuple[tuple[str, ...], list[Row]]:
    """Return header and rows, having gone on behind each of the rows as well."""
    table = open_table(path, **how)
    try:
        rows = list(table.rows())
        for place, row in enumerate(rows[:20]):
            assert list(table.rows(row.number, row.end)) == rows[place + 1 :]
        return table.header, rows
    finally:
        table.close()


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_encoding_is_told_by_the_bytes(tmp_path: Path, encoding: str) -> None:
    text = TEXTS[encoding]
    expected = list(csv.reader(io.StringIO(text), delimiter=sniff(text)))
    header, rows = read(written(tmp_path, text.encode(encoding)))
    assert [list(header), *(row.cells for row in rows)] == expected


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Łódź"),
        ("cp1250", "Jiří Dvořák"),
        ("cp1250", "Árvíztűrő tükörfúrógép"),
        ("cp1250", "Straße;Müller;Łódź;Gdańsk"),
        ("cp1251", "Мария"),
        ("cp1251", "Иван Petrov;Кафе №5"),
        ("cp1251", "Київ;Їжак"),
        ("cp1252", "Müller"),
        ("cp1252", "São Paulo;João"),
        ("cp1252", "Ångström;Bjørn"),
        ("shift_jis", "カタカナ"),
        ("shift_jis", "name,氏名\ntaro,山田"),
        ("gb18030", "深圳市腾讯计算机系统有限公司"),
    ],
)
def test_short_texts_too(encoding: str, text: str) -> None:
    found = detect(text.encode(encoding))
    assert text.encode(encoding).decode(found) == text, found


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~"])
def test_the_delimiter_is_told_by_the_lines(tmp_path: Path, delimiter: str) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(
        [["Name", "Note", "Sum"], ["Anna", "a, b; c|d", "1,50"], ["Jan", 'say "x"\nnew line', "2;3"], ["Ola", "", "7"]]
    )
    header, rows = read(written(tmp_path, buffer.getvalue().encode()))
    assert header == ("Name", "Note", "Sum")
    assert rows[0].cells == ["Anna", "a, b; c|d", "1,50"]
    assert rows[1].cells == ["Jan", 'say "x"\nnew line', "2;3"]


def test_what_spreadsheets_say_of_the_delimiter(tmp_path: Path) -> None:
    header, rows = read(written(tmp_path, b"sep=;\r\nName;Sum\r\nA;1,2\r\n"))
    assert (header, rows[0].cells) == (("Name", "Sum"), ["A", "1,2"])


def test_line_ends_of_the_mac_and_empty_lines(tmp_path: Path) -> None:
    assert [row.cells for row in read(written(tmp_path, b"a,b\r1,2\r3,4\r"))[1]] == [["1", "2"], ["3", "4"]]
    rows = read(written(tmp_path, b"\n\na,b\n\n1,2\n,\n \n3,4"))[1]
    assert [row.cells for row in rows] == [["1", "2"], ["3", "4"]]


def test_each_column_has_a_name_of_its_own(tmp_path: Path) -> None:
    header, _ = read(written(tmp_path, b"Phone,Phone,,Phone\n1,2,3,4\n"))
    assert header == ("Phone", "Phone 2", "Column 3", "Phone 3")


def test_five_hundred_columns(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(500)]
    header, rows = read(written(tmp_path, (",".join(names) + "\n" + ",".join(names) + "\n").encode()))
    assert (len(header), len(rows[0].cells)) == (500, 500)


def test_a_line_of_ten_megabytes_is_told_and_passed_over(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, b"a,b\n1,2\n" + b"x" * 10_000_000 + b",1\n3,4\n"))
    assert [(row.cells, row.problem) for row in rows] == [
        (["1", "2"], ""),
        (["x" * 10_000], "The line is too long."),
        (["3", "4"], ""),
    ]


def test_a_quote_that_is_not_closed_costs_its_own_line(tmp_path: Path) -> None:
    lines = [b"a,b", b'1,"open', *(b"%d,x" % number for number in range(2, 2000)), b'2000,"quoted ""well"" here"']
    _, rows = read(written(tmp_path, b"\n".join(lines)))
    bad = [row for row in rows if row.problem]
    assert [(row.number, row.problem) for row in bad] == [(1, "A quote is not closed, or a cell is too long.")]
    assert len(rows) == 2000
    assert rows[-1].cells == ["2000", 'quoted "well" here']
    _, rows = read(written(tmp_path, b'a,b\n1,2\n3,"never closed\n4,5\n'))
    assert [(row.cells, bool(row.problem)) for row in rows] == [
        (["1", "2"], False),
        (['3,"never closed'], True),
        (["4", "5"], False),
    ]


def test_letters_that_are_not_of_the_encoding(tmp_path: Path) -> None:
    text = ("a,b\n" + ("zażółć " * 100 + ",x\n") * 1_200).encode() + b"\xff\xfe,y\nend,z\n"
    assert len(text) > SAMPLE
    rows = read(written(tmp_path, text))[1]
    assert rows[-2].problem == "Some letters are not in the file's encoding."
    assert rows[-1].cells == ["end", "z"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n \n",
        b"%PDF-1.7 \xe2\xe3",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        bytes(range(256)) * 20,
        b"PK\x03\x04 broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"BEGIN:VCAR",
    ],
)
def test_what_is_no_table_is_refused_or_has_no_rows(tmp_path: Path, content: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        assert read(written(tmp_path, content))[1] == []


def test_only_a_header(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"Name,Phone\n")) == (("Name", "Phone"), [])


def test_an_encoding_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such encoding"):
        open_table(written(tmp_path, b"a,b\n"), encoding="cp99999")


letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffd") | st.sampled_from('\n\t",;')
cells = st.text(letters, max_size=12)


@given(
    rows=st.lists(st.lists(cells, min_size=3, max_size=3), max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_text_comes_through(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    path = written(tmp_path_factory.mktemp("any"), buffer.getvalue().encode(encoding))
    header, found = read(path, encoding=encoding, delimiter=delimiter)
    assert header == ("a", "b", "c")
    assert [row.cells for row in found] == [row for row in rows if any(cell.strip() for cell in row)]


# --- workbooks -----------------------------------------------------------------------------------------------------------


def test_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        [],
        ["Name", "Phone", "Born", "Sum", "Met", "Yes"],
        ["Łukasz", 48601234567, date(1980, 2, 1), 12.5, datetime(2026, 11, 24, 15, 30), True],
        [],
        ["Ola", "+48 602", None, 1e3, None, False],
    ):
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    header, rows = read(path)
    assert header == ("Name", "Phone", "Born", "Sum", "Met", "Yes")
    assert [row.cells for row in rows] == [
        ["Łukasz", "48601234567", "1980-02-01", "12.5", "2026-11-24 15:30:00", "yes"],
        ["Ola", "+48 602", "", "1000", "", "no"],
    ]


def test_a_workbook_that_unpacks_to_a_disk_full_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<row>" * 20_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(UnreadableFile, match="unpacks to more"):
        open_table(path)


def test_a_workbook_that_declares_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "laughs.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", '<!DOCTYPE lolz [<!ENTITY lol "lol">]><Types/>')
    with pytest.raises(UnreadableFile):
        open_table(path)


# --- contact cards -------------------------------------------------------------------------------------------------------

CARDS = """\
BEGIN:VCARD\r
VERSION:2.1\r
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2=D0=B0;=D0=90=\r
=D0=BD=D0=BD=D0=B0;;\r
TEL;CELL:+7 916 123 45 67\r
TEL;WORK:+7 495 000 00 00\r
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRg\r
 ABAQ\r
END:VCARD\r
BEGIN:VCARD
VERSION:3.0
FN:Nowak\\, Anna
item1.EMAIL;TYPE=INTERNET:anna@example.pl
ORG:Acme\\; Sons;Sales
ADR;TYPE=WORK:;;Lipowa 5;Kraków;;30-001;Poland
BDAY:1980-02-01
NOTE:first\\nsecond
  folded
END:VCARD
BEGIN:VCARD
VERSION:4.0
N:Zet;Ewa;;;
TEL;VALUE=uri:tel:+48603000111
CATEGORIES:vip,roof
UID:urn:uuid:4fbe8971
END:VCARD
BEGIN:VCARD
FN:Nobody Ends Me
"""


def test_contact_cards_of_all_three_versions(tmp_path: Path) -> None:
    header, rows = read(written(tmp_path, CARDS.encode(), "a.vcf"))
    found = [{name: cell for name, cell in zip(header, row.cells, strict=True) if cell} for row in rows]
    assert found == [
        {"Name": "Анна Иванова", "Phone": "+7 916 123 45 67", "Phone 2": "+7 495 000 00 00"},
        {
            "Name": "Nowak, Anna",
            "E-mail": "anna@example.pl",
            "Company": "Acme; Sons",
            "Street": "Lipowa 5",
            "City": "Kraków",
            "Postal code": "30-001",
            "Country": "Poland",
            "Birthday": "1980-02-01",
            "Note": "first\nsecond folded",
        },
        {"Name": "Ewa Zet", "Phone": "+48603000111", "Tags": "vip,roof", "External ID": "4fbe8971"},
        {"Name": "Nobody Ends Me"},
    ]
    assert rows[-1].problem
