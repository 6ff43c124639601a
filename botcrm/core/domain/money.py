"""Hold money exactly, and read amounts as people type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from botcrm.core.domain.currencies import SIGNS_AHEAD, currency_of

# The currency of an amount that names none (ISO 4217's code for "no currency"), where the question is whether it named one.
UNSAID = "XXX"


class MoneyError(ValueError):
    """Refuse arithmetic between two currencies (`left`, `right`)."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} do not mix")
        self.left = left
        self.right = right


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217).

    Sums, differences and comparisons raise MoneyError between two currencies; it multiplies by int and Decimal only.

    :raises TypeError: the amount is a float
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not {type(self.amount).__name__}")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        if not isinstance(factor, (int, Decimal)):
            return NotImplemented
        return Money(self.amount * factor, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def quantized(self) -> Money:
        """Round to the currency's minor unit, half up."""
        return Money(
            self.amount.quantize(Decimal(1).scaleb(-minor_digits(self.currency)), ROUND_HALF_UP), self.currency
        )

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise MoneyError(self.currency, other.currency)
        return other.amount


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """Count the digits after the point that a currency has (Unicode CLDR): 2 for EUR, 0 for JPY."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True)
class AmountFound:
    """An amount in a text: where it ends, and whether a currency, a multiplier or grouping marks it as money."""

    money: Money
    end: int
    marked: bool


_SPACES = " \u00a0\u2009\u202f'’"
_TIMES = {
    "k": 3, "к": 3, "т": 3, "tys": 3, "тыс": 3, "тр": 3, "т.р": 3, "千": 3,
    "万": 4, "萬": 4,
    "m": 6, "м": 6, "mln": 6, "mio": 6, "million": 6, "млн": 6,
    "億": 8, "亿": 8,
    "b": 9, "bn": 9, "mld": 9, "mlrd": 9, "billion": 9, "млрд": 9,
}  # fmt: skip
_BY_LENGTH = sorted(_TIMES, key=len, reverse=True)
_ATTACHED = "|".join(re.escape(times) for times in _BY_LENGTH)
# `12 m fence` is 12 metres, so a single letter stands right behind its number, but for the `k` that measures nothing.
_APART = "|".join(re.escape(times) for times in _BY_LENGTH if len(times) > 1 or times in "kк")
_WORD = r"zł\.?|złotych|kč|kr|ft|руб\.?|р\.?|грн\.?|euros?|евро|dollars|円|元|[a-zA-Z]{3}|zl"
_NUMBER = rf"""
    (?: (?P<sign>{SIGNS_AHEAD}) \s? | (?P<code>[a-zA-Z]{{3}}) \s? )?
    (?P<number> \d{{1,3}} (?: [{_SPACES}] \d{{3}} )+ (?!\d) (?: [.,]\d{{1,2}} (?!\d) )?
              | \d+ (?: [.,]\d+ )* )
    (?: (?P<times>{_ATTACHED})\.? | \s (?P<apart>{_APART})\.? )?
    """
_END = r"(?= [,;:.!?)]* (?:\s|$) )"
_AMOUNT = re.compile(rf"{_NUMBER} (?: \s? (?P<unit>{SIGNS_AHEAD}|{_WORD}) )? {_END}", re.VERBOSE | re.IGNORECASE)
# For a number that is followed by a word of three letters which is no currency.
_ALONE = re.compile(rf"{_NUMBER} (?P<unit>(?!))? {_END}", re.VERBOSE | re.IGNORECASE)
_MOST_DIGITS = 15


def read_amount(text: str, default_currency: str) -> Money | None:
    """Read an amount of money that is the whole text, or None. See `scan_amount` for the rules."""
    text = text.strip()
    found = scan_amount(text, 0, default_currency)
    return found.money if found is not None and found.end == len(text) else None


def scan_amount(text: str, start: int, default_currency: str) -> AmountFound | None:
    """Read the longest amount of money that starts at `start` and ends before a space, punctuation or the end.

    Which mark is the decimal one: of two kinds the last (`1,200.50`, `1.200,50`); one that comes twice separates
    thousands (`1.200.000`); a single one before exactly three digits separates thousands (`1,200` is 1200, `0,200` is
    not), unless a multiplier follows (`1,250k` is 1250); any other is decimal (`1,2` is 1.2). A space or an apostrophe
    separates groups of three digits (`1 200`).
    """
    for pattern in (_AMOUNT, _ALONE):
        match = pattern.match(text, start)
        if match is None:
            return None
        found = _found(match, default_currency)
        if found is not None:
            return found
    return None


def _found(match: re.Match[str], default_currency: str) -> AmountFound | None:
    sign, code, number, unit = match.group("sign", "code", "number", "unit")
    times = match["times"] or match["apart"]
    currency = default_currency
    for word in (sign or code, unit):
        if word is not None:
            meant = currency_of(word, default_currency)
            if meant is None:
                return None
            currency = meant
    if (sign or code) and unit:
        return None
    amount = _decimal(number, times is not None)
    if amount is None:
        return None
    if times is not None:
        amount = amount.scaleb(_TIMES[times.lower()])
        amount = amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount
    marked = bool(sign or code or unit or times or not number.isdecimal())
    return AmountFound(Money(amount, currency), match.end(), marked)


def _decimal(number: str, multiplied: bool) -> Decimal | None:
    """Turn digits and marks into a number; None where the marks make no sense."""
    for space in _SPACES:
        number = number.replace(space, "")
    if len(number) > _MOST_DIGITS + 3:
        return None
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return Decimal(number) if len(number) <= _MOST_DIGITS else None
    mark, whole, part = number[last], number[:last], number[last + 1 :]
    other = "," if mark == "." else "."
    if mark in whole:
        groups, part = number.split(mark), ""
        if other in number:
            return None
    elif other in whole:
        groups = whole.split(other)
    elif len(part) == 3 and len(whole) <= 3 and not whole.startswith("0") and not multiplied:
        groups, part = [whole, part], ""
    else:
        return Decimal(f"{whole}.{part}")
    if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
        return None
    return Decimal("".join(groups) + (f".{part}" if part else ""))
