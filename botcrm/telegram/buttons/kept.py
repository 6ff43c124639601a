"""Buttons of lists and settings, of texts that were kept, and of clients' messages."""

from dataclasses import replace

from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Draft
from botcrm.core.services import activities, records
from botcrm.core.services.cards import party_card
from botcrm.core.services.clients import deliveries, inbound
from botcrm.core.services.staff import people
from botcrm.core.services.suggestions import resume_suggestions
from botcrm.telegram import alike, drafts
from botcrm.telegram.buttons.records import record_of, ref_of
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.records import found_by
from botcrm.telegram.commands.settings import settings
from botcrm.telegram.context import Context
from botcrm.telegram.lines import read, run_line, run_lines
from botcrm.telegram.notices import client_name
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines
from botcrm.telegram.screens.cards import party_screen
from botcrm.telegram.screens.notices import client_screen


class Answered(CrmError):
    """A question that was answered or dropped before."""

    message = "This was answered already."


# --- lists, settings, kept texts --------------------------------------------------------------------------------------------


async def switch(ctx: Context, key: str, value: str) -> Screen:
    """Switch a setting on or off for oneself."""
    if await people.change_setting(ctx.work, key, value, for_company=False) and key == "smart_activity":
        await resume_suggestions(ctx.work)
    actor = await people.actor_by_id(ctx.work.prefs, ctx.user_id)
    assert actor is not None
    fresh = replace(ctx, work=ctx.work.acting_as(actor))
    return await settings(fresh, (await read(ctx, "/settings"))[0])


async def _draft(ctx: Context, draft_id: str) -> Draft:
    draft = await Draft.filter(id=int(draft_id), user_id=ctx.user_id).first()
    if draft is None:
        raise Answered
    return draft


async def as_verb(ctx: Context, draft_id: str, verb: str) -> Screen:
    """Read a kept text again with the verb that was meant."""
    draft = await _draft(ctx, draft_id)
    text = str(draft.data["text"]).split(maxsplit=1)
    if ctx.plugged.verbs().find(verb) is None:
        raise NotFound(ref=verb)
    screen = await run_line(ctx, (await read(ctx, f"/{verb} {text[1] if len(text) > 1 else ''}"))[0])
    await draft.delete()
    return screen


async def as_note(ctx: Context, draft_id: str, ref: str) -> Screen:
    """Keep a text as a note on a record."""
    draft = await _draft(ctx, draft_id)
    record = await record_of(ctx, ref)
    links = {f"{record._meta.db_table}_id": record.id}
    note = await activities.add_note(ctx.work, str(draft.data["text"]), **links)
    await draft.delete()
    name = await ctx.name_of(record)
    text = lines("📝 " + ctx.words.t("Noted on {name}", name=bold(clip(name, 100))), f"   {esc(clip(note.text, 300))}")
    return Screen(text, ([Button("↩ " + ctx.words.t("Undo"), ctx.undo)],), ref_of(ref))


async def as_lead(ctx: Context, draft_id: str) -> Screen:
    """Make a lead of a kept text."""
    draft = await _draft(ctx, draft_id)
    text = str(draft.data["text"])
    line = (await read(ctx, "/lead " + text.replace("\n", " ")))[0]
    lead = await records.add_lead(
        ctx.work,
        clip(text, 200),
        name=clip(text.split("\n", maxsplit=1)[0], 100),
        phone=line.args.phone,
        email=line.args.email,
    )
    await activities.add_note(ctx.work, text, lead_id=lead.id)
    await draft.delete()
    card = await party_card(ctx.work, "lead", lead.id)
    screen = party_screen(ctx.words, ctx.kinds, card, head="✅ " + ctx.words.t("Added"), undo=ctx.undo)
    return await alike.with_question(ctx, screen, lead)


async def as_search(ctx: Context, draft_id: str) -> Screen:
    """Search for a kept text."""
    draft = await _draft(ctx, draft_id)
    return await found_by(ctx, clip(str(draft.data["text"]), 100))


async def drop(ctx: Context, draft_id: str) -> Screen:
    """Drop a question or a kept text."""
    draft = await _draft(ctx, draft_id)
    await draft.delete()
    return Screen(ctx.words.t("Dropped."))


# --- clients ---------------------------------------------------------------------------------------------------------------


async def answer_client(ctx: Context, message_id: str) -> None:
    """Ask for the words of an answer to a client."""
    message = await inbound.client_message(ctx.work, int(message_id), Action.CHANGE)
    await drafts.put(
        ctx, "client", ctx.words.t("Type your answer. The client sees it as you write it."), message_id=message.id
    )


async def take_client(ctx: Context, message_id: str) -> Screen:
    """Take a client who is nobody's yet; the message then opens like any of the own."""
    message = await inbound.take_client(ctx.work, int(message_id))
    await ctx.work.flush()
    name = await client_name(ctx.words, message)
    channel = ctx.work.hooks.channel_title(message.channel)
    return client_screen(ctx.words, message, name, channel, await inbound.file_with(message))


async def for_client(ctx: Context, draft_id: str) -> Screen:
    """Take what read like a command for the answer it was: to a client, or to a question."""
    draft = await _draft(ctx, draft_id)
    if draft.kind != "doubt":
        raise Answered
    screen = await drafts.undoubted(ctx, draft)
    await draft.delete()
    return screen


async def for_crm(ctx: Context, draft_id: str) -> Screen:
    """Do what was typed: it is no answer, and a client does not see it."""
    draft = await _draft(ctx, draft_id)
    if draft.kind != "doubt":
        raise Answered
    text = str(draft.data["text"])
    await draft.delete()
    screen = await run_lines(ctx, await read(ctx, text), text)
    for question in ctx.apart:
        await ctx.reply(question)
    return screen


async def resend(ctx: Context, outbox_id: str) -> Screen:
    """Send an answer again that may not have arrived."""
    await deliveries.resend(ctx.work, int(outbox_id))
    return Screen(ctx.words.t("Sent again."))


async def open_about(ctx: Context, message_id: str) -> None:
    """Open the contact or lead a client's message belongs to."""
    message = await inbound.client_message(ctx.work, int(message_id))
    about = ("contact", message.contact_id) if message.contact_id else ("lead", message.lead_id)
    # On a card of its own: the message keeps its [Answer].
    await ctx.reply(await open_card(ctx, about[0], about[1] or 0))
