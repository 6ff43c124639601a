"""The tree of departments: made, moved, who works there and who is at the head. Every change can be taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue, NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.text import fold
from botcrm.core.models import Department, User
from botcrm.core.services.access import demand
from botcrm.core.services.staff.role_log import is_below, log_change
from botcrm.core.services.staff.roles import person_of
from botcrm.core.services.work import Work

_LONGEST = 200
_DEEPEST = 12


class DepartmentInUse(CrmError):
    """A department in which people work, or with departments below it, would be deleted."""

    message = "{name} is not empty. Move its people and departments first."


@dataclass(frozen=True, slots=True)
class Branch:
    """A department as it is listed, `depth` steps below the top; `people` work in it itself, `path` names those above it."""

    id: int
    name: str
    depth: int
    path: str
    parent_id: int | None
    people: int
    head_id: int | None
    head: str


async def departments(work: Work) -> list[Branch]:
    """List the departments as a tree read from the top.

    :raises NotAllowed: the actor is no administrator
    """
    demand(work, "department", Action.READ)
    rows = await db.fetch(
        'SELECT d.id, d.name, d.parent_id, d.head_id, h.name AS head, (SELECT count(*) FROM "user" u WHERE '
        'u.department_id = d.id AND u.active) AS people FROM department d LEFT JOIN "user" h ON h.id = d.head_id'
    )
    below: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows:
        below.setdefault(row["parent_id"], []).append(row)
    return _walk(below, None, 0, "")


def _walk(
    below: Mapping[int | None, list[dict[str, Any]]], parent_id: int | None, depth: int, path: str
) -> list[Branch]:
    found = []
    for row in sorted(below.get(parent_id, ()), key=lambda one: (fold(one["name"]), one["id"])):
        own = f"{path}/{row['name']}" if path else row["name"]
        found.append(
            Branch(row["id"], row["name"], depth, own, parent_id, row["people"], row["head_id"], row["head"] or "")
        )
        if depth < _DEEPEST:
            found += _walk(below, row["id"], depth + 1, own)
    return found


async def department_of(work: Work, department_id: int) -> Branch:
    """Return a department.

    :raises NotAllowed: the actor is no administrator
    :raises NotFound: there is none
    """
    for branch in await departments(work):
        if branch.id == department_id:
            return branch
    raise NotFound(ref=f"#{department_id}")


async def people_in(work: Work, department_id: int) -> list[User]:
    """Return who works in a department itself, by name."""
    demand(work, "department", Action.READ)
    return await User.filter(department_id=department_id, active=True).order_by("name", "id")


async def make_department(work: Work, path: str, parent_id: int | None = None) -> Branch:
    """Make a department, and those of its path ("Sales/South") that are not there yet.

    :raises InvalidValue: the path names nothing
    """
    demand(work, "department", Action.ADD)
    await db.alone("roles")
    depth = (await department_of(work, parent_id)).depth + 1 if parent_id else 0
    names = [" ".join(part.split()) for part in path.split("/")]
    if not all(names) or any(len(name) > _LONGEST for name in names) or depth + len(names) > _DEEPEST:
        raise InvalidValue(what="department", value=path[:60], how="For example: Sales/South.")
    for name in names:
        known = await Department.filter(parent_id=parent_id).all()
        found = next((one for one in known if fold(one.name) == fold(name)), None)
        if found is None:
            found = await Department.create(name=name, parent_id=parent_id)
            log_change(work, "department", found.id, {}, {"name": name, "parent_id": parent_id})
        parent_id = found.id
    assert parent_id is not None
    return await department_of(work, parent_id)


async def rename_department(work: Work, department_id: int, name: str) -> Branch:
    """Give a department another name.

    :raises InvalidValue: it is no name
    """
    name = " ".join(name.split())
    if not name or "/" in name or len(name) > _LONGEST:
        raise InvalidValue(what="department", value=name[:60], how="Write its name alone, without a slash.")
    return await _set(work, department_id, name=name)


async def move_department(work: Work, department_id: int, parent_id: int | None) -> Branch:
    """Hang a department below another one, or at the top.

    :raises InvalidValue: it would be below itself
    :raises NotFound: there is no such department
    """
    return await _set(work, department_id, parent_id=parent_id)


async def set_head(work: Work, department_id: int, user_id: int | None) -> Branch:
    """Say who is at the head of a department: their reach "department" takes it in, wherever they work themselves.

    :raises NotFound: there is no such department or active person
    """
    if user_id is not None:
        await person_of(work, user_id)
    return await _set(work, department_id, head_id=user_id)


async def _set(work: Work, department_id: int, **values: Any) -> Branch:
    demand(work, "department", Action.CHANGE)
    await db.alone("roles")
    branch = await department_of(work, department_id)
    if values.get("parent_id") is not None:
        await department_of(work, values["parent_id"])
        if await is_below(values["parent_id"], department_id):
            raise InvalidValue(what="department", value=branch.name, how="It cannot be below itself.")
    before = {name: getattr(branch, name) for name in values}
    if before != values:
        await Department.filter(id=department_id).update(**values)
        log_change(work, "department", department_id, before, values)
    return await department_of(work, department_id)


async def delete_department(work: Work, department_id: int) -> Branch:
    """Delete a department that is empty.

    :raises DepartmentInUse: people work in it, or departments are below it
    """
    demand(work, "department", Action.DELETE)
    await db.alone("roles")
    branch = await department_of(work, department_id)
    below = await db.fetch_one("SELECT 1 AS y FROM department WHERE parent_id = ?", department_id)
    if branch.people or below:
        raise DepartmentInUse(name=branch.name)
    await User.filter(department_id=department_id).update(department_id=None)
    await db.execute("DELETE FROM department WHERE id = ?", department_id)
    gone = {"name": branch.name, "parent_id": branch.parent_id, "head_id": branch.head_id}
    log_change(work, "department", department_id, gone, {})
    return branch


async def place_person(work: Work, user_id: int, department_id: int | None) -> User:
    """Say in which department somebody works; None: in none.

    :raises NotFound: there is no such person or department
    """
    demand(work, "department", Action.CHANGE)
    await db.alone("roles")
    user = await person_of(work, user_id)
    if department_id is not None:
        await department_of(work, department_id)
    if user.department_id != department_id:
        await User.filter(id=user.id).update(department_id=department_id, updated_at=work.now, version=user.version + 1)
        log_change(work, "user", user.id, {"department_id": user.department_id}, {"department_id": department_id})
    return await User.get(id=user_id)
