"""Read, find and show phone numbers."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

# phonenumbers is imported inside the functions: it costs a cold start 60 ms and 4 MB.

_EXTENSION = re.compile(
    r"[\s,;(]*(?:ext(?:ension|n)?\b\.?|x|w(?:ewn?)?\b\.?|доб\b\.?|доп\b\.?|内線|#)\s*[:=]?\s*\d{1,6}\)?\s*$",
    re.IGNORECASE,
)
_MOST_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class PhoneFound:
    """A phone number in a text: `text[start:end]`, and the number as E.164."""

    start: int
    end: int
    e164: str


def normal_phone(text: str, region: str | None) -> str | None:
    """Turn a phone number into E.164; None if it is none. An extension is left out.

    A number with a + needs a possible length only; one without must be valid in `region`.

    :param region: ISO 3166 code for numbers without a +; None accepts only those with one
    """
    import phonenumbers

    text = text.strip()
    # No number is as long; the pattern for extensions would take its time over spaces.
    if len(text) > _MOST_CHARACTERS:
        return None
    text = _EXTENSION.sub("", text)
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    international = text.lstrip(" (").startswith(("+", "＋", "00"))
    good = phonenumbers.is_valid_number(number) or (international and phonenumbers.is_possible_number(number))
    if not good:
        return None
    number.extension = None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def valid_abroad(text: str) -> str | None:
    """Turn a number that begins with a country's code, its plus sign missing, into E.164; None where it is no valid one."""
    import phonenumbers

    try:
        number = phonenumbers.parse(f"+{text}", None)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def find_phones(text: str, region: str | None) -> list[PhoneFound]:
    """Find valid phone numbers in a text, in order; an extension belongs to the span."""
    if sum(character.isdecimal() for character in text) < 5:
        return []
    import phonenumbers

    found = []
    for match in phonenumbers.PhoneNumberMatcher(text, region):
        match.number.extension = None
        e164 = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        found.append(PhoneFound(match.start, match.end, e164))
    return found


@functools.lru_cache(maxsize=4096)
def show_phone(e164: str) -> str:
    """Write a number for reading: `+48 601 234 567`; what is no number comes back unchanged."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
