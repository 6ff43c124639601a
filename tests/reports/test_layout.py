"""Tables at a phone's width."""

from __future__ import annotations

import dataclasses
import html
import re
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from botcrm.contract.reports import Column, ReportTable
from botcrm.contract.screens import MOST_UNITS, units
from botcrm.core.domain.preferences import Preferences
from botcrm.reports.layout import MOST_WIDTH, page_of
from botcrm.reports.values import cut, shown, width
from botcrm.settings import Settings
from botcrm.words import Words

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def words(language: str = "en") -> Words:
    prefs: Preferences = Settings(timezone="Europe/Warsaw", currency="PLN").preferences()
    return Words(dataclasses.replace(prefs, language=language), NOW)


FUNNEL = ReportTable(
    columns=(
        Column("stage", "Stage"),
        Column("entered", "Deals", "number"),
        Column("further", "Further", "percent"),
        Column("amount", "Amount", "money"),
    ),
    rows=[
        ("New", 12, 0.5, Decimal("120000.50")),
        ("Negotiation of terms", 6, None, Decimal(0)),
        ("Won", 3, None, None),
    ],
)


def test_a_narrow_table_is_a_grid() -> None:
    page = page_of(words(), FUNNEL, "PLN")
    assert page.text == (
        "<pre>"
        "Stage      Deals Further     PLN\n"
        "────────────────────────────────\n"
        "New           12     50% 120,000\n"
        "Negotiati…     6       –       0\n"
        "Won            3       –       –"
        "</pre>"
    )
    assert max(width(line) for line in page.text[5:-6].split("\n")) == MOST_WIDTH


def test_a_wide_table_is_stacked_without_what_is_nought() -> None:
    table = ReportTable(
        columns=(Column("person", "Person", "person"), *(Column(f"c{i}", f"Column {i}", "number") for i in range(9))),
        rows=[("Anna & Co", 1, 0, None, 4, 0, 0, 0, 0, 9)],
        total=("Total", 1, 0, None, 4, 0, 0, 0, 0, 9),
    )
    assert page_of(words(), table, "PLN").text == (
        "<b>Anna &amp; Co</b>\n   Column 0 1 · Column 3 4 · Column 8 9\n<b>Total</b>\n   Column 0 1 · Column 3 4 · Column 8 9"
    )


def test_long_tables_have_pages_that_lose_nothing() -> None:
    table = ReportTable((Column("n", "N", "number"),), [(n,) for n in range(30)])
    pages = [page_of(words(), table, "PLN", number) for number in range(4)]
    assert [page.count for page in pages] == [3] * 4
    assert pages[3] == pages[2], "beyond the end is the last page"
    said = [
        int(line) for page in pages[:3] for line in re.findall(r"^\s*(\d+)", html.unescape(page.text), re.MULTILINE)
    ]
    assert said == list(range(30))


def test_values_as_their_reader_writes_them() -> None:
    en, ru = words(), words("ru")
    assert shown(en, "number", 1234.5, "PLN") == "1,234.5"
    assert shown(ru, "number", 1234.5, "PLN") == "1 234,5"
    assert shown(en, "money", Decimal("1234.50"), "EUR") == "€1,234.50"
    amounts = [
        shown(en, "money", value, "EUR", "tight") for value in (0, 950, 1200, 12_345, 999_999, 1_250_000, 12_345_678)
    ]
    assert amounts == ["0", "950", "1.2K", "12.3K", "1M", "1.2M", "12.3M"]
    assert shown(en, "percent", 0.333, "PLN") == "33.3 %"
    assert shown(en, "percent", 0.333, "PLN", "narrow") == "33%"
    assert shown(en, "duration", 90, "PLN") == "1 h 30 min"
    assert shown(en, "duration", 90, "PLN", "narrow") == "1:30"
    assert shown(en, "date", date(2026, 11, 24), "PLN") == "24 Nov 2026"
    assert shown(en, "moment", NOW, "PLN") == "Tue 24 Nov 10:00"
    assert shown(en, "text", None, "PLN") == ""


cells = st.one_of(st.none(), st.text(max_size=80))
figures = st.one_of(st.none(), st.integers(-(10**12), 10**12))


@given(
    rows=st.lists(st.tuples(cells, figures, figures, cells), max_size=40),
    page=st.integers(-3, 50),
    titles=st.tuples(*[st.text(max_size=30)] * 4),
)
def test_whatever_the_table_a_page_fits_a_phone_and_a_message(
    rows: list[tuple[object, ...]], page: int, titles: tuple[str, ...]
) -> None:
    kinds = ("text", "number", "money", "person")
    table = ReportTable(tuple(Column(str(i), title, kinds[i]) for i, title in enumerate(titles)), rows)  # type: ignore[arg-type]
    laid = page_of(words(), table, "PLN", page)
    assert units(laid.text) < MOST_UNITS
    if laid.text.startswith("<pre>"):
        assert all(width(line) <= MOST_WIDTH for line in html.unescape(laid.text[5:-6]).split("\n"))


def test_a_long_text_is_cut_at_once() -> None:
    assert cut("x" * 5_000_000, 10) == "x" * 9 + "…"
    assert cut("日本語" * 100, 10) == "日本語日…"
    assert cut("日本語", 5) == "日本…"
    assert cut("fits", 4) == "fits"
