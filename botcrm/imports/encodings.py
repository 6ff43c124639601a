"""Tell a text's encoding by its bytes: whole letters of one language, not single likely bytes.

A general library was tried and took Polish of cp1250 for cp1252 and short UTF-8 for Korean (docs/decisions/0022-imports-in-pieces.md).
"""

import codecs
import re
from collections.abc import Callable

SAMPLE = 1_000_000
# Bytes of it, where there are such letters among them: to tell, and to offer what else it may be.
_WEIGHED, _LOOKED_AT = 200_000, 50_000

# The letters beside a to z that each language writes, by the encodings that hold them.
_CENTRAL = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "âăîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene
)
_CYRILLIC = (
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "абвгдђежзијклљмнњопрстћуфхцчџш",
)
_WESTERN = (
    "äöüß",  # German
    "àâæçéèêëîïôœùûü",  # French
    "áéíñóúü",  # Spanish
    "àáâãçéêíóôõú",  # Portuguese
    "àèéìíòóù",  # Italian
    "åäöæøé",  # the North
    "éëïöüáó",  # Dutch
)
_LETTERS = {
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp852": _CENTRAL,
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "cp866": _CYRILLIC,
    "cp1252": _WESTERN,
}
# What files are seldom written in: never taken by itself, offered to whoever says that the letters are wrong.
_SELDOM = {
    "cp1254": ("çğıöşü",),  # Turkish
    "cp1253": ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöü"),  # Lithuanian, Latvian, Estonian
    "cp850": _WESTERN,
    "mac-roman": _WESTERN,
    "mac-cyrillic": _CYRILLIC,
    "iso8859-5": _CYRILLIC,
}
# Where two read the same, German in cp1250 and cp1252 say, the one before is named.
_ORDER = ("cp1252", "cp1251", "cp1250", "cp932", "gb18030", "iso8859-2", "koi8-r", "cp866", "cp852")
# Three letters of four are these: read by another of its encodings, a text has others.
_USUAL = frozenset("оеаинтсрвлкмдпуі")
# So many good letters of several bytes to one bad one are no accident.
_LEAST_GOOD = 4
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
    if _is_utf8(start):
        return "utf-8"
    scores = _scores(_weighed(start))
    best = max(_ORDER, key=lambda name: scores[name])
    return best if scores[best] > 0.0 else "cp1252"


def likely(start: bytes, most: int = 5) -> dict[str, str]:
    """Return the encodings that a text may be in, likeliest first, each with a line that it reads otherwise than those before.

    Empty where there is nothing to choose: no letters beside a to z, or all of them UTF-8.

    :param start: the file's first part, `SAMPLE` bytes
    :param most: how many at most
    """
    if start.isascii() or start.startswith(codecs.BOM_UTF8) or _utf16(start) or _is_utf8(start):
        return {}
    part = _weighed(start, _LOOKED_AT)
    scores = _scores(part) | {
        "big5": _common(part, "big5", _is_chinese_of_taiwan),
        "euc-jp": _common(part, "euc-jp", _is_japanese),
        "euc-kr": _common(part, "euc-kr", _is_korean),
    }
    scores |= {name: _of_one_language(part, name, letters) for name, letters in _SELDOM.items()}
    lines = [line for line in part.splitlines() if not line.isascii()][:200]
    found: dict[str, str] = {}
    seen: set[str] = set()
    # A sort keeps those alike in their order: the usual ones first.
    for name in sorted(scores, key=lambda one: (-scores[one], _ORDER.index(one) if one in _ORDER else len(_ORDER))):
        text = "\n".join(line.decode(name, "replace") for line in lines)
        if scores[name] > 0 and text not in seen and len(found) < most:
            # The line that tells most apart has the most such letters.
            found[name] = max(text.split("\n"), key=lambda line: len({letter for letter in line if letter > "\x7f"}))
        seen.add(text)
    return found


