"""What hangs on a record: told before it is deleted."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.models import Record
from botcrm.core.services.access import activity_sql, owned_sql, owners
from botcrm.core.services.merging.links import LINKS
from botcrm.core.services.work import ENTITIES, Work

_OF_DEAL = dict.fromkeys(("activity", "note", "file", "message"), "deal_id")


async def hanging(work: Work, record: Record) -> Mapping[str, int]:
    """Count what hangs on a record, by table, of what the actor reaches; what was deleted is left out."""
    return await hanging_on(work, ENTITIES[type(record)], "?", [record.id])


async def hanging_on(work: Work, entity: str, ids: str, bound: Sequence[Any]) -> Mapping[str, int]:
    """Count what hangs on several records, as `hanging` does.

    :param ids: SQL for their ids, `bound` its values
    """
    found = dict[str, int]()
    for table, column in (_OF_DEAL if entity == "deal" else LINKS.get(entity, {})).items():
        own = table in ("deal", "contact", "lead")
        reached = owned_sql("h.owner_id", owners(work.actor, table)) if own else activity_sql(work.actor, "h")
        row = await db.fetch_one(
            f"SELECT count(*) AS n FROM {table} h WHERE h.{column} IN ({ids}) AND h.deleted_at IS NULL AND {reached}",
            *bound,
        )
        if row and row["n"]:
            found[table] = int(row["n"])
    return found
