"""Read a file of vCards (2.1, 3.0, 4.0) as a table, a card a row. Sources: RFC 6350, RFC 2426, and versit's vCard 2.1."""

import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from pathlib import Path

from botcrm.imports.encodings import SAMPLE, detect
from botcrm.imports.table import About, Row, Table, UnreadableFile

_TIMES = 5
HEADER = (
    "Name",
    *("Phone" if n == 1 else f"Phone {n}" for n in range(1, _TIMES + 1)),
    *("E-mail" if n == 1 else f"E-mail {n}" for n in range(1, _TIMES + 1)),
    *(
        "Company",
        "Job title",
        "Birthday",
        "Street",
        "City",
        "Region",
        "Postal code",
        "Country",
        "Website",
        "Note",
        "Tags",
    ),
    "External ID",
)
_PLACE = {name: place for place, name in enumerate(HEADER)}
# A longer value is a picture.
_MOST_VALUE = 20_000
_MOST_LINES = 50_000
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FIRST = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*BEGIN:VCARD", re.IGNORECASE)
_WIDE = re.compile(rb"\A(?:\xff\xfe|\xfe\xff)")


def is_vcard(start: bytes) -> bool:
    """Tell whether a file begins with a vCard."""
    if _WIDE.match(start):
        start = start.decode("utf-16", "ignore").encode()
    return bool(_FIRST.match(start))


class VCards(Table):
    """A file of vCards.

    :raises UnreadableFile: there is no card in it
    """

    def __init__(self, path: Path, *, name: str = "") -> None:
        self._path = path
        with path.open("rb") as file:
            start = file.read(SAMPLE)
        if not is_vcard(start):
            raise UnreadableFile(name=name or path.name, reason="there is no contact card in it.")
        self._codec = detect(start)
        self._wide = self._codec.startswith("utf-16")
        size = path.stat().st_size
        text = start.decode(self._codec, "ignore").upper()
        cards = text.count("BEGIN:VCARD")
        self._about = About("vcard", self._codec, rows=max(1, round(cards * size / max(1, len(start)))), size=size)

    @property
    def header(self) -> tuple[str, ...]:
        """Return the names of the columns, the same for all such files."""
        return HEADER

    @property
    def about(self) -> About:
        """Return how the file was understood."""
        return self._about

    def rows(self, number: int = 0, end: int = 0) -> Iterator[Row]:
        """Yield the cards, those after `end` bytes."""
        card: list[_Line] | None = None
        count = 0
        for line, at in self._lines(end):
            mark = (line.name, line.value.strip().upper())
            count += 1
            if mark == ("BEGIN", "VCARD"):
                if card:
                    number += 1
                    yield Row(number, _cells(card), at, "The card has no end.")
                card, count = [], 0
            elif card is None:
                continue
            elif mark == ("END", "VCARD"):
                number += 1
                yield Row(number, _cells(card), at)
                card = None
            elif count < _MOST_LINES and len(line.value) <= _MOST_VALUE:
                card.append(line)
        if card:
            number += 1
            yield Row(number, _cells(card), self._path.stat().st_size, "The card has no end.")

    def close(self) -> None:
        """Do nothing: each pass opens the file for itself."""

    def _lines(self, at: int) -> Iterator[tuple["_Line", int]]:
        """Yield whole lines, those that were folded put together, with the byte behind each."""
        waiting, behind = b"", at
        for raw, end in self._raw(at):
            plain = raw.rstrip(b"\r\n")
            # Such a break comes first: the space behind it is the text's own.
            if waiting.endswith(b"=") and b"QUOTED-PRINTABLE" in waiting.split(b":", 1)[0].upper():
                if len(waiting) < _MOST_VALUE * 2:
                    waiting = waiting[:-1] + plain
                behind = end
                continue
            if waiting and plain[:1] in (b" ", b"\t"):
                if len(waiting) < _MOST_VALUE * 2:
                    waiting += plain[1:]
                behind = end
                continue
            if waiting:
                line = _line(waiting, self._codec if not self._wide else "utf-8")
                if line:
                    yield line, behind
            waiting, behind = plain, end
        line = _line(waiting, self._codec if not self._wide else "utf-8") if waiting else None
        if line:
            yield line, behind

    def _raw(self, at: int) -> Iterator[tuple[bytes, int]]:
        if self._wide:
            # Rare and small (an old telephone's): it is gone through from its start, letters counted instead of bytes.
            with self._path.open(encoding=self._codec, errors="replace", newline="\n") as text:
                place = 0
                for letters in text:
                    place += len(letters)
                    if place > at:
                        yield letters.lstrip("\ufeff").encode(), place
            return
        with self._path.open("rb") as file:
            file.seek(at)
            place = at
            while raw := file.readline(_MOST_VALUE * 2):
                place += len(raw)
                yield raw.removeprefix(codecs.BOM_UTF8), place


