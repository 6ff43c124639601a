"""The verbs about the day and the bot itself: today, deals, team, undo, invite, help, start."""

import contextlib
from dataclasses import replace

from botcrm.core import db
from botcrm.core.domain.errors import NewerChange, NotAllowed, NotFound, NothingToUndo
from botcrm.core.domain.events import RecordMerged, RecordRestored
from botcrm.core.domain.grammar import Line, parse_lines
from botcrm.core.domain.kinds import ENTITY_OF, Action
from botcrm.core.domain.preferences import PREFERENCES
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Choice, CustomField, Record, Rule, SavedFilter, User
from botcrm.core.services.access import current, load_any, ref, within
from botcrm.core.services.cards import activity_card, deal_card, party_card
from botcrm.core.services.filters import NoSuchFilter, filter_named, find_filter
from botcrm.core.services.home import Home, home
from botcrm.core.services.merging.unmerge import merge_of
from botcrm.core.services.staff import invites, people
from botcrm.core.services.staff.handover import find_former, handed_over_by
from botcrm.core.services.staff.team import team
from botcrm.core.services.suggestions import QUIET
from botcrm.core.services.undo import undo
from botcrm.core.services.undo.settings import SetBack, set_back
from botcrm.core.services.work import ENTITIES
from botcrm.telegram.commands.custom_fields import field_card, word_card
from botcrm.telegram.commands.exporting import with_export
from botcrm.telegram.commands.filtering import deals_by
from botcrm.telegram.commands.merging import leads_to_operation, taken_apart
from botcrm.telegram.commands.operations import operation_card
from botcrm.telegram.commands.roles import roles_set_back, with_role
from botcrm.telegram.commands.rules import rule_card
from botcrm.telegram.commands.subject import Missing
from botcrm.telegram.commands.team import given_back
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.errors import words_for
from botcrm.telegram.screens.base import Button, Screen, base36, bold, clip, esc, lines, pack
from botcrm.telegram.screens.cards import activity_screen, deal_screen, kind_of, party_screen
from botcrm.telegram.screens.home import home_screen
from botcrm.telegram.screens.lists import team_screen
from botcrm.telegram.screens.merging import already_screen
from botcrm.telegram.screens.texts import HELP, help_screen, show_value, welcome_screen
from botcrm.telegram.smart import asking_owner

# What no message is about: it is no client's.
_CARDLESS = (Rule, CustomField, Choice, SavedFilter)


async def today(ctx: Context, line: Line) -> Screen:
    """Show the home screen: the actor's own, or that of somebody named within reach; narrowed like /deals."""
    name = line.args.owner or line.text_after(0).strip()
    if name.startswith((">", "#")):
        return await list_deals(ctx, _as_deals(ctx, name))
    if name:
        person = await _person(ctx, name)
        return await with_role(ctx, _home(ctx, await home(ctx.work, owner_id=person.id)), person.id)
    return _home(ctx, await home(ctx.work))


def _as_deals(ctx: Context, text: str) -> Line:
    """Read what a list is narrowed to, as /deals does."""
    return parse_lines(
        f"/deals {text}",
        verbs=ctx.plugged.verbs(),
        now_wall=ctx.said_wall,
        language=ctx.work.prefs.language,
        currency=ctx.work.prefs.currency,
    )[0]


async def _person(ctx: Context, name: str) -> User:
    """Return the one person within reach of that name or the start of one: a colleague, else somebody who has left.

    :raises NotFound: nobody, or more than one
    """
    try:
        return await people.find_person(ctx.work, name)
    except NotFound:
        former = await find_former(ctx.work, name)
        if former is None:
            raise NotFound(ref=f"@{clip(name.lstrip('@'), 60)}") from None
        return former


def _home(ctx: Context, shown: Home, name: str = "", *, listed: bool = False) -> Screen:
    screen = home_screen(ctx.words, ctx.kinds, shown, name, listed=listed, channel=ctx.work.hooks.channel_title)
    return with_export(ctx, screen, shown.owner_id, shown.narrowed.code)


