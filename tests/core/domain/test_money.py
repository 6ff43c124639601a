from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcrm.core.domain.money import Money, MoneyError, read_amount, scan_amount


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12k", "12000", "EUR"),
        ("12.5k", "12500", "EUR"),
        ("12,5k", "12500", "EUR"),
        ("1 200", "1200", "EUR"),
        ("1\u00a0200", "1200", "EUR"),
        ("1'200", "1200", "EUR"),
        ("1,200.50", "1200.50", "EUR"),
        ("1.200,50", "1200.50", "EUR"),
        ("1.200.000", "1200000", "EUR"),
        ("1,200", "1200", "EUR"),
        ("1.200", "1200", "EUR"),
        ("1,2", "1.2", "EUR"),
        ("0,200", "0.200", "EUR"),
        ("1,250k", "1250", "EUR"),
        ("€12k", "12000", "EUR"),
        ("12k€", "12000", "EUR"),
        ("12k PLN", "12000", "PLN"),
        ("12k pln", "12000", "PLN"),
        ("PLN 12k", "12000", "PLN"),
        ("USD12", "12", "USD"),
        ("1 200 zł", "1200", "PLN"),
        ("120万", "1200000", "EUR"),
        ("１２０万", "1200000", "EUR"),
        ("120万円", "1200000", "JPY"),
        ("1.2m", "1200000", "EUR"),
        ("15m", "15000000", "EUR"),
        ("3млн", "3000000", "EUR"),
        ("50тыс", "50000", "EUR"),
        ("50 тыс руб", "50000", "RUB"),
        ("500 ₽", "500", "RUB"),
        ("12 k", "12000", "EUR"),
        ("12 K zł", "12000", "PLN"),
        ("¥100", "100", "JPY"),
        ("2 mln zł", "2000000", "PLN"),
        ("500", "500", "EUR"),
    ],
)
def test_amounts(text: str, amount: str, currency: str) -> None:
    assert read_amount(text, "EUR") == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k",
        "12kg",
        "-5",
        "1.2.3",
        "1,20,300",
        "12 all",
        "12 apples",
        "€5 PLN",
        "1" * 30,
        "12:30",
        "d12",
        "12-15",
        "²",
    ],
)
def test_no_amounts(text: str) -> None:
    assert read_amount(text, "EUR") is None


def test_metres_are_no_millions() -> None:
    found = scan_amount("12 m fence", 0, "EUR")
    assert found is not None
    assert (found.money.amount, found.end, found.marked) == (Decimal(12), 2, False)


def test_an_english_word_is_no_currency() -> None:
    assert read_amount("12 ALL", "EUR") == Money(Decimal(12), "ALL")
    found = scan_amount("12k all in", 0, "EUR")
    assert found is not None
    assert (found.money, found.end) == (Money(Decimal(12000), "EUR"), 3)


def test_a_shared_sign_means_the_default_currency_if_it_can() -> None:
    assert read_amount("$5", "CAD") == Money(Decimal(5), "CAD")
    assert read_amount("$5", "PLN") == Money(Decimal(5), "USD")
    assert read_amount("¥5", "CNY") == Money(Decimal(5), "CNY")


def test_arithmetic_stays_in_one_currency() -> None:
    five, two = Money(Decimal(5), "EUR"), Money(Decimal(2), "EUR")
    assert five + two == Money(Decimal(7), "EUR")
    assert five - two == Money(Decimal(3), "EUR")
    assert two * 3 == 3 * two == Money(Decimal(6), "EUR")
    assert -two < two <= two < five
    with pytest.raises(MoneyError) as refused:
        five + Money(Decimal(1), "PLN")
    assert (refused.value.left, refused.value.right) == ("EUR", "PLN")
    with pytest.raises(MoneyError):
        _ = five < Money(Decimal(1), "PLN")


def test_no_float_gets_in() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(Decimal(1), "EUR") * 1.5  # type: ignore[operator]


def test_quantized_knows_the_minor_unit() -> None:
    assert Money(Decimal("1.005"), "EUR").quantized().amount == Decimal("1.01")
    assert Money(Decimal("1.5"), "JPY").quantized().amount == Decimal(2)
    assert Money(Decimal("1.5"), "KWD").quantized().amount == Decimal("1.500")


@given(st.decimals(min_value=0, max_value=10**11, places=2))
def test_formatted_amounts_are_read_back(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.replace(",", "_").replace(".", ",").replace("_", ".")
    french = english.replace(",", "\u202f").replace(".", ",")
    for text in (english, german, french, f"{english} PLN", f"€{german}"):
        money = read_amount(text, "PLN")
        assert money is not None
        assert money.amount == amount


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    read_amount(text, "EUR")
