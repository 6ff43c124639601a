"""The verb that finds records by a query, and keeps queries under a name."""

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import Query, Term, parse_query
from botcrm.core.domain.query_fields import UnknownField
from botcrm.core.domain.text import fold
from botcrm.core.models import Draft, SavedFilter
from botcrm.core.services.access import may
from botcrm.core.services.custom.fields import fields_of
from botcrm.core.services.home import deal_rows
from botcrm.core.services.queries import queries
from botcrm.core.services.queries.hints import alone, elsewhere, hints, kind_hint
from botcrm.core.services.queries.saved import filter_of, find_saved, saved_filters
from botcrm.core.services.queries.sql import Compiled
from botcrm.core.services.search.subjects import by_name
from botcrm.telegram.context import Context
from botcrm.telegram.errors import words_for
from botcrm.telegram.screens.base import Button, Screen, pack
from botcrm.telegram.screens.filtering import PAGE, count_text, filters_screen, found_screen, grammar_screen

KIND = "query"
_FILTERS_SHOWN = 8
_QUERIES_KEPT = 100
# Filters are counted so far in their list: each of them is a query.
_MOST_COUNTED = 1000
_HELP = frozenset({"?", "help", "how"})


async def filters(ctx: Context, line: Line) -> Screen:
    """Show what a query or a saved filter finds; without one, the saved filters.

    :raises QueryUnclear: the query cannot be read
    """
    typed = line.raw[line.tokens[0].end :].strip()
    if not typed:
        return await list_filters(ctx, 0)
    if fold(typed) in _HELP:
        return await grammar(ctx, "deal")
    saved = await find_saved(ctx.work, typed)
    if saved is not None:
        return await shown(ctx, f"s{saved.id}", 0)
    query = parse_query(typed)
    if alone(query) and fold(typed.split()[-1]) in _HELP:
        return await grammar(ctx, query.entity)
    return await ask_for(ctx, query)


async def ask_for(ctx: Context, query: Query) -> Screen:
    """Show what a query finds; it is kept, for the buttons below.

    :raises CrmError: a value of it means nothing
    """
    try:
        found = await queries.compiled(ctx.work, query)
    except UnknownField as error:
        # `contcts phone:no`: it is the records that are mistyped, not the field.
        raise kind_hint(query) or elsewhere(query, error) or error from None
    draft = await ctx.ask(KIND, query=str(query), entity=query.entity)
    # Buttons of queries of long ago say that they are gone.
    await db.execute(
        f"DELETE FROM draft WHERE user_id = ? AND kind = '{KIND}' AND id < "
        f"(SELECT min(id) FROM (SELECT id FROM draft WHERE user_id = ? AND kind = '{KIND}' ORDER BY id DESC LIMIT ?) AS kept)",
        ctx.user_id,
        ctx.user_id,
        _QUERIES_KEPT,
    )
    return await _page(ctx, found, str(draft.id), 0, None)


def of_client(name: str) -> Query:
    """Return the query for the deals of a company or contact."""
    return Query("deal", (Term("", "", (name,)),))


async def deals_by(ctx: Context, text: str) -> Screen | None:
    """Show the deals of a saved filter's name, of a client's, or of a query; None where the text is none of them."""
    saved = await find_saved(ctx.work, text, "deal")
    if saved is not None:
        return await shown(ctx, f"s{saved.id}", 0)
    if await by_name(ctx.work, [text], ["company", "contact"]):
        return await ask_for(ctx, of_client(text))
    query = parse_query(text, "deal")
    return await ask_for(ctx, query) if any(term.field for term in query.terms) else None


async def put(ctx: Context, kind: str, question: str, **data: object) -> None:
    """Ask for words; a question asked before and not answered is dropped."""
    draft = await ctx.wait_for(kind, **data)
    await ctx.reply(Screen(question, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],)))


