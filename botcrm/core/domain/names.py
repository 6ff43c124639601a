"""A person's name as words to compare: without titles, in any order, each with its sound."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from botcrm.core.domain.diminutives import is_given_name, same_person_name
from botcrm.core.domain.text import fold
from botcrm.core.domain.translit import sound

MOST_WORDS = 4
_TITLES = """
mr mrs ms miss mx dr prof sir dame rev hon ing mgr inz dipl herr frau mag pan pani panstwo hr fr sr sra srta don dona
monsieur madame mme mlle г гн госпожа господин гжа sama san phd md mba esq
"""
_PARTICLES = "de del della der den das dos di da du la le van von zu ten ter el al bin ibn y e i af av"
_UNTOLD, _LINKING = frozenset(_TITLES.split()), frozenset(_PARTICLES.split())
_WORD = re.compile(r"[^\W_]+")
# How a surname ends for a man and for a woman; what differs by it only is one family's name.
_GENDERS = (("i", "a"), ("", "a"), ("i", "aia"), ("i", "aa"), ("as", "iene"), ("", "ova"))
_SURNAME = re.compile(r"(?:ov|ev|in|ski|ska|cki|cka|dzki|dzka|ova|eva|ina|skaia|kaia|skii|aia|oi|evic|ovic|uk|enko)$")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two words of names go together: same, sound, short (for), typo, initial, family (form of one surname), or different.

    `degree` is 1 for the same and 0 for nothing in common.
    """

    kind: str
    degree: float


@functools.lru_cache(maxsize=1 << 16)
def name_words(name: str) -> tuple[str, ...]:
    """Return the folded words of a person's name that tell something, four at most: `Dr. Anna van der Berg` is anna, berg."""
    words = _WORD.findall(fold(name).replace("'", "").replace("’", ""))
    told = [word for word in words if word not in _UNTOLD] or words
    if len(told) > 2:
        told = [word for word in told if word not in _LINKING or len(word) == 1] or told
    if len(told) > MOST_WORDS:
        told = [*told[: MOST_WORDS - 1], told[-1]]
    return tuple(told)


@functools.lru_cache(maxsize=1 << 18)
def likeness(a: str, b: str) -> Likeness:
    """Compare two folded words of names."""
    if a == b:
        return _SAME
    if len(a) == 1 or len(b) == 1:
        begins = a[0] == b[0] or sound(a[0]) == sound(b[0]) or sound(a)[:1] == sound(b)[:1]
        return Likeness("initial", 0.5) if begins else Likeness("different", 0.0)
    left, right = sound(a), sound(b)
    if left == right:
        return Likeness("sound", 0.97)
    if same_person_name(left, right):
        return Likeness("short", 0.85)
    if _one_family(left, right):
        return Likeness("family", 0.8)
    # A name and its feminine form are two people: Aleksander and Aleksandra, Jan and Jana.
    if abs(len(left) - len(right)) <= 1 and _feminine(left, right) and (is_given_name(left) or is_given_name(right)):
        return Likeness("different", 0.6)
    return _by_typing(a, b, left, right)


_SAME = Likeness("same", 1.0)


def _by_typing(a: str, b: str, left: str, right: str) -> Likeness:
    """Compare two words by what a hand slips at: OSA distance of the spelling and of the sound, whichever is less."""
    longest = max(len(a), len(b)) if a.isascii() and b.isascii() else max(len(left), len(right))
    distance = OSA.distance(left, right)
    if a.isascii() == b.isascii():
        distance = min(distance, OSA.distance(a, b))
    degree = max(0.0, 1 - distance / longest)
    allowed = 1 if longest < 6 else 2 if longest < 9 else 3
    if distance <= allowed and (longest > 3 or distance == 0) and degree >= 0.66:
        return Likeness("typo", degree)
    shorter, longer = sorted((left, right), key=len)
    if len(shorter) >= 3 and longer.startswith(shorter):
        # What is cut off, or has a bit more at its end.
        return Likeness("cut", degree)
    return Likeness("different", degree)


def _one_family(left: str, right: str) -> bool:
    if left[:3] != right[:3]:
        return False
    for man, woman in _GENDERS:
        for one, other in ((left, right), (right, left)):
            stem = one[: len(one) - len(man)] if man else one
            if one.endswith(man) and other == stem + woman and _SURNAME.search(one) and _SURNAME.search(other):
                return True
    return False


def _feminine(left: str, right: str) -> bool:
    """Tell whether one is the other with the ending that makes it a woman's name."""
    if left.endswith("a") == right.endswith("a"):
        return False
    one, other = (re.sub("er$", "r", word.rstrip("aeio")) for word in (left, right))
    return one == other
