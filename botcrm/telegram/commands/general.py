"""The verbs about the day and the bot itself: today, deals, team, undo, settings, invite, help, start."""

from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import ENTITY_OF, Reach
from botcrm.core.domain.preferences import PREFERENCES
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Record
from botcrm.core.services import people, undo
from botcrm.core.services.access import ref
from botcrm.core.services.cards import activity_card, deal_card, party_card
from botcrm.core.services.home import home, team
from botcrm.core.services.suggestions import resume_suggestions
from botcrm.telegram.commands.subject import Missing
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack
from botcrm.telegram.screens.cards import activity_screen, deal_screen, kind_of, party_screen
from botcrm.telegram.screens.lists import home_screen, team_screen
from botcrm.telegram.screens.texts import HELP, help_screen, settings_screen, show_value, welcome_screen


async def today(ctx: Context, line: Line) -> Screen:
    """Show the home screen: the actor's own, or that of somebody named within reach."""
    if line.args.owner:
        person = await people.find_person(ctx.work, line.args.owner)
        return home_screen(ctx.words, ctx.kinds, await home(ctx.work, owner_id=person.id), person.name)
    return home_screen(ctx.words, ctx.kinds, await home(ctx.work))


async def list_deals(ctx: Context, line: Line) -> Screen:
    """Show all open deals; they stand in the order of attention, as on the home screen."""
    screen = await today(ctx, line)
    rest = " ".join(token.text for token in line.args.head if token.shape != "owner")
    hint = (
        ctx.words.t("All open deals are shown; {words} was not used. /find searches.", words=esc(rest)) if rest else ""
    )
    return Screen(lines(screen.text, hint), screen.rows, screen.about)


async def show_team(ctx: Context, line: Line) -> Screen:
    """Show the counters of everybody who reports to the actor."""
    return team_screen(ctx.words, await team(ctx.work), may_invite="user.add" in ctx.work.actor.grants)


async def take_back(ctx: Context, line: Line) -> Screen:
    """Undo the actor's last change."""
    return await undone(ctx, await undo.last_work(ctx.work))


async def undone(ctx: Context, work_id: int) -> Screen:
    """Undo one work and say what it was."""
    changed = await undo.undo(ctx.work, work_id)
    await ctx.work.flush()
    gone = [await _undone_name(ctx, record) for record in changed if record.deleted_at]
    back = [await _undone_name(ctx, record) for record in changed if not record.deleted_at]
    first = next((record for record in changed if record.deleted_at is None), None)
    opens = first and ref(*about_of(first))[0] in "dcola"
    return Screen(
        lines(
            "↩ " + bold(ctx.words.t("Undone")),
            "   " + ctx.words.t("Removed: {what}", what=", ".join(gone[:6])) if gone else "",
            "   " + ctx.words.t("As before: {what}", what=", ".join(back[:6])) if back else "",
        ),
        ([Button(ctx.words.t("Open"), pack("op", ref(*about_of(first))))] if first and opens else [],),
        about_of(first) if first else None,
    )


async def _undone_name(ctx: Context, record: Record) -> str:
    """Say what a record is and how it is called: “the deal Acme roof repair”, “the call with Anna”."""
    name = bold(clip(await ctx.name_of(record), 60))
    if isinstance(record, Activity):
        kind = ctx.words.t(kind_of(ctx.kinds, record.kind).label).lower()
        return f"{kind} {name}" if record.title else kind
    return f"{ctx.words.t(record._meta.db_table)} {name}"


async def settings(ctx: Context, line: Line) -> Screen:
    """List the settings, or change one."""
    words = line.text_after(0).split()
    administrator = ctx.work.actor.grants.get("setting.change") == Reach.ALL
    for_company = bool(words) and fold(words[0]) == "company"
    words = words[1:] if for_company else words
    if not words:
        return settings_screen(ctx.words, ctx.work.prefs, administrator=administrator)
    key, value = fold(words[0]), " ".join(words[1:]).lstrip("= ")
    if not value and key in PREFERENCES:
        present = show_value(ctx.words, getattr(ctx.work.prefs, key))
        preference = PREFERENCES[key]
        return Screen(
            lines(
                f"<b>{key}</b> = {present}",
                ctx.words.t(preference.meaning),
                f"<code>/settings {key} {esc(preference.example)}</code>",
            )
        )
    chosen = await people.change_setting(ctx.work, key, value, for_company=for_company)
    if key == "smart_activity" and chosen and not for_company:
        await resume_suggestions(ctx.work)
    return Screen("✅ " + f"<b>{key}</b> = {show_value(ctx.words, chosen)}")


async def invite(ctx: Context, line: Line) -> Screen:
    """Make a one-time link that lets one person in."""
    words = line.text_after(0).split()
    if not words:
        raise Missing(what=ctx.words.t("Invite whom, as what?"), example="invite rep Anna")
    name = " ".join(words[1:])
    token = await people.invite(ctx.work, fold(words[0]), name, manager_id=ctx.user_id)
    link = f"https://t.me/{ctx.bot_username}?start={token}"
    text = lines(
        ctx.words.t(
            "Send this link to {name}. It works once, for 7 days.", name=bold(name or ctx.words.t("your colleague"))
        ),
        f"<code>{esc(link)}</code>",
    )
    return Screen(text, ([Button(ctx.words.t("Copy link"), copy=link)],))


async def show_help(ctx: Context, line: Line) -> Screen:
    """Explain how to write, or one verb."""
    verb = fold(line.text_after(0)).lstrip("/").split()
    return help_screen(ctx.words, ctx.work.actor.role, verb[0] if verb and verb[0] in HELP else "")


async def start(ctx: Context, line: Line) -> Screen:
    """Greet again."""
    return welcome_screen(ctx.words, ctx.work.actor.name, ctx.work.actor.role)


def lone_reference(line: Line) -> tuple[str, int] | None:
    """Return the record that a line is nothing but the reference of, like d12."""
    args = line.args
    if len(args.refs) != 1 or len(args.head) != 1 or args.refs[0][0] not in "dcola":
        return None
    return str(ENTITY_OF[args.refs[0][0]]), args.refs[0][1]


async def opened(ctx: Context, entity: str, record_id: int) -> Screen:
    """Open a record by its reference alone."""
    screen = await open_card(ctx, entity, record_id)
    ctx.main = (entity, record_id)
    return screen


async def open_card(ctx: Context, entity: str, record_id: int) -> Screen:
    """Show a record's card as it stands now."""
    if entity == "deal":
        card = await deal_card(ctx.work, record_id)
        return deal_screen(ctx.words, ctx.kinds, card, own=card.deal.owner_id == ctx.work.actor.id)
    if entity == "activity":
        return activity_screen(ctx.words, ctx.kinds, await activity_card(ctx.work, record_id))
    return party_screen(ctx.words, ctx.kinds, await party_card(ctx.work, entity, record_id))
