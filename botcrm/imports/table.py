"""What every kind of file is read as: a header, and rows of texts that one can go on from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.text import fold

MOST_COLUMNS = 1_000


# Why a file, or a row of one, cannot be read: the gettext ids that the readers use.
READING_PROBLEMS = (
    "there is nothing in it.",
    "it is no table. CSV, XLSX and vCard files can be read.",
    "there is no such encoding.",
    "A quote is not closed, or a cell is too long.",
    "The row has more cells than there are columns.",
    "The line is too long.",
    "A quote is not closed.",
    "Some letters are not in the file's encoding.",
    "it is damaged, or locked by a password.",
    "it unpacks to more than a table does. Save it as CSV.",
    "there is no contact card in it.",
    "The card has no end.",
    "it is an old Excel file, or locked by a password. Save it as XLSX or CSV.",
)


class UnreadableFile(CrmError):
    """A file that is no table; `reason` is a gettext id."""

    message = "{name} cannot be read: {reason}"


class Row(NamedTuple):
    """A row of a table.

    :ivar number: 1 for the first one below the header, empty rows counted
    :ivar cells: as many as the header has, or fewer; all of them, or the line as it stands, where there is a problem
    :ivar end: where the next row is read from
    :ivar problem: why the row cannot be read, a gettext id
    """

    number: int
    cells: list[str]
    end: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """How a file was understood.

    :ivar kind: csv, xlsx or vcard
    :ivar rows: how many rows there are, as far as that is known without reading them all; an estimate for text
    :ivar size: of the file, in bytes
    """

    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    rows: int | None = None
    size: int = 0


class Table(Protocol):
    """A file open for reading."""

    @property
    def header(self) -> tuple[str, ...]:
        """Return the names of the columns, each once."""
        ...

    @property
    def about(self) -> About:
        """Return how the file was understood."""
        ...

    def rows(self, number: int = 0, end: int = 0) -> Iterator[Row]:
        """Yield the rows after the one of this number, which ended there; from the first one without."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def names_once(cells: list[str]) -> tuple[str, ...]:
    """Return the names of columns so that each is there and there once, whatever its case: “Phone”, “PHONE 2”, “Column 3”."""
    found: dict[str, str] = {}
    for place, cell in enumerate(cells[:MOST_COLUMNS], 1):
        name = " ".join(cell.replace("\x00", "").replace("\ufeff", "").split())[:100] or f"Column {place}"
        once, count = name, 1
        while fold(once) in found:
            count += 1
            once = f"{name} {count}"
        found[fold(once)] = once
    return tuple(found.values())
