"""Roles as administrators make them: what each may do and how far, and who has which. Every change can be taken back."""

from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue, NotFound
from botcrm.core.domain.grants import reaches
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.text import fold
from botcrm.core.models import Role, User
from botcrm.core.services.access import demand
from botcrm.core.services.staff.people import demand_other_administrator
from botcrm.core.services.staff.role_log import log_change
from botcrm.core.services.staff.shipped_roles import ADMIN, ROLES
from botcrm.core.services.work import Work

_OWN = "user:"
_LONGEST = 100
_NAMED = ("key", "name", "grants", "base")


class AdministratorsRole(CrmError):
    """The administrators' role would be changed."""

    message = "An administrator may do everything. For less, copy another role and change the copy."


class RoleInUse(CrmError):
    """A role that people have would be deleted."""

    message = "{count} still have the role {name}. Give them another one first."


class RoleShipped(CrmError):
    """A role that came with the product would be deleted."""

    message = "{name} came with botcrm and stays. Nobody has to have it."


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role as it is listed; `people` of the staff have it. `user_id` is whose own role it is."""

    id: int
    key: str
    name: str
    base: str
    grants: dict[str, str]
    people: int
    user_id: int | None = None

    @property
    def is_admin(self) -> bool:
        """Tell whether it is the administrators'."""
        return self.key == ADMIN

    @property
    def is_shipped(self) -> bool:
        """Tell whether it came with the product."""
        return self.key in ROLES

    def reach(self, entity: str, action: str) -> Reach:
        """Return how far it may go."""
        return Reach(self.grants.get(f"{entity}.{action}", Reach.NONE))


async def roles(work: Work) -> list[RoleRow]:
    """List the roles: those shipped, those made here, then people's own.

    :raises NotAllowed: the actor is no administrator
    """
    demand(work, "role", Action.READ)
    found = [_row(row) for row in await db.fetch(f"{_LISTED} ORDER BY r.id")]
    order = {key: place for place, key in enumerate(ROLES)}
    return sorted(found, key=lambda one: (one.user_id is not None, order.get(one.key, len(order)), fold(one.name)))


_LISTED = (
    "SELECT r.id, r.key, r.name, r.base, r.grants, "
    '(SELECT count(*) FROM "user" u WHERE u.role_id = r.id AND u.active) AS people FROM role r'
)


def _row(row: dict[str, Any]) -> RoleRow:
    grants = db.from_json(row["grants"]) if isinstance(row["grants"], str) else dict(row["grants"])
    own = int(row["key"].removeprefix(_OWN)) if row["key"].startswith(_OWN) else None
    return RoleRow(row["id"], row["key"], row["name"], row["base"] or row["key"], grants, row["people"], own)


async def role_of(work: Work, role_id: int) -> RoleRow:
    """Return a role.

    :raises NotAllowed: the actor is no administrator
    :raises NotFound: there is none
    """
    demand(work, "role", Action.READ)
    row = await db.fetch_one(f"{_LISTED} WHERE r.id = ?", role_id) if 0 < role_id < 2**31 else None
    if row is None:
        raise NotFound(ref=f"#{role_id}")
    return _row(row)


# --- what a role may do --------------------------------------------------------------------------------------------------


async def set_grant(
    work: Work, role_id: int, entity: str, action: str, reach: Reach, *, plugin: bool = False
) -> RoleRow:
    """Say how far a role may go in one thing; it holds for everybody of that role from their next line on.

    :param plugin: it is a permission of a plugin's own, which the caller knows to be there
    :raises AdministratorsRole: it is the administrators'
    :raises InvalidValue: there is no such grant
    """
    demand(work, "role", Action.CHANGE)
    await db.alone("roles")
    role = await role_of(work, role_id)
    if role.is_admin:
        raise AdministratorsRole
    if not plugin and reach not in reaches(entity, action):
        raise InvalidValue(what="right", value=f"{entity}.{action} {reach}", how="Open the role again.")
    if role.grants.get(f"{entity}.{action}") == reach:
        return role
    # "none" is written down too: it tells what was decided from what nobody has thought of.
    grants = role.grants | {f"{entity}.{action}": str(reach)}
    await _update(work, role, grants=grants)
    return await role_of(work, role_id)


async def _update(work: Work, role: RoleRow, **values: Any) -> None:
    before = {name: getattr(role, name) for name in values}
    await Role.filter(id=role.id).update(**values)
    log_change(work, "role", role.id, before, values)


# --- making and losing roles ---------------------------------------------------------------------------------------------


async def copy_role(work: Work, role_id: int, name: str = "") -> RoleRow:
    """Make a role that may do what another one may; a copy of the administrators' is a manager's, with all rights on records.

    :raises InvalidValue: there is one of that name
    """
    demand(work, "role", Action.ADD)
    await db.alone("roles")
    role = await role_of(work, role_id)
    name = await _new_name(name or await _numbered(role.name))
    key = await _new_key(name)
    return await _make(work, key, name, _below(role), _base(role))


def _base(role: RoleRow) -> str:
    return "manager" if role.base == ADMIN else role.base


