"""Read vCards 2.1, 3.0 and 4.0, forgivingly: what cannot be read is passed over, and costs no other card.

Sources: RFC 6350 (4.0), RFC 2426 (3.0), and the versit specification of 2.1 with its quoted-printable values.
"""

import binascii
import codecs
import quopri
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from botcrm_vcard.cards import Card

# Longer than this is a picture, or no vCard at all.
_MOST_VALUE = 10_000
_MOST_OF_ONE = 20
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NAME = re.compile(rb"(?:[\w-]+\.)?([\w-]+)\Z")


@dataclass(frozen=True, slots=True)
class _Line:
    """A property: TEL;TYPE=CELL:+48…"""

    name: str
    parameters: Mapping[str, frozenset[str]]
    value: str

    @property
    def types(self) -> frozenset[str]:
        return self.parameters.get("TYPE", frozenset())

    @property
    def rank(self) -> int:
        """Return how much it is preferred; less is more, 100 says nothing."""
        if "PREF" in self.types:
            return 1
        return min((int(text) for text in self.parameters.get("PREF", ()) if text.isdecimal()), default=100)

    def parts(self, separator: str = ";") -> list[str]:
        """Return the pieces of a structured value."""
        pieces: list[str] = []
        start, escaped = 0, False
        for place, letter in enumerate(self.value):
            if letter == separator and not escaped:
                pieces.append(self.value[start:place])
                start = place + 1
            escaped = letter == "\\" and not escaped
        return [_clean(piece) for piece in [*pieces, self.value[start:]]]


def read_cards(content: bytes) -> Iterator[Card]:
    """Return the cards of a file one by one; a broken or unfinished one as far as it goes."""
    lines: list[_Line] | None = None
    for line in _lines(_as_bytes(content)):
        mark = (line.name, line.value.strip().upper())
        if mark == ("BEGIN", "VCARD"):
            if lines:
                yield _card(lines)
            lines = []
        elif mark == ("END", "VCARD"):
            if lines is not None:
                yield _card(lines)
            lines = None
        elif lines is not None and line.value.strip():
            lines.append(line)
    if lines:
        yield _card(lines)


# --- from bytes to properties ----------------------------------------------------------------------------------------


def _as_bytes(content: bytes) -> bytes:
    """Return a file without its mark of order, one of two bytes a letter as UTF-8."""
    for mark, charset in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(charset, "replace").encode("utf-8", "replace")
    return content.removeprefix(codecs.BOM_UTF8)


def _lines(content: bytes) -> Iterator[_Line]:
    pending: list[bytes] = []
    for row in re.split(rb"\r\n|\n|\r", content):
        soft = bool(pending) and _quoted(pending[0]) and pending[-1].endswith(b"=")
        if soft:
            pending[-1] = pending[-1][:-1]
            pending.append(row)
        elif pending and row[:1] in (b" ", b"\t"):
            pending.append(row[1:])
        else:
            yield from _line(b"".join(pending))
            pending = [row]
    yield from _line(b"".join(pending))


def _quoted(row: bytes) -> bool:
    return b"QUOTED-PRINTABLE" in row.partition(b":")[0].upper()


def _line(row: bytes) -> Iterator[_Line]:
    head, value = _split_head(row)
    words = _pieces(head, b";")
    found = _NAME.match(words[0].strip())
    if value is None or found is None:
        return
    parameters = _parameters(words[1:])
    encodings = parameters.get("ENCODING", frozenset()) | parameters.get("TYPE", frozenset())
    if encodings & {"B", "BASE64"} or len(value) > _MOST_VALUE * 4:
        return
    if "QUOTED-PRINTABLE" in encodings:
        try:
            value = quopri.decodestring(value)
        except (binascii.Error, ValueError):
            return
    text = _text(value, parameters.get("CHARSET", frozenset()))
    yield _Line(found[1].decode("ascii", "replace").upper(), parameters, text[:_MOST_VALUE])


def _split_head(row: bytes) -> tuple[bytes, bytes | None]:
    """Return what is before the first colon outside of quotes, and what is behind it."""
    pieces = _pieces(row, b":", 1)
    return pieces[0], pieces[1] if len(pieces) > 1 else None


