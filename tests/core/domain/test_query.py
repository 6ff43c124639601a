"""The query language: what is read, what is written back, and what a time means."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcrm.core.domain.query import (
    LONGEST,
    OrBetween,
    Query,
    QueryUnclear,
    Term,
    ValueMissing,
    meant_kind,
    parse_query,
)
from botcrm.core.domain.query_fields import FIELDS, THERE, find_field, nearest, unknown_field
from botcrm.core.domain.query_times import Reader, Stretch, read_stretch

PIECES = (
    "stage:proposal",
    "amount>10k",
    "amount >= 5",
    "created<30",
    "-tag:lost",
    'city:"New York",warsaw',
    "contacts",
    '"deals"',
    '"free words"',
    "no:phone",
    ">proposal",
    "#roof",
    "@anna",
    "10",
    "000",
    "days",
    "PLN",
    "last",
    "created:last",
    "month",
    "roof",
    ",",
    '"',
    "-",
    " ",
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet='ab:<>=,"\\- #@.5k“”„«» é\n/;', max_size=30),
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
)


@settings(max_examples=1500, deadline=None)
@given(TEXTS)
def test_it_reads_back_what_it_writes_and_raises_nothing_of_its_own(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryUnclear:
        return
    assert parse_query(str(query)) == query


def test_a_value_that_begins_with_a_sign_stays_one() -> None:
    """`a<"=0"` was written as `a<=0`."""
    query = parse_query('a<"=0"')
    assert str(query) == 'a<"=0"'
    assert parse_query(str(query)) == query


@pytest.mark.parametrize(
    ("typed", "example"),
    [("tag:", "tag:roof"), ("amount>", "amount>10k"), ("contacts city:", "city:warsaw"), ("budget:", "has:budget")],
)
def test_a_value_that_is_missing_has_an_example_of_its_field(typed: str, example: str) -> None:
    with pytest.raises(ValueMissing) as raised:
        parse_query(typed)
    assert raised.value.facts["example"] == example


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("contcts phone:no", "contacts"),
        ("compnies", "companies"),
        ("dealz roof", "deals"),
        ("activites", "activities"),
        ("contacts roof", ""),
        ("roof contcts", ""),
        ("-contcts", ""),
        ("control", ""),
        ("", ""),
    ],
)
def test_a_kind_that_is_misspelt(typed: str, kind: str) -> None:
    assert meant_kind(parse_query(typed)) == kind


def _written(text: str) -> str:
    return str(parse_query(text))


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("stage : new", "stage:new"),
        ("closed:last month roof", 'closed:"last month" roof'),
        ('created:last "month"', 'created:last "month"'),
        ("idle>5 d dach", 'idle>"5 d" dach'),
        ("amount>10 000 pln", 'amount>"10 000 pln"'),
        ("stage:proposal amount>10k", "stage:proposal amount>10k"),
        ("deals Stage:Proposal amount > 10 000", 'stage:Proposal amount>"10 000"'),
        (">proposal #roof @anna", "stage:proposal tag:roof owner:anna"),
        ("roof >proposal", "roof stage:proposal"),
        ("amount >10k", "amount>10k"),
        ("created < 30 days acme", 'created<"30 days" acme'),
        ("amount>10k PLN", 'amount>"10k PLN"'),
        ("amount>1,5k, owner:me", 'amount>"1,5k" owner:me'),
        ("stage: new", "stage:new"),
        ("status=won", "status:won"),
        ("people city:warsaw,krakow no:phone", "contacts city:warsaw,krakow no:phone"),
        ('-tag:lost -"big roof"', '-tag:lost -"big roof"'),
        ("„free words” «more»", '"free words" more'),
        ("", ""),
    ],
)
def test_what_is_typed_has_one_way_to_be_written(typed: str, written: str) -> None:
    assert _written(typed) == written


def test_the_first_word_says_which_records() -> None:
    assert parse_query("contact Anna").entity == "contact"
    assert parse_query("company:acme").terms == (Term("company", ":", ("acme",)),)
    assert parse_query("anna", "lead") == Query("lead", (Term("", "", ("anna",)),))


@pytest.mark.parametrize("text", ["stage:", '"open', 'city:"', "x" * (LONGEST + 1), "a " * 30, '""'])
def test_what_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(QueryUnclear) as caught:
        parse_query(text)
    assert "{" not in str(caught.value)


def test_a_mistyped_field_is_met_by_the_nearest() -> None:
    error = unknown_field("deal", "deals", "amont", ["budget"])
    assert error.near.split(", ")[0] == "amount"
    assert unknown_field("deal", "deals", "buget", ["budget"]).near == "budget"
    assert nearest("propsal", ["New", "Proposal"]) == ["Proposal"]


def test_every_field_has_an_example_that_is_read() -> None:
    for entity, fields in FIELDS.items():
        for field in fields:
            terms = parse_query(field.example, entity).terms
            assert [find_field(entity, term.field) for term in terms] == [field]
        assert set(THERE[entity]) >= {"owner"}


READER = Reader(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "Europe/Warsaw")


def _stretch(operator: str, text: str, *, ahead: bool = False, longer: bool = False) -> tuple[str, str] | None:
    found = read_stretch(operator, text, READER, ahead=ahead, longer=longer)
    if found is None:
        return None
    return tuple(moment.strftime("%m-%d %H:%M") if moment else "" for moment in (found.since, found.until))  # type: ignore[return-value]


def test_a_length_of_time_counts_back_from_now() -> None:
    assert _stretch("<", "30d") == ("10-25 09:00", "")
    assert _stretch(">", "5d") == ("", "11-19 09:00")
    assert _stretch(":", "5d", longer=True) == ("", "11-19 09:00")
    assert _stretch(":", "2 weeks") == ("11-10 09:00", "")
    assert _stretch("<", "3mo") == ("08-24 08:00", "")


def test_what_lies_ahead_counts_forward() -> None:
    assert _stretch("<", "7d", ahead=True) == ("", "12-01 09:00")
    assert _stretch(":", "7d", ahead=True) == ("11-24 09:00", "12-01 09:00")
    assert _stretch(":", "tomorrow", ahead=True) == ("11-24 23:00", "11-25 23:00")
    assert _stretch(":", "december", ahead=True) == ("11-30 23:00", "12-31 23:00")
    assert _stretch(":", "next-week", ahead=True) == ("11-29 23:00", "12-06 23:00")


def test_days_are_whole_days_of_the_reader() -> None:
    assert _stretch(":", "today") == ("11-23 23:00", "11-24 23:00")
    assert _stretch(":", "last-month") == ("09-30 22:00", "10-31 23:00")
    assert _stretch(":", "1.11..5.11") == ("10-31 23:00", "11-05 23:00")
    assert _stretch(">", "2026-11-20") == ("11-20 23:00", "")
    assert _stretch(">=", "2026-11-20") == ("11-19 23:00", "")
    assert _stretch("<=", "2026-11-20") == ("", "11-20 23:00")
    assert _stretch(":", "soonish") is None


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from((":", ">", "<", ">=", "<=")),
    st.one_of(st.text(max_size=20), st.from_regex(r"[0-9]{1,6}[ ./-]?[0-9dwmoy.]{0,6}", fullmatch=True)),
    st.booleans(),
)
def test_no_text_breaks_a_time(operator: str, text: str, ahead: bool) -> None:
    found = read_stretch(operator, text, READER, ahead=ahead)
    assert found is None or isinstance(found, Stretch)


def test_or_between_conditions_is_told_how_to_be_written() -> None:
    with pytest.raises(OrBetween):
        parse_query("amount>1k or owner:me")
    assert str(parse_query('"or" owner:me')) == '"or" owner:me'