def _below(role: RoleRow) -> dict[str, str]:
    """Return what a copy may do: of what is the administrators' alone nothing goes over."""
    kept = ("role", "department", "setting")
    return {grant: reach for grant, reach in role.grants.items() if grant.partition(".")[0] not in kept}


async def _make(work: Work, key: str, name: str, grants: dict[str, str], base: str) -> RoleRow:
    role = await Role.create(key=key, name=name, grants=grants, base=base)
    log_change(work, "role", role.id, {}, {"key": key, "name": name, "grants": grants, "base": base})
    return await role_of(work, role.id)


async def _names() -> set[str]:
    return {fold(name) for name in await db.column("SELECT name FROM role")}


async def _new_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST:
        raise InvalidValue(what="name", value=name[:60], how="Write a name of up to 100 characters.")
    if fold(name) in await _names():
        raise InvalidValue(what="name", value=name, how="There is a role of that name; write another one.")
    return name


async def _numbered(name: str) -> str:
    taken = await _names()
    return next(new for n in range(2, 10_000) if fold(new := f"{name[: _LONGEST - 5]} {n}") not in taken)


async def _new_key(name: str) -> str:
    """Return what a role is called in commands, as in /invite support Anna."""
    word = "".join(letter if letter.isalnum() else "_" for letter in fold(name))[:40].strip("_") or "role"
    taken = set(await db.column("SELECT key FROM role"))
    return word if word not in taken else next(k for n in range(2, 10_000) if (k := f"{word}_{n}") not in taken)


async def rename_role(work: Work, role_id: int, name: str) -> RoleRow:
    """Give a role another name, and with it another word in commands unless it came with the product.

    :raises InvalidValue: it is no name, or there is one of that name
    """
    demand(work, "role", Action.CHANGE)
    await db.alone("roles")
    role = await role_of(work, role_id)
    if " ".join(name.split()) != role.name:
        same = fold(name) == fold(role.name)
        name = " ".join(name.split())[:_LONGEST] if same else await _new_name(name)
        key = {} if same or role.is_shipped or role.user_id is not None else {"key": await _new_key(name)}
        await _update(work, role, name=name, **key)
    return await role_of(work, role_id)


async def delete_role(work: Work, role_id: int) -> RoleRow:
    """Delete a role that nobody has; invitations with it let nobody in any more.

    :raises RoleShipped: it came with the product
    :raises RoleInUse: somebody has it
    """
    demand(work, "role", Action.DELETE)
    await db.alone("roles")
    role = await role_of(work, role_id)
    if role.is_shipped:
        raise RoleShipped(name=role.name)
    if role.people:
        raise RoleInUse(name=role.name, count=role.people)
    await _drop(work, role)
    return role


async def _drop(work: Work, role: RoleRow) -> None:
    """Take a role away; who has left keeps the shipped one that it was made from."""
    base = await Role.get(key=role.base if role.base in ROLES else "rep")
    await User.filter(role_id=role.id).update(role_id=base.id)
    await db.execute("DELETE FROM invite WHERE role_id = ?", role.id)
    await db.execute("DELETE FROM role WHERE id = ?", role.id)
    log_change(work, "role", role.id, {name: getattr(role, name) for name in _NAMED}, {})


# --- who has which -------------------------------------------------------------------------------------------------------


async def person_of(work: Work, user_id: int) -> User:
    """Return somebody of the staff.

    :raises NotAllowed: the actor is no administrator
    :raises NotFound: there is no such active person
    """
    demand(work, "role", Action.READ)
    user = await User.filter(id=user_id, active=True).first() if 0 < user_id < 2**31 else None
    if user is None:
        raise NotFound(ref=f"u{user_id}")
    return user


async def give_role(work: Work, user_id: int, role_id: int) -> RoleRow:
    """Give somebody a role; their own one, where they had one, is gone.

    :raises LastAdministrator: nobody would administer any more
    :raises NotFound: there is no such person or role
    """
    demand(work, "role", Action.CHANGE)
    await db.alone("roles")
    user, role = await person_of(work, user_id), await role_of(work, role_id)
    if role.user_id not in (None, user.id):
        raise NotFound(ref=f"#{role_id}")
    former = await role_of(work, user.role_id)
    if former.id == role.id:
        return role
    await demand_other_administrator(user.id, role.id)
    await User.filter(id=user.id).update(role_id=role.id, updated_at=work.now, version=user.version + 1)
    log_change(work, "user", user.id, {"role_id": former.id}, {"role_id": role.id})
    if former.user_id is not None:
        await _drop(work, former)
    return await role_of(work, role_id)


async def give_own_role(work: Work, user_id: int) -> RoleRow:
    """Give somebody a role of their own, which at first may do what theirs may.

    :raises AdministratorsRole: they are an administrator, who may do everything
    """
    demand(work, "role", Action.CHANGE)
    await db.alone("roles")
    user = await person_of(work, user_id)
    role = await role_of(work, user.role_id)
    if role.user_id == user.id:
        return role
    if role.is_admin:
        raise AdministratorsRole
    made = await _make(work, f"{_OWN}{user.id}", user.name[:_LONGEST], _below(role), _base(role))
    return await give_role(work, user.id, made.id)
