"""Deleting one record: asked once with what hangs on it, and taken back like anything else."""

from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Record
from botcrm.core.services.access import load_any, ref
from botcrm.core.services.hanging import hanging
from botcrm.core.services.records import delete_record
from botcrm.telegram.commands.deals import ask_who, pick_button
from botcrm.telegram.commands.subject import Missing, subject_of
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, bold, clip, lines, pack, rows_of
from botcrm.telegram.screens.merging import moved_text

ENTITIES = ("deal", "contact", "company", "lead", "activity")


async def delete(ctx: Context, line: Line) -> Screen:
    """Ask whether the record that a line names is to go."""
    subject = await subject_of(ctx, line, ENTITIES)
    if subject.record is not None:
        return await ask_delete(ctx, *about_of(subject.record))
    if subject.candidates:
        buttons = [pick_button(item, "rd", numbered=True) for item in subject.candidates]
        return Screen(ask_who(ctx, subject, saved=False), tuple(rows_of(buttons, 2)))
    if subject.typed:
        raise NotFound(ref=f"“{clip(subject.typed, 60)}”")
    raise Missing(what=ctx.words.t("Delete what?"), example="delete d12")


async def ask_delete(ctx: Context, entity: str, record_id: int) -> Screen:
    """Say what goes, and what hangs on it.

    :raises NotAllowed: the actor may not delete it
    """
    record = await deletable(ctx, entity, record_id)
    counts, me = await hanging(ctx.work, record), ref(*about_of(record))
    name = bold(clip(await ctx.name_of(record), 100))
    text = lines(
        "🗑 " + ctx.words.t("Delete {name}?", name=f"{name} · {me}"),
        ctx.words.t("On it: {things}. That stays, without it.", things=moved_text(ctx.words, counts)) if counts else "",
        ctx.words.t("Undo brings it back."),
    )
    row = [
        Button("🗑 " + ctx.words.t("Delete"), pack("rD", me, record.version)),
        Button(ctx.words.t("Never mind"), pack("op", me)),
    ]
    return Screen(text, (row,), about_of(record))


async def deleted(ctx: Context, record: Record) -> Screen:
    """Delete a record and say so."""
    name = await ctx.name_of(record)
    await delete_record(ctx.work, record)
    said = ctx.words.t("Deleted: {name}", name=f"{bold(clip(name, 100))} · {ref(*about_of(record))}")
    return Screen("🗑 " + said, ([Button("↩ " + ctx.words.t("Undo"), ctx.undo)],))


async def deletable(ctx: Context, entity: str, record_id: int) -> Record:
    """Return a record that the actor may delete."""
    if entity not in ENTITIES:
        raise NotFound(ref=f"{entity} {record_id}")
    return await load_any(ctx.work, entity, record_id, Action.DELETE)
