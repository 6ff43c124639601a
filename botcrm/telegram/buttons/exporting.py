"""Buttons that send records out as a file: a whole kind, a list of deals as it was narrowed, or what a search found."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Draft
from botcrm.core.services.exporting.export import demand_export
from botcrm.core.services.exporting.formats import FORMATS
from botcrm.telegram.commands.exporting import FIND, allowed, ask, formats_screen
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, esc, pack, rows_of


async def export(ctx: Context, kind: str, form: str, what: str = "", more: str = "") -> Screen | None:
    """Send a kind of records, or offer the formats.

    :param what: of deals: whose they are; of a search: =its words, or its number
    :param more: of deals: what the list was narrowed to; of a search: the format
    """
    if kind == FIND:
        return await _found(ctx, form, what, more)
    demand_export(ctx.work, kind)
    if form not in FORMATS:
        return formats_screen(ctx, kind, *([what, more] if what else []))
    owner_id = int(what or 0)
    await ask(ctx, kind, form, owner_id=owner_id, code=more, only_open=bool(owner_id))
    ctx.toast(ctx.words.t("It comes in a moment."))
    return None


async def _searched(ctx: Context, what: str) -> str:
    if what.startswith("="):
        return what[1:]
    draft = await Draft.filter(id=int(what), user_id=ctx.user_id, kind="export").first()
    if draft is None:
        raise NotFound(ref=f"#{what}")
    return str(draft.data["text"])


async def _found(ctx: Context, kind: str, what: str, form: str) -> Screen | None:
    query = await _searched(ctx, what)
    if kind == "-":
        kinds = [one for one in allowed(ctx) if one != "activities"]
        offered = [Button(ctx.words.t(one), pack("ex", FIND, one, what)) for one in kinds]
        text = ctx.words.t("What “{query}” finds: which of it?", query=esc(query))
        return Screen(text, tuple(rows_of(offered, 2)))
    demand_export(ctx.work, kind)
    if form not in FORMATS:
        row = [Button(one.upper(), pack("ex", FIND, kind, what, one)) for one in FORMATS]
        return Screen(formats_screen(ctx, kind).text, (row,))
    await ask(ctx, kind, form, text=query)
    ctx.toast(ctx.words.t("It comes in a moment."))
    return None
