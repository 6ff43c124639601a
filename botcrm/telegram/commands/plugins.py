"""The verb about plugins: administrators list them, switch them, and set what they can be set to."""

from botcrm.core.domain.errors import NotAllowed
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action, Reach
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.plugins import plugins_screen


async def plugins(ctx: Context, line: Line) -> Screen:
    """List the plugins."""
    demand_administrator(ctx)
    return plugins_screen(ctx.words, ctx.plugged.hooks.plugins)


def demand_administrator(ctx: Context) -> None:
    """Refuse whoever may not change the company's settings.

    :raises NotAllowed: the actor may not
    """
    if ctx.work.actor.grants.get("setting.change") != Reach.ALL:
        raise NotAllowed(entity="setting", action=Action.CHANGE)
