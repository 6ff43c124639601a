"""The staff: who somebody is, who reaches what, joining, leaving, settings."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.events import UserAdded, UserChanged
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.preferences import PREFERENCES, Preferences, in_force, read_preference
from botcrm.core.domain.query_fields import nearest
from botcrm.core.domain.reminding import read_by_kind
from botcrm.core.domain.text import fold
from botcrm.core.models import Department, Role, User
from botcrm.core.services.actor import Actor
from botcrm.core.services.staff.shipped_roles import ROLES
from botcrm.core.services.stored import COMPANY, set_value
from botcrm.core.services.work import Work


def system(prefs: Preferences) -> Actor:
    """Return the actor that stands for nobody in particular."""
    return Actor(id=None, name="botcrm", role="system", grants={}, team=frozenset(), prefs=prefs)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the staff as messages to them need it."""

    id: int
    name: str
    telegram_id: int | None
    manager_id: int | None
    prefs: Preferences


_PERSON = (
    "SELECT u.id, u.name, u.telegram_id, u.manager_id, u.department_id, u.zone, u.language, "
    'coalesce(r.base, r.key) AS role, r.grants FROM "user" u '
    "JOIN role r ON r.id = u.role_id WHERE u.active AND "
)


async def actor_by_telegram(defaults: Preferences, telegram_id: int) -> Actor | None:
    """Return the staff member behind a Telegram account, None for anybody else."""
    row = await db.fetch_one(_PERSON + "u.telegram_id = ?", telegram_id)
    return await _actor(defaults, row) if row else None


async def actor_by_id(defaults: Preferences, user_id: int) -> Actor | None:
    """Return a staff member as the one who acts."""
    row = await db.fetch_one(_PERSON + "u.id = ?", user_id)
    return await _actor(defaults, row) if row else None


