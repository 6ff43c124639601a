"""Files as other systems export them, known by their headers: what each column is, and which one holds the system's own id.

The names of the columns are those of the systems' exports in English, Russian and Polish where they have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from botcrm.core.domain.text import fold
from botcrm.core.services.importing.fields import SKIP
from botcrm.imports.source_tables import TABLES

TITLES = {"hubspot": "HubSpot", "pipedrive": "Pipedrive", "kommo": "Kommo", "bitrix24": "Bitrix24", "odoo": "Odoo"}


@dataclass(frozen=True, slots=True)
class Source:
    """A known export: which system's, of what, and what its columns become, SKIP among them; unknown ones are left out."""

    name: str
    entity: str
    fields: dict[str, str]


def _read(text: str) -> dict[tuple[str, str], tuple[list[list[str]], dict[str, str]]]:
    """Return of each system and entity the marks, and what its columns become."""
    found: dict[tuple[str, str], tuple[list[list[str]], dict[str, str]]] = {}
    for block in text.strip().split("\n\n"):
        first, *lines = block.replace("\n    ", " ").splitlines()
        system, entity = first.strip("[]").split()
        marks: list[list[str]] = []
        fields: dict[str, str] = {}
        for line in lines:
            name, _, rest = line.partition(": ")
            if name == "marks":
                marks = [group.split("|") for group in rest.split(" / ")]
            else:
                fields |= {column.strip(): SKIP if name == "skip" else name for column in rest.split(",")}
        found[(system, entity)] = (marks, fields)
    return found


_KNOWN = _read(TABLES)


def plain_name(column: str) -> str:
    """Return a column's name as the tables write it: folded, without a star, or the currency in brackets or behind."""
    name = fold(column).rstrip("*: ").strip()
    for sign in ("₽", "€", "$", "zl", "₸", "₴"):
        name = name.removesuffix(sign).rstrip(" ,(")
    return name


def named(system: str, entity: str) -> Source | None:
    """Return what a system's columns become, None for one whose exports are not known."""
    found = _KNOWN.get((system, entity))
    return Source(system, entity, found[1]) if found else None


def recognise(header: Sequence[str], entity: str = "") -> Source | None:
    """Return the system that a file comes from and what it holds, None where that cannot be told.

    :param entity: what it is imported as; of a file that fits several the one that knows most of its columns is taken
    """
    names = {plain_name(column) for column in header}
    best: tuple[float, Source] | None = None
    for (system, kind), (marks, fields) in _KNOWN.items():
        if entity and kind != entity:
            continue
        if not all(any(word in names for word in group) for group in marks):
            continue
        known = sum(name in fields for name in names)
        # Two systems may share words; the marks of one that asks for more of them say more.
        score = known / max(1, len(names)) + 0.02 * len(marks)
        if best is None or score > best[0]:
            best = (score, Source(system, kind, fields))
    return best[1] if best and best[0] >= 0.3 else None
