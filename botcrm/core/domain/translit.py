"""How a word sounds, whatever alphabet and spelling it is in: Щукин, Shchukin and Szczukin come out alike."""

from __future__ import annotations

import functools
import re

_CYRILLIC = str.maketrans(
    {
        "а": "a",
        "б": "b",
        "в": "v",
        "г": "g",
        "ґ": "g",
        "д": "d",
        "ђ": "d",
        "е": "e",
        "є": "ie",
        "ж": "zh",
        "з": "z",
        "и": "i",
        "і": "i",
        "ї": "i",
        "й": "i",
        "ј": "i",
        "к": "k",
        "л": "l",
        "љ": "l",
        "м": "m",
        "н": "n",
        "њ": "n",
        "о": "o",
        "п": "p",
        "р": "r",
        "с": "s",
        "т": "t",
        "ћ": "ch",
        "у": "u",
        "ў": "u",
        "ф": "f",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "џ": "dzh",
        "ш": "sh",
        "щ": "shch",
        "ъ": "",
        "ы": "y",
        "ь": "",
        "э": "e",
        "ю": "iu",
        "я": "ia",
    }
)
# What the schemes of several countries write for one sound, the longest first: (what is written, the sound).
_SPELLINGS = {
    "shtsh": "sh",
    "schtsch": "sh",
    "shch": "sh",
    "szcz": "sh",
    "stch": "sh",
    "tsch": "ch",
    "tch": "ch",
    "sch": "sh",
    "dzh": "i",
    "joh": "io",
    "sz": "sh",
    "cz": "ch",
    "rz": "zh",
    "ts": "c",
    "tz": "c",
    "tc": "c",
    "ck": "k",
    "kh": "h",
    "gh": "g",
    "ph": "f",
    "th": "t",
    "qu": "kv",
    "q": "k",
    "x": "ks",
    "w": "v",
    "yo": "e",
    "jo": "e",
    "io": "e",
    "ye": "e",
    "je": "e",
    "ie": "e",
    "ae": "e",
    "oe": "e",
    "ue": "u",
    "oo": "u",
    "ou": "u",
    "ee": "i",
    "j": "i",
    "y": "i",
}
_SPELLING = re.compile("|".join(sorted(_SPELLINGS, key=len, reverse=True)))
_HARD_C = re.compile(r"c(?=[aoulrtkmnd])")
_SILENT = re.compile(r"(?<=[^aeiousc])h|[^\w]")
_TWICE = re.compile(r"(.)\1+")
_ENDINGS = re.compile(r"(?<=[oe])f$")
_VOWELS = re.compile("(?<!^)[aeiou]")


@functools.lru_cache(maxsize=1 << 17)
def sound(word: str) -> str:
    """Return the sound of a folded word in plain Latin letters; two spellings of one name mostly have the same.

    It is for comparing only: words of different languages may meet in it.
    """
    if not word.isascii():
        word = word.translate(_CYRILLIC)
    word = _SPELLING.sub(lambda match: _SPELLINGS[match[0]], _HARD_C.sub("k", word))
    word = word.replace("sh", "s").replace("ch", "c").replace("zh", "z")
    return _ENDINGS.sub("v", _TWICE.sub(r"\1", _SILENT.sub("", word)))


@functools.lru_cache(maxsize=1 << 17)
def skeleton(word: str) -> str:
    """Return the first letter and the consonants of a folded word's sound, six characters at most: what most typos leave alone."""
    return _TWICE.sub(r"\1", _VOWELS.sub("", sound(word)))[:6]
