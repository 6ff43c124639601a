"""What changes about roles, departments and who has which: written down with before and after, and taken back by it."""

from collections.abc import Mapping, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NewerChange, NotAllowed
from botcrm.core.domain.events import RoleChanged
from botcrm.core.domain.kinds import Action
from botcrm.core.models import User
from botcrm.core.services.access import demand
from botcrm.core.services.staff.people import demand_other_administrator
from botcrm.core.services.work import Work

# The rows that such a change is about, by the event's entity.
_TABLES = {"role": "role", "department": "department", "user": '"user"'}
_HELD_BY = {
    "role": ('SELECT 1 AS y FROM "user" WHERE role_id = ?', "SELECT 1 AS y FROM invite WHERE role_id = ?"),
    "department": (
        'SELECT 1 AS y FROM "user" WHERE department_id = ?',
        "SELECT 1 AS y FROM department WHERE parent_id = ?",
    ),
}

# What a row names, and where it has to be for that to be written again.
_NAMES = {"role_id": "role", "department_id": "department", "parent_id": "department", "head_id": "user"}


def log_change(
    work: Work,
    entity: str,
    record_id: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    undoes: int | None = None,
) -> None:
    """Write down that a role, a department, or a person's place among them changed; empty stands for "there was none"."""
    work.happened(
        RoleChanged(
            entity,
            record_id,
            0,
            work.now,
            work.id,
            work.actor.id,
            before=dict(before),
            after=dict(after),
            undoes=undoes,
        )
    )


async def take_back_roles(work: Work, rows: Sequence[dict[str, Any]]) -> None:
    """Take back what these events say was changed, the last first.

    :raises NotAllowed: the actor is no administrator
    :raises NewerChange: it was changed anew since, somebody has by now what would vanish, what it named is gone, its word was
        taken, or a department would be below itself
    :raises LastAdministrator: nobody would administer any more
    """
    if rows:
        demand(work, "role", Action.CHANGE)
        await db.alone("roles")
    for row in rows:
        before, after = db.from_json(row["before"]), db.from_json(row["after"])
        if row["entity"] not in _TABLES:
            raise NotAllowed(entity="role", action=Action.CHANGE)
        await _back(work, row, before, after)
        log_change(work, row["entity"], row["record_id"], after, before, undoes=row["work_id"])


async def _back(work: Work, row: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    entity, record_id, table = row["entity"], int(row["record_id"]), _TABLES[row["entity"]]
    now = await db.fetch_one(f"SELECT * FROM {table} WHERE id = ?", record_id)
    if (now is None) != (not after) or (now and any(_plain(now[name]) != value for name, value in after.items())):
        raise await _newer(row)
    await _refuse_impossible(row, before)
    if entity == "user" and "role_id" in after:
        await demand_other_administrator(record_id, int(before["role_id"]))
    if not before:
        for held in _HELD_BY[entity]:
            if await db.fetch_one(held, record_id):
                raise await _newer(row)
        await db.execute(f"DELETE FROM {table} WHERE id = ?", record_id)
    elif not after:
        await db.insert(table.strip('"'), id=record_id, **_stored(before))
    else:
        columns = ", ".join(f"{name} = ?" for name in before)
        await db.execute(f"UPDATE {table} SET {columns} WHERE id = ?", *_stored(before).values(), record_id)


async def _refuse_impossible(row: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Refuse where what there was before cannot be any more."""
    record_id = int(row["record_id"])
    for name, entity in _NAMES.items():
        named = before.get(name)
        if named and not await db.fetch_one(f"SELECT 1 AS y FROM {_TABLES[entity]} WHERE id = ?", named):
            raise await _newer(row, entity, named)
    if (above := before.get("parent_id")) and await is_below(above, record_id):
        raise await _newer(row, "department", above)
    if "key" in before:
        taken = await db.column("SELECT id FROM role WHERE key = ? AND id <> ?", before["key"], record_id)
        if taken:
            raise await _newer(row, "role", taken[0])


async def is_below(department_id: int, above_id: int) -> bool:
    """Tell whether a department is another one, or anywhere below it."""
    found = await db.column(
        "WITH RECURSIVE up(id) AS (SELECT id FROM department WHERE id = ? UNION "
        "SELECT d.parent_id FROM department d JOIN up ON d.id = up.id WHERE d.parent_id IS NOT NULL) SELECT id FROM up",
        department_id,
    )
    return above_id in found


def _plain(value: Any) -> Any:
    """Return a column as events hold it: JSON decoded, however the driver gave it."""
    return db.from_json(value) if isinstance(value, str) and value.startswith("{") else value


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: db.to_json(value) if isinstance(value, dict) else value for name, value in values.items()}


async def _newer(row: dict[str, Any], entity: str | None = None, record_id: int | None = None) -> NewerChange:
    """Return who changed something since: this, or what stands in the way."""
    entity, record_id = entity or row["entity"], record_id or row["record_id"]
    last = await db.fetch_one(
        "SELECT actor_id FROM event WHERE entity = ? AND record_id = ? AND id > ? ORDER BY id DESC LIMIT 1",
        entity,
        record_id,
        row["id"],
    )
    who = await User.filter(id=last["actor_id"]).first() if last and last["actor_id"] else None
    return NewerChange(who=who.name if who else "botcrm", what="RoleChanged", entity=str(entity), record_id=record_id)


def taken_back(work: Work) -> list[RoleChanged]:
    """Return what this work set back."""
    return [
        event for event in work.events if isinstance(event, RoleChanged) and event.undoes and event.work_id == work.id
    ]
