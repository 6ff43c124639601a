"""Buttons of the journal: open a long change, stop it, let it go on, take it back, and get the list of what stayed."""

import csv
import io

from botcrm.core.services.exporting.formats import guarded
from botcrm.core.services.files_out import send_file
from botcrm.core.services.operations.operations import operation_of, run, stop, undo
from botcrm.core.services.operations.undoing import kept_changes
from botcrm.telegram.commands.operations import journal_page, names_of, operation_card
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.operations import reason_text, ref_of_kept

# A list with more rows than this tells nobody anything.
_MOST_ROWS = 50_000
_AT_ONCE = 1000


async def show_journal(ctx: Context, before: str = "") -> Screen:
    """Show a page of the journal."""
    return await journal_page(ctx, int(before) if before else None)


async def show_operation(ctx: Context, operation_id: str) -> Screen:
    """Show how an operation stands."""
    return await operation_card(ctx.work, ctx.words, int(operation_id))


async def stop_it(ctx: Context, operation_id: str) -> Screen:
    """Stop an operation after the piece in hand."""
    await stop(ctx.work, int(operation_id))
    return await operation_card(ctx.work, ctx.words, int(operation_id))


async def go_on(ctx: Context, operation_id: str) -> Screen:
    """Let an operation go on that was stopped, failed or was broken off; its progress is shown here from now on."""
    operation = await operation_of(ctx.work, int(operation_id))
    if operation.state in ("stopped", "failed", "running"):
        operation.chat_id, operation.message_id = ctx.chat_id, ctx.message_id
        await operation.save(update_fields=["chat_id", "message_id"])
        await run(ctx.work, operation)
    return await operation_card(ctx.work, ctx.words, operation.id)


async def take_back(ctx: Context, operation_id: str) -> Screen:
    """Begin to take an operation back; this message shows how far that is."""
    taking = await undo(ctx.work, int(operation_id), chat_id=ctx.chat_id, message_id=ctx.message_id)
    return await operation_card(ctx.work, ctx.words, taking.id)


async def send_kept(ctx: Context, operation_id: str) -> None:
    """Send the list of what taking an operation back left as it was, as a CSV document."""
    operation = await operation_of(ctx.work, int(operation_id))
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["reference", "name", "reason"])
    after = written = 0
    while written < _MOST_ROWS and (rows := await kept_changes(operation.id, after=after, limit=_AT_ONCE)):
        names = await names_of(ctx.work, [(one.entity, one.record_id) for _, one in rows])
        for _, one in rows:
            name = names.get((one.entity, one.record_id), "")
            reference, name = ref_of_kept(ctx.words, one, name)
            out.writerow([guarded(reference), guarded(name), reason_text(ctx.words, one)])
        written += len(rows)
        after = rows[-1][0]
    content = text.getvalue().encode("utf-8-sig")
    await send_file(ctx.work, ctx.chat_id, f"stayed-{operation.id}.csv", content)