async def query_by(ctx: Context, ref: str) -> tuple[Query, SavedFilter | None]:
    """Return the query that a button names: s12 is a saved filter, 34 one that was typed.

    :raises NotFound: there is none for this person any more
    """
    if ref.startswith("s"):
        saved = await filter_of(ctx.work, int(ref[1:]))
        return parse_query(saved.query, saved.entity), saved
    draft = await Draft.filter(id=int(ref), user_id=ctx.user_id, kind=KIND).first()
    if draft is None:
        raise NotFound(ref=ctx.words.t("this filter"))
    return parse_query(str(draft.data["query"]), str(draft.data["entity"])), None


async def shown(ctx: Context, ref: str, page: int) -> Screen:
    """Show a page of what a query finds.

    :raises NotFound: the query is gone
    """
    query, saved = await query_by(ctx, ref)
    return await _page(ctx, await queries.compiled(ctx.work, query), ref, page, saved)


async def _page(ctx: Context, found: Compiled, ref: str, page: int, saved: SavedFilter | None) -> Screen:
    counted = await queries.count(ctx.work, found)
    page = min(max(0, page), max(0, counted.count - 1) // PAGE)
    ids = await queries.ids_of(ctx.work, found, limit=PAGE, offset=page * PAGE, many=counted.more)
    entity = found.query.entity
    listed = ", ".join(str(one) for one in ids) or "NULL"
    rows = (
        await deal_rows(f"d.id IN ({listed})", [], "d.id DESC", limit=PAGE)
        if entity == "deal"
        else await queries.items(entity, ids)
    )
    unsure = await hints(ctx.work, found.query) if saved is None and (not counted.count or alone(found.query)) else []
    notes = ["ℹ " + words_for(ctx.words, remark).removeprefix("✋ ") for remark in (*found.remarks, *unsure)]
    if found.only_open:
        notes.append("<i>" + ctx.words.t("Open ones only. All: {example}", example="status:any") + "</i>")
    return found_screen(
        ctx.words,
        ctx.kinds,
        found.query,
        counted,
        rows,
        ref,
        page,
        saved=saved,
        notes=notes,
        may=_may(ctx, entity, saved),
    )


def _may(ctx: Context, entity: str, saved: SavedFilter | None) -> frozenset[str]:
    """Return what the reader may do with a query and what it finds."""
    actor, able = ctx.work.actor, set[str]()
    if may(actor, entity, Action.EXPORT):
        able.add("export")
    if may(actor, entity, Action.CHANGE) or may(actor, entity, Action.DELETE):
        able.add("bulk")
    if may(actor, "filter", Action.ADD):
        able.add("save")
    if saved is not None and saved.owner_id == ctx.user_id:
        able |= {action for action in ("change", "delete") if may(actor, "filter", Action(action))}
    return frozenset(able)


async def list_filters(ctx: Context, page: int) -> Screen:
    """List the actor's filters and the shared ones, each with how many records it finds."""
    every = await saved_filters(ctx.work)
    page = min(max(0, page), max(0, len(every) - 1) // _FILTERS_SHOWN)
    part = every[page * _FILTERS_SHOWN : (page + 1) * _FILTERS_SHOWN]
    rows = [(one, await _count_of(ctx, one)) for one in part]
    return filters_screen(ctx.words, rows, page, len(every), ctx.user_id, _FILTERS_SHOWN)


async def _count_of(ctx: Context, saved: SavedFilter) -> str:
    """Return how many records a filter finds, as text; a dash where it asks for something that is gone."""
    try:
        found = await queries.compiled(ctx.work, parse_query(saved.query, saved.entity))
        return count_text(ctx.words, await queries.count(ctx.work, found, most=_MOST_COUNTED))
    except CrmError:
        return "–"


async def grammar(ctx: Context, entity: str) -> Screen:
    """Show what queries can ask for."""
    return grammar_screen(ctx.words, entity, await fields_of(entity))
