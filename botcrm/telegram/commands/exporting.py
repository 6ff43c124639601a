"""The verb that sends records out as a file, and the button that does so under lists."""

from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action, Lane
from botcrm.core.services.access import may
from botcrm.core.services.exporting.export import ENTITY_OF, KINDS, demand_export
from botcrm.core.services.exporting.formats import FORMATS
from botcrm.telegram.context import Context
from botcrm.telegram.exporting import EXPORT
from botcrm.telegram.screens.base import Button, Row, Screen, bold, pack, rows_of

FIND = "find"
# What of a search fits into a button, in bytes; a longer one is kept beside it.
_MOST_TEXT = 38


async def export(ctx: Context, line: Line) -> Screen:
    """Send records as a file: of the kind and in the format that the line names, else asked by buttons.

    :raises InvalidValue: a word is neither
    :raises NotAllowed: the actor may not take these out
    """
    verb = line.tokens[0]
    kind, form = "", ""
    for word in line.raw[verb.end :].casefold().split():
        if word in FORMATS:
            form = word
        elif word in KINDS:
            kind = word
        elif f"{word}s" in KINDS:
            kind = f"{word}s"
        else:
            kinds = ", ".join((*KINDS, *FORMATS))
            raise InvalidValue(what=ctx.words.t("export"), value=word, how=ctx.words.t("One of: {kinds}.", kinds=kinds))
    if not kind:
        offered = [Button(ctx.words.t(one), pack("ex", one, "-")) for one in allowed(ctx)]
        if not offered:
            return Screen("✋ " + ctx.words.t("Your role does not allow that."))
        return Screen(ctx.words.t("Export what?"), tuple(rows_of(offered, 2)))
    if not form:
        demand_export(ctx.work, kind)
        return formats_screen(ctx, kind)
    await ask(ctx, kind, form)
    return Screen("⏳ " + ctx.words.t("It comes in a moment."))


def allowed(ctx: Context) -> list[str]:
    """Return what the actor may take out."""
    return [kind for kind, entity in ENTITY_OF.items() if may(ctx.work.actor, entity, Action.EXPORT)]


def formats_screen(ctx: Context, kind: str, *args: object) -> Screen:
    """Offer the formats of an export."""
    row = [Button(form.upper(), pack("ex", kind, form, *args)) for form in FORMATS]
    return Screen("⬇ " + ctx.words.t("Export of {kind}: as what?", kind=bold(ctx.words.t(kind))), (row,))


async def ask(
    ctx: Context,
    kind: str,
    form: str,
    *,
    owner_id: int = 0,
    code: str = "",
    only_open: bool = False,
    text: str = "",
    query: str | None = None,
) -> None:
    """Have an export sent.

    :param owner_id: of deals, whose; 0 for everybody's within reach
    :param code: of deals, what the list was narrowed to
    :param text: what was searched for
    :param query: what a filter asks for
    :raises NotAllowed: the actor may not take these out
    """
    demand_export(ctx.work, kind)
    await ctx.work.tell(
        ctx.user_id,
        ctx.chat_id,
        EXPORT,
        lane=Lane.REPORT,
        kind=kind,
        form=form,
        owner_id=owner_id,
        code=code,
        open=only_open,
        text=text,
        query=query,
    )


def with_export(ctx: Context, screen: Screen, owner_id: int | None, code: str) -> Screen:
    """Put a button under a list of deals that sends it as a file, for those who may take deals out."""
    if not may(ctx.work.actor, "deal", Action.EXPORT):
        return screen
    button = Button("⬇ " + ctx.words.t("Export"), pack("ex", "deals", "-", owner_id or ctx.user_id, code))
    return Screen(screen.text, (*screen.rows, [button]), screen.about)


async def with_found_export(ctx: Context, screen: Screen, text: str) -> Screen:
    """Put buttons under what a search found that send it as a file, a kind a file."""
    kinds = [kind for kind in allowed(ctx) if kind != "activities"]
    if not kinds:
        return screen
    what: object = f"={text}"
    if ":" in text or len(text.encode()) > _MOST_TEXT:
        what = (await ctx.ask("export", text=text[:200])).id
    row: Row = [Button("⬇ " + ctx.words.t("Export"), pack("ex", FIND, "-", what))]
    return Screen(screen.text, (*screen.rows, row), screen.about)
