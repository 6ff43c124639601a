"""Buttons of what came in: the list, one item of it, and saying that it is dealt with."""

from botcrm.core.services.activities import log_activity
from botcrm.core.services.clients import inbound
from botcrm.core.services.clients.incoming import missed_call, settle_call, waiting_for
from botcrm.core.services.staff import people
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.context import Context
from botcrm.telegram.notices import client_name
from botcrm.telegram.screens.base import Button, Screen, lines
from botcrm.telegram.screens.incoming import ON_PAGE, incoming_screen
from botcrm.telegram.screens.notices import client_screen
from botcrm.telegram.smart import after_talk, with_question


async def show_incoming(ctx: Context, owner: str, page: str = "0") -> Screen:
    """Show a page of what waits for somebody."""
    owner_id, number = int(owner), max(0, int(page))
    rows = await waiting_for(ctx.work, owner_id or ctx.user_id, limit=ON_PAGE + 1, offset=number * ON_PAGE)
    if not rows and number:
        return await show_incoming(ctx, owner, str(number - 1))
    person = await people.person_by_id(ctx.work.company, owner_id) if owner_id and owner_id != ctx.user_id else None
    name = person.name if person else ""
    return incoming_screen(ctx.words, rows, owner_id, name, number, ctx.work.hooks.channel_title)


async def open_item(ctx: Context, kind: str, record_id: str) -> None:
    """Show one item on a card of its own, with what can be done about it; the list stays."""
    await ctx.reply(
        await open_card(ctx, "activity", int(record_id)) if kind == "c" else await _message(ctx, int(record_id))
    )


async def _message(ctx: Context, message_id: int, head: str = "") -> Screen:
    message = await inbound.client_message(ctx.work, message_id)
    name = await client_name(ctx.words, message)
    channel = ctx.work.hooks.channel_title(message.channel)
    screen = client_screen(ctx.words, message, name, channel, await inbound.file_with(message))
    if not head:
        return screen
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    return Screen(lines(head, screen.text), (*screen.rows, undo), screen.about)


async def settle(ctx: Context, kind: str, record_id: str, owner: str = "", page: str = "0") -> Screen:
    """Say that a message or a missed call is dealt with: on its own card, or in the list, which goes on without it."""
    said = "✅ " + ctx.words.t("Dealt with")
    if kind == "c":
        await settle_call(ctx.work, int(record_id))
    else:
        await inbound.deal_with(ctx.work, int(record_id))
    await ctx.work.flush()
    ctx.toast(said)
    if owner:
        screen = await show_incoming(ctx, owner, page)
        undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
        return Screen(lines(said, screen.text), (*screen.rows, undo), screen.about)
    if kind == "c":
        screen = await open_card(ctx, "activity", int(record_id))
        return Screen(screen.text, (*screen.rows, [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]), screen.about)
    return await _message(ctx, int(record_id), said)


async def called_back(ctx: Context, activity_id: str) -> Screen:
    """Write down that somebody called back, which deals with the missed call, and ask what comes next."""
    missed = await missed_call(ctx.work, int(activity_id))
    links = {name: getattr(missed, name) for name in ("deal_id", "contact_id", "company_id", "lead_id")}
    call = await log_activity(ctx.work, "call", "", direction="out", result="ok", **links)
    await ctx.work.flush()
    screen = await open_card(ctx, "activity", call.id)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    question = await after_talk(ctx, call)
    screen = with_question(screen, question, screen.rows) if question else screen
    return Screen(screen.text, (*screen.rows, undo), screen.about)
