"""Fold text for search and compare names."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz import fuzz

# Letters that do not decompose, and what people type for them.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŧ": "t", "ß": "ss"}
)
_CJK = "\u3005\u3006\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUNS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
# A diacritic, but not the breve of й: that is a letter of its own. Japanese voicing marks lie outside this range.
_MARKS = re.compile("(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f]")


def fold(text: str) -> str:
    """Fold text for comparing: case, width, diacritics, ё and runs of white space make no difference."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFKC", _MARKS.sub("", plain).translate(_LETTERS))
    return " ".join(plain.casefold().split())


def terms(text: str) -> list[str]:
    """List the distinct folded search words of a text, in order.

    A word is a run of letters and digits. A Chinese or Japanese run, which has no spaces, gives itself and its pairs
    of characters.
    """
    found: dict[str, None] = {}
    for run in _RUNS.findall(fold(text)):
        found[run] = None
        if len(run) > 2 and _IS_CJK.match(run):
            found.update(dict.fromkeys(run[i : i + 2] for i in range(len(run) - 1)))
    return list(found)


def asked_terms(text: str) -> list[str]:
    """List the distinct folded words to look for: as `terms`, but of a longer run without spaces the pairs alone.

    The run may stand inside a longer one, which is found by its pairs.
    """
    found: dict[str, None] = {}
    for run in _RUNS.findall(fold(text)):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 2 and _IS_CJK.match(run) else [run]
        found.update(dict.fromkeys(pairs))
    return list(found)


def similarity(a: str, b: str) -> float:
    """Say how alike two names are, 0 to 100.

    The order of words does not matter. A name that is part of the other counts up to 95, so that `Anna` finds
    `Anna Nowak` and the exact name still wins.
    """
    left, right = fold(a), fold(b)
    if left == right:
        return 100.0 if left else 0.0
    best = fuzz.token_sort_ratio(left, right)
    part = fuzz.token_set_ratio(left, right) * 0.95
    best = max(best, part)
    shorter, longer = sorted((left, right), key=lambda name: (len(name), " " in name, name))
    if " " not in shorter and " " in longer:
        best = max(best, 0.9 * max(fuzz.ratio(shorter, word) for word in longer.split()))
    return float(best)