async def list_deals(ctx: Context, line: Line) -> Screen:
    """Show open deals in the order of attention, of the person, stage, tag and pipeline that the line names."""
    words = " ".join(token.text for token in line.args.head if token.shape == "word")
    person = await _person(ctx, line.args.owner) if line.args.owner else None
    other = person if person and person.id != ctx.user_id else None
    try:
        whose, stage = other.id if other else ctx.user_id, line.args.stage
        narrowed = (
            await find_filter(words, stage, line.args.tags, whose)
            if stage
            else await filter_named(words, line.args.tags, whose)
        )
    except NoSuchFilter:
        asked = await deals_by(ctx, line.raw[line.tokens[0].end :].strip())
        if asked is None:
            raise
        return asked
    shown = await home(ctx.work, owner_id=other.id if other else None, narrowed=narrowed)
    return _home(ctx, shown, other.name if other else "", listed=True)


async def show_team(ctx: Context, line: Line) -> Screen:
    """Show the counters of everybody who reports to the actor, or the home screen of the one who is named."""
    if line.args.owner or line.text_after(0).strip():
        return await today(ctx, line)
    return team_screen(ctx.words, await team(ctx.work, limit=1000), may_invite="user.add" in ctx.work.actor.grants)


async def take_back(ctx: Context, line: Line) -> Screen:
    """Undo the actor's last change; where that may not be taken back any more, say which it is, and offer the one before."""
    work_id = await undo.last_work(ctx.work)
    try:
        async with ctx.work.savepoint():
            return await undone(ctx, work_id)
    except (NewerChange, NotAllowed, NotFound) as error:
        row: list[Button] = []
        what = [await _worked_on(ctx, work_id), words_for(ctx.words, error)]
        with contextlib.suppress(NothingToUndo):
            earlier = await undo.last_work(ctx.work, work_id)
            row = [Button("↩ " + ctx.words.t("Undo the one before"), pack("un", base36(earlier)))]
            what.append(
                ctx.words.t("The one before: {what}", what=named) if (named := await _worked_on(ctx, earlier)) else ""
            )
        return Screen(lines(*what), (row,))


async def _worked_on(ctx: Context, work_id: int) -> str:
    """Say what a work was about, as HTML; "" where that is no record within reach."""
    row = await db.fetch_one("SELECT entity, record_id FROM event WHERE work_id = ? ORDER BY id DESC LIMIT 1", work_id)
    if row is None or row["entity"] not in ENTITIES.values():
        return ""
    try:
        return await _undone_name(ctx, await load_any(ctx.work, row["entity"], row["record_id"]))
    except NotFound:
        return ""


async def undone(ctx: Context, work_id: int) -> Screen:
    """Undo one work and say what it was; what was removed can be brought back."""
    handed = await handed_over_by(work_id)
    if handed:
        return await given_back(ctx, work_id, handed)
    operation_id = await leads_to_operation(work_id)
    if operation_id is not None:
        return await operation_card(ctx.work, ctx.words, operation_id)
    apart = await taken_apart(ctx, work_id)
    if apart is not None:
        return apart
    changed = await undo.undo(ctx.work, work_id)
    await ctx.work.flush()
    settings = [await _set_back(ctx, one) for one in set_back(ctx.work)]
    vanished, placed = await roles_set_back(ctx)
    settings += placed
    gone = vanished + [await _undone_name(ctx, record) for record in changed if record.deleted_at]
    back = settings + [await _undone_name(ctx, record) for record in changed if not record.deleted_at]
    first = next((record for record in changed if record.deleted_at is None), None)
    bare = isinstance(first, _CARDLESS)
    opens = first and not bare and ref(*about_of(first))[0] in "dcola"
    restored = {
        (event.entity, event.record_id)
        for event in ctx.work.events
        if isinstance(event, RecordRestored) and event.work_id == ctx.work.id
    }
    # One that was deleted in the very work that had made it is gone all the same.
    merged = any(isinstance(event, RecordMerged) and event.work_id == ctx.work.id for event in ctx.work.events)
    again = any((ENTITIES[type(record)], record.id) in restored for record in changed if not record.deleted_at)
    if again:
        back.reverse()
    kept = ", ".join(back[:6])
    row = [Button(ctx.words.t("Open"), pack("op", ref(*about_of(first))))] if first and opens else []
    if gone or settings:
        row.append(Button("↪ " + ctx.words.t("Bring back"), ctx.undo))
    return Screen(
        lines(
            "🔗 " + bold(ctx.words.t("Merged again"))
            if merged
            else "↪ " + bold(ctx.words.t("Brought back"))
            if again
            else "↩ " + bold(ctx.words.t("Undone")),
            "   " + ctx.words.t("Removed: {what}", what=", ".join(gone[:6])) if gone else "",
            "   " + _kept_text(ctx, kept, merged=merged, again=again) if kept else "",
        ),
        (row,),
        about_of(first) if first and not bare else None,
    )


