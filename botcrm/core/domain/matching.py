"""How likely two records are the same: each thing they share or differ in weighs so many bits, as Fellegi and Sunter add them up.

A bit more doubles the odds. What few have weighs more than what many have: a rare surname, a phone of two rather than of fifty.
What is missing weighs nothing. docs/decisions/0023-duplicates-weighed.md says where the weights come from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import token_sort_ratio

from botcrm.core.domain.facts import Facts, is_office
from botcrm.core.domain.names import likeness


@dataclass(frozen=True, slots=True)
class Weights:
    """The bits. `most` bounds what sharing something tells; `not_` is what differing in it tells."""

    word_most: float = 13.0
    name_most: float = 18.0
    name_alone: float = (
        -4.0
    )  # what a name comes to at most where nothing else agrees; each bit of something else adds one
    word_least: float = 2.0
    short: float = 0.7  # of the word's bits: Bob for Robert
    family: float = 0.6  # Kowalski and Kowalska
    typo: float = 0.85
    cut: float = 0.4
    initial: float = 2.5
    not_word: float = -5.0
    not_quite: float = -3.0
    left_over: float = -0.7
    left_over_company: float = -4.0
    phone: float = 0.0  # of phone, email and tax: beyond what makes it as likely as not
    near_phone: float = 6.0
    not_phone: float = -2.0
    email: float = 1.0
    office: float = -6.0  # info@, in place of `email`
    near_email: float = 4.0
    not_email: float = -1.5
    shared_by_more: float = -1.0  # for each doubling of those who share a phone or a mailbox beyond two
    telegram: float = 20.0
    not_telegram: float = -4.0
    birth: float = 13.5
    near_birth: float = 4.5
    not_birth: float = -5.0
    tax: float = 6.0
    near_tax: float = 11.0
    not_tax: float = -3.5
    site_most: float = 12.0
    street_most: float = 10.0
    near_street: float = 6.0
    like_street: float = 3.5
    other_number: float = 1.5
    not_street: float = -1.0
    postcode_most: float = 6.0
    near_postcode: float = 3.0
    not_postcode: float = -0.5
    city_most: float = 4.0
    near_city: float = 3.0
    not_city: float = -1.0
    region: float = 1.0
    not_region: float = -0.5
    address_most: float = 15.0
    company_most: float = 7.0
    not_company: float = -0.7
    context_most: float = 5.0  # all that a household or an office shares, where the names differ


WEIGHTS = Weights()
# A pair counts as the same from so many bits on, all that is known before included. Found at 10,000 records of seed 1.
THRESHOLD = 0.0
# Word pairs that a slip of the hand makes of each other are two names where both are this common.
_ONE_PERSONS = frozenset({"birth_date", "tax_id", "near_tax_id", "telegram"})
_COMMON_SHARE, _COMMON_LEAST = 3e-4, 6
_SURE_STREET, _LIKE_STREET, _LIKE_CITY = 92.0, 75.0, 80.0


class Counts(Protocol):
    """How many records have something; what is not kept has the default."""

    def get(self, key: str, default: int, /) -> int:
        """Return the count of a key."""
        ...


@dataclass(slots=True)
class Base:
    """What the records around are like: how many there are, and what many of them have.

    `words` counts folded words of names. `shared` counts keys: "p:+48…" phone, "e:" mailbox, "s:" street, "z:" postcode, "c:" city,
    "o:" company, "t:" tax number, "w:" site; those with two or fewer may be left out.
    """

    n: int = 1000
    words: Counts = field(default_factory=dict[str, int])
    shared: Counts = field(default_factory=dict[str, int])

    def bits(self, count: int) -> float:
        """Return what it tells that two records share what so many have."""
        # A name is no more frequent in the world for a base being small.
        return math.log2(max(2.0, max(self.n, 1000) / max(1, count)))

    @property
    def before(self) -> float:
        """Return the bits against any two records being the same before anything is known: one in twenty has a copy."""
        return -math.log2(10 * max(self.n, 100))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two may be the same: a field ("phone", "name"), how alike in per cent where that tells, or a plugin's words."""

    what: str
    percent: int = 0


