"""Buttons of the home screen and the team: turn a page, narrow, move a next step; and a deal's pin and mute."""

from datetime import timedelta

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Activity
from botcrm.core.services.access import load, owners
from botcrm.core.services.activities import later_by, next_morning, reschedule_activity
from botcrm.core.services.filters import choices, filter_of
from botcrm.core.services.home import home
from botcrm.core.services.marks import Mark, mark_deal
from botcrm.core.services.staff import people
from botcrm.core.services.staff.team import team
from botcrm.telegram.buttons.records import demand_version
from botcrm.telegram.commands.exporting import with_export
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.roles import with_role
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.home import LISTED, MOVING, column_named, filter_screen, home_screen
from botcrm.telegram.screens.lists import team_screen

_MARKS: dict[str, Mark | None] = {"p": "pinned", "m": "muted", "-": None}


async def show_home(ctx: Context, owner: str, column: str, page: str, code: str = "") -> Screen:
    """Turn a page of the home screen, of everything or of what it is narrowed to."""
    shown = await home(
        ctx.work,
        owner_id=int(owner) or None,
        column=column_named(column),
        page=max(0, int(page)),
        narrowed=await filter_of(ctx.work, code),
    )
    person = await people.person_by_id(ctx.work.company, shown.owner_id) if shown.owner_id else None
    screen = home_screen(
        ctx.words,
        ctx.kinds,
        shown,
        person.name if person else "",
        moving=code.endswith(MOVING),
        listed=LISTED in code,
        channel=ctx.work.hooks.channel_title,
    )
    screen = with_export(ctx, screen, shown.owner_id, shown.narrowed.code)
    return await with_role(ctx, screen, int(owner))


async def choose_filter(ctx: Context, owner: str, column: str, code: str = "") -> Screen:
    """Offer what the home screen can be narrowed to."""
    owner_id = int(owner)
    reached = owners(ctx.work.actor, "deal")
    if owner_id and reached is not None and owner_id not in reached:
        raise NotFound(ref=f"u{owner_id}")
    chosen = await filter_of(ctx.work, code)
    near = [(0, ctx.words.t("Mine"))]
    if reached is None or len(reached) > 1:
        found = [user for user in await ctx.colleagues() if reached is None or user.id in reached]
        near += [(user.id, user.name) for user in found]
    offered = await choices(chosen, owner_id or ctx.user_id)
    listed = LISTED in code
    return filter_screen(ctx.words, owner_id, column_named(column), chosen, offered, near, listed=listed)


async def move(
    ctx: Context, activity_id: str, version: str, step: str, owner: str, column: str, page: str, code: str = ""
) -> Screen:
    """Move a deal's next step from the list: by a day, by a week, or to Monday at nine; the list stays."""
    activity = await load(ctx.work, Activity, int(activity_id, 16), Action.CHANGE)
    demand_version(activity, version)
    if step == "m":
        due = await next_morning(ctx.work, activity, monday=True)
    else:
        due = later_by(ctx.work, activity, timedelta(days=7 if step == "7" else 1))
    moved = await reschedule_activity(ctx.work, activity.id, due)
    ctx.toast(ctx.words.soon(moved.due_at, moved.has_time))
    await ctx.work.flush()
    return await show_home(ctx, str(int(owner, 16)), column, page, code + MOVING)


async def show_team(ctx: Context, page: str) -> Screen:
    """Turn a page of the team."""
    may_invite = "user.add" in ctx.work.actor.grants
    return team_screen(ctx.words, await team(ctx.work, limit=1000), page=int(page), may_invite=may_invite)


async def mark(ctx: Context, deal_id: str, kind: str) -> Screen:
    """Pin or mute a deal for oneself, or take that off."""
    await mark_deal(ctx.work, int(deal_id), _MARKS.get(kind))
    return await open_card(ctx, "deal", int(deal_id), folded=False)
