"""The verb about the calendar: a secret address at which a calendar program reads what is planned; and one activity as a file."""

from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.grammar import Line
from botcrm.core.services.calendars import calendar_entry, close_feed, feed_since, open_feed
from botcrm.core.services.files_out import send_file
from botcrm.core.services.ics import calendar_file
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, esc, lines, pack


class NotServed(CrmError):
    """A calendar address was asked for where nothing is served."""

    message = "Calendars are not served here: the administrator has switched the web server off (BOTCRM_HTTP_PORT)."


class NoTimeYet(CrmError):
    """A calendar file was asked for of something that has no time."""

    message = "It has no time yet: give it one first."


async def calendar(ctx: Context, line: Line) -> Screen:
    """Show whether the actor's calendar is on the net, with the buttons that put it there and take it off."""
    return await _screen(ctx)


async def _screen(ctx: Context, head: str = "") -> Screen:
    words, since = ctx.words, await feed_since(ctx.work)
    new = Button(words.t("New address") if since else words.t("Make an address"), pack("cf", "new"))
    off = [Button(words.t("Switch off"), pack("cf", "off"))] if since else []
    state = (
        words.t("It has an address since {when}.", when=words.soon(since)) if since else words.t("It has no address.")
    )
    text = lines(
        head,
        "📅 " + bold(words.t("Your calendar")),
        words.t("Google, Apple and Outlook calendars can read what you have planned, by an address that only you know.")
        if ctx.plugged.hooks.is_reached_from_outside
        else words.t("A calendar program can read what you have planned, by an address that only you know."),
        _only_here(ctx),
        state,
        words.t("A new address makes the old one useless.") if since else "",
    )
    return Screen(text, ([new, *off],))


def _only_here(ctx: Context) -> str:
    """Say who has to do what where the address is good for nobody outside."""
    if ctx.plugged.hooks.is_reached_from_outside or not ctx.plugged.hooks.public_address:
        return ""
    return "⚠️ " + ctx.words.t(
        "Only programs on the machine that the bot runs on reach it: for Google, Apple and Outlook the administrator sets "
        "BOTCRM_PUBLIC_URL."
    )


async def switch_feed(ctx: Context, what: str) -> Screen:
    """Make a new address, or take the calendar off the net."""
    if what != "new":
        await close_feed(ctx.work)
        return await _screen(ctx, "✅ " + ctx.words.t("The address is good no more."))
    base = ctx.plugged.hooks.public_address
    if not base:
        raise NotServed
    secret = await open_feed(ctx.work)
    link = f"{base}/calendar/{secret}.ics"
    told = Screen(
        lines(
            ctx.words.t("Your calendar's address, shown this once. Whoever has it sees your calendar:"),
            f"<code>{esc(link)}</code>",
            _only_here(ctx),
        ),
        ([Button(ctx.words.t("Copy address"), copy=link)],),
    )
    # Past the outbox: the database keeps the secret's hash only. Where this call is lost, a new address is one tap away.
    ctx.work.after.append(("sendMessage", told.payload(ctx.chat_id)))
    return await _screen(ctx, "✅ " + ctx.words.t("The address comes in a message of its own."))


async def send_ics(ctx: Context, activity_id: str) -> None:
    """Send an activity as a calendar file."""
    entry = await calendar_entry(ctx.work, int(activity_id))
    if entry is None:
        raise NoTimeYet
    content = calendar_file([entry], ctx.words.t)
    await send_file(ctx.work, ctx.chat_id, f"activity-{entry.activity.id}.ics", content)