class _Line:
    """A property: TEL;TYPE=CELL:+48…"""

    __slots__ = ("name", "parameters", "value")

    def __init__(self, name: str, parameters: dict[str, str], value: str) -> None:
        self.name = name
        self.parameters = parameters
        self.value = value

    def parts(self) -> list[str]:
        """Return the pieces of a structured value."""
        pieces, start, escaped = [], 0, False
        for place, letter in enumerate(self.value):
            if letter == ";" and not escaped:
                pieces.append(self.value[start:place])
                start = place + 1
            escaped = letter == "\\" and not escaped
        return [_plain(piece) for piece in (*pieces, self.value[start:])]


def _line(raw: bytes, codec: str) -> _Line | None:
    head, colon, value = raw.partition(b":")
    if head.count(b'"') % 2:  # a colon within a quoted parameter
        more, colon, value = value.partition(b":")
        head += b":" + more
    if not colon:
        return None
    name, *rest = head.decode("ascii", "ignore").split(";")
    parameters: dict[str, str] = {}
    for one in rest:
        key, equals, setting = one.partition("=")
        # vCard 2.1 writes TEL;CELL where the later ones write TEL;TYPE=CELL.
        kind = key.upper() if equals else "ENCODING" if key.upper() in ("QUOTED-PRINTABLE", "BASE64") else "TYPE"
        parameters[kind] = f"{parameters[kind]},{setting or key}" if kind in parameters else setting or key
    encoding = parameters.get("ENCODING", "").upper()
    if encoding in ("B", "BASE64"):
        return None
    if encoding == "QUOTED-PRINTABLE":
        try:
            value = quopri.decodestring(value)
        except (ValueError, binascii.Error):
            return None
    try:
        text = value.decode(parameters.get("CHARSET", codec).strip('"'), "replace")
    except LookupError:
        text = value.decode(codec, "replace")
    return _Line(name.rsplit(".", 1)[-1].strip().upper(), parameters, text)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text).strip()


def _cells(card: list[_Line]) -> list[str]:
    cells = [""] * len(HEADER)
    count = {"Phone": 0, "E-mail": 0}
    structured = ""

    def put(name: str, text: str) -> None:
        if text and not cells[_PLACE[name]]:
            cells[_PLACE[name]] = text

    def put_next(name: str, text: str) -> None:
        if text and count[name] < _TIMES:
            count[name] += 1
            cells[_PLACE[name if count[name] == 1 else f"{name} {count[name]}"]] = text
        elif text:
            cells[_PLACE[f"{name} {_TIMES}"]] += f", {text}"

    for line in card:
        match line.name:
            case "FN":
                put("Name", _plain(line.value))
            case "N":
                family, given, middle, *_ = [*line.parts(), "", "", ""]
                structured = " ".join(filter(None, (given, middle, family)))
            case "TEL":
                put_next("Phone", _plain(line.value).removeprefix("tel:"))
            case "EMAIL":
                put_next("E-mail", _plain(line.value).removeprefix("mailto:"))
            case "ORG":
                put("Company", line.parts()[0])
            case "TITLE":
                put("Job title", _plain(line.value))
            case "BDAY":
                put("Birthday", _plain(line.value))
            case "ADR":
                _, more, street, city, region, postcode, country, *_ = [*line.parts(), *[""] * 7]
                for name, text in (
                    ("Street", " ".join(filter(None, (street, more)))),
                    ("City", city),
                    ("Region", region),
                    ("Postal code", postcode),
                    ("Country", country),
                ):
                    put(name, text.replace("\n", ", "))
            case "URL":
                put("Website", _plain(line.value))
            case "NOTE":
                put("Note", _plain(line.value))
            case "CATEGORIES":
                put("Tags", _plain(line.value))
            case "UID":
                put("External ID", _plain(line.value).removeprefix("urn:uuid:")[:200])
    put("Name", structured)
    put("Name", cells[_PLACE["Company"]] if not structured else "")
    return cells
