"""Buttons of a timeline: open it, turn its pages, narrow it down."""

from botcrm.telegram.buttons.records import record_of
from botcrm.telegram.commands.timeline import timeline_of
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen

_UP = "a"


async def show_timeline(ctx: Context, ref: str, edge: str = "", kind: str = "") -> Screen:
    """Show a page: the first one, the one below an event (its id), or the one above it (its id behind an a)."""
    record = await record_of(ctx, ref)
    if edge.startswith(_UP):
        return await timeline_of(ctx, record, kind=kind, after=int(edge[1:]))
    return await timeline_of(ctx, record, kind=kind, before=int(edge) if edge else None)
