"""Which deal a name may mean: those called so, then the others of the company or contact of that name, a page of buttons at a time."""

from collections.abc import Iterable

from botcrm.core.domain.errors import NotFound
from botcrm.core.models import Draft
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.home import deal_rows
from botcrm.core.services.search.subjects import Found, by_name
from botcrm.telegram.commands.subject import Subject
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, clip, lines, pack

PARTIES = ("company", "contact")
_PAGE, _MOST = 8, 100
# So many a search for a name gives; there may be more of them.
_SEARCHED = 5


async def open_deals(ctx: Context, parties: Iterable[tuple[str, int]]) -> list[Found]:
    """Return the open deals within reach of companies and contacts."""
    theirs = " OR ".join(f"d.{entity}_id = {int(record_id)}" for entity, record_id in parties)
    if not theirs:
        return []
    reached = owned_sql("d.owner_id", owners(ctx.work.actor, "deal"))
    open_ones = f"({theirs}) AND d.deleted_at IS NULL AND d.status = 'open' AND {reached}"
    rows = await deal_rows(open_ones, [], "d.id", limit=_MOST)
    return [Found("deal", row.id, row.name, 100.0) for row in rows]


async def may_mean(ctx: Context, subject: Subject) -> list[Found]:
    """Return the deals that an unclear name may mean: those found by it, then what else is open with whoever is called so."""
    called = await by_name(ctx.work, [subject.typed], PARTIES)
    parties = dict.fromkeys(
        (item.entity, item.record_id) for item in (*called, *subject.candidates) if item.entity in PARTIES
    )
    found = {item.record_id: item for item in subject.candidates if item.entity == "deal"}
    for item in await open_deals(ctx, parties):
        found.setdefault(item.record_id, item)
    return list(found.values())


async def pick_page(ctx: Context, draft: Draft, start: int = 0) -> Screen:
    """Ask which deal a kept line is about."""
    ids, action = [int(one) for one in draft.data["deals"]], str(draft.data["action"])
    shown = ids[start : start + _PAGE]
    reached = owned_sql("d.owner_id", owners(ctx.work.actor, "deal"))
    marks = ", ".join(map(str, shown)) or "0"
    rows = await deal_rows(f"d.id IN ({marks}) AND d.deleted_at IS NULL AND {reached}", [], "d.id", limit=_PAGE)
    named = {row.id: row.name for row in rows}
    buttons = [
        [Button(f"💼 {clip(named[one], 22)} · d{one}", pack(action, f"d{one}", draft.id))]
        for one in shown
        if one in named
    ]
    turn = []
    if start:
        turn.append(Button("← " + ctx.words.t("Back"), pack("wm", draft.id, max(0, start - _PAGE))))
    if len(ids) > start + _PAGE:
        more = ctx.words.t("More ({n})", n=len(ids) - start - _PAGE)
        turn.append(Button(f"{more} →", pack("wm", draft.id, start + _PAGE)))
    verb, question = {
        "wn": ("won", ctx.words.t("Win which deal?")),
        "ls": ("lost", ctx.words.t("Which deal is lost?")),
        "sg": ("stage", ctx.words.t("Move which deal?")),
        "wg": ("wait", ctx.words.t("Which deal is to wait?")),
    }[action]
    other = ctx.words.t("Another one? Name it by its number: {example}", example=f"<code>{verb} d12</code>")
    return Screen(lines(question, other if len(ids) >= _SEARCHED else ""), (*buttons, turn))


async def more_picks(ctx: Context, draft_id: str, start: str) -> Screen:
    """Turn the page of deals that a kept line may be about."""
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id, kind="pick").first()
    if draft is None or "deals" not in draft.data:
        raise NotFound(ref=ctx.words.t("this question"))
    return await pick_page(ctx, draft, int(start))
