"""A comma between a shape and something else parts them as a comma and a space do."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.grammar import VERBS, Line, VerbTable, parse_lines

TABLE = VerbTable(VERBS)
NOW = datetime(2026, 11, 24, 10)


def read(text: str) -> Line:
    (line,) = parse_lines(text, verbs=TABLE, now_wall=NOW, currency="PLN")
    return line


@pytest.mark.parametrize(
    ("typed", "spaced"),
    [
        ("call Jan,15m", "call Jan, 15m"),
        ("call Jan,15m,ok,wants two", "call Jan, 15m, ok, wants two"),
        ("call d1,15m", "call d1, 15m"),
        ("call Jan,no answer,10m", "call Jan, no answer, 10m"),
        ("call Jan 15m ok,next fri 9 send offer", "call Jan 15m ok, next fri 9 send offer"),
        ("deal Acme,12k,#roof,>proposal,@anna big", "deal Acme, 12k, #roof, >proposal, @anna big"),
        ("deal Acme,1,200.50 roof", "deal Acme, 1,200.50 roof"),
        ("lead Ivan,+48601234567,ivan@x.example roof", "lead Ivan, +48601234567, ivan@x.example roof"),
        ("task Jan,fri 9:00 order nails", "task Jan, fri 9:00 order nails"),
        ("task x 24 nov,10:00 order", "task x 24 nov, 10:00 order"),
        ('call "Jan,15m Ltd",15m', 'call "Jan,15m Ltd", 15m'),
    ],
)
def test_a_comma_beside_a_shape_parts(typed: str, spaced: str) -> None:
    found, wanted = read(typed).args, read(spaced).args
    for name in ("subject_words", "words_after", "quoted", "amount", "duration", "outcome", "stage", "tags", "owner"):
        assert getattr(found, name) == getattr(wanted, name), name
    for name in ("refs", "phone", "email", "next_text", "extra"):
        assert getattr(found, name) == getattr(wanted, name), name
    assert getattr(found.when, "at", None) == getattr(wanted.when, "at", None)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("deal Acme 1,200 two,three variants", "two,three variants"),
        ("deal Acme 12,5k roof,2 windows", "roof,2 windows"),
        ("note Acme likes tea,15m of it", "likes tea,15m of it"),
        ("call Jan 5m ok next fri 9 tea,15m of it", "tea,15m of it"),
    ],
)
def test_any_other_comma_stays_as_it_was_typed(line: str, text: str) -> None:
    read_line = read(line)
    assert (read_line.args.next_text or read_line.text_after(1)) == text


_PIECES = st.lists(
    st.sampled_from(["Jan", "15m", "12k", "ok", "next", "#a", "d1", "fri 9", '"', ",", ",", " ", "1", "x"])
)


@given(verb=st.sampled_from([verb.name for verb in VERBS]), pieces=_PIECES)
def test_tokens_cover_the_line_with_all_its_commas(verb: str, pieces: list[str]) -> None:
    text = f"/{verb} {''.join(pieces)}"
    line = read(text)
    end = 0
    for token in line.tokens:
        assert not line.raw[end : token.start].strip()
        assert line.raw[token.start : token.end] == token.text
        end = token.end
    assert not line.raw[end:].strip()


@given(st.integers(1, 3000))
def test_any_number_of_commas_is_read(count: int) -> None:
    assert read("/call " + "a,15m," * count).verb == "call"