def only_name(reasons: Iterable[Reason]) -> bool:
    """Tell whether nothing but a name speaks for it: a person looks at that, no rule decides it."""
    return all(reason.what.startswith("name") for reason in reasons)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two records come to: bits for being the same, and why.

    :ivar apart: their names differ over one telephone or mailbox, as a family's do
    """

    bits: float
    reasons: tuple[Reason, ...]
    apart: bool = False

    @property
    def score(self) -> float:
        """Return how likely they are the same, 0 to 1."""
        return probability(self.bits)


def probability(bits: float) -> float:
    """Turn bits into a likelihood."""
    return 1 / (1 + math.exp2(-max(-60.0, min(60.0, bits))))


@dataclass(slots=True)
class _Names:
    bits: float = 0.0
    differ: float = 0.0
    agree: int = 0
    percent: int = 0


def compare(entity: str, a: Facts, b: Facts, base: Base, weights: Weights = WEIGHTS) -> Verdict:
    """Weigh two records of one entity. The order of the two makes no difference."""
    reasons: list[Reason] = []
    names = _names(entity, a.words, b.words, base, weights)
    own = _own(a, b, base, weights, reasons)
    phone, email = _reached(a, b, base, weights, reasons)
    place = _address(a, b, base, weights, reasons)
    firm = _shared(a.company, b.company, "company", "o", base, weights.company_most, weights.not_company, reasons)
    site = _shared(a.site, b.site, "website", "w", base, weights.site_most, 0.0, reasons)
    if names.percent >= 50:
        reasons.append(Reason("name", names.percent))
    context = phone + email + place + firm + site
    bits = base.before + own + names.differ
    told = min(names.bits, weights.name_most)
    one_person = any(reason.what in _ONE_PERSONS for reason in reasons)
    if names.differ and not one_person:
        # A family has surname, address and telephone in common, an office telephone and mailbox: together they tell one thing.
        bits += min(context + told, weights.context_most)
    else:
        bits += context + told
        # Namesakes are more than chance makes them: a name tells nobody apart alone, however rare it is.
        if entity != "company":
            bits = min(bits, weights.name_alone + max(0.0, own) + max(0.0, context))
    return Verdict(bits, tuple(reasons), bool(names.differ) and not one_person and max(phone, email) > 0)


# --- names -----------------------------------------------------------------------------------------------------------


def _names(entity: str, a: tuple[str, ...], b: tuple[str, ...], base: Base, weights: Weights) -> _Names:
    found = _Names()
    if not a or not b:
        return found
    left, right = list(a), list(b)
    letters = alike = 0.0
    for word in a:
        if word in right:
            right.remove(word)
            left.remove(word)
            found.bits += _word_bits(word, base, weights)
            found.agree += 1
            letters += len(word)
            alike += len(word)
    while left and right:
        # Where two ways are as good the words decide, not which record comes first.
        bits, degree, _, _, one, other = max(
            (*_pair(one, other, base, weights), min(one, other), max(one, other), one, other)
            for one in left
            for other in right
        )
        left.remove(one)
        right.remove(other)
        if bits < 0:
            found.differ += bits
        else:
            found.bits += bits
            found.agree += 1
        size = (len(one) + len(other)) / 2
        letters += size
        alike += size * degree
    rest = len(left) + len(right)
    found.bits += rest * (weights.left_over_company if entity == "company" else weights.left_over)
    found.percent = round(100 * alike / (letters + sum(map(len, left + right)) / 2))
    return found


def _word_bits(word: str, base: Base, weights: Weights) -> float:
    if len(word) == 1:
        return weights.initial
    return max(weights.word_least, min(weights.word_most, base.bits(base.words.get(word, 1))))


def _pair(one: str, other: str, base: Base, weights: Weights) -> tuple[float, float]:
    found = likeness(one, other)
    counts = base.words.get(one, 1), base.words.get(other, 1)
    bits = max(weights.word_least, min(weights.word_most, base.bits(max(counts))))
    common = min(counts) > max(_COMMON_LEAST, base.n * _COMMON_SHARE)
    match found.kind:
        case "same" | "sound":
            return bits, found.degree
        case "short":
            # Lisa may stand for Elizabeth; where there are many of either it is mostly somebody else.
            return (weights.word_least if common else bits * weights.short), found.degree
        case "family":
            return bits * weights.family, found.degree
        case "initial":
            return weights.initial, found.degree
        case "typo":
            return (weights.not_quite if common else bits * weights.typo * found.degree), found.degree
        case "cut":
            return (weights.not_word if common else bits * weights.cut), found.degree
        case _:
            return (weights.not_quite if found.degree > 0.55 else weights.not_word), found.degree


# --- everything else ---------------------------------------------------------------------------------------------------


def _own(a: Facts, b: Facts, base: Base, weights: Weights, reasons: list[Reason]) -> float:
    """Weigh what belongs to one person or firm alone."""
    bits = 0.0
    if a.telegram and b.telegram:
        same = a.telegram == b.telegram
        bits += weights.telegram if same else weights.not_telegram
        if same:
            reasons.append(Reason("telegram"))
    if a.tax and b.tax:
        if a.tax == b.tax:
            bits += _by_sharers(base.shared.get(f"t:{a.tax}", 2), base, weights) + weights.tax
            reasons.append(Reason("tax_id"))
        elif min(len(a.tax), len(b.tax)) >= 6 and OSA.distance(a.tax, b.tax, score_cutoff=2) <= 2:
            near = OSA.distance(a.tax, b.tax) == 1
            bits += weights.near_tax if near else 0.0
            if near:
                reasons.append(Reason("near_tax_id"))
        else:
            bits += weights.not_tax
    if a.birth and b.birth:
        if a.birth == b.birth:
            bits += weights.birth
            reasons.append(Reason("birth_date"))
        elif _near_birth(a.birth, b.birth):
            bits += weights.near_birth
            reasons.append(Reason("near_birth_date"))
        else:
            bits += weights.not_birth
    return bits


def _near_birth(a: str, b: str) -> bool:
    if len(a) != 8 or len(b) != 8:
        return False
    swapped = a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]
    return swapped or OSA.distance(a, b, score_cutoff=1) == 1


def _reached(a: Facts, b: Facts, base: Base, weights: Weights, reasons: list[Reason]) -> tuple[float, float]:
    """Weigh telephones and mailboxes."""
    phone = email = 0.0
    if a.phones and b.phones:
        both = [base.shared.get(f"p:{number}", 2) for number in a.phones if number in b.phones]
        if both:
            phone = _by_sharers(min(both), base, weights) + weights.phone
            reasons.append(Reason("phone"))
        elif any(_near(one, other) for one in a.phones for other in b.phones):
            phone = weights.near_phone
            reasons.append(Reason("near_phone"))
        else:
            phone = weights.not_phone
    if a.emails and b.emails:
        same = [(base.shared.get(f"e:{mail}", 2), is_office(mail)) for mail in a.emails if mail in b.emails]
        if same:
            count, office = min(same)
            email = _by_sharers(count, base, weights) + (weights.office if office else weights.email)
            reasons.append(Reason("email"))
        elif any(_near_mail(one, other) for one in a.emails for other in b.emails):
            email = weights.near_email
            reasons.append(Reason("near_email"))
        else:
            email = weights.not_email
    return phone, email


def _by_sharers(count: int, base: Base, weights: Weights) -> float:
    """Return what makes two of so many who share something as likely the same as not, less for each doubling beyond two."""
    return -base.before - (1 - weights.shared_by_more) * math.log2(max(1.0, count / 2))


def _near(one: str, other: str) -> bool:
    return len(one) == len(other) > 8 and OSA.distance(one, other, score_cutoff=1) == 1


def _near_mail(one: str, other: str) -> bool:
    local, _, host = one.rpartition("@")
    local2, _, host2 = other.rpartition("@")
    if local == local2:
        return len(local) >= 5 and not is_office(one)
    return host == host2 and min(len(local), len(local2)) >= 5 and OSA.distance(local, local2, score_cutoff=1) == 1


def _shared(
    one: str, other: str, what: str, letter: str, base: Base, most: float, differ: float, reasons: list[Reason]
) -> float:
    if not one or not other:
        return 0.0
    if one != other:
        return differ
    reasons.append(Reason(what))
    return min(most, base.bits(base.shared.get(f"{letter}:{one}", 2)))


def _address(a: Facts, b: Facts, base: Base, weights: Weights, reasons: list[Reason]) -> float:
    bits = 0.0
    if a.street and b.street:
        if a.street == b.street:
            bits += min(weights.street_most, base.bits(base.shared.get(f"s:{a.street}", 2)))
        else:
            bits += _near_street(a.street, b.street, weights)
    if a.postcode and b.postcode:
        if a.postcode == b.postcode:
            bits += min(weights.postcode_most, base.bits(base.shared.get(f"z:{a.postcode}", 2)))
        else:
            near = len(a.postcode) >= 4 and OSA.distance(a.postcode, b.postcode, score_cutoff=1) == 1
            bits += weights.near_postcode if near else weights.not_postcode
    if a.city and b.city:
        if a.city == b.city:
            bits += min(weights.city_most, base.bits(base.shared.get(f"c:{a.city}", 2)))
        else:
            bits += weights.near_city if token_sort_ratio(a.city, b.city) >= _LIKE_CITY else weights.not_city
    if a.region and b.region:
        bits += weights.region if a.region == b.region else weights.not_region
    if bits >= weights.near_street:
        reasons.append(Reason("address"))
    return min(bits, weights.address_most)


def _near_street(one: str, other: str, weights: Weights) -> float:
    ratio = token_sort_ratio(one, other)
    if ratio < _LIKE_STREET:
        return weights.not_street
    numbers, numbers2 = ({part for part in street.split() if part.isdecimal()} for street in (one, other))
    if numbers and numbers2 and not numbers & numbers2:
        # Neighbours, unless a hand slipped.
        return weights.other_number
    return weights.near_street if ratio >= _SURE_STREET else weights.like_street
