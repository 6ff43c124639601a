"""The verb about long changes: `/operations`, the journal of imports, bulk changes and merges."""

from botcrm.core import db
from botcrm.core.domain.grammar import Line
from botcrm.core.models import User
from botcrm.core.services.operations.operations import UNDO, is_carried, operation_of, operations, undo_of
from botcrm.core.services.operations.undoing import kept_changes
from botcrm.core.services.work import Work
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.operations import LISTED, PAGE, journal_screen, operation_screen
from botcrm.words import Words

_CALLED = {"contact": "name", "company": "name", "lead": "title", "deal": "title", "activity": "title"}


async def journal(ctx: Context, line: Line) -> Screen:
    """List the long changes that the actor may see."""
    return await journal_page(ctx)


async def journal_page(ctx: Context, before: int | None = None) -> Screen:
    """Show a page of the journal, from below an operation on."""
    found = await operations(ctx.work, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    people = {user.id: user.name for user in await User.filter(id__in=[one.actor_id for one in shown if one.actor_id])}
    return journal_screen(ctx.words, shown, people, more=len(found) > PAGE)


async def operation_card(work: Work, words: Words, operation_id: int) -> Screen:
    """Show how an operation stands.

    :raises NotFound: there is none within reach
    """
    operation = await operation_of(work, operation_id)
    kept = [one for _, one in await kept_changes(operation.id, limit=LISTED)] if operation.kind == UNDO else []
    names = await names_of(work, [(one.entity, one.record_id) for one in kept])
    carried = operation.state != "running" or await is_carried(work, operation)
    taking = await undo_of(operation.id)
    return operation_screen(words, operation, kept=kept, names=names, carried=carried, undo_of=taking)


async def names_of(work: Work, records: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return what records are called, also those that were merged or deleted, which search does not know."""
    names = dict[tuple[str, int], str]()
    for entity, record_id in records:
        if entity == "message":
            # Called by whom it went to.
            row = await db.fetch_one("SELECT contact_id, lead_id FROM message WHERE id = ?", record_id)
            whose = (
                ("contact", row["contact_id"]) if row and row["contact_id"] else ("lead", row["lead_id"] if row else 0)
            )
            names[entity, record_id] = (await names_of(work, [whose])).get(whose, "")
            continue
        column = _CALLED.get(entity)
        sql = f'SELECT {column} AS name FROM "{entity}" WHERE id = ?'
        row = await db.fetch_one(sql, record_id) if column else None
        if row:
            names[(entity, record_id)] = str(row["name"])
    return names
