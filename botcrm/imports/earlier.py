"""Which systems earlier files came from: whoever said it once need not say it of the next file."""

from collections.abc import Sequence
from typing import Any

from botcrm.core.domain.text import fold
from botcrm.core.models import Operation
from botcrm.core.services.importing.mappings import header_hash
from botcrm.core.services.importing.match import OWN
from botcrm.imports.problems import COLUMN
from botcrm.imports.sources import TITLES

LONGEST = 64
_LOOKED_AT = 50


def system_name(text: str) -> str:
    """Return what a system's IDs are kept under: its name, folded."""
    return " ".join(fold(text).split())[:LONGEST]


def columns_of(header: Sequence[str]) -> list[str]:
    """Return a file's own columns: rows that come back mended have one more, which says what was wrong with them."""
    return [column for column in header if column != COLUMN]


async def system_of(entity: str, header: Sequence[str]) -> str:
    """Return the system that the last file of these columns came from, empty where nobody said."""
    wanted = header_hash(columns_of(header))
    for params in await _earlier(entity=entity):
        if header_hash(columns_of(params.get("header", ()))) == wanted:
            return str(params.get("source", ""))
    return ""


async def systems() -> list[str]:
    """Return the systems that people named for earlier files, the last one first."""
    named = dict.fromkeys(str(params.get("source", "")) for params in await _earlier())
    return [name for name in named if name and name != OWN and name not in TITLES]


async def _earlier(**which: str) -> list[dict[str, Any]]:
    """Return how the last imports were begun; one that was not begun says nothing."""
    rows = Operation.filter(kind="import", **which).exclude(state="draft").order_by("-id").limit(_LOOKED_AT)
    return [dict(params) for (params,) in await rows.values_list("params")]
