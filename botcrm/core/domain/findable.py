"""What a record is found by, and how what people type is read: the two halves of search, which have to fit each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from botcrm.core.domain.text import asked_terms, fold, terms
from botcrm.core.domain.translit import sound

MOST_WORDS = 40
# Of those that went into a record.
_MOST_ALIASES = 200
_LONGEST_WORD = 64
_TYPED_WORDS = 8
# A number is also kept from its end, behind a letter that nobody types, so that its last digits are found as a start.
_END = "ʔ"
# Likewise a whole name that a record went by.
_ONCE = "ʔ="
_LEAST_DIGITS, _LEAST_LAST = 3, 4
_TWO_DIGIT_CODES = frozenset(
    map(
        str,
        (20, 27, *range(30, 35), 36, *range(39, 42), *range(43, 50), *range(51, 59), *range(60, 67), 81, 82, 84, 86),
    )
) | frozenset(map(str, (*range(90, 96), 98)))
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "gov", "net", "org"))
_NUMBER = re.compile(r"\+?\d[\d\u00a0 ().\-/]{4,}\d")
_ALL_NUMBER = re.compile(r"[\d\u00a0 +().\-/]+")
_DOMAIN = re.compile(r"@?[^\W_]+(?:[.\-][^\W_]+)*\.[a-z]{2,4}", re.IGNORECASE)
# What may be one as well, whatever it ends in, or the start of one: `bolt.online`, `bolt.onl`; or a name: `jan.nowak`.
_SITE = re.compile(r"@?(?=[^\W_]{2}|[^\W_]-)[^\W_]+(?:[.\-]+[^\W_]+)*\.(?:[^\W\d_]+|xn--[a-z\d-]*)", re.IGNORECASE)
_LATIN, _CYRILLIC = re.compile(r"[a-z]"), re.compile(r"[\u0400-\u04ff]")


@dataclass(frozen=True, slots=True)
class Findable:
    """A record as search keeps it.

    :ivar words: folded, each once
    """

    name: str
    words: tuple[str, ...]
    is_open: bool


def findable(
    entity: str, get: Callable[[str], Any], company: str = "", contact: str = "", more: Iterable[str] = ()
) -> Findable:
    """Return what a company, contact, lead or deal is found by.

    :param get: reads a column; None where it is empty
    :param company: what its company is called
    :param contact: what a deal's contact is called
    :param more: texts of the company's own fields
    """
    if entity == "deal":
        name = deal_name(get("title") or "", company)
        return Findable(name[:500], _words(f"{name} {contact}", (), more), (get("status") or "open") == "open")
    is_open = True
    if entity == "lead":
        name, is_open = get("title") or "", (get("status") or "new") in ("new", "working")
        text = f"{name} {get('name') or ''} {get('company_name') or ''}"
    else:
        name = get("name") or ""
        text = f"{name} {company}"
    ways: list[str] = []
    for phone in (get("phone"), *(get("more_phones") or ())):
        if phone:
            ways += phone_words(phone)
    for email in (get("email"), *(get("more_emails") or ())):
        if email:
            ways += email_words(email)
    if entity != "lead" and (tax_id := get("tax_id")):
        ways += tax_words(tax_id)
    return Findable(name[:500], _words(text, ways, more), is_open)


def with_aliases(entity: str, found: Findable, merged: Iterable[Callable[[str], Any]]) -> Findable:
    """Have a record found by the names, numbers and addresses of those that went into it as well.

    :param merged: for each of them, what reads its columns
    """
    words = dict.fromkeys(found.words)
    for get in merged:
        other = findable(entity, get)
        if fold(other.name) != fold(found.name):
            words[once_called(other.name)] = None
        words.update(dict.fromkeys(other.words))
    return replace(found, words=tuple(words)[: MOST_WORDS + _MOST_ALIASES])


def once_called(name: str) -> str:
    """Return the word by which a record is found under the whole name of one that went into it."""
    return f"{_ONCE}{fold(name).replace(' ', '_')}"[:_LONGEST_WORD]


def _words(text: str, ways: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    found = dict.fromkeys(word[:_LONGEST_WORD] for word in terms(text))
    found.update(dict.fromkeys(ways))
    for one in more:
        found.update(dict.fromkeys(word[:_LONGEST_WORD] for word in terms(one)))
    return tuple(found)[:MOST_WORDS]


def deal_name(title: str, company: str) -> str:
    """Return what a deal is called: its company and title, the company once."""
    if not company or fold(title).startswith(fold(company)):
        return title
    return f"{company} {title}".strip()


def phone_words(phone: str) -> list[str]:
    """Return the words of a number in E.164: whole, as it is dialled at home, and from its end."""
    digits = phone.lstrip("+")
    code = 1 if digits[:1] in ("1", "7") else 2 if digits[:2] in _TWO_DIGIT_CODES else 3
    return [digits, digits[code:], _END + digits[::-1]] if len(digits) > code else [digits]


def email_words(address: str) -> list[str]:
    """Return the words of an address: those before the @, and of its domain without what all domains end in."""
    local, _, domain = address.rpartition("@")
    return [word[:_LONGEST_WORD] for word in terms(f"{local} {_labels(domain)}")]


def _labels(domain: str) -> str:
    labels = domain.split(".")
    if len(labels) > 1:
        labels = labels[:-1]
        if len(labels) > 1 and labels[-1].lower() in _SECOND_LEVEL:
            labels = labels[:-1]
    return " ".join(labels)


def tax_words(number: str) -> list[str]:
    """Return the words of a tax number: without what is put between, and without the country's letters."""
    whole = "".join(terms(number))[:_LONGEST_WORD]
    digits = "".join(character for character in whole if character.isdigit())
    return list(dict.fromkeys(one for one in (whole, digits, _END + digits[::-1]) if len(one) > 1))


