"""What a record is found by fits how what is typed is read: names, numbers in any writing, addresses, both alphabets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.findable import (
    MOST_WORDS,
    Typed,
    email_words,
    findable,
    phone_words,
    readings,
    script,
    sound_keys,
    tax_words,
    typed,
)

NAMES = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Zs"), max_codepoint=0x9FFF), min_size=1, max_size=40)


def _finds(words: tuple[str, ...] | list[str], one: Typed) -> bool:
    return any(word.startswith(start) for word in words for start in one.starts)


@given(name=NAMES, company=NAMES)
def test_a_name_is_found_by_its_own_words_and_their_starts(name: str, company: str) -> None:
    found = findable("contact", {"name": name}.get, company)
    for one in typed(name)[:6]:
        # Past the most that is kept, a name of so many words is found by the first of them.
        assert len(found.words) == MOST_WORDS or _finds(found.words, one), (name, one)
    for word in name.split()[:3]:
        for one in typed(word[: len(word) // 2 + 1])[:1]:
            assert len(found.words) == MOST_WORDS or _finds(found.words, one) or not one.text


@given(
    national=st.from_regex(r"[1-9][0-9]{8}", fullmatch=True),
    code=st.sampled_from(("48", "7", "1", "420", "44")),
    cut=st.integers(4, 9),
)
def test_a_number_is_found_in_any_writing_and_by_its_end(national: str, code: str, cut: int) -> None:
    words = phone_words(f"+{code}{national}")
    spaced = f"{national[:3]} {national[3:6]}-{national[6:]}"
    for text in (
        *(national, spaced, f"({national[:3]}) {national[3:]}", f"0{national}"),
        *(f"+{code}{national}", f"+{code} {spaced}", f"00{code} {spaced}", f"00{code}{national}"),
        *(national[-cut:], national[:cut]),
    ):
        (one,) = typed(text)
        assert _finds(words, one), text


@pytest.mark.parametrize(
    ("typed_text", "found"),
    [
        ("jan.kowalski@mail.acme.co.uk", True),
        ("jan@acme.co.uk", True),
        ("kowalski", True),
        ("@acme.co.uk", True),
        ("mail.acme.co.uk", True),
        ("acme.co.uk", True),
        ("jan.kow@mai", True),
        ("uk", False),
        ("anna@acme.co.uk", False),
        ("jan@other.com", False),
    ],
)
def test_an_address_is_found_by_its_parts(typed_text: str, found: bool) -> None:
    words = email_words("Jan.Kowalski@mail.acme.co.uk")
    assert all(_finds(words, one) for one in typed(typed_text)) is found


def test_a_number_among_words_stays_one_and_a_year_stays_a_word() -> None:
    assert [one.text for one in typed("Anna +48 601 234 567 roof")] == ["", "anna", "roof"]
    assert [one.text for one in typed("roof 12 2024")] == ["roof", "12", ""]
    assert typed("2024")[0].starts[0] == "2024"
    assert [one.text for one in typed("12")] == ["12"]
    assert typed("@") == typed("") == typed(" - ") == []
    assert len(typed("a b c d e f g h i j k")) == 8


def test_tax_numbers_are_found_with_and_without_what_is_put_between() -> None:
    words = tax_words("PL 526-10-40-828")
    for text in ("526-10-40-828", "5261040828", "pl5261040828", "PL526", "40828"):
        assert all(_finds(words, one) for one in typed(text)), text
    assert tax_words("-") == []


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("иванов", ("ivanov", "iwanow")),
        ("щукин", ("shchukin", "szczukin", "schtschukin")),
        ("елкин", ("elkin", "yolkin", "jolkin")),
        ("юлия", ("yulia", "julia", "iuliia")),
        ("сергей", ("sergey", "sergei", "sergej")),
        ("гриценко", ("hrytsenko", "gritsenko")),
        ("київ", ("kyiv",)),
        ("жуков", ("zhukov", "zhukow")),
    ],
)
def test_one_name_sounds_alike_in_both_alphabets(cyrillic: str, latin: tuple[str, ...]) -> None:
    theirs = {key[1:] for key in sound_keys(cyrillic)}
    assert {key[0] for key in sound_keys(cyrillic)} == {"c"}
    for word in latin:
        assert {key[1:] for key in sound_keys(word)} & theirs, word
        assert script(word) == "l"


def test_what_has_no_other_alphabet_has_no_sound() -> None:
    assert sound_keys("山田") == sound_keys("x1") == sound_keys("a") == sound_keys("") == []


@pytest.mark.parametrize(
    ("address", "typed_text", "ways"),
    [
        ("jan@bolt.example", "bolt.example", 2),
        ("jan@bolt.example", "bolt.exam", 1),
        ("jan@bolt.example", "bolt.e", 2),
        ("jan@bolt.example", "@bolt.example", 1),
        ("jan@bolt.online", "Bolt.Online", 2),
        ("jan@mail.bolt.company", "bolt.company", 2),
        ("jan@bolt.co.uk", "bolt.co.uk", 1),
        ("jan@xn--bcher-kva.example", "xn--bcher-kva.example", 2),
        ("jan@bolt.xn--p1ai", "bolt.xn--p1ai", 2),
        ("иван@почта.рф", "почта.рф", 2),
        ("jan@e-bolt.store", "e-bolt.store", 2),
    ],
)
def test_a_domain_is_found_whatever_it_ends_in(address: str, typed_text: str, ways: int) -> None:
    words, found = email_words(address), readings(typed_text)
    assert len(found) == ways
    assert all(_finds(words, one) for one in found[-1])


@pytest.mark.parametrize(
    "typed_text", ["j.nowak", "jan nowak", "Jan.", "ul. Długa", "12.50", "jan.nowak2", "+48 601.222.333"]
)
def test_what_is_no_domain_is_read_one_way(typed_text: str) -> None:
    assert len(readings(typed_text)) == 1


def test_a_name_with_a_dot_is_first_read_as_one() -> None:
    assert [one.text for one in readings("jan.nowak")[0]] == ["jan", "nowak"]