@functools.lru_cache(maxsize=256)
def _decoded(grants: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(grants)
    return found


def grants_in(column: Any) -> dict[str, str]:
    """Return a role's grants as the driver gave them; the same text is decoded once."""
    return _decoded(column) if isinstance(column, str) else dict(column)


async def _actor(defaults: Preferences, row: dict[str, Any]) -> Actor:
    grants = grants_in(row["grants"])
    wide = Reach.DEPARTMENT.value in grants.values()
    return Actor(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        grants=grants,
        team=await team_of(row["id"], row["department_id"]) if wide else frozenset({row["id"]}),
        prefs=await preferences(defaults, row["id"], row),
        telegram_id=row["telegram_id"],
    )


async def team_of(user_id: int, department_id: int | None) -> frozenset[int]:
    """Return the ids within department reach: the person, everybody below, and the department's branch."""
    rows = await db.fetch(
        "WITH RECURSIVE branch(id) AS (SELECT id FROM department WHERE id = ? OR head_id = ? "
        "UNION SELECT d.id FROM department d JOIN branch b ON d.parent_id = b.id), "
        'team(id) AS (SELECT id FROM "user" WHERE id = ? OR department_id IN (SELECT id FROM branch) '
        'UNION SELECT u.id FROM "user" u JOIN team t ON u.manager_id = t.id) SELECT id FROM team',
        department_id or 0,
        user_id,
        user_id,
    )
    return frozenset(row["id"] for row in rows)


async def preferences(defaults: Preferences, user_id: int = 0, person: dict[str, Any] | None = None) -> Preferences:
    """Return the settings in force for a person, or for the company as a whole."""
    rows = await db.fetch("SELECT key, user_id, value FROM setting WHERE user_id IN (0, ?)", user_id)
    stored = tuple((row["key"], bool(row["user_id"]), _text(row["value"])) for row in rows)
    return _laid_over(defaults, stored, (person["zone"], person["language"]) if person else None)


def _text(column: Any) -> str:
    return column if isinstance(column, str) else db.to_json(column)


@functools.lru_cache(maxsize=4096)
def _laid_over(
    defaults: Preferences, stored: tuple[tuple[str, bool, str], ...], person: tuple[str | None, str | None] | None
) -> Preferences:
    """Lay stored settings, as (key, whether a person's, JSON), over the defaults; the same ones are decoded once."""
    company = {key: db.from_json(value) for key, own, value in stored if not own}
    own = {key: db.from_json(value) for key, own, value in stored if own}
    if person:
        own = {"zone": person[0], "language": person[1], **own}
    return in_force(defaults, company, own)


async def person_by_id(defaults: Preferences, user_id: int) -> Person | None:
    """Return an active member of the staff."""
    row = await db.fetch_one(_PERSON + "u.id = ?", user_id)
    if row is None:
        return None
    return Person(
        row["id"], row["name"], row["telegram_id"], row["manager_id"], await preferences(defaults, row["id"], row)
    )


async def _reachable() -> list[dict[str, Any]]:
    """Return id, telegram_id and role of everybody who has a chat with the bot."""
    return await db.fetch(
        'SELECT u.id, u.telegram_id, coalesce(r.base, r.key) AS role FROM "user" u JOIN role r ON r.id = u.role_id '
        "WHERE u.active AND u.telegram_id IS NOT NULL ORDER BY u.id"
    )


def _with_role(rows: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["role"] == role]


async def administrators() -> list[tuple[int, int]]:
    """Return (user id, chat id) of every administrator who has a chat with the bot, of the managers where there is none."""
    rows = await _reachable()
    first = _with_role(rows, "admin") or _with_role(rows, "manager")
    return [(row["id"], row["telegram_id"]) for row in first]


async def front_desk() -> tuple[int | None, list[tuple[int, int]]]:
    """Return who takes a client that is nobody's yet: the first administrator's id, and whom to tell as (user id, chat id).

    Told are the administrators, else the managers, else everybody, of those who have a chat with the bot; without an
    administrator there is no first one, and whoever of them answers takes the client.
    """
    rows = await _reachable()
    admins = _with_role(rows, "admin")
    told = admins or _with_role(rows, "manager") or rows
    return (admins[0]["id"] if admins else None), [(row["id"], row["telegram_id"]) for row in told]


async def find_person(work: Work, name: str) -> User:
    """Return the one active colleague of that name (or start of it), within the actor's team.

    :raises NotFound: nobody, or more than one
    """
    people = await User.filter(active=True)
    near = [user for user in people if work.actor.is_system or user.id in work.actor.team or work.actor.role == "admin"]
    return one_called(near, name)


def one_called(people: Sequence[User], name: str) -> User:
    """Return the one of these people who has that name or user name, or whose name has a word that starts so.

    :raises NotFound: nobody, or more than one
    """
    wanted = fold(name.lstrip("@"))
    exact = [user for user in people if wanted in (fold(user.name), fold(user.username or "-"))]
    starts = [user for user in people if any(word.startswith(wanted) for word in fold(user.name).split())]
    for found in (exact, starts):
        if len(found) == 1:
            return found[0]
    raise NotFound(ref=f"@{name.lstrip('@')}")


# The job that tells of somebody who was shut out.
LEFT = "person.left"


class LastAdministrator(CrmError):
    """The only administrator would no longer be one."""

    message = "{name} is the only administrator. Make somebody else one first."


async def _sole_administrator(user_id: int) -> bool:
    rows = await db.fetch(
        "SELECT u.id FROM \"user\" u JOIN role r ON r.id = u.role_id WHERE r.key = 'admin' AND u.active LIMIT 2"
    )
    return [row["id"] for row in rows] == [user_id]


async def demand_other_administrator(user_id: int, role_id: int) -> None:
    """Refuse to give the only administrator another role.

    :raises LastAdministrator: nobody would administer any more
    """
    role = await Role.filter(id=role_id).first()
    if (role is None or role.key != "admin") and await _sole_administrator(user_id):
        raise LastAdministrator(name=(await User.get(id=user_id)).name)


async def add_user(
    work: Work,
    *,
    name: str,
    role: str,
    telegram_id: int | None = None,
    manager_id: int | None = None,
    department_id: int | None = None,
    username: str | None = None,
) -> User:
    """Take somebody into the staff; a Telegram account that is known already keeps its person, with the new name and role.

    :param role: its word or its name
    :raises InvalidValue: there is no such role
    :raises LastAdministrator: nobody would administer any more
    """
    found = await role_called(role)
    known = await User.filter(telegram_id=telegram_id).first() if telegram_id else None
    if known:
        if found.key != "admin" and await _sole_administrator(known.id):
            raise LastAdministrator(name=known.name)
        values = {
            "name": name,
            "role_id": found.id,
            "manager_id": manager_id or known.manager_id,
            "department_id": department_id or known.department_id,
            "active": True,
        }
        await User.filter(id=known.id).update(**values, updated_at=work.now, version=known.version + 1)
        work.remember_plain(UserChanged, "user", known.id, **values)
        return await User.get(id=known.id)
    user = await User.create(
        name=name,
        role=found,
        telegram_id=telegram_id,
        manager_id=manager_id,
        department_id=department_id,
        username=username,
        created_at=work.now,
        updated_at=work.now,
    )
    work.remember_plain(UserAdded, "user", user.id, name=name, role=found.key, manager_id=manager_id)
    await work.plan_job("digest.morning", f"digest:{user.id}", work.now, user_id=user.id, first=True)
    return user


async def role_called(text: str) -> Role:
    """Return the role of this word or name; nobody's own one is found.

    :raises InvalidValue: there is none; the nearest are named
    """
    made = await Role.exclude(key__startswith="user:").order_by("id")
    wanted = fold(" ".join(text.split()))
    for called in ({one.key: one for one in made}, {fold(one.name): one for one in made}):
        if wanted in called:
            return called[wanted]
    near = nearest(wanted, [word for one in made for word in (one.key, one.name)])
    meant = dict.fromkeys(one.key for word in near for one in made if word in (one.key, one.name))
    words = ", ".join(meant or [one.key for one in made] or ROLES)
    raise InvalidValue(what="role", value=text[:60], how=f"Did you mean {words}?" if meant else f"Roles: {words}.")


async def department(path: str) -> int:
    """Return the id of a department named by its path ("Sales/South"), made where it is new.

    :raises InvalidValue: the path names nothing
    """
    parent: int | None = None
    for name in (part.strip() for part in path.split("/")):
        if not name or len(name) > 200:
            raise InvalidValue(what="department", value=path, how="For example: Sales/South.")
        found = await Department.filter(name=name, parent_id=parent).first()
        parent = found.id if found else (await Department.create(name=name, parent_id=parent)).id
    assert parent is not None
    return parent


async def deactivate_user(work: Work, user_id: int) -> User:
    """Shut somebody out; their records stay theirs until they are handed over, which whoever is in charge of them is told of.

    :raises NotFound: there is no such active person
    """
    user = await User.filter(id=user_id, active=True).first()
    if user is None:
        raise NotFound(ref=f"u{user_id}")
    await User.filter(id=user.id).update(active=False, updated_at=work.now, version=user.version + 1)
    work.remember_plain(UserChanged, "user", user.id, active=False)
    await work.plan_job(LEFT, f"left:{user.id}:{user.version}", work.now, user_id=user.id)
    return user


async def needs_first_administrator() -> bool:
    """Tell whether nobody can administer yet."""
    return not await db.fetch_one(
        "SELECT 1 AS y FROM \"user\" u JOIN role r ON r.id = u.role_id WHERE r.key = 'admin' AND u.active"
    )


# --- settings ----------------------------------------------------------------------------------------------------------


_BY_KIND = ("reminder_kinds", "repeat_kinds")


def _demand_kinds(work: Work, key: str, value: str) -> None:
    """Refuse a setting for a kind of activity that there is none of."""
    known = work.hooks.activity_kinds
    for kind in read_by_kind(value):
        if kind not in known:
            raise InvalidValue(what=key, value=kind, how="Kinds: " + ", ".join(known) + ".")


async def change_setting(work: Work, key: str, text: str, *, for_company: bool) -> Any:
    """Choose a setting for the actor, or for the company.

    :raises InvalidValue: unknown setting or a value not of its kind
    :raises NotAllowed: the company's settings are the administrator's
    """
    value = read_preference(key, text)
    if key in _BY_KIND:
        _demand_kinds(work, key, value)
    if for_company or not PREFERENCES[key].personal:
        if not work.actor.is_system and work.actor.grants.get("setting.change") != Reach.ALL:
            raise NotAllowed(entity="setting", action=Action.CHANGE)
        user_id = COMPANY
    else:
        user_id = work.actor.id or 0
    await set_value(work, key, user_id, value)
    return value
