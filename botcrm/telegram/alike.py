"""Who may be the same as a record that was just made: asked on its card, decided by a tap."""

from botcrm.core import db
from botcrm.core.domain.errors import NotAllowed, NotFound
from botcrm.core.domain.kinds import ENTITY_OF, LETTERS, Action, Entity
from botcrm.core.models import Company, Contact, Lead
from botcrm.core.services import records
from botcrm.core.services.access import load_any
from botcrm.core.services.duplicates.alike import look_alikes
from botcrm.core.services.duplicates.distinct import say_distinct
from botcrm.core.services.merging.merge import merge, rehearse_merge
from botcrm.core.services.merging.typed_along import drop_company
from botcrm.core.services.undo import undo
from botcrm.core.services.work import Work
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines
from botcrm.telegram.screens.duplicates import question_row, question_text
from botcrm.telegram.screens.merging import unit_name
from botcrm.words import Words

_SHOWN = 2


async def with_question(ctx: Context, screen: Screen, record: Company | Contact | Lead) -> Screen:
    """Ask on a new record's card whether it is one that is known already."""
    entity = record._meta.db_table
    found = (await look_alikes(ctx.work, entity, record))[:_SHOWN]
    if not found:
        return screen
    new = f"{LETTERS[Entity(entity)]}{record.id}"
    return Screen(
        lines(screen.text, *(question_text(ctx.words, item) for item in found)),
        (*(question_row(ctx.words, new, item, several=len(found) > 1) for item in found), *screen.rows),
        screen.about,
    )


async def hints(work: Work, words: Words, record: Company | Contact | Lead) -> list[str]:
    """Say who a record that came in by itself may be, as lines."""
    return [question_text(words, item) for item in (await look_alikes(work, record._meta.db_table, record))[:_SHOWN]]


async def use_that_one(ctx: Context, new: str, old: str) -> Screen:
    """Have the record that was just made go into the one that was known, with all that was typed; it can come apart again.

    :raises NotFound: one of them is gone, or the new one is not the presser's own doing
    :raises NewerChange: somebody changed the new one since, and the known one is not the presser's to change
    """
    wanted = await _record(ctx, old)
    record = await _record(ctx, new, Action.DELETE)
    entity = record._meta.db_table
    made = await db.fetch_one(
        "SELECT work_id, actor_id FROM event WHERE entity = ? AND record_id = ? ORDER BY id LIMIT 1", entity, record.id
    )
    if made is None or made["actor_id"] != ctx.user_id or type(wanted) is not type(record) or wanted.id == record.id:
        raise NotFound(ref=new)
    ctx.main = (entity, wanted.id)
    try:
        plan = await rehearse_merge(ctx.work, entity, wanted.id, [record.id])
    except NotAllowed:
        return await _taken_back(ctx, record, int(made["work_id"]))
    company_id: int | None = getattr(record, "company_id", None)
    await merge(ctx.work, entity, wanted.id, [record.id])
    await ctx.work.flush()
    gone = None
    if company_id is not None and not await _of_several_lines(int(made["work_id"])):
        gone = await drop_company(ctx.work, company_id, int(made["work_id"]))
    # Whose name stands is to be seen.
    otherwise = [unit_name(ctx.words, one.unit) for one in plan.conflicts if one.unit not in ("name", "title")]
    head = lines(
        "✅ " + ctx.words.t("{ref} went into this one, with what you wrote:", ref=new),
        "   " + ctx.words.t("Stays as it was: {what}", what=esc(", ".join(otherwise))) if otherwise else "",
        "   " + ctx.words.t("{name} is gone again: nothing else hangs on it.", name=bold(clip(gone.name, 60)))
        if gone
        else "",
    )
    return await _known(ctx, head, Button("↩ " + ctx.words.t("Undo"), ctx.undo))


async def _taken_back(ctx: Context, record: Company | Contact | Lead, work_id: int) -> Screen:
    """Take back the record that was just made: the known one may be seen, not changed."""
    if await _of_several_lines(work_id):
        # Other lines of the message made other things, which stay.
        await records.delete_record(ctx.work, record)
    else:
        await undo.undo(ctx.work, work_id)
    head = "✅ " + ctx.words.t("The new one is taken back. This one is kept:")
    return await _known(ctx, head, Button("↪ " + ctx.words.t("Bring back"), ctx.undo))


async def _of_several_lines(work_id: int) -> bool:
    line = await db.fetch_one("SELECT text FROM line WHERE work_id = ? LIMIT 1", work_id)
    return line is not None and "\n" in line["text"].strip()


async def _known(ctx: Context, head: str, button: Button) -> Screen:
    assert ctx.main is not None
    screen = await open_card(ctx, *ctx.main)
    return Screen(lines(head, screen.text), (*screen.rows, [button]), screen.about)


async def new_anyway(ctx: Context, new: str, old: str) -> Screen:
    """Keep the record that was just made as somebody else than the one that was known, for the whole team.

    :raises NotFound: one of them is gone, or out of reach
    """
    other = await _record(ctx, old)
    record = await _record(ctx, new, Action.CHANGE)
    if type(other) is not type(record) or other.id == record.id:
        raise NotFound(ref=old)
    entity = record._meta.db_table
    await say_distinct(ctx.work, entity, record.id, [other.id])
    ctx.main = (entity, record.id)
    screen = await open_card(ctx, entity, record.id)
    return Screen(lines("✅ " + ctx.words.t("Kept as somebody else."), screen.text), screen.rows, screen.about)


async def _record(ctx: Context, ref: str, action: Action = Action.READ) -> Company | Contact | Lead:
    entity = ENTITY_OF.get(ref[:1])
    if entity not in (Entity.CONTACT, Entity.COMPANY, Entity.LEAD) or not ref[1:].isdigit():
        raise NotFound(ref=ref)
    record = await load_any(ctx.work, str(entity), int(ref[1:]), action)
    assert isinstance(record, Company | Contact | Lead)
    return record
