"""Own fields that hold a number or an amount of money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from botcrm.core.domain.custom_errors import NotAnAmount, NotANumber
from botcrm.core.domain.custom_type import Indexed, Json, Names, ReadContext, Reader, ValueType, tidy
from botcrm.core.domain.money import UNSAID, Money, read_amount

_LARGEST = Decimal(10) ** 15
_SMALLEST = Decimal("0.000001")
# Whatever the country: no group of thousands has one, two, or four digits and more behind a mark.
_PLAIN = re.compile(r"(\d+)(?:[.,](\d{1,2}|\d{4,}))?")
_GROUPED = re.compile(r"\d{1,3}(?:[\s'’]\d{3})+")


class Number(ValueType):
    name, label, sign, example = "number", "Number", "🔢", "12.5"

    def read(self, text: str, context: ReadContext) -> Json:
        number = read_number(text, context.language)
        if number is None:
            raise NotANumber(what=context.name, value=text)
        return plain(number)

    def take(self, value: object, context: ReadContext) -> Json:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            number = kept(Decimal(str(value)))
            if number is not None:
                return plain(number)
        return super().take(value, context)

    def show(self, value: Json, words: Reader, names: Names) -> str:
        from babel.numbers import format_decimal

        pattern = "#,##0.######"
        return str(format_decimal(Decimal(value), pattern, words.prefs.language)).replace("\xa0", " ")

    def write(self, value: Json, names: Names) -> str:
        whole, _, part = str(value).partition(".")
        # Three digits behind the mark might be thousands to a reader of another country; four are not.
        return f"{whole}.{part}0" if len(part) == 3 else str(value)

    def index(self, value: Json, names: Names) -> list[Indexed]:
        return [Indexed(number=Decimal(value))]

    def key(self, value: Json, names: Names) -> Any:
        return Decimal(value)


class Amount(ValueType):
    name, label, sign, example = "money", "Money", "💰", "12k"

    def read(self, text: str, context: ReadContext) -> Json:
        bare = tidy(text)
        less = bare[:1] in "-−" and bool(bare)
        found = read_amount(bare[1:] if less else bare, context.currency)
        if found is None or found.amount >= _LARGEST:
            raise NotAnAmount(what=context.name, value=text)
        return self._json(-found if less else found)

    def take(self, value: object, context: ReadContext) -> Json:
        if isinstance(value, Money):
            return self._json(value)
        if isinstance(value, Mapping) and set(value) == {"amount", "currency"}:
            return self.read(f"{value['amount']} {value['currency']}", context)
        return super().take(value, context)

    @staticmethod
    def _json(money: Money) -> Json:
        money = money.quantized()
        return {"amount": plain(money.amount), "currency": money.currency}

    def show(self, value: Json, words: Reader, names: Names) -> str:
        return words.money(Decimal(value["amount"]), value["currency"])

    def write(self, value: Json, names: Names) -> str:
        return f"{value['amount']} {value['currency']}"

    def index(self, value: Json, names: Names) -> list[Indexed]:
        return [Indexed(text=value["currency"].lower(), number=Decimal(value["amount"]))]

    def key(self, value: Json, names: Names) -> Any:
        return Decimal(value["amount"])


def read_number(text: str, language: str) -> Decimal | None:
    """Read a number as people of a language write it; its own decimal mark goes before thousands: `12,125` in Polish."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    bare = tidy(text).removesuffix("%").rstrip()
    less = bare[:1] in "-−" and bool(bare)
    bare = bare[1:] if less else bare
    whole, mark, part = bare.partition(get_decimal_symbol(language))
    grouped = _GROUPED.fullmatch(whole.replace(get_group_symbol(language), " "))
    plain_one = _PLAIN.fullmatch(bare)
    if plain_one is not None:
        number: Decimal | None = Decimal(".".join(filter(None, plain_one.groups())))
    elif (part.isdecimal() and (whole.isdecimal() or grouped)) or (grouped and not mark):
        digits = "".join(character for character in whole if character.isdecimal())
        number = Decimal(f"{digits}.{part}" if part else digits)
    else:
        found = read_amount(bare, UNSAID)
        number = found.amount if found is not None and found.currency == UNSAID else None
    if number is None:
        return None
    return kept(-number if less else number)


def kept(number: Decimal) -> Decimal | None:
    """Return a number as it can be stored: fifteen digits before the mark, six behind it."""
    try:
        return number.quantize(_SMALLEST) if number.is_finite() and abs(number) < _LARGEST else None
    except InvalidOperation:
        return None


def plain(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
