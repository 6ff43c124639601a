"""Own fields in a line: where a value ends, what stays text, and that nothing typed is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.custom_values import TYPES, ReadContext
from botcrm.core.domain.grammar import VERBS, Line, VerbTable, parse_lines
from botcrm.core.domain.line_fields import OwnField, keys_in

NOW = datetime(2026, 11, 25, 10, 0)  # a Wednesday
TABLE = VerbTable(VERBS)


def own(kind: str, words: int = 1, names: dict[int, str] | None = None) -> OwnField:
    context = ReadContext("It", NOW, "en", "PLN", names or {})

    def read(text: str) -> Any:
        return None if text == "-" else TYPES[kind].read(text, context)

    return OwnField(read, words, TYPES[kind].many)


FIELDS = {
    "budget": own("money", 4),
    "area": own("number", 3),
    "start": own("date", 4),
    "remark": own("text"),
    "kind": own("multi", 8, {1: "flat roof", 2: "wall"}),
    "цена": own("money", 4),
}


def line(text: str, **more: Any) -> Line:
    return parse_lines(text, verbs=TABLE, now_wall=NOW, currency="PLN", fields={"deal": FIELDS}, **more)[0]


def money(amount: str, currency: str = "PLN") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("text", "values", "title"),
    [
        ("deal Acme 12k roof budget:20k", {"budget": money("20000")}, "roof"),
        ("deal Acme budget:20k 12k roof", {"budget": money("20000")}, "roof"),
        ("deal Acme 12k budget: 20k roof", {"budget": money("20000")}, "roof"),
        ("deal Acme 12k BUDGET:20k, roof", {"budget": money("20000")}, "roof"),
        ("deal Acme 12k roof budget:12 000 EUR", {"budget": money("12000", "EUR")}, "roof"),
        ('deal Acme 12k roof budget:"12 000 EUR"', {"budget": money("12000", "EUR")}, "roof"),
        ("deal Acme 12k roof start:24 dec tiles", {"start": "2026-12-24"}, "roof tiles"),
        ("deal Acme 12k roof start:fri next mon 10:00 call", {"start": "2026-11-27"}, "roof"),
        ("deal Acme 12k roof remark:red tiles", {"remark": "red"}, "roof tiles"),
        ("deal Acme 12k roof kind:flat roof, wall", {"kind": [1, 2]}, "roof"),
        ("deal Acme 12k roof kind:wall,flat", {"kind": [2, 1]}, "roof"),
        ("deal Acme 12k roof budget:-", {"budget": None}, "roof"),
        ("deal Acme 12k roof budget：20k", {"budget": money("20000")}, "roof"),
        ("deal Acme 12k кровля Цена:5к", {"цена": money("5000")}, "кровля"),
        ("deal Acme 12k roof area:1 250.5 budget:20k", {"area": "1250.5", "budget": money("20000")}, "roof"),
        ("deal Acme 12k roof color:red http://a.example/b:c", {}, "roof color:red http://a.example/b:c"),
        ("deal Acme 12k roof budget:lots", {}, "roof budget:lots"),
        ("deal Acme 12k roof budget:", {}, "roof budget:"),
        ("deal Acme 12k roof 10:30 meeting", {}, "roof 10:30 meeting"),
    ],
)
def test_where_a_value_ends(text: str, values: dict[str, Any], title: str) -> None:
    read = line(text)
    assert read.args.own == values
    assert read.text_after(1) == title
    assert read.args.amount is not None
    assert read.args.amount.amount == 12000
    assert bool(read.args.unread) == ("lots" in text or text.endswith("budget:"))


def test_other_verbs_and_other_companies_read_no_fields() -> None:
    assert line("call Acme 15m budget:20k").args.own == {}
    assert line("lead Acme budget:20k").args.own == {}
    plain = parse_lines("deal Acme budget:20k", verbs=TABLE, now_wall=NOW)[0]
    assert plain.args.own == {}
    assert plain.text_after(1) == "budget:20k"


def test_keys_in_a_text() -> None:
    assert keys_in("deal Acme Budget:20k start: fri :x 5:6 a:") == [("a", ""), ("budget", "20k"), ("start", "fri")]


WORDS = st.sampled_from(
    [
        "Acme",
        "12k",
        "roof",
        "budget:20k",
        "budget:lots",
        "start:",
        "fri",
        "kind:flat",
        "roof,",
        '"two',
        'dogs"',
        "remark:",
        ":",
        "next",
    ]
)


@given(st.lists(WORDS, max_size=10).map(" ".join))
def test_the_tokens_cover_the_line(text: str) -> None:
    read = line(f"deal {text}")
    end = 0
    for token in read.tokens:
        assert read.raw[end : token.start].strip() == ""
        assert read.raw[token.start : token.end] == token.text
        end = token.end
    assert read.raw[end:].strip() == ""
