"""The roles that botcrm ships, and what they may do until an administrator says otherwise."""

from botcrm.core import db
from botcrm.core.domain.kinds import Action, Entity, Reach
from botcrm.core.models import Role

ADMIN = "admin"
_RECORDS = (Entity.DEAL, Entity.LEAD, Entity.CONTACT, Entity.COMPANY, Entity.ACTIVITY)
# What came after the first release: a role stored before it has no word on it.
_LATER = frozenset({"rule", "field", "choice", "filter", "role", "department"})
_PLAIN = (Action.READ, Action.ADD, Action.CHANGE, Action.DELETE)


def _grants(reach: Reach, *, delete: Reach, export: Reach) -> dict[str, str]:
    grants = {}
    for entity in _RECORDS:
        for action in (Action.READ, Action.ADD, Action.CHANGE):
            grants[f"{entity}.{action}"] = str(reach)
        grants[f"{entity}.{Action.DELETE}"] = str(delete)
        grants[f"{entity}.{Action.EXPORT}"] = grants[f"{entity}.{Action.IMPORT}"] = str(export)
    return grants


def _on(entity: str, reach: Reach) -> dict[str, str]:
    return {f"{entity}.{action}": str(reach) for action in _PLAIN}


ROLES: dict[str, tuple[str, dict[str, str]]] = {
    "rep": (
        "Sales rep",
        _grants(Reach.OWN, delete=Reach.OWN, export=Reach.NONE)
        | {"field.read": str(Reach.ALL), "choice.read": str(Reach.ALL)}
        | _on("filter", Reach.OWN),
    ),
    "manager": (
        "Manager",
        _grants(Reach.DEPARTMENT, delete=Reach.DEPARTMENT, export=Reach.DEPARTMENT)
        | {"user.read": str(Reach.DEPARTMENT), "user.add": str(Reach.DEPARTMENT)}
        | _on("rule", Reach.DEPARTMENT)
        | _on("field", Reach.ALL)
        | _on("choice", Reach.ALL)
        | _on("filter", Reach.ALL),
    ),
    ADMIN: (
        "Administrator",
        _grants(Reach.ALL, delete=Reach.ALL, export=Reach.ALL)
        | {f"{entity}.{action}": str(Reach.ALL) for entity in ("user", "setting") for action in Action}
        | {
            grant: reach
            for entity in ("rule", "field", "choice", "filter", "role", "department")
            for grant, reach in _on(entity, Reach.ALL).items()
        },
    ),
}


async def seed_roles() -> None:
    """Create the shipped roles, once; grants that somebody changed stay as they are. Runs inside a transaction.

    A role stored before there was an entity gets what the shipped one says of it: nobody has decided about that yet.
    """
    await db.alone("seed")
    known = {role.key: role for role in await Role.filter(key__in=list(ROLES))}
    missing = [Role(key=key, name=name, grants=grants) for key, (name, grants) in ROLES.items() if key not in known]
    await Role.bulk_create(missing)
    for key, role in known.items():
        _, grants = ROLES[key]
        decided = {grant.partition(".")[0] for grant in role.grants}
        new = _LATER - decided
        fresh = {grant: reach for grant, reach in grants.items() if grant.partition(".")[0] in new}
        if fresh:
            await Role.filter(id=role.id).update(grants=role.grants | fresh)
