"""The verb that makes several records one: `merge c12 c15`, or `/merge acme` with picks."""

from collections.abc import Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.domain.merging import ENTITIES
from botcrm.core.domain.text import fold
from botcrm.core.models import Company, Contact, Draft, Lead, User
from botcrm.core.services.access import current, load
from botcrm.core.services.custom import fields as custom_fields
from botcrm.core.services.merging.main_record import choose_main
from botcrm.core.services.merging.many import Rule, last_search, rehearse_bulk_merge
from botcrm.core.services.merging.merge import NeverMerged, NotMergeable, Plan, rehearse_merge
from botcrm.core.services.merging.unmerge import merges_of, unmerge
from botcrm.core.services.search.subjects import search
from botcrm.telegram.commands.subject import Missing
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, clip
from botcrm.telegram.screens.merging import Named, bulk_screen, pick_screen, plan_screen, unmerged_screen

KIND = "merge"
_MERGE = "merge c12 c15"
_MOST = 12
# Words that stand for all that the last search found.
_KINDS = {"contacts": "contact", "companies": "company", "leads": "lead"}
# From which score on a rule merges, in per cent, unless somebody says so.
LEAST = 95


async def merge_records(ctx: Context, line: Line) -> Screen:
    """Show what merging the records named would do; those found by a name are picked by taps."""
    refs = [(str(ENTITY_OF[letter]), number) for letter, number in line.args.refs if letter in ENTITY_OF]
    if ctx.about and ctx.about[0] in ENTITIES and (not refs or refs[0][0] == ctx.about[0]):
        refs = [ctx.about, *refs]
    refs = list(dict.fromkeys([(entity, await current(entity, number)) for entity, number in refs]))
    text = line.text_after(0).strip() or (line.args.quoted or "")
    if fold(text) in _KINDS and not refs:
        return await _last_groups(ctx, _KINDS[fold(text)])
    if len(refs) > 1:
        entity = refs[0][0]
        if not any(kind in ENTITIES for kind, _ in refs):
            raise NeverMerged
        if entity not in ENTITIES or any(other != entity for other, _ in refs):
            raise NotMergeable
        return await planned(ctx, entity, [number for _, number in refs])
    if not text and not refs:
        raise Missing(what=ctx.words.t("Merge which ones?"), example=_MERGE)
    return await _picking(ctx, text, refs[0] if refs else None)


async def _last_groups(ctx: Context, entity: str) -> Screen:
    """Show what merging the groups of the last search by a rule would do."""
    search_id = await last_search(ctx.work, entity)
    if search_id is None:
        raise Missing(what=ctx.words.t("Search for duplicates first."), example="duplicates")
    return await bulk_plan(ctx, Rule(search_id, LEAST / 100))


async def _picking(ctx: Context, text: str, first: tuple[str, int] | None) -> Screen:
    """Offer the records of a name; one named by its reference is taken in already."""
    if first is not None and first[0] not in ENTITIES:
        raise NeverMerged
    kinds = [first[0]] if first else list(ENTITIES)
    found = (
        [(item.entity, item.record_id, item.name) for item in await search(ctx.work, text, kinds, _MOST)]
        if text
        else []
    )
    if first is not None:
        model: Any = {"contact": Contact, "company": Company, "lead": Lead}[first[0]]
        if not text:
            raise Missing(
                what=ctx.words.t("Merge {ref} with which one?", ref=f"{first[0][0]}{first[1]}"), example=_MERGE
            )
        record = await _reached(ctx, model, first[1])
        found = [(first[0], first[1], record), *(one for one in found if one[1] != first[1])]
    # Of one kind only: the one with most to choose from, the order of the best hit.
    counted = {entity: [one for one in found if one[0] == entity] for entity, _, _ in found}
    several = [one for one in counted.values() if len(one) > 1]
    if not found:
        raise NotFound(ref=f"“{clip(text, 60)}”")
    if not several:
        only = ctx.words.t("Only one fits “{name}”.", name=clip(text, 60))
        raise Missing(what=only, example=_MERGE)
    shown = several[0]
    picked = [first[1]] if first else []
    data = {"entity": shown[0][0], "found": [list(one) for one in shown], "picked": picked, "typed": text}
    draft = await ctx.ask(KIND, **data)
    return pick_screen(ctx.words, text, shown, picked, draft.id)


