"""Tell a text's encoding by its bytes: whole letters of one language, not single likely bytes.

A general library was tried and took Polish of cp1250 for cp1252 and short UTF-8 for Korean (docs/decisions/0022-imports-in-pieces.md).
"""

import codecs
import re
from collections.abc import Callable

SAMPLE = 1_000_000

# The letters beside a to z that each language writes, by the encodings that hold them.
_LETTERS = {
    "cp1250": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíĺľňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "âăîşţ",  # Romanian
        "čćđšž",  # Croatian, Slovene
    ),
    "cp1251": (
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
        "абвгдђежзијклљмнњопрстћуфхцчџш",
    ),
    "cp1252": (
        "äöüß",  # German
        "àâæçéèêëîïôœùûü",  # French
        "áéíñóúü",  # Spanish
        "àáâãçéêíóôõú",  # Portuguese
        "àèéìíòóù",  # Italian
        "åäöæøé",  # the North
        "éëïöüáó",  # Dutch
    ),
}
_SINGLE = tuple(_LETTERS)
_WORD = re.compile(r"[^\W\d_]+")
# What stands in plain text beside letters.
_MARKS = frozenset("«»„“”‘’–—…€§№·\u00a0")


def is_binary(start: bytes) -> bool:
    """Tell whether these are no characters at all."""
    if start.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
    ):
        return True
    if _utf16(start):
        return False
    # A stray NUL is a slip of some exports, many are no text; nor are other controls.
    controls = sum(start.count(bytes([code])) for code in (*range(9), 11, *range(14, 26), *range(28, 32)))
    return controls > len(start) // 50 + 1


def detect(start: bytes) -> str:
    """Return the name of the encoding that the first part of a file (`SAMPLE` bytes of it) is written in."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if start.startswith(mark):
            return name
    wide = _utf16(start)
    if wide:
        return wide
    if _decoded(start, "utf-8") is not None:
        return "utf-8"
    scores = {"cp932": _common(start, "cp932", _is_japanese), "gb18030": _common(start, "gb18030", _is_chinese)}
    scores |= {name: _of_one_language(start, name) for name in _SINGLE}
    # Where two read the same, German in cp1250 and cp1252 say, the western one is named.
    order = ("cp1252", "cp1251", "cp1250", "cp932", "gb18030")
    best = max(order, key=lambda name: scores[name])
    return best if scores[best] > 0.0 else "cp1252"


def _utf16(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    part = start[: len(start) // 2 * 2][:100_000]
    if len(part) < 4 or b"\x00" not in part:
        return ""
    # Delimiters, digits and line ends have a zero beside them in any script.
    even, odd = part[::2].count(0), part[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    if max(even, odd) < len(part) // 20 or min(even, odd) > max(even, odd) // 10:
        return ""
    text = _decoded(part, name)
    # A table has line ends, delimiters and figures, whatever its script.
    usual = sum(1 for letter in text if " " <= letter <= "~" or letter in "\r\n\t") if text else 0
    return name if text and usual > len(text) // 30 else ""


def _decoded(start: bytes, name: str) -> str | None:
    """Return the text, the last letter left out where it is cut in two; None where it is not of this encoding."""
    try:
        return codecs.getincrementaldecoder(name)().decode(start)
    except UnicodeDecodeError:
        return None


def _of_one_language(start: bytes, name: str) -> float:
    """Return which share of the special letters one language has, less what no text has: signs and capitals within words."""
    text = _decoded(start, name)
    if text is None:
        return -1.0
    special = [letter for letter in text if letter > "\x7f" and letter not in _MARKS]
    if not special:
        return 1.0
    counts: dict[str, int] = {}
    for letter in special:
        low = letter.lower()
        counts[low] = counts.get(low, 0) + 1
    covered = max(sum(counts.get(letter, 0) for letter in letters) for letters in _LETTERS[name])
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    odd = sum(1 for word in words if not (word.islower() or word[1:].islower() or word.isupper()))
    # Cyrillic is written without Latin letters within the word; Latin is never written with special letters alone.
    mixed = name == "cp1251"
    wrong = sum(1 for word in words if len(word) > 2 and mixed == any(letter < "\x80" for letter in word))
    return covered / len(special) - (0.5 * odd + wrong) / max(1, len(words))


def _common(start: bytes, name: str, is_common: Callable[[str], bool]) -> float:
    text = _decoded(start, name)
    if text is None:
        return -1.0
    special = [letter for letter in text if letter > "\x7f"]
    return sum(map(is_common, special)) / len(special) if special else 1.0


def _is_japanese(letter: str) -> bool:
    if "\u3000" <= letter <= "\u30ff" or "\uff01" <= letter <= "\uff9f":
        return True
    try:
        code = letter.encode("cp932")
    except UnicodeEncodeError:
        return False
    # Kanji of the first level: the two thousand or so in daily use are among them.
    return len(code) == 2 and 0x88 <= code[0] <= 0x98


def _is_chinese(letter: str) -> bool:
    if "\u3000" <= letter <= "\u3011" or "\uff01" <= letter <= "\uff5e":
        return True
    try:
        code = letter.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7
