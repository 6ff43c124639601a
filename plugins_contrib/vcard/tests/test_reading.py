"""Reading and writing by themselves."""

import time

import pytest
from botcrm_vcard.cards import Card
from botcrm_vcard.reading import read_cards
from botcrm_vcard.writing import file_name, write_card
from hypothesis import given
from hypothesis import strategies as st


def card(*lines: str, version: str = "3.0") -> bytes:
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", "")).encode()


def one(*lines: str, version: str = "3.0") -> Card:
    (found,) = read_cards(card(*lines, version=version))
    return found


def test_version_2_with_quoted_printable_over_two_lines() -> None:
    found = one(
        "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2;=",
        "=D0=98=D0=B2=D0=B0=D0=BD;;;",
        "TEL;HOME:1",
        "TEL;CELL:+48601234567",
        "EMAIL;PREF;INTERNET:ivan@example.com",
        version="2.1",
    )
    assert found == Card("Иван Иванов", "", ("+48601234567", "1"), ("ivan@example.com",))


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "UTF-8"])
def test_version_2_in_other_character_sets(charset: str) -> None:
    name = "".join(f"={byte:02X}" for byte in "Иван".encode(charset))
    assert one(f"FN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:{name}", version="2.1").name == "Иван"


def test_version_3_folded_and_escaped() -> None:
    found = one(
        "FN:Anna ",
        " Nowak",
        r"ORG:Acme\, Sons & Co\; Ltd;Roofs;East",
        "item1.TEL;type=CELL;type=pref:+48 601 234 567",
        "TEL;TYPE=FAX,WORK:+48 22 1",
        r"NOTE:first\nsecond\\third",
        r"ADR;TYPE=WORK:;;Długa 5;Warszawa;;00-001;Poland",
    )
    assert (found.name, found.company, found.phones) == ("Anna Nowak", "Acme, Sons & Co; Ltd", ("+48 601 234 567",))
    assert found.more == ("Roofs, East", "Długa 5, 00-001 Warszawa, Poland", "first\nsecond\\third")


def test_version_4_uris_and_preferences() -> None:
    found = one(
        "FN:Jan Kowal",
        'TEL;VALUE=uri;PREF=2;TYPE="voice,home":tel:+1-555-555-5555;ext=5555',
        "TEL;VALUE=uri;PREF=1;TYPE=cell:tel:+48-601-234-567",
        'EMAIL;X="a:b;c":jan@example.com',
        version="4.0",
    )
    assert found.phones == ("+48-601-234-567", "+1-555-555-5555")
    assert found.emails == ("jan@example.com",)


@pytest.mark.parametrize("mark", ["KIND:org", "X-ABShowAs:COMPANY"])
def test_a_company_s_own_card_is_no_person(mark: str) -> None:
    found = one("FN:Acme", "ORG:Acme", mark, "TEL:1")
    assert (found.name, found.company, found.called) == ("", "Acme", "Acme")


def test_a_photo_is_passed_over_and_a_name_out_of_n_is_put_together() -> None:
    assert one("N:Nowak;Anna;Maria;Dr.;", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ", " SkZJRgABAQ", "TEL:1") == Card(
        "Anna Maria Nowak", "", ("1",)
    )


def test_utf_16_and_marks_of_order() -> None:
    for content in (card("FN:Łukasz").decode().encode("utf-16"), b"\xef\xbb\xbf" + card("FN:Łukasz")):
        assert [found.name for found in read_cards(content)] == ["Łukasz"]


def test_a_broken_card_costs_no_other() -> None:
    whole = card("FN:Good", "TEL:1")
    middles = [
        b"BEGIN:VCARD\nrubbish\n:::\n;;;:x\nEND:VCARD\n",
        b"BEGIN:VCARD\nFN:Cut off\n",
        b"END:VCARD\nEND:VCARD\n",
        b"BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:=ZZ=\nEND:VCARD\n",
        b"\0\xff\xfe\n",
        b"BEGIN:VCARD\nFN;CHARSET=klingon:x\xff\nEND:VCARD\n",
    ]
    for middle in middles:
        names = [found.name for found in read_cards(whole + middle + whole)]
        assert names[0] == names[-1] == "Good", middle


def test_control_characters_are_gone() -> None:
    assert one("FN:An\0na\x07\u202e <b>Nowak</b>").name == "Anna <b>Nowak</b>"


@given(st.binary(max_size=2_000))
def test_whatever_bytes_there_are_never_raise(content: bytes) -> None:
    list(read_cards(content))
    list(read_cards(b"BEGIN:VCARD\n" + content))


@pytest.mark.parametrize(
    "content",
    [
        card("FN:Anna", "TEL:1") * 10_000,
        b"BEGIN:VCARD\nFN:" + b"x" * 5_000_000 + b"\nEND:VCARD\n",
        b"BEGIN:VCARD\nFN" + b';"' * 1_000_000 + b":x\nEND:VCARD\n",
        b"BEGIN:VCARD\n" + b" x\n" * 1_000_000,
        b"BEGIN:VCARD\n" * 500_000,
        b"BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:" + b"=41=\n" * 500_000,
    ],
    ids=["cards", "one value", "quotes", "folds", "begins", "soft breaks"],
)
def test_a_huge_file_is_read_in_seconds(content: bytes) -> None:
    begin = time.process_time()
    list(read_cards(content))
    assert time.process_time() - begin < 10


texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf")), max_size=200).map(
    lambda text: " ".join(text.split())
)
words = texts.filter(bool)


@given(
    words,
    texts,
    st.lists(words, max_size=3, unique=True),
    st.lists(words, max_size=3, unique=True),
    st.lists(words, max_size=2),
)
def test_what_is_written_is_read_again(
    name: str, company: str, phones: list[str], emails: list[str], more: list[str]
) -> None:
    written = Card(name, company, tuple(phones), tuple(emails), tuple(more))
    content = write_card(written)
    (found,) = read_cards(content)
    assert (found.name, found.company, found.more) == (written.name, written.company, written.more)
    if not any(text.lower().startswith(("tel:", "mailto:")) for text in (*phones, *emails)):
        assert (found.phones, found.emails) == (written.phones, written.emails)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    content.decode()


def test_a_file_is_called_after_the_person() -> None:
    assert file_name(Card("Anna / ..\\ Nowak")) == "Anna _ .._ Nowak.vcf"
    assert file_name(Card("../../etc/passwd")) == "_.._etc_passwd.vcf"
    assert file_name(Card()) == "contact.vcf"
