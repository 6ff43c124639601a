"""What of a record tells who it is, brought to one form; and the keys by which records that may be the same find each other."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from botcrm.core.domain.companies import company_core, company_words
from botcrm.core.domain.names import name_words
from botcrm.core.domain.text import fold
from botcrm.core.domain.translit import skeleton, sound

# Hosts where dots in the name of a mailbox make no difference, and where what follows a plus does not.
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
_PLUS_HOSTS = """
gmail.com googlemail.com outlook.com hotmail.com live.com icloud.com me.com proton.me protonmail.com fastmail.com
yandex.ru yandex.com ya.ru zoho.com
"""
_ONE_HOST = {"ya.ru": "yandex.ru", "yandex.com": "yandex.ru", "protonmail.com": "proton.me", "me.com": "icloud.com"}
# Mailboxes of an office, not of a person.
_OFFICES = """
info office biuro kontakt contact mail hello admin sales sprzedaz support service serwis team reception sekretariat
zakaz zakazy order orders shop sklep buchhaltung rechnung finance accounting ksiegowosc hr post inbox help welcome
"""
_STREETS = """
ul ulica al aleja os osiedle pl plac str street st strasse road rd avenue ave lane ln drive dr court ct place close
crescent cres way улица ул пр проспект просп пер переулок д дом кв квартира корп no nr m flat apt unit
"""
_PLUS, _OFFICE, _STREET_WORDS = (frozenset(words.split()) for words in (_PLUS_HOSTS, _OFFICES, _STREETS))
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_NOT_DIGITS_OR_LETTERS = re.compile(r"[\W_]+")
_LONG = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """A record as the matcher sees it; what is not known is empty, and tells nothing."""

    words: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    telegram: str = ""
    birth: str = ""
    tax: str = ""
    street: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    company: str = ""
    site: str = ""


def facts_of(entity: str, values: Mapping[str, Any]) -> Facts:
    """Bring a contact's, company's or lead's fields (by the names of their columns) to one form.

    :param values: beside the columns: `company`, the name of a contact's company
    """
    get = values.get
    named = str(get("name") or "")
    if entity == "company":
        words, company = company_words(named), ""
    else:
        company = str(get("company") or get("company_name") or "")
        words = _person_words(named or str(get("title") or ""), company)
    street, city = get("street"), get("city")
    return Facts(
        words,
        tuple(_several(get("phone"), get("more_phones"))),
        tuple(mailbox(email) for email in _several(get("email"), get("more_emails"))),
        str(get("telegram_id") or ""),
        _birth(get("birth_date")),
        _plain(get("tax_id")),
        street_core(street) if street else "",
        sound(_plain(city)) if city else "",
        _plain(get("postcode")),
        _plain(get("region")),
        company_core(company) if company else "",
        _site(get("website")),
    )


def _person_words(name: str, company: str) -> tuple[str, ...]:
    """Return the words of a person's name; none where something else stands in its place: an address, a number, the company."""
    if "@" in name or not any(character.isalpha() for character in name) or (company and fold(name) == fold(company)):
        return ()
    return name_words(name)


def _several(first: Any, more: Any) -> Iterable[str]:
    if first:
        yield str(first)
    if more:
        yield from (str(one) for one in more if one and one != first)


def _birth(value: Any) -> str:
    if not value:
        return ""
    return value.strftime("%Y%m%d") if isinstance(value, date) else str(value)[:10].replace("-", "")


@functools.lru_cache(maxsize=1 << 14)
def _folded(text: str) -> str:
    return _NOT_DIGITS_OR_LETTERS.sub("", fold(text))


def _plain(value: Any) -> str:
    return _folded(str(value)) if value else ""


def mailbox(email: str) -> str:
    """Return what tells a mailbox: case, and where the host ignores them dots and +tags, make no difference."""
    local, _, host = email.strip().lower().rpartition("@")
    if host in _PLUS:
        local = local.partition("+")[0]
    if host in _DOTLESS:
        local, host = local.replace(".", ""), _DOTLESS[host]
    return f"{local}@{_ONE_HOST.get(host, host)}"


def is_office(email: str) -> bool:
    """Tell whether a mailbox is an office's by its name."""
    return email.partition("@")[0] in _OFFICE


def street_core(street: str) -> str:
    """Return a street and its numbers without the word for street, by their sound: `ul. Lipowa 5/7` is 5 7 lipova."""
    parts = [part for part in _PARTS.findall(fold(street)) if part not in _STREET_WORDS]
    numbers = [part.lstrip("0") or "0" for part in parts if part.isdecimal()]
    return " ".join([*numbers, *(sound(part) for part in parts if not part.isdecimal())])


def _site(website: Any) -> str:
    if not website:
        return ""
    host = str(website).strip().lower().partition("://")[2] or str(website).strip().lower()
    return host.partition("/")[0].removeprefix("www.")


# --- keys ------------------------------------------------------------------------------------------------------------


def keys_of(entity: str, values: Mapping[str, Any]) -> list[str]:
    """Return the keys by which a record is found where another may be the same: at most 80 characters each.

    One key is one thing known for sure (a phone, a mailbox, a number), or a name as rough as typos, scripts and order leave it.
    """
    return stored_keys(entity, facts_of(entity, values))


def stored_keys(entity: str, facts: Facts) -> list[str]:
    """Return the keys of facts; see `keys_of`."""
    found = [f"p:{phone}" for phone in facts.phones]
    found += [f"e:{email}" for email in facts.emails]
    for letter, value in (("g", facts.telegram), ("t", facts.tax), ("w", facts.site)):
        if value:
            found.append(f"{letter}:{value}")
    name = rough_name(facts.words)
    if name:
        found.append(f"n:{name}")
    if facts.birth and facts.words and entity != "company":
        # Whoever was born that day and shares a letter: the name may be spelt quite otherwise.
        found.append(f"b:{facts.birth}")
    return list(dict.fromkeys(key if len(key) <= _LONG else f"{key[:2]}#{_digest(key)}" for key in found))


def rough_name(words: tuple[str, ...]) -> str:
    """Return the consonants of a name's words in the order of the alphabet; empty for a name of one letter."""
    rough = sorted(skeleton(word) for word in words)
    return " ".join(rough) if sum(map(len, words)) > 1 else ""


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=15).hexdigest()
