"""Buttons of merging: pick, decide what stands, merge, take apart; and merge many groups by a rule."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.domain.merging import ENTITIES
from botcrm.core.services.merging.many import MAIN, NEWEST, Rule, open_search, start_bulk_merge
from botcrm.core.services.merging.merge import merge
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.operations.operations import run
from botcrm.telegram.commands.merging import (
    bulk_plan,
    choices_of,
    draft_of,
    plan_of,
    planned,
    rehearsed,
)
from botcrm.telegram.commands.operations import operation_card
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.merging import merged_screen, pick_screen, unmerged_screen

_RULES = {"m": MAIN, "n": NEWEST}


async def show_plan(ctx: Context, refs: str) -> Screen:
    """Show what merging would do: the main record and the others, like c12.15.17."""
    entity = ENTITY_OF.get(refs[:1])
    ids = [int(one) for one in refs[1:].split(".")]
    if entity is None or entity not in ENTITIES or len(set(ids)) < 2:
        raise NotFound(ref=refs)
    return await planned(ctx, str(entity), ids, main_id=ids[0], group=True)


async def pick(ctx: Context, draft_id: str, record_id: str) -> Screen:
    """Take a record in or out of those that are to be merged; 0 goes on to the plan."""
    draft = await draft_of(ctx, draft_id)
    found = [(str(entity), int(one), str(name)) for entity, one, name in draft.data["found"]]
    picked = [int(one) for one in draft.data["picked"]]
    if record_id == "0":
        await draft.delete()
        return await planned(ctx, str(draft.data["entity"]), picked)
    one = int(record_id)
    if one not in {known for _, known, _ in found}:
        raise NotFound(ref=record_id)
    picked = [known for known in picked if known != one] if one in picked else [*picked, one]
    draft.data["picked"] = picked
    await draft.save(update_fields=["data"])
    return pick_screen(ctx.words, str(draft.data["typed"]), found, picked, draft.id)


async def choose(ctx: Context, draft_id: str, place: str, record_id: str) -> Screen:
    """Decide whose value stands where records differ."""
    draft = await draft_of(ctx, draft_id)
    conflicts = (await rehearsed(ctx, draft)).conflicts
    if not 0 <= int(place) < len(conflicts):
        raise NotFound(ref=place)
    draft.data["choices"] = choices_of(draft) | {conflicts[int(place)].unit: int(record_id)}
    await draft.save(update_fields=["data"])
    return await plan_of(ctx, draft)


async def keep_other(ctx: Context, draft_id: str, record_id: str) -> Screen:
    """Have another one of the records be the one that stays."""
    draft = await draft_of(ctx, draft_id)
    if int(record_id) not in draft.data["ids"]:
        raise NotFound(ref=record_id)
    draft.data |= {"main": int(record_id), "choices": {}}
    await draft.save(update_fields=["data"])
    return await plan_of(ctx, draft)


async def do_merge(ctx: Context, draft_id: str) -> Screen:
    """Merge as planned."""
    draft = await draft_of(ctx, draft_id)
    entity, main = str(draft.data["entity"]), int(draft.data["main"])
    others = [int(one) for one in draft.data["ids"] if int(one) != main]
    done = await merge(ctx.work, entity, main, others, choices_of(draft))
    await draft.delete()
    await ctx.work.flush()
    ctx.main = (entity, main)
    search_id = await open_search(ctx.work, entity) if draft.data.get("group") else None
    return merged_screen(ctx.words, entity, done, ctx.undo, search_id=search_id)


async def cancel(ctx: Context, draft_id: str) -> Screen:
    """Merge nothing."""
    await (await draft_of(ctx, draft_id)).delete()
    return Screen(ctx.words.t("Nothing was merged."))


async def take_out(ctx: Context, merge_id: str) -> Screen:
    """Take one record out of another again."""
    done = await unmerge(ctx.work, int(merge_id))
    await ctx.work.flush()
    return unmerged_screen(ctx.words, done.main._meta.db_table, [done], ctx.undo)


async def show_bulk(ctx: Context, groups: str, least: str, conflicts: str) -> Screen:
    """Show what merging the groups of a search by a rule would do."""
    return await bulk_plan(ctx, _rule(groups, least, conflicts))


async def start_bulk(ctx: Context, groups: str, least: str, conflicts: str) -> Screen:
    """Merge the groups of a search by a rule; this message shows how far that is."""
    title = ctx.words.t("Merge duplicates from {n} % on", n=int(least))
    rule = _rule(groups, least, conflicts)
    operation = await start_bulk_merge(ctx.work, rule, title, chat_id=ctx.chat_id, message_id=ctx.message_id)
    await run(ctx.work, operation)
    return await operation_card(ctx.work, ctx.words, operation.id)


def _rule(groups: str, least: str, conflicts: str) -> Rule:
    return Rule(int(groups), int(least) / 100, _RULES.get(conflicts, MAIN))
