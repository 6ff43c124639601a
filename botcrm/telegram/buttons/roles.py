"""Buttons about roles and who has which."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grants import GRANTED
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.models import Draft, User
from botcrm.core.services.access import demand
from botcrm.core.services.staff import roles as core
from botcrm.telegram.commands.roles import person_card, rights_card, role_card, show_menus
from botcrm.telegram.context import Context
from botcrm.telegram.fields import token
from botcrm.telegram.forms import NoSuchChoice
from botcrm.telegram.screens.base import Button, Screen, bold, clip, lines, pack
from botcrm.telegram.screens.roles import PAGE, choose_role_screen, people_screen, roles_screen

ASKS_NAME = "role_name"


async def show_roles(ctx: Context) -> Screen:
    """List the roles."""
    return roles_screen(ctx.words, await core.roles(ctx.work))


async def show_role(ctx: Context, role_id: str) -> Screen:
    """Show a role."""
    return await role_card(ctx, await core.role_of(ctx.work, int(role_id)))


async def show_rights(ctx: Context, role_id: str, entity: str) -> Screen:
    """Show how far a role goes in one thing."""
    if entity != "+" and entity not in GRANTED:
        raise NoSuchChoice
    return await rights_card(ctx, await core.role_of(ctx.work, int(role_id)), entity)


def _reach(text: str) -> Reach:
    if text not in set(Reach):
        raise NoSuchChoice
    return Reach(text)


async def set_grant(ctx: Context, role_id: str, entity: str, action: str, reach: str) -> Screen:
    """Say how far a role may go."""
    role = await core.set_grant(ctx.work, int(role_id), entity, action, _reach(reach))
    await show_menus(ctx)
    return await rights_card(ctx, role, entity)


async def set_permission(ctx: Context, role_id: str, mark: str, reach: str) -> Screen:
    """Say how far a role has a permission of a plugin's own."""
    demand(ctx.work, "role", Action.CHANGE)
    name = next((name for name in ctx.plugged.registry.permissions if token(name) == mark), None)
    if name is None:
        raise NoSuchChoice
    plugin, _, action = name.partition(".")
    role = await core.set_grant(ctx.work, int(role_id), plugin, action, _reach(reach), plugin=True)
    await show_menus(ctx)
    return await rights_card(ctx, role, "+")


async def copy(ctx: Context, role_id: str) -> Screen:
    """Ask what a role like this one is to be called."""
    demand(ctx.work, "role", Action.ADD)
    role = await core.role_of(ctx.work, int(role_id))
    draft = await ctx.wait_for(ASKS_NAME, copy_of=role.id)
    question = lines(
        "📄 " + ctx.words.t("A copy of {name}", name=bold(clip(role.name, 60))),
        "✏️ " + ctx.words.t("Type the new role's name, like: Intern."),
    )
    return Screen(question, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def ask_name(ctx: Context, role_id: str) -> Screen:
    """Ask for a role's new name."""
    demand(ctx.work, "role", Action.CHANGE)
    role = await core.role_of(ctx.work, int(role_id))
    draft = await ctx.wait_for(ASKS_NAME, role_id=role.id)
    question = lines(f"🔑 {bold(clip(role.name, 60))}", "✏️ " + ctx.words.t("Type its new name."))
    return Screen(question, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def answer_name(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as a role's name; of a copy, make it."""
    if draft.data.get("copy_of"):
        role = await core.copy_role(ctx.work, int(draft.data["copy_of"]), text)
        head = ctx.words.t("A new role. Say what it may do, then give it to people.")
        return await role_card(ctx, role, "✅ " + head)
    return await role_card(ctx, await core.rename_role(ctx.work, int(draft.data["role_id"]), text))


async def delete(ctx: Context, role_id: str) -> Screen:
    """Delete a role that nobody has."""
    role = await core.delete_role(ctx.work, int(role_id))
    text = "🗑 " + ctx.words.t("The role {name} is gone.", name=bold(clip(role.name, 60)))
    row = [Button("↩ " + ctx.words.t("Undo"), ctx.undo), Button("← " + ctx.words.t("All roles"), pack("ya"))]
    return Screen(text, (row,))


# --- people --------------------------------------------------------------------------------------------------------------


async def show_people(ctx: Context, page: str) -> Screen:
    """List the staff with their roles."""
    listed = {role.id: role for role in await core.roles(ctx.work)}
    at = min(max(int(page), 0), 10_000)
    found = await User.filter(active=True).order_by("name", "id").offset(at * PAGE).limit(PAGE + 1)
    shown = [(user, _role_name(ctx, listed[user.role_id], user)) for user in found[:PAGE]]
    return people_screen(ctx.words, shown, at, more=len(found) > PAGE)


def _role_name(ctx: Context, role: core.RoleRow, user: User) -> str:
    return ctx.words.t("own role") if role.user_id == user.id else role.name


async def show_person(ctx: Context, user_id: str) -> Screen:
    """Show somebody's role and department."""
    return await person_card(ctx, int(user_id))


async def choose_role(ctx: Context, user_id: str, page: str) -> Screen:
    """Offer somebody's next role."""
    user = await core.person_of(ctx.work, int(user_id))
    listed = [role for role in await core.roles(ctx.work) if role.user_id in (None, user.id)]
    return choose_role_screen(ctx.words, user, user.role_id, listed, max(0, int(page)))


async def give_role(ctx: Context, user_id: str, role_id: str) -> Screen:
    """Give somebody a role; it holds from their next line on."""
    await core.give_role(ctx.work, int(user_id), int(role_id))
    await show_menus(ctx)
    return await person_card(ctx, int(user_id))


async def give_own_role(ctx: Context, user_id: str) -> Screen:
    """Give somebody a role of their own, and show it."""
    role = await core.give_own_role(ctx.work, int(user_id))
    if role.user_id is None:
        raise NotFound(ref=f"u{user_id}")
    return await role_card(ctx, role)