def _weighed(start: bytes, size: int = _WEIGHED) -> bytes:
    part = start[:size]
    return start if part.isascii() else part


def _scores(part: bytes) -> dict[str, float]:
    scores = {"cp932": _japanese(part), "gb18030": _common(part, "gb18030", _is_chinese)}
    return scores | {name: _of_one_language(part, name, letters) for name, letters in _LETTERS.items()}


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


def _is_utf8(start: bytes) -> bool:
    """Tell whether this is UTF-8, a letter here and there cut in the middle or broken."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(start)
    bad = text.count("\ufffd")
    return not bad or sum(1 for letter in text if letter > "\x7f") - bad >= _LEAST_GOOD * bad


def _of_one_language(start: bytes, name: str, letters_of: tuple[str, ...]) -> float:
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
    covered = max(sum(counts.get(letter, 0) for letter in letters) for letters in letters_of)
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    odd = sum(1 for word in words if not (word.islower() or word[1:].islower() or word.isupper()))
    # Cyrillic is written without Latin letters within the word; Latin is never written with special letters alone.
    mixed = letters_of is _CYRILLIC or name == "cp1253"
    rare = 0.0
    if letters_of is _CYRILLIC:
        usual = sum(count for letter, count in counts.items() if letter in _USUAL)
        rare = 0.3 * (1 - usual / len(special))
    wrong = sum(1 for word in words if len(word) > 2 and mixed == any(letter < "\x80" for letter in word))
    return covered / len(special) - (0.5 * odd + wrong) / max(1, len(words)) - rare


def _common(start: bytes, name: str, is_common: Callable[[str], bool]) -> float:
    text = _decoded(start, name)
    if text is None:
        return -1.0
    special = [letter for letter in text if letter > "\x7f"]
    return sum(map(is_common, special)) / len(special) if special else 1.0


_HALF_WIDTH = re.compile("[\uff61-\uff9f]+")


def _japanese(start: bytes) -> float:
    """Return which share of a text is Japanese; narrow letters beside Latin ones or kanji are single letters of another encoding."""
    share = _common(start, "cp932", _is_japanese)
    if share <= 0:
        return share
    text = _decoded(start, "cp932") or ""
    odd = 0
    for found in _HALF_WIDTH.finditer(text):
        beside = text[max(0, found.start() - 1) : found.start()] + text[found.end() : found.end() + 1]
        odd += any((letter.isascii() and letter.isalpha()) or "\u3400" <= letter <= "\u9fff" for letter in beside)
    special = [letter for letter in text if letter > "\x7f"]
    # Capitals of cp1251 and the small letters of KOI8 are narrow letters one by one.
    narrow = all("\uff61" <= letter <= "\uff9f" for letter in special)
    return (0.8 if narrow else share) - 2 * odd / max(1, len(special))


def _is_japanese(letter: str) -> bool:
    # Kanji of the first level: the two thousand or so in daily use are among them.
    return "\u3000" <= letter <= "\u30ff" or "\uff01" <= letter <= "\uff9f" or _leads(letter, "cp932", 0x88, 0x98)


def _is_chinese(letter: str) -> bool:
    return _is_mark(letter) or _leads(letter, "gb2312", 0xB0, 0xD7)


def _is_chinese_of_taiwan(letter: str) -> bool:
    # The first level: the five thousand in use.
    return _is_mark(letter) or _leads(letter, "big5", 0xA4, 0xC6)


def _is_korean(letter: str) -> bool:
    return "\uac00" <= letter <= "\ud7a3"


def _is_mark(letter: str) -> bool:
    return "\u3000" <= letter <= "\u3011" or "\uff01" <= letter <= "\uff5e"


def _leads(letter: str, name: str, first: int, last: int) -> bool:
    """Tell whether a letter is two bytes in an encoding, the first of them within these."""
    try:
        code = letter.encode(name)
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and first <= code[0] <= last