# --- what is typed -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed word: a record has to have a word that starts with one of `starts`, or is one of `words`.

    :ivar text: the word alone, empty where it is a number
    """

    text: str
    starts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def readings(text: str) -> list[list[Typed]]:
    """Return the ways to read what is searched for, the likeliest first: there is no other where nothing can be read."""
    first, sites = typed(text), typed(text, sites=True)
    return [first, sites] if sites != first else [first]


def typed(text: str, *, sites: bool = False) -> list[Typed]:
    """Read what is searched for: words, parts of telephone and tax numbers in any writing, e-mail addresses and domains.

    :param sites: whatever can be a domain is one: what it ends in is not looked for
    """
    text = text[:500]
    if _ALL_NUMBER.fullmatch(text.strip()) and len(number := _digits(text)) >= _LEAST_DIGITS:
        return [_number(number)]
    numbers: list[Typed] = []

    def taken(found: re.Match[str]) -> str:
        digits = _digits(found[0])
        if len(digits) < 7 or (len(digits) < 9 and not found[0].startswith("+")):
            return found[0]
        numbers.append(_number(digits))
        return " "

    found: dict[str, Typed] = {}
    for token in _NUMBER.sub(taken, text).split():
        if (_DOMAIN.fullmatch(token) or (sites and _SITE.fullmatch(token))) and "@" not in token[1:]:
            token = _labels(token.lstrip("@"))
        elif "@" in token:
            local, _, domain = token.rpartition("@")
            token = f"{local} {_labels(domain)}"
        for word in (term[:_LONGEST_WORD] for term in asked_terms(token)):
            is_number = word.isdigit() and word.isascii() and len(word) >= _LEAST_LAST
            found.setdefault(word, _number(word) if is_number else Typed(word, (word,)))
    return [*numbers, *found.values()][:_TYPED_WORDS]


def _digits(text: str) -> str:
    return "".join(character for character in fold(text) if character.isdigit())


def _number(digits: str) -> Typed:
    starts = [digits]
    if len(digits) >= _LEAST_LAST:
        starts.append(_END + digits[::-1])
    if len(digits) > 9:
        # With another country's prefix, or the zero that is dialled at home: what stands behind it is the number.
        starts.append(_END + digits[:-10:-1])
    return Typed("", tuple(starts))


# --- two alphabets ---------------------------------------------------------------------------------------------------------


def script(word: str) -> str:
    """Return "l" for a Latin word, "c" for a Cyrillic one, else nothing."""
    if _LATIN.match(word):
        return "l"
    return "c" if _CYRILLIC.match(word) else ""


def sounds(word: str) -> list[str]:
    """Return how a folded word sounds: twice where the Cyrillic letter is written g in one country and h in another."""
    found = [sound(word)]
    if "г" in word:
        found.append(sound(word.replace("г", "х")))
    return [one for one in dict.fromkeys(found) if one]


def sound_keys(word: str) -> list[str]:
    """Return the keys by which a word is found from another alphabet: its alphabet's letter and its sound."""
    alphabet = script(word) if len(word) >= 2 and word.isalpha() else ""
    return [alphabet + one for one in sounds(word)] if alphabet else []
