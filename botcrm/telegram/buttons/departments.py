"""Buttons about departments: make, move, rename, delete; who works there and who is at the head."""

from botcrm.core.domain.kinds import Action
from botcrm.core.models import Draft, User
from botcrm.core.services.access import demand
from botcrm.core.services.staff import departments as core
from botcrm.core.services.staff import roles
from botcrm.telegram.commands.roles import department_card, person_card
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, lines, pack
from botcrm.telegram.screens.departments import pick_screen, tree_screen

ASKS_NAME = "department"
_MOST_PEOPLE = 1000


async def show_tree(ctx: Context) -> Screen:
    """Show the tree."""
    return tree_screen(ctx.words, await core.departments(ctx.work))


async def show_department(ctx: Context, department_id: str) -> Screen:
    """Show a department."""
    return await department_card(ctx, int(department_id))


# --- names ---------------------------------------------------------------------------------------------------------------


async def ask_new(ctx: Context, parent_id: str) -> Screen:
    """Ask what a new department is called."""
    demand(ctx.work, "department", Action.ADD)
    above = await core.department_of(ctx.work, int(parent_id)) if int(parent_id) else None
    question = (
        ctx.words.t("Type the name of the department below {name}.", name=bold(clip(above.path, 100)))
        if above
        else ctx.words.t("Type the new department's name, like: Sales/South.")
    )
    return await _ask(ctx, question, parent_id=above.id if above else None)


async def ask_name(ctx: Context, department_id: str) -> Screen:
    """Ask for a department's new name."""
    demand(ctx.work, "department", Action.CHANGE)
    branch = await core.department_of(ctx.work, int(department_id))
    question = lines(f"🏢 {bold(clip(branch.path, 150))}", ctx.words.t("Type its new name."))
    return await _ask(ctx, question, department_id=branch.id)


async def _ask(ctx: Context, question: str, **data: int | None) -> Screen:
    draft = await ctx.wait_for(ASKS_NAME, **data)
    return Screen("✏️ " + question, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def answer_name(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as the name of a department, new or not."""
    department_id = draft.data.get("department_id")
    if department_id:
        branch = await core.rename_department(ctx.work, int(department_id), text)
    else:
        branch = await core.make_department(ctx.work, text, draft.data.get("parent_id"))
    return await department_card(ctx, branch.id)


# --- moving and losing ---------------------------------------------------------------------------------------------------


async def choose_parent(ctx: Context, department_id: str, page: str) -> Screen:
    """Offer where a department can hang."""
    branch = await core.department_of(ctx.work, int(department_id))
    tree = await core.departments(ctx.work)
    below = _with_below(tree, branch.id)
    choices = [(ctx.words.t("At the top"), pack("yM", branch.id, 0))] if branch.parent_id else []
    choices += [
        (one.path, pack("yM", branch.id, one.id)) for one in tree if one.id not in below and one.id != branch.parent_id
    ]
    question = ctx.words.t("Move {name} below which one?", name=bold(clip(branch.path, 100)))
    return pick_screen(ctx.words, question, choices, int(page), ("ym", branch.id), pack("yb", branch.id))


def _with_below(tree: list[core.Branch], department_id: int) -> set[int]:
    """Return a department and all that are below it; the tree is read from the top."""
    found = {department_id}
    for branch in tree:
        if branch.parent_id in found:
            found.add(branch.id)
    return found


async def move(ctx: Context, department_id: str, parent_id: str) -> Screen:
    """Hang a department below another one, or at the top."""
    await core.move_department(ctx.work, int(department_id), int(parent_id) or None)
    return await department_card(ctx, int(department_id))


async def delete(ctx: Context, department_id: str) -> Screen:
    """Delete an empty department."""
    branch = await core.delete_department(ctx.work, int(department_id))
    text = "🗑 " + ctx.words.t("The department {name} is gone.", name=bold(clip(branch.path, 150)))
    row = [Button("↩ " + ctx.words.t("Undo"), ctx.undo), Button("← " + ctx.words.t("Departments"), pack("yt"))]
    return Screen(text, (row,))


# --- people --------------------------------------------------------------------------------------------------------------


async def _people() -> list[User]:
    return await User.filter(active=True).order_by("name", "id").limit(_MOST_PEOPLE)


async def choose_head(ctx: Context, department_id: str, page: str) -> Screen:
    """Offer who can be at the head of a department."""
    branch = await core.department_of(ctx.work, int(department_id))
    choices = [(ctx.words.t("Nobody"), pack("yH", branch.id, 0))] if branch.head_id else []
    choices += [
        (("✓ " if user.id == branch.head_id else "") + user.name, pack("yH", branch.id, user.id))
        for user in await _people()
    ]
    question = ctx.words.t("Who is at the head of {name}?", name=bold(clip(branch.path, 100)))
    return pick_screen(ctx.words, question, choices, int(page), ("yh", branch.id), pack("yb", branch.id))


async def set_head(ctx: Context, department_id: str, user_id: str) -> Screen:
    """Put somebody at the head of a department."""
    await core.set_head(ctx.work, int(department_id), int(user_id) or None)
    return await department_card(ctx, int(department_id))


async def choose_person(ctx: Context, department_id: str, page: str) -> Screen:
    """Offer who can come to work in a department."""
    branch = await core.department_of(ctx.work, int(department_id))
    choices = [
        (user.name, pack("yQ", user.id, branch.id, "b")) for user in await _people() if user.department_id != branch.id
    ]
    question = ctx.words.t("Who works in {name}?", name=bold(clip(branch.path, 100)))
    return pick_screen(ctx.words, question, choices, int(page), ("yk", branch.id), pack("yb", branch.id))


async def choose_department(ctx: Context, user_id: str, page: str) -> Screen:
    """Offer where somebody can work."""
    user = await roles.person_of(ctx.work, int(user_id))
    tree = await core.departments(ctx.work)
    choices = [(ctx.words.t("None"), pack("yQ", user.id, 0, "p"))] if user.department_id else []
    choices += [
        (("✓ " if one.id == user.department_id else "") + one.path, pack("yQ", user.id, one.id, "p")) for one in tree
    ]
    question = ctx.words.t("Where does {name} work?", name=bold(clip(user.name, 60)))
    if not tree:
        question = lines(question, ctx.words.t("There are no departments yet: /departments makes one."))
    return pick_screen(ctx.words, question, choices, int(page), ("yq", user.id), pack("yp", user.id))


async def place(ctx: Context, user_id: str, department_id: str, shown: str = "p") -> Screen:
    """Have somebody work in a department, and show it, or them."""
    await core.place_person(ctx.work, int(user_id), int(department_id) or None)
    if shown == "b" and int(department_id):
        return await department_card(ctx, int(department_id))
    return await person_card(ctx, int(user_id))
