"""Each type of own field: what people type, what is kept, shown, written and compared, and what is said of the rest."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain import custom_errors as wrong
from botcrm.core.domain.custom_values import TYPES, Indexed, ReadContext
from botcrm.core.domain.money import Money
from botcrm.core.domain.preferences import Preferences
from botcrm.words import Words

NOW = datetime(2026, 11, 25, 10, 0)  # a Wednesday
KINDS = {1: "Roof", 2: "Wall", 3: "Wall paint", 4: "Окна"}
PEOPLE = {5: "Anna Nowak", 6: "Anna Kim", 7: "Иван Петров"}
LANGUAGES = ("en", "ru", "pl", "ja")


def context(language: str = "en", **more: Any) -> ReadContext:
    return ReadContext("It", NOW, language, "PLN", **more)


def words(language: str = "en") -> Words:
    return Words(Preferences(language=language), datetime(2026, 11, 25, 9, 0, tzinfo=UTC))


NAMES = {"list": KINDS, "multi": KINDS, "person": PEOPLE, "file": {12: "plan.pdf"}}


def read(kind: str, text: str, language: str = "en") -> Any:
    return TYPES[kind].read(text, context(language, names=NAMES.get(kind, {}), me=5))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "  red tiles ", "red tiles"),
        ("text", "two\nlines", "two\nlines"),
        ("number", "12.5", "12.5"),
        ("number", "12k", "12000"),
        ("number", "1 200", "1200"),
        ("number", "1,200.50", "1200.5"),
        ("number", "-3", "-3"),
        ("number", "15%", "15"),
        ("number", "12.125", "12.125"),
        ("number", "１２", "12"),
        ("money", "12k", {"amount": "12000", "currency": "PLN"}),
        ("money", "12 000 EUR", {"amount": "12000", "currency": "EUR"}),
        ("money", "€12.5k", {"amount": "12500", "currency": "EUR"}),
        ("money", "-5", {"amount": "-5", "currency": "PLN"}),
        ("date", "2027-03-31", "2027-03-31"),
        ("date", "fri", "2026-11-27"),
        ("date", "24 dec", "2026-12-24"),
        ("date", "24.12.2026", "2026-12-24"),
        ("date", "tomorrow", "2026-11-26"),
        ("date", "1985-05-01", "1985-05-01"),
        ("time", "9:30", "09:30"),
        ("time", "9.30", "09:30"),
        ("time", "17", "17:00"),
        ("time", "5pm", "17:00"),
        ("time", "12 am", "00:00"),
        ("time", "9時30分", "09:30"),
        ("list", "roof", 1),
        ("list", "Wall", 2),
        ("list", "wall p", 3),
        ("list", "окн", 4),
        ("multi", "roof, wall", [1, 2]),
        ("multi", "roof;roof", [1]),
        ("yes_no", "yes", True),
        ("yes_no", "да", True),
        ("yes_no", "Nie", False),
        ("yes_no", "-", False),
        ("person", "@kim", 6),
        ("person", "Anna Nowak", 5),
        ("person", "ива", 7),
        ("person", "me", 5),
        ("link", "example.com/a?b", "https://example.com/a?b"),
        ("link", "http://example.com", "http://example.com"),
        ("link", "tg://resolve?domain=x", "tg://resolve?domain=x"),
        ("file", "f12", 12),
        ("file", "/F12", 12),
    ],
)
def test_what_people_type(kind: str, text: str, value: Any) -> None:
    assert read(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("text", " ", wrong.NotText),
        ("text", "x" * 1001, wrong.TooLong),
        ("number", "many", wrong.NotANumber),
        ("number", "12 PLN", wrong.NotANumber),
        ("number", "", wrong.NotANumber),
        ("number", "9" * 16, wrong.NotANumber),
        ("money", "a lot", wrong.NotAnAmount),
        ("money", "12k xyz", wrong.NotAnAmount),
        ("money", "9999999bn", wrong.NotAnAmount),
        ("date", "soon", wrong.NotADate),
        ("date", "fri 10:00", wrong.NotADate),
        ("date", "2026-02-30", wrong.NotADate),
        ("date", "5/6", wrong.UnclearDate),
        ("time", "25:00", wrong.NotATime),
        ("time", "13pm", wrong.NotATime),
        ("time", "noon", wrong.NotATime),
        ("list", "door", wrong.NoSuchChoice),
        ("multi", "roof, door", wrong.NoSuchChoice),
        ("multi", " , ", wrong.NoSuchChoice),
        ("yes_no", "maybe", wrong.NotYesOrNo),
        ("person", "anna", wrong.AmbiguousValue),
        ("person", "zoe", wrong.NoSuchPerson),
        ("link", "not a link", wrong.NotALink),
        ("link", "word", wrong.NotALink),
        ("link", "javascript:alert(1)", wrong.NotALink),
        ("file", "f13", wrong.NoSuchFile),
    ],
)
def test_what_is_refused_says_what_was_typed(kind: str, text: str, error: type[wrong.BadValue]) -> None:
    with pytest.raises(error) as caught:
        read(kind, text)
    assert caught.value.what == "It"
    assert str(caught.value)
    assert text.rsplit(",", maxsplit=1)[-1].strip()[:20] in caught.value.value


def test_a_refusal_names_what_there_is() -> None:
    with pytest.raises(wrong.NoSuchChoice, match="Roof, Wall, Wall paint, Окна"):
        read("list", "door")
    with pytest.raises(wrong.AmbiguousValue, match="Anna Nowak, Anna Kim"):
        read("person", "anna")
    with pytest.raises(wrong.UnclearDate, match="2026-06-05"):
        read("date", "5/6")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("text", "red", "red"),
        ("number", "1200.5", "1,200.5"),
        ("money", {"amount": "12000", "currency": "EUR"}, "€12,000"),
        ("date", "2026-11-27", "Fri 27 Nov"),
        ("time", "09:30", "9:30"),
        ("list", 1, "Roof"),
        ("list", 99, "?"),
        ("multi", [1, 2], "Roof, Wall"),
        ("yes_no", True, "yes"),
        ("person", 5, "Anna Nowak"),
        ("link", "https://example.com", "https://example.com"),
        ("file", 12, "plan.pdf (f12)"),
    ],
)
def test_what_readers_see(kind: str, value: Any, shown: str) -> None:
    assert TYPES[kind].show(value, words(), NAMES.get(kind, {})) == shown


@pytest.mark.parametrize(
    ("kind", "value", "rows"),
    [
        ("text", "Red  Tiles", [Indexed(text="red tiles")]),
        ("number", "12.5", [Indexed(number=Decimal("12.5"))]),
        ("money", {"amount": "5", "currency": "EUR"}, [Indexed("eur", Decimal(5))]),
        ("date", "2026-11-27", [Indexed(moment=datetime(2026, 11, 27, tzinfo=UTC))]),
        ("time", "09:30", [Indexed("09:30", Decimal(570))]),
        ("list", 1, [Indexed("roof", Decimal(1))]),
        ("multi", [1, 2], [Indexed("roof", Decimal(1)), Indexed("wall", Decimal(2))]),
        ("yes_no", False, [Indexed("no", Decimal(0))]),
        ("person", 7, [Indexed(number=Decimal(7))]),
        ("link", "https://Example.com", [Indexed("https://example.com")]),
        ("file", 12, [Indexed(number=Decimal(12))]),
    ],
)
def test_what_filters_see(kind: str, value: Any, rows: list[Indexed]) -> None:
    assert TYPES[kind].index(value, NAMES.get(kind, {})) == rows


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("number", 12, "12"),
        ("number", Decimal("1.50"), "1.5"),
        ("number", 0.25, "0.25"),
        ("money", Money(Decimal("12.50"), "EUR"), {"amount": "12.5", "currency": "EUR"}),
        ("money", {"amount": "5", "currency": "EUR"}, {"amount": "5", "currency": "EUR"}),
        ("date", date(2026, 11, 27), "2026-11-27"),
        ("time", time(9, 30), "09:30"),
        ("list", 2, 2),
        ("multi", ["roof", 2], [1, 2]),
        ("yes_no", True, True),
        ("person", 6, 6),
    ],
)
def test_what_programs_give(kind: str, given: Any, value: Any) -> None:
    assert TYPES[kind].take(given, context(names=NAMES.get(kind, {}))) == value


def test_values_are_compared_by_what_they_mean() -> None:
    number, money, day = TYPES["number"], TYPES["money"], TYPES["date"]
    assert number.key("9", {}) < number.key("10", {})
    assert money.key({"amount": "9", "currency": "EUR"}, {}) < money.key({"amount": "10", "currency": "EUR"}, {})
    assert day.key("2026-09-01", {}) < day.key("2026-10-01", {})
    assert TYPES["list"].key(1, KINDS) < TYPES["list"].key(2, KINDS)


NUMBERS = st.decimals(min_value=-(10**14), max_value=10**14, places=6, allow_nan=False).map(
    lambda number: TYPES["number"].take(number, context())
)
AMOUNTS = st.builds(
    lambda amount, currency: {
        "amount": TYPES["number"].take(amount, context()),
        "currency": currency,
    },
    st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False),
    st.sampled_from(("PLN", "EUR", "USD")),
)
VALUES = st.one_of(
    st.tuples(
        st.just("text"), st.text(min_size=1, max_size=100).map(lambda text: text.replace("\0", "").strip()).filter(bool)
    ),
    st.tuples(st.just("number"), NUMBERS),
    st.tuples(st.just("money"), AMOUNTS),
    st.tuples(st.just("date"), st.dates().map(date.isoformat)),
    st.tuples(st.just("time"), st.times().map(lambda at: f"{at.hour:02d}:{at.minute:02d}")),
    st.tuples(st.just("list"), st.sampled_from(sorted(KINDS))),
    st.tuples(st.just("multi"), st.lists(st.sampled_from(sorted(KINDS)), min_size=1, unique=True)),
    st.tuples(st.just("yes_no"), st.booleans()),
    st.tuples(st.just("person"), st.sampled_from(sorted(PEOPLE))),
    st.tuples(st.just("link"), st.sampled_from(("https://example.com/x?y=1", "http://a.b.pl", "tg://join"))),
    st.tuples(st.just("file"), st.just(12)),
)


@given(VALUES, st.sampled_from(LANGUAGES))
def test_what_is_written_is_read_again_in_any_language(value: tuple[str, Any], language: str) -> None:
    kind, held = value
    written = TYPES[kind].write(held, NAMES.get(kind, {}))
    assert read(kind, written, language) == held


@given(
    st.one_of(
        st.tuples(st.just("number"), NUMBERS),
        st.tuples(st.just("time"), st.times().map(lambda at: f"{at.hour:02d}:{at.minute:02d}")),
        st.tuples(st.just("list"), st.sampled_from(sorted(KINDS))),
        st.tuples(st.just("person"), st.sampled_from(sorted(PEOPLE))),
    ),
    st.sampled_from(LANGUAGES),
)
def test_what_is_shown_is_read_again_by_the_same_reader(value: tuple[str, Any], language: str) -> None:
    kind, held = value
    shown = TYPES[kind].show(held, words(language), NAMES.get(kind, {}))
    assert read(kind, shown, language) == held


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_any_text_is_read_or_refused_in_words(kind: str, text: str, language: str) -> None:
    try:
        value = read(kind, text, language)
    except wrong.BadValue:
        return
    names = NAMES.get(kind, {})
    assert TYPES[kind].show(value, words(language), names)
    assert TYPES[kind].index(value, names)
    assert read(kind, TYPES[kind].write(value, names), language) == value
