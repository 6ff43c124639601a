"""The ledger of erasures: in the database, and beside it, so that putting an older copy back does not bring anybody back.

The file holds a line for each record that was erased: which one, and a keyed hash of when it was made, by which it is known to be the
same record. It says nothing about the person.
"""

import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botcrm.core import db

_TABLES = ("contact", "lead", "company")


@dataclass(frozen=True, slots=True)
class Erased:
    """One line of the ledger: a record that was erased; `mark` tells it from another one of the same number."""

    entity: str
    record_id: int
    mark: str


def mark_of(key: str, entity: str, record_id: int, created_at: datetime) -> str:
    """Return the mark of a record: made with the ledger's own key from its number and from when it was made."""
    told = f"{entity}:{record_id}:{created_at.isoformat()}"
    return hmac.new(key.encode(), told.encode(), "sha256").hexdigest()


def read(path: Path) -> tuple[str, list[Erased]]:
    """Return a ledger's key and its lines; a new key and none where there is no file yet. A line cut short is passed over."""
    if not path.is_file():
        return secrets.token_hex(32), []
    key, found = "", []
    for line in path.read_text("utf-8").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "key" in said:
            key = key or str(said["key"])
        else:
            found.append(Erased(str(said["entity"]), int(said["id"]), str(said["mark"])))
    return key or secrets.token_hex(32), found


def append(path: Path, key: str, erased: Sequence[Erased], at: datetime) -> None:
    """Write lines behind those that are there, and have them on the disk before anything else happens.

    :raises OSError: the file cannot be written
    """
    new = not path.exists() or not path.stat().st_size
    lines: list[dict[str, Any]] = [{"key": key}] if new else []
    lines += [{"entity": one.entity, "id": one.record_id, "mark": one.mark, "at": at.isoformat()} for one in erased]
    with path.open("a", encoding="utf-8") as file:
        if new:
            path.chmod(0o600)
        file.write("\n" * (not new) + "".join(f"{json.dumps(line)}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


async def marks_of(key: str, records: Sequence[tuple[str, int]]) -> list[Erased]:
    """Return the lines of records."""
    found = []
    for entity, record_id in records:
        row = await db.fetch_one(f"SELECT created_at FROM {entity} WHERE id = ?", record_id)
        if row:
            mark = mark_of(key, entity, record_id, db.moment_needed(row["created_at"]))
            found.append(Erased(entity, record_id, mark))
    return found


async def not_erased(path: Path | None) -> list[Erased]:
    """Return the records that the ledger beside the database says were erased and that stand in it all the same.

    So it is after an older copy of the database was put back.
    """
    lines = await _standing(path)
    if not lines:
        return []
    known = {
        (row["entity"], row["record_id"], row["mark"])
        for row in await db.fetch("SELECT entity, record_id, mark FROM erasure")
    }
    return [one for one in lines if (one.entity, one.record_id, one.mark) not in known]


async def named(path: Path | None) -> set[tuple[str, int]]:
    """Return the records that the ledger beside the database, or the one in it, says were erased, as (entity, id)."""
    inside = await db.fetch("SELECT entity, record_id FROM erasure")
    return {(one.entity, one.record_id) for one in await _standing(path)} | {
        (row["entity"], row["record_id"]) for row in inside
    }


async def _standing(path: Path | None) -> list[Erased]:
    """Return the lines whose very records are in the database."""
    key, lines = read(path) if path else ("", [])
    return [
        one
        for one in dict.fromkeys(lines)
        if one.entity in _TABLES and [one] == await marks_of(key, [(one.entity, one.record_id)])
    ]
