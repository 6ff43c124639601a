"""Marked-up texts become text and entities, or Telegram's complaint."""

from __future__ import annotations

import contextlib
import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.simulator.entities import cut, find_entities, units
from botcrm.simulator.errors import ApiError
from botcrm.simulator.html_text import parse_html
from botcrm.simulator.markdown_text import parse_markdown, parse_markdown_v2

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
TAGS = st.sampled_from(["b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"])
KINDS = {"b": "bold", "i": "italic", "u": "underline", "s": "strikethrough", "tg-spoiler": "spoiler"}


@given(TEXTS)
def test_escaped_text_comes_back(text: str) -> None:
    assert parse_html(html.escape(text)) == (text, [])


@given(TEXTS, TEXTS.filter(bool), TEXTS, TAGS)
def test_an_entity_covers_its_text(before: str, inside: str, after: str, tag: str) -> None:
    text, entities = parse_html(f"{html.escape(before)}<{tag}>{html.escape(inside)}</{tag}>{html.escape(after)}")
    assert text == before + inside + after
    assert entities == [{"offset": units(before), "length": units(inside), "type": KINDS.get(tag, tag)}]
    assert cut(text, entities[0]["offset"], entities[0]["length"]) == inside


@given(TEXTS)
def test_any_text_parses_or_is_refused(text: str) -> None:
    for parse in (parse_html, parse_markdown, parse_markdown_v2):
        with contextlib.suppress(ApiError):
            result, entities = parse(text)
            assert all(entity["offset"] + entity["length"] <= units(result) for entity in entities)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("<x>", 'Unsupported start tag "x" at byte offset 0'),
        ("ż<script>", 'Unsupported start tag "script" at byte offset 2'),
        ("Jan <jan@example.com>", 'Unsupported start tag "jan@example.com" at byte offset 4'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("</b>", "Unexpected end tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a =x>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a,b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_html_complaints(source: str, complaint: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("source", "text", "entity"),
    [
        (
            '<a href="https://example.com/?a=1&amp;b=2">x</a>',
            "x",
            {"type": "text_link", "url": "https://example.com/?a=1&b=2"},
        ),
        ('<a href="tg://user?id=7">x</a>', "x", {"type": "text_mention", "user_id": 7}),
        ('<pre><code class="language-sql">x</code></pre>', "x", {"type": "pre", "language": "sql"}),
        ("<blockquote expandable>x</blockquote>", "x", {"type": "expandable_blockquote"}),
        ('<span class="tg-spoiler">x</span>', "x", {"type": "spoiler"}),
        (
            '<tg-time unix="17" format="wDT">x</tg-time>',
            "x",
            {"type": "date_time", "unix_time": 17, "date_time_format": "wDT"},
        ),
        ("<B>x</B>", "x", {"type": "bold"}),
    ],
)
def test_html_entities(source: str, text: str, entity: dict[str, Any]) -> None:
    assert parse_html(source) == (text, [{"offset": 0, "length": 1} | entity])


def test_html_references() -> None:
    assert parse_html("&lt;&gt;&amp;&quot;&#39;&#x1F600;&nbsp;&copy; & &")[0] == "<>&\"'😀&nbsp;&copy; & &"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("*b* _i_ __u__ ~s~ ||p||", ["bold", "italic", "underline", "strikethrough", "spoiler"]),
        ("`c` ```sql\nx```", ["code", "pre"]),
        ("[x](https://example.com)", ["text_link"]),
        (">quoted\n>more\nplain", ["blockquote"]),
        ("*b _bi_*", ["bold", "italic"]),
    ],
)
def test_markdown_v2(source: str, expected: list[str]) -> None:
    assert [entity["type"] for entity in parse_markdown_v2(source)[1]] == expected


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("hello.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("*unclosed", "Can't find end of Bold entity at byte offset 0"),
    ],
)
def test_markdown_v2_complaints(source: str, complaint: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_markdown_v2(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {complaint}"


def test_what_telegram_finds_itself() -> None:
    text = "/deal@shop_bot Zoë 😀 @anna_n #roof a@b.com https://example.com/x. +48 601 234 567, 1/2 x@y"
    found = [(entity["type"], cut(text, entity["offset"], entity["length"])) for entity in find_entities(text, [])]
    assert found == [
        ("bot_command", "/deal@shop_bot"),
        ("mention", "@anna_n"),
        ("hashtag", "#roof"),
        ("email", "a@b.com"),
        ("url", "https://example.com/x"),
        ("phone_number", "+48 601 234 567"),
    ]
