"""The verbs about who may do what: roles and departments."""

import re

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.events import RoleChanged
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.text import fold
from botcrm.core.models import User
from botcrm.core.services.access import demand, may
from botcrm.core.services.staff import departments as tree
from botcrm.core.services.staff import roles as core
from botcrm.core.services.staff.people import find_person
from botcrm.core.services.staff.role_log import taken_back
from botcrm.core.services.staff.roles import RoleRow
from botcrm.telegram import menu
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, pack
from botcrm.telegram.screens.departments import department_screen, tree_screen
from botcrm.telegram.screens.roles import permissions_screen, person_screen, rights_screen, role_screen, roles_screen

# How people write what is below what, besides with a slash.
_BETWEEN = re.compile(r"\s*[>›»\\]\s*")


async def roles(ctx: Context, line: Line) -> Screen:
    """List the roles, or open the one, or the person, that is named."""
    listed = await core.roles(ctx.work)
    name = line.text_after(0).strip().lstrip("@")
    if not name:
        return roles_screen(ctx.words, listed)
    wanted = fold(name)
    for role in listed:
        if wanted in (fold(role.name), fold(role.key)) and role.user_id is None:
            return await role_card(ctx, role)
    try:
        return await person_card(ctx, (await find_person(ctx.work, name)).id)
    except NotFound:
        raise NotFound(ref=clip(name, 60)) from None


async def departments(ctx: Context, line: Line) -> Screen:
    """Show the tree of departments, or make the one whose path is written."""
    demand(ctx.work, "department", Action.READ)
    path = _BETWEEN.sub("/", line.text_after(0).strip())
    if not path:
        return tree_screen(ctx.words, await tree.departments(ctx.work))
    branch = await tree.make_department(ctx.work, path)
    return await department_card(ctx, branch.id)


# --- cards ---------------------------------------------------------------------------------------------------------------


def changed(ctx: Context) -> bool:
    """Tell whether this work changed something that can be taken back."""
    return any(event.work_id == ctx.work.id for event in ctx.work.events)


def _undo(ctx: Context) -> str:
    return ctx.undo if changed(ctx) else ""


def permissions_of(ctx: Context, role: RoleRow) -> dict[str, str]:
    """Return how far a role has the permissions of the plugins that are on."""
    hooks = ctx.plugged.hooks
    return {
        name: role.grants.get(name) or hooks.default_reach(name, role.base)
        for name in sorted(ctx.plugged.registry.permissions)
    }


async def role_card(ctx: Context, role: RoleRow, head: str = "") -> Screen:
    """Show a role."""
    return role_screen(ctx.words, role, permissions_of(ctx, role), head=head, undo=_undo(ctx))


async def rights_card(ctx: Context, role: RoleRow, entity: str) -> Screen:
    """Show how far a role goes in one thing, or in what plugins bring."""
    if role.is_admin:
        return await role_card(ctx, role)
    if entity == "+":
        known = ctx.plugged.registry.permissions
        shown = [(known[name].value, reach) for name, reach in permissions_of(ctx, role).items()]
        return permissions_screen(ctx.words, role, shown, undo=_undo(ctx))
    return rights_screen(ctx.words, role, entity, undo=_undo(ctx))


async def person_card(ctx: Context, user_id: int, head: str = "") -> Screen:
    """Show somebody's role and department."""
    user = await core.person_of(ctx.work, user_id)
    role = await core.role_of(ctx.work, user.role_id)
    place = await tree.department_of(ctx.work, user.department_id) if user.department_id else None
    manager = await User.filter(id=user.manager_id).first() if user.manager_id else None
    return person_screen(ctx.words, user, role, place, manager.name if manager else "", head=head, undo=_undo(ctx))


async def department_card(ctx: Context, department_id: int) -> Screen:
    """Show a department."""
    branch = await tree.department_of(ctx.work, department_id)
    people = await tree.people_in(ctx.work, department_id)
    below = [one for one in await tree.departments(ctx.work) if one.parent_id == department_id]
    head = await User.filter(id=branch.head_id).first() if branch.head_id else None
    narrow = head is not None and await _sees_alone(ctx, head)
    hint = (
        ctx.words.t("{name}'s role sees their own work alone: give them another one.", name=head.name)
        if head and narrow
        else ""
    )
    return department_screen(ctx.words, branch, people, below, head=f"⚠️ {hint}" if hint else "", undo=_undo(ctx))


async def _sees_alone(ctx: Context, user: User) -> bool:
    role = await core.role_of(ctx.work, user.role_id)
    return role.reach("deal", Action.READ) in (Reach.NONE, Reach.OWN)


async def show_menus(ctx: Context) -> None:
    """Show everybody whose role changed the commands that they can use now."""
    await menu.send_menus(ctx.work, ctx.plugged)


async def with_role(ctx: Context, screen: Screen, user_id: int | None) -> Screen:
    """Put a button under what shows somebody's work that opens their role, for administrators."""
    if user_id in (None, ctx.user_id) or not may(ctx.work.actor, "role", Action.READ):
        return screen
    user = await User.filter(id=user_id, active=True).prefetch_related("role").first()
    if user is None:
        return screen
    own = user.role.key == f"user:{user.id}"
    label = ctx.words.t("Own role") if own else clip(user.role.name, 24)
    return Screen(screen.text, (*screen.rows, [Button(f"🔑 {label}", pack("yp", user.id))]), screen.about)


async def roles_set_back(ctx: Context) -> tuple[list[str], list[str]]:
    """Say which roles and departments an undo took away, and which, or whose, are as before, as HTML; menus follow."""
    gone, back = dict[str, None](), dict[str, None]()
    for event in taken_back(ctx.work):
        (back if event.after else gone)[await _name_of(event)] = None
    if gone or back:
        await show_menus(ctx)
    return list(gone), list(back)


async def _name_of(event: RoleChanged) -> str:
    """Return what an event about roles was about, by its name now or before."""
    table = {"role": "role", "department": "department"}.get(event.entity, '"user"')
    row = await db.fetch_one(f"SELECT name FROM {table} WHERE id = ?", event.record_id)
    return bold(clip(str(row["name"] if row else event.before.get("name", "?")), 60))
