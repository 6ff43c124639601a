"""What somebody made of a file's columns, remembered by their names for the next file of the kind."""

from collections.abc import Sequence
from hashlib import sha256

from botcrm.core import db
from botcrm.core.domain.text import fold
from botcrm.core.services.importing.fields import CUSTOM, NOTE, target
from botcrm.core.services.importing.own_fields import own_columns
from botcrm.core.services.work import Work


def header_hash(header: Sequence[str]) -> str:
    """Return what tells a file's columns from another's, whatever their order."""
    return sha256("\n".join(sorted(map(fold, header))).encode()).hexdigest()


async def recall(entity: str, header: Sequence[str]) -> list[str] | None:
    """Return what these columns became the last time; None where that was never, or a field is no more."""
    row = await db.fetch_one(
        "SELECT mapping FROM import_mapping WHERE entity = ? AND header_hash = ?", entity, header_hash(header)
    )
    if row is None:
        return None
    known = db.from_json(row["mapping"])
    found = [known.get(fold(column), NOTE) for column in header]
    own = await own_columns(entity) if any(name.startswith(CUSTOM) for name in found) else {}
    if any(name.startswith(CUSTOM) and name not in own for name in found):
        return None
    if any(name and name != NOTE and target(entity, name) is None for name in found):
        return None
    return found


async def remember(work: Work, entity: str, header: Sequence[str], mapping: Sequence[str]) -> None:
    """Keep what columns became, for everybody."""
    known = {fold(column): name for column, name in zip(header, mapping, strict=True)}
    await db.execute(
        "INSERT INTO import_mapping (entity, header_hash, mapping, user_id, updated_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (entity, header_hash) DO UPDATE SET mapping = excluded.mapping, user_id = excluded.user_id, "
        "updated_at = excluded.updated_at",
        entity,
        header_hash(header),
        db.to_json(known),
        work.actor.id,
        work.now,
    )
