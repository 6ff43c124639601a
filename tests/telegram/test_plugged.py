"""What plugins write is made safe to send: markup, buttons, lines, entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.contract.cards import TimelineItem
from botcrm.core.services.cards import Added
from botcrm.simulator.html_text import parse_html
from botcrm.telegram.plugged.added import added_items, added_lines, added_rows
from botcrm.telegram.plugged.bound import bound_button, bound_screen, unpacked
from botcrm.telegram.plugged.catalogue import menu_name
from botcrm.telegram.plugged.markup import readable, safe, safe_line, safe_message
from botcrm.telegram.screens.base import Button, Screen, fit

_PIECES = st.sampled_from(
    ["<b>", "</b>", "<i>", "</i>", "<a href=\"http://x\">", "</a>", "<br>", "<", ">", "&", "&amp;", "&nbsp;", "x ", "<code>",
     "</code>", "<tg-spoiler>", "</tg-spoiler>", "<b class=\"x\">", "\n", "\x00", "ł", "😀", "\"", "<!--", "<span>"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_whatever_a_plugin_writes_telegram_can_read(text: str) -> None:
    parse_html(safe(text))
    parse_html(safe_line(text, 20))
    assert len(safe_line(text, 20)) <= 20
    parse_html(fit(safe_message(text)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>bold</b> & more", "<b>bold</b> &amp; more"),
        ("<b>open", "&lt;b&gt;open"),
        ("1 < 2", "1 &lt; 2"),
        ('<a href="https://x.example/?a=1&amp;b=2">x</a>', '<a href="https://x.example/?a=1&amp;b=2">x</a>'),
        ("<a>x</a>", "&lt;a&gt;x&lt;/a&gt;"),
        ("<b><i>x</b></i>", "&lt;b&gt;&lt;i&gt;x&lt;/b&gt;&lt;/i&gt;"),
        ("<blockquote expandable>x</blockquote>", "<blockquote expandable>x</blockquote>"),
    ],
)
def test_markup_that_cannot_be_read_is_shown_as_it_stands(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_long_text_whose_markup_spans_lines_is_cut_without_breaking() -> None:
    text = "<b>" + "\n".join("line" for _ in range(2000)) + "</b>"
    assert readable(text)
    parse_html(fit(safe_message(text)))


def test_a_message_is_never_empty() -> None:
    assert safe_message(" \x00") == "—"


def test_a_button_leads_back_to_its_plugin_with_its_arguments() -> None:
    bound = bound_button("visits", Button("Go", press="leave", args=(12, "a:b%c/ł", "")))
    action, plugin, name, *args = bound.data.split(":")
    assert (action, plugin, name) == ("x", "visits", "leave")
    assert unpacked(args) == ["12", "a:b%c/ł", ""]


def test_buttons_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        bound_button("visits", Button("Go", press="leave", args=("x" * 60,)))
    with pytest.raises(ValueError, match="does nothing"):
        bound_button("visits", Button("Go"))
    with pytest.raises(TypeError):
        bound_screen("visits", 12)


def test_a_text_is_a_screen_and_none_is_none() -> None:
    assert bound_screen("visits", None) is None
    assert bound_screen("visits", "1 < 2") == Screen("1 &lt; 2")


def test_lines_and_buttons_of_a_card_are_cut_to_size() -> None:
    added = Added(
        (("a", ["<b>one</b>", "", 7, "<i>two", "x" * 300, "four", "five", "six"]), ("b", "alone"), ("c", 5)),
        (("a", [Button("B", press="b"), Button("no"), *[Button(str(n), press="n") for n in range(9)]]), ("b", None)),
    )
    lines = added_lines(added)
    assert lines[0] == "<b>one</b>"
    assert lines[1] == "&lt;i&gt;two"
    assert len(lines[2]) == 200
    assert lines[-1] == "alone"
    assert len(lines) == 4, "at most five a plugin are looked at"
    assert [button.label for row in added_rows(added) for button in row] == ["B", "0", "1"]


def test_entries_of_a_stretch_of_time() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    items = [TimelineItem(noon + timedelta(hours=n), str(n)) for n in range(5)]
    naive = TimelineItem(datetime(2026, 11, 24, 12), "naive")
    found = added_items([("a", [*items, naive, "none"])], noon + timedelta(hours=1), noon + timedelta(hours=3))
    assert [item.text for item in found] == ["1", "2"]
    assert len(added_items([("a", items)], None, None)) == 5


def test_a_menu_shows_two_words_as_one() -> None:
    assert menu_name("meet in") == "meet_in"
    assert menu_name("отчёт") is None
