"""Copying a record: by a verb with the new one's name behind it, or by the button of its card."""

from collections import Counter

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.models import Company, Contact, Deal, Lead
from botcrm.core.services.access import ref
from botcrm.core.services.copying import ENTITIES, Copied, copy_record, name_of
from botcrm.telegram.commands.deals import ask_who, pick_button
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.subject import Missing, subject_of
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, clip, lines, rows_of


async def copy(ctx: Context, line: Line) -> Screen:
    """Make a new record of one, under the name that follows or its own with "(copy)" behind it."""
    subject = await subject_of(ctx, line, ENTITIES, loose=True)
    record = subject.record
    if record is None and not subject.candidates:
        if subject.typed:
            raise NotFound(ref=f"“{clip(subject.typed, 60)}”")
        raise Missing(what=ctx.words.t("Copy what?"), example="copy d12 Second roof")
    if record is None:
        twice = {name for name, n in Counter(item.name for item in subject.candidates).items() if n > 1}
        buttons = [pick_button(item, "cp", numbered=item.name in twice) for item in subject.candidates]
        return Screen(ask_who(ctx, subject, saved=False), tuple(rows_of(buttons, 2)))
    assert isinstance(record, Company | Contact | Lead | Deal)
    return await copied(ctx, record, line.text_after(subject.words))


async def copied(ctx: Context, record: Copied, name: str = "") -> Screen:
    """Copy a record and show the new one."""
    entity, record_id = about_of(record)
    name = name or ctx.words.t("{name} (copy)", name=name_of(record))
    made = await copy_record(ctx.work, entity, record_id, name)
    ctx.main = about_of(made)
    screen = await open_card(ctx, *ctx.main)
    head = "⧉ " + ctx.words.t("Copy of {ref}", ref=ref(entity, record_id))
    person = isinstance(record, Contact | Lead) and (record.phone or record.email)
    left = ctx.words.t("Phone and e-mail are not copied: they are one person's alone.") if person else ""
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    return Screen(lines(head, screen.text, left), (*screen.rows, undo), screen.about)
