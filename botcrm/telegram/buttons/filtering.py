"""Buttons of filters: turn a page, save, share, change, delete, and send what one finds as a file."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import KIND_OF, parse_query
from botcrm.core.models import Draft
from botcrm.core.services.access import demand
from botcrm.core.services.exporting.export import demand_export
from botcrm.core.services.exporting.formats import FORMATS
from botcrm.core.services.queries import queries
from botcrm.core.services.queries.saved import change_filter, delete_filter, save_filter, share_filter
from botcrm.telegram.commands.exporting import ask
from botcrm.telegram.commands.filtering import ask_for, grammar, list_filters, put, query_by, shown
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack

NAME, TEXT = "filter_name", "filter_text"


async def show(ctx: Context, ref: str, page: str) -> Screen:
    """Show a page of what a query finds."""
    return await shown(ctx, ref, int(page))


async def show_list(ctx: Context, page: str) -> Screen:
    """List the saved filters."""
    return await list_filters(ctx, int(page))


async def show_grammar(ctx: Context, entity: str) -> Screen:
    """Show what queries can ask for."""
    if entity not in KIND_OF:
        raise NotFound(ref=entity)
    return await grammar(ctx, entity)


async def ask_name(ctx: Context, ref: str) -> None:
    """Ask under which name a query is to be kept."""
    demand(ctx.work, "filter", Action.ADD)
    query, _ = await query_by(ctx, ref)
    await put(ctx, NAME, ctx.words.t("What is the filter to be called?"), query=str(query), entity=query.entity)


async def ask_text(ctx: Context, ref: str) -> None:
    """Ask what is to be looked for instead; the text is there to be copied."""
    query, saved = await query_by(ctx, ref)
    question = lines(
        ctx.words.t("Write the filter anew. Tap this one to copy it:"),
        f"<code>{esc(str(query) or KIND_OF[query.entity])}</code>",
    )
    await put(ctx, TEXT, question, saved=saved.id if saved else 0, entity=query.entity)


async def named(ctx: Context, draft: Draft, text: str) -> Screen:
    """Keep a query under the name that was typed."""
    query = parse_query(str(draft.data["query"]), str(draft.data["entity"]))
    saved = await save_filter(ctx.work, text, query)
    screen = await shown(ctx, f"s{saved.id}", 0)
    head = "💾 " + ctx.words.t(
        "Saved. Type {example} to see it.", example=f"<code>filter {esc(clip(saved.name, 60))}</code>"
    )
    return Screen(lines(head, screen.text), screen.rows)


async def rewritten(ctx: Context, draft: Draft, text: str) -> Screen:
    """Look for what was typed instead; a saved filter is changed."""
    query = parse_query(text, str(draft.data["entity"]))
    await queries.compiled(ctx.work, query)
    if not draft.data.get("saved"):
        return await ask_for(ctx, query)
    saved = await change_filter(ctx.work, int(draft.data["saved"]), query)
    screen = await shown(ctx, f"s{saved.id}", 0)
    return Screen(lines("💾 " + ctx.words.t("Changed."), screen.text), screen.rows)


async def share(ctx: Context, filter_id: str, on: str) -> Screen:
    """Let everybody use a filter, or only its owner again."""
    saved = await share_filter(ctx.work, int(filter_id), on == "1")
    ctx.toast(ctx.words.t("Everybody can use it now.") if saved.shared else ctx.words.t("Only you see it now."))
    return await shown(ctx, f"s{saved.id}", 0)


async def delete(ctx: Context, filter_id: str) -> Screen:
    """Delete a filter."""
    saved = await delete_filter(ctx.work, int(filter_id))
    text = ctx.words.t("Deleted: {name}", name=bold(clip(saved.name, 60)))
    back = [Button("↩ " + ctx.words.t("Undo"), ctx.undo), Button("🔎 " + ctx.words.t("Filters"), pack("Ql", 0))]
    return Screen("🗑 " + text, (back,))


async def export(ctx: Context, ref: str, form: str) -> Screen | None:
    """Send what a query finds as a file, or offer the formats.

    :raises NotAllowed: the actor may not take these out
    """
    query, saved = await query_by(ctx, ref)
    kind = KIND_OF[query.entity]
    demand_export(ctx.work, kind)
    if form not in FORMATS:
        row = [Button(one.upper(), pack("Qe", ref, one)) for one in FORMATS]
        back = [Button("← " + ctx.words.t("Back"), pack("Qp", ref, 0))]
        called = saved.name if saved else str(query) or kind
        text = ctx.words.t("Export of {kind}: as what?", kind=bold(clip(called, 100)))
        return Screen("⬇ " + text, (row, back))
    await ask(ctx, kind, form, query=str(query))
    ctx.toast(ctx.words.t("It comes in a moment."))
    return None
