"""The verbs about the day and the bot itself: today, deals, team, undo, invite, help, start."""

from botcrm.core.domain.events import RecordRestored
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import ENTITY_OF
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Record, Rule
from botcrm.core.services import people, undo
from botcrm.core.services.access import ref
from botcrm.core.services.cards import activity_card, deal_card, party_card
from botcrm.core.services.filters import find_filter
from botcrm.core.services.handover import handed_over_by
from botcrm.core.services.home import home, team
from botcrm.telegram.commands.rules import rule_card
from botcrm.telegram.commands.subject import Missing
from botcrm.telegram.commands.team import given_back
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack
from botcrm.telegram.screens.cards import activity_screen, deal_screen, kind_of, party_screen
from botcrm.telegram.screens.home import home_screen
from botcrm.telegram.screens.lists import team_screen
from botcrm.telegram.screens.texts import HELP, help_screen, welcome_screen
from botcrm.telegram.smart import asking_owner


async def today(ctx: Context, line: Line) -> Screen:
    """Show the home screen: the actor's own, or that of somebody named within reach."""
    if line.args.owner:
        person = await people.find_person(ctx.work, line.args.owner)
        return home_screen(ctx.words, ctx.kinds, await home(ctx.work, owner_id=person.id), person.name)
    return home_screen(ctx.words, ctx.kinds, await home(ctx.work))


async def list_deals(ctx: Context, line: Line) -> Screen:
    """Show open deals in the order of attention, of the person, stage, tag and pipeline that the line names."""
    words = " ".join(token.text for token in line.args.head if token.shape == "word")
    person = await people.find_person(ctx.work, line.args.owner) if line.args.owner else None
    other = person if person and person.id != ctx.user_id else None
    narrowed = await find_filter(words, line.args.stage, line.args.tags, other.id if other else ctx.user_id)
    shown = await home(ctx.work, owner_id=other.id if other else None, narrowed=narrowed)
    return home_screen(ctx.words, ctx.kinds, shown, other.name if other else "")


async def show_team(ctx: Context, line: Line) -> Screen:
    """Show the counters of everybody who reports to the actor."""
    return team_screen(ctx.words, await team(ctx.work, limit=1000), may_invite="user.add" in ctx.work.actor.grants)


async def take_back(ctx: Context, line: Line) -> Screen:
    """Undo the actor's last change."""
    return await undone(ctx, await undo.last_work(ctx.work))


async def undone(ctx: Context, work_id: int) -> Screen:
    """Undo one work and say what it was; what was removed can be brought back."""
    handed = await handed_over_by(work_id)
    if handed:
        return await given_back(ctx, work_id, handed)
    changed = await undo.undo(ctx.work, work_id)
    await ctx.work.flush()
    gone = [await _undone_name(ctx, record) for record in changed if record.deleted_at]
    back = [await _undone_name(ctx, record) for record in changed if not record.deleted_at]
    first = next((record for record in changed if record.deleted_at is None), None)
    opens = first and ref(*about_of(first))[0] in "dcola"
    again = any(isinstance(event, RecordRestored) and event.work_id == ctx.work.id for event in ctx.work.events)
    if again:
        back.reverse()
    kept = ", ".join(back[:6])
    row = [Button(ctx.words.t("Open"), pack("op", ref(*about_of(first))))] if first and opens else []
    if gone:
        row.append(Button("↪ " + ctx.words.t("Bring back"), ctx.undo))
    return Screen(
        lines(
            "↪ " + bold(ctx.words.t("Brought back")) if again else "↩ " + bold(ctx.words.t("Undone")),
            "   " + ctx.words.t("Removed: {what}", what=", ".join(gone[:6])) if gone else "",
            "   " + (ctx.words.t("Back: {what}", what=kept) if again else ctx.words.t("As before: {what}", what=kept))
            if kept
            else "",
        ),
        (row,),
        about_of(first) if first and not isinstance(first, Rule) else None,
    )


async def _undone_name(ctx: Context, record: Record) -> str:
    """Say what a record is and how it is called: “the deal Acme roof repair”, “the call with Anna”."""
    name = bold(clip(await ctx.name_of(record), 60))
    if isinstance(record, Activity):
        kind = ctx.words.t(kind_of(ctx.kinds, record.kind).label).lower()
        return f"{kind} {name}" if record.title else kind
    return f"{ctx.words.t(record._meta.db_table)} {name}"


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
    actor = ctx.work.actor
    typed = line.text_after(0).replace("/", " ").split()
    table = ctx.plugged.verbs(actor)
    verb = (table.find(typed[0], typed[1]) if len(typed) > 1 else None) or (table.find(typed[0]) if typed else None)
    helps = ctx.plugged.helps(ctx.words, actor.role, actor.grants)
    known = verb is not None and (verb.name in HELP or verb.name in helps)
    return help_screen(ctx.words, actor.role, verb.name if verb and known else "", helps)


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
    screen = await asking_owner(ctx, await open_card(ctx, entity, record_id))
    ctx.main = (entity, record_id)
    return screen


async def open_card(ctx: Context, entity: str, record_id: int) -> Screen:
    """Show a record's card as it stands now."""
    if entity == "rule":
        return await rule_card(ctx, record_id)
    if entity == "deal":
        card = await deal_card(ctx.work, record_id)
        return deal_screen(ctx.words, ctx.kinds, card, own=card.deal.owner_id == ctx.work.actor.id)
    if entity == "activity":
        return activity_screen(ctx.words, ctx.kinds, await activity_card(ctx.work, record_id))
    return party_screen(ctx.words, ctx.kinds, await party_card(ctx.work, entity, record_id))