async def _reached(ctx: Context, model: Any, record_id: int) -> str:
    record = await load(ctx.work, model, record_id)
    return str(getattr(record, "title", "") or record.name)


async def planned(
    ctx: Context, entity: str, ids: Sequence[int], *, main_id: int | None = None, group: bool = False
) -> Screen:
    """Show what merging these records would do; the one that most hangs on stays, unless one is named.

    :param group: they are a group that a search found; after it comes the next one
    :raises NotFound: one is out of reach, or there is none
    """
    first = main_id or ids[0]
    others = [one for one in ids if one != first]
    await rehearse_merge(ctx.work, entity, first, others)  # refuses before anything is told of them
    main = main_id or await choose_main(ctx.work, entity, ids)
    draft = await ctx.ask(
        KIND, entity=entity, main=main, ids=list(dict.fromkeys([main, *ids])), choices={}, group=group
    )
    return await plan_of(ctx, draft)


async def draft_of(ctx: Context, draft_id: str) -> Draft:
    """Return a merge that this person is about to make.

    :raises NotFound: there is none any more
    """
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id, kind=KIND).first()
    if draft is None:
        raise NotFound(ref=ctx.words.t("this merge"))
    return draft


def choices_of(draft: Draft) -> dict[str, int]:
    """Return whose value stands, by unit, as far as it was decided."""
    return {unit: int(record_id) for unit, record_id in draft.data.get("choices", {}).items()}


async def plan_of(ctx: Context, draft: Draft) -> Screen:
    """Show the plan of a merge as it stands."""
    plan = await rehearsed(ctx, draft)
    return plan_screen(ctx.words, plan, await _named(plan), draft.id)


async def rehearsed(ctx: Context, draft: Draft) -> Plan:
    """Rehearse a merge."""
    entity, main, ids = str(draft.data["entity"]), int(draft.data["main"]), [int(one) for one in draft.data["ids"]]
    return await rehearse_merge(ctx.work, entity, main, [one for one in ids if one != main], choices_of(draft))


async def _named(plan: Plan) -> Named:
    """Look up what the ids in a plan's conflicts are called."""
    wanted: dict[str, set[int]] = {"owner": set(), "company": set()}
    for conflict in plan.conflicts:
        if conflict.unit in wanted:
            wanted[conflict.unit] |= {int(values[0]) for _, values in conflict.values}
    people = {user.id: user.name for user in await User.filter(id__in=wanted["owner"])} if wanted["owner"] else {}
    rows = await Company.filter(id__in=wanted["company"]) if wanted["company"] else []
    return Named(people, {company.id: company.name for company in rows}, await custom_fields.by_id(plan.entity))


async def bulk_plan(ctx: Context, rule: Rule) -> Screen:
    """Show what merging the groups of a search by a rule would do."""
    return bulk_screen(ctx.words, await rehearse_bulk_merge(ctx.work, rule), rule)


async def taken_apart(ctx: Context, work_id: int) -> Screen | None:
    """Take apart again what a work merged and say what that left; None where it merged nothing that stands."""
    rows = await merges_of(work_id)
    if not rows:
        return None
    done = [await unmerge(ctx.work, row.id) for row in rows]
    await ctx.work.flush()
    ctx.main = (rows[0].entity, rows[0].main_id)
    return unmerged_screen(ctx.words, rows[0].entity, done, ctx.undo)


async def leads_to_operation(work_id: int) -> int | None:
    """Return the operation that a work belongs to: it is taken back as a whole."""
    row = await db.fetch_one(
        "SELECT id FROM operation WHERE work_id = ? UNION ALL "
        "SELECT operation_id FROM merge WHERE work_id = ? AND operation_id IS NOT NULL LIMIT 1",
        work_id,
        work_id,
    )
    return int(row["id"]) if row else None
