"""Open a file as a table by what is in it, not by what it is called."""

from pathlib import Path

from botcrm.imports.delimited import Delimited
from botcrm.imports.table import Table, UnreadableFile
from botcrm.imports.vcards import VCards, is_vcard
from botcrm.imports.workbook import Workbook

# What a file is called that is worth asking about.
ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".vcf", ".vcard")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def open_table(path: Path, *, encoding: str = "", delimiter: str = "", name: str = "") -> Table:
    """Open a CSV, XLSX or vCard file.

    :param encoding: of a text, as Python names it; found out where empty
    :param delimiter: of a text, one character; found out where empty
    :param name: what people know the file by, where it is stored under another name
    :raises UnreadableFile: it is none of these
    :raises OSError: it cannot be opened
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PK\x03\x04"):
        return Workbook(path, name=name)
    if start.startswith(_OLD_EXCEL):
        raise UnreadableFile(
            name=name or path.name, reason="it is an old Excel file, or locked by a password. Save it as XLSX or CSV."
        )
    if is_vcard(start):
        return VCards(path, name=name)
    return Delimited(path, encoding=encoding, delimiter=delimiter, name=name)