def _pieces(text: bytes, separator: bytes, most: int = -1) -> list[bytes]:
    """Split outside of double quotes."""
    if b'"' not in text.partition(separator)[0] and most == 1:
        before, found, after = text.partition(separator)
        return [before, after] if found else [before]
    pieces: list[bytes] = []
    start, quoted = 0, False
    for place in range(len(text)):
        letter = text[place : place + 1]
        if letter == b'"':
            quoted = not quoted
        elif letter == separator and not quoted and len(pieces) != most:
            pieces.append(text[start:place])
            start = place + 1
    return [*pieces, text[start:]]


def _parameters(words: Iterable[bytes]) -> dict[str, frozenset[str]]:
    """Return parameters by name; 2.1 writes a bare CELL where 3.0 has TYPE=CELL."""
    found: dict[str, frozenset[str]] = {}
    for word in words:
        name, is_named, value = word.decode("utf-8", "replace").upper().partition("=")
        name, value = (name.strip(), value) if is_named else ("TYPE", name)
        values = frozenset(part.strip(' "') for part in value.strip(' "').split(","))
        found[name] = found.get(name, frozenset()) | values
    return found


def _text(value: bytes, charsets: Iterable[str]) -> str:
    for charset in (*charsets, "utf-8"):
        try:
            return value.decode(charset)
        except (LookupError, ValueError):
            continue
    # It is none of what it says: Western Europe's old character set reads any bytes.
    return value.decode("latin-1")


def _clean(text: str) -> str:
    """Take the escapes out, and what no database or screen takes."""
    text = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)
    kept = (letter for letter in text if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs", "Cf"))
    return "".join(kept).strip()


# --- from properties to a card ---------------------------------------------------------------------------------------


def _card(lines: list[_Line]) -> Card:
    of: dict[str, list[_Line]] = {}
    for line in lines:
        of.setdefault(line.name, []).append(line)
    company, department = _organisation(of)
    name = _flat(_first(of, "FN")) or _structured_name(of)
    kind = _first(of, "KIND").lower() or _first(of, "X-ABSHOWAS").lower()
    if kind in ("org", "company"):
        name, company = "", company or name
    more = (
        ("", _flat(_first(of, "TITLE") or _first(of, "ROLE"))),
        ("", department),
        *(("", address) for address in _addresses(of)),
        *(("", _flat(line.value)) for line in of.get("URL", ())[:_MOST_OF_ONE]),
        ("🎂 ", _flat(_first(of, "BDAY"))),
        *(("", _clean(line.value)) for line in of.get("NOTE", ())[:_MOST_OF_ONE]),
    )
    return Card(
        name=name,
        company=company,
        phones=_distinct(_phone(line) for line in _preferred(of.get("TEL", ())) if "FAX" not in line.types),
        emails=_distinct(_flat(_clean(line.value)).removeprefix("mailto:") for line in _preferred(of.get("EMAIL", ()))),
        more=tuple(sign + text for sign, text in more if text),
    )


def _first(of: Mapping[str, list[_Line]], name: str) -> str:
    found = _preferred(of.get(name, ()))
    return _clean(found[0].value) if found else ""


def _preferred(lines: Iterable[_Line]) -> list[_Line]:
    """Return the lines by preference, a mobile number before others, else in the order of the card."""
    return sorted(lines, key=lambda line: (line.rank, "CELL" not in line.types))[:_MOST_OF_ONE]


def _flat(text: str) -> str:
    """Return a text in one line; escapes are taken out before, and once only."""
    return " ".join(text.split())


def _structured_name(of: Mapping[str, list[_Line]]) -> str:
    """Return given, additional and family name of N."""
    if "N" not in of:
        return ""
    parts = [_flat(part) for part in of["N"][0].parts()] + [""] * 5
    family, given, additional = parts[:3]
    return " ".join(filter(None, (given, additional, family)))


def _organisation(of: Mapping[str, list[_Line]]) -> tuple[str, str]:
    if "ORG" not in of:
        return "", ""
    company, *units = [_flat(part) for part in of["ORG"][0].parts()]
    return company, ", ".join(filter(None, units))


def _addresses(of: Mapping[str, list[_Line]]) -> Iterator[str]:
    for line in of.get("ADR", ())[:_MOST_OF_ONE]:
        box, extended, street, town, region, code, country = ([_flat(part) for part in line.parts()] + [""] * 7)[:7]
        pieces = (street, extended, box, " ".join(filter(None, (code, town))), region, country)
        yield ", ".join(filter(None, pieces))


def _phone(line: _Line) -> str:
    number = _flat(_clean(line.value))
    if number.lower().startswith("tel:"):
        number = number[4:].partition(";")[0]
    return number


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