def _kept_text(ctx: Context, kept: str, *, merged: bool, again: bool) -> str:
    """Say what is there after something was taken back."""
    if merged:
        return ctx.words.t("Into: {what}", what=kept)
    return ctx.words.t("Back: {what}", what=kept) if again else ctx.words.t("As before: {what}", what=kept)


async def _set_back(ctx: Context, one: SetBack) -> str:
    """Say what a setting is again, or which deal's mark was set back."""
    if one.deal_id and one.key == QUIET:
        return f"d{one.deal_id}: " + ctx.words.t("suggestions")
    if one.deal_id:
        mark = {"pinned": ctx.words.t("pinned"), "muted": ctx.words.t("muted")}.get(one.value, ctx.words.t("no mark"))
        return f"d{one.deal_id}: {mark}"
    if one.key not in PREFERENCES:
        return ctx.words.t("suggestions")
    value = ctx.words.t("as the company has it") if one.value is None else show_value(ctx.words, one.value)
    return f"{bold(one.key)} = {value}"


async def _undone_name(ctx: Context, record: Record) -> str:
    """Say what a record is and how it is called: “the deal Acme roof repair”, “the call with Anna”."""
    name = bold(clip(await ctx.name_of(record), 60))
    if isinstance(record, Activity):
        kind = ctx.words.t(kind_of(ctx.kinds, record.kind).label).lower()
        return f"{kind} {name}" if record.title else kind
    what = ctx.words.t("word") if isinstance(record, Choice) else ctx.words.t(ENTITIES[type(record)])
    return f"{what} {name}"


async def invite(ctx: Context, line: Line) -> Screen:
    """Make a one-time link that lets one person in."""
    words = line.text_after(0).split()
    if not words:
        raise Missing(what=ctx.words.t("Invite whom, as what?"), example="invite rep Anna")
    name = " ".join(words[1:])
    token = await invites.invite(ctx.work, fold(words[0]), name, manager_id=ctx.user_id)
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
    table = ctx.plugged.verbs()
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


async def _merged_card(ctx: Context, entity: str, record_id: int, main_id: int) -> Screen:
    """Show the record that another one went into."""
    try:
        screen = await open_card(ctx, entity, main_id)
    except NotFound:
        raise NotFound(ref=ref(entity, record_id)) from None
    row = await merge_of(entity, record_id)
    return already_screen(ctx.words, entity, record_id, screen, row.id if row else None)


async def open_card(ctx: Context, entity: str, record_id: int, *, folded: bool = True, undo: str = "") -> Screen:
    """Show a record's card as it stands now; a merged one's is that of the record it went into.

    :param folded: without what is behind [More]
    :param undo: the callback data that takes back what was done just before
    """
    main_id = await current(entity, record_id)
    if main_id != record_id:
        return await _merged_card(ctx, entity, record_id, main_id)
    if entity == "rule":
        return await rule_card(ctx, record_id)
    if entity == "field":
        return await field_card(ctx, record_id)
    if entity == "choice":
        return await word_card(ctx, record_id)
    if entity == "deal":
        card = await deal_card(ctx.work, record_id)
        own = card.deal.owner_id == ctx.work.actor.id
        screen = deal_screen(ctx.words, ctx.kinds, card, own=own, folded=folded, undo=undo)
        return screen if folded else await _with_delete(ctx, screen, card.deal)
    if entity == "activity":
        return activity_screen(ctx.words, ctx.kinds, await activity_card(ctx.work, record_id))
    party = await party_card(ctx.work, entity, record_id)
    screen = party_screen(ctx.words, ctx.kinds, party, folded=folded, undo=undo)
    return screen if folded else await _with_delete(ctx, screen, party.record)


async def _with_delete(ctx: Context, screen: Screen, record: Record) -> Screen:
    """Add [Delete] above the last row of an unfolded card, for whoever may."""
    if not await within(ctx.work.actor, record, Action.DELETE):
        return screen
    row = [Button("🗑 " + ctx.words.t("Delete"), pack("rd", ref(*about_of(record))))]
    return replace(screen, rows=(*screen.rows[:-1], row, *screen.rows[-1:]))
