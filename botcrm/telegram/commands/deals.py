"""The verbs about deals: deal, stage, won, lost."""

from collections import Counter
from dataclasses import replace
from typing import Any

from botcrm.core.domain.errors import CrmError, NotAllowed, NotFound, StageNotInPipeline
from botcrm.core.domain.events import OwnerChanged
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import LETTERS, Action, DealStatus, Entity
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Company, Contact, Deal, Record, User
from botcrm.core.services import deals, records
from botcrm.core.services.access import facts_of, may, ref
from botcrm.core.services.activities import add_note
from botcrm.core.services.cards import DealCard, deal_card, party_card
from botcrm.core.services.custom import dictionaries
from botcrm.core.services.search.subjects import Found
from botcrm.core.services.work import MODELS
from botcrm.telegram.commands.deal_picks import PARTIES, may_mean, open_deals, pick_page
from botcrm.telegram.commands.subject import (
    Missing,
    Subject,
    due_or_options,
    kind_for,
    plan,
    subject_of,
    without_subject,
)
from botcrm.telegram.context import Context, about_of
from botcrm.telegram.errors import words_for
from botcrm.telegram.line_fields import keep_fields, note_of_tried
from botcrm.telegram.new_words import with_new_word
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import SIGNS, deal_screen, party_screen, stage_screen, when_chips
from botcrm.telegram.smart import asking


class NoOpenDeal(CrmError):
    """A company or contact has no open deal that could be moved or closed."""

    message = "{name} has no open deal."


async def deal(ctx: Context, line: Line) -> Screen:
    """Open a deal by one line, correct one by its reference, or show what there is."""
    args = line.args
    if not line.args.head and not ctx.about:
        raise Missing(
            what=ctx.words.t("A deal for whom?"), example="deal Acme 12k roof repair next fri 10:00 site visit"
        )
    subject = await subject_of(ctx, line, (*PARTIES, "deal") if args.refs or ctx.about else PARTIES)
    if isinstance(subject.record, Deal) and (args.refs or ctx.about):
        return await _correct(ctx, subject.record, line)
    title = line.text_after(subject.words)
    if isinstance(subject.record, Company | Contact) and not (
        title or args.amount or args.own or args.next_text is not None
    ):
        card = await party_card(ctx.work, subject.record._meta.db_table, subject.record.id)
        if card.deals:
            ctx.main = (card.entity, card.record.id)
            head = ctx.words.n(
                "{name} has an open deal. Open it, or start another.",
                "{name} has {n} open deals. Open one, or start another.",
                len(card.deals),
                name=esc(clip(card.name, 80)),
            )
            return party_screen(ctx.words, ctx.kinds, card, head=head)
    return await _open(ctx, line, subject, title)


async def _open(ctx: Context, line: Line, subject: Subject, title: str) -> Screen:
    args, work = line.args, ctx.work
    values: dict[str, Any] = {"company_id": None, "contact_id": None}
    unclear = subject.tier in ("exact", "start")
    if isinstance(subject.record, Contact):
        values = {"contact_id": subject.record.id, "company_id": subject.record.company_id}
    elif isinstance(subject.record, Company):
        values["company_id"] = subject.record.id
    elif subject.typed and not unclear:
        values["company_id"] = (await records.add_company(work, subject.typed)).id
    name = title or (subject.typed if unclear or not subject.record else "") or getattr(subject.record, "name", "")
    if not name:
        raise Missing(what=ctx.words.t("A deal for whom?"), example="deal Acme 12k roof repair")
    found, unknown = await _added(ctx, line, name, values)
    unknown += await keep_fields(ctx, found, line)
    await records.add_tags(work, found, args.tags)
    activity, options = await plan_next(ctx, line, {**values, "deal_id": found.id})
    if args.owner:
        unknown += await given(ctx, found, args.owner)
    ctx.main = ("deal", found.id)
    screen = await deal_shown(ctx, found.id, "✅ " + ctx.words.t("Deal opened"), activity, options)
    if activity is None and found.owner_id == work.actor.id:
        screen = await asking(ctx, screen, found.id)
    rows, text = list(screen.rows), lines(screen.text, *unknown, kept_as_text(ctx, line))
    if subject.candidates:
        rows[0:0] = picks(ctx, subject, [("deal", found.id)])
        text = lines(text, ask_who(ctx, subject, saved=not unclear))
    return Screen(text, tuple(rows), screen.about)


async def _added(ctx: Context, line: Line, name: str, values: dict[str, Any]) -> tuple[Deal, list[str]]:
    """Add the deal, at the first stage where the one named is none; return it and what to say of that."""
    amount, stage = line.args.amount, line.args.stage
    try:
        return await deals.add_deal(ctx.work, title=name, amount=amount, stage=stage, **values), []
    except StageNotInPipeline as exc:
        return await deals.add_deal(ctx.work, title=name, amount=amount, **values), [words_for(ctx.words, exc)]


async def given(ctx: Context, record: Record, name: str) -> list[str]:
    """Hand what was just saved to the colleague that a line names; return what to say where that is nobody."""
    try:
        await ctx.give(record, await ctx.colleague(name))
    except NotFound:
        return [
            "✋ " + ctx.words.t("No colleague of yours goes by @{name}, so it stays yours.", name=esc(name.lstrip("@")))
        ]
    return []


def kept_as_text(ctx: Context, line: Line) -> str:
    """Say which amounts, durations and the like came a second time and went into the text."""
    extra = line.args.extra
    return ctx.words.t("Kept as text: {words}", words=esc(", ".join(extra))) if extra else ""


async def deal_shown(
    ctx: Context,
    deal_id: int,
    head: str,
    planned: Activity | None = None,
    options: tuple[Any, ...] = (),
    *,
    undo: bool = True,
) -> Screen:
    """Show a deal after something was done with it; chips ask for the time of a next step that has none."""
    try:
        card = await deal_card(ctx.work, deal_id)
    except NotFound:
        return await handed_away(ctx, "deal", deal_id, head)
    return _card_screen(ctx, card, head, planned, options, undo=undo)


def _card_screen(
    ctx: Context, card: DealCard, head: str, planned: Activity | None, options: tuple[Any, ...], *, undo: bool = True
) -> Screen:
    own = card.deal.owner_id == ctx.work.actor.id
    screen = deal_screen(ctx.words, ctx.kinds, card, head=head, undo=ctx.undo if undo else "", own=own)
    if planned is None or planned.due_at is not None:
        return screen
    question = ctx.words.t("When: {what}?", what=esc(clip(planned.title, 100)))
    chips = when_chips(ctx.words, planned, options)
    return Screen(lines(screen.text, question), (*chips, *screen.rows[1:]), screen.about)


async def handed_away(ctx: Context, entity: str, record_id: int, head: str = "") -> Screen:
    """Tell of a record that this very work put out of the actor's reach, as by giving it to their manager.

    :raises NotFound: it was out of reach before
    """
    about = (entity, record_id)
    work = ctx.work
    moves = [e for e in work.events if isinstance(e, OwnerChanged) and (e.entity, e.record_id) == about]
    if not moves or moves[-1].actor_id != ctx.user_id:
        if not may(work.actor, entity, Action.READ):
            # Who may add them and not see them is told what it is, not that it is not there.
            raise NotAllowed(entity=entity, action=Action.READ)
        raise NotFound(ref=ref(entity, record_id))
    record = await MODELS[entity].get(id=record_id)
    owner = await User.get(id=moves[-1].after["owner_id"])
    name = bold(clip(await ctx.name_of(record), 100))
    text = ctx.words.t("{name} went over to {who}.", name=name, who=bold(owner.name))
    return Screen(lines(head, "🤝 " + text), ([Button("↩ " + ctx.words.t("Undo"), ctx.undo)],))


async def plan_next(ctx: Context, line: Line, links: dict[str, int | None]) -> tuple[Any, tuple[Any, ...]]:
    """Plan what the `next` clause says; returns the activity, and the times to choose from where its time is unclear."""
    args = line.args
    if args.next_text is None:
        return None, ()
    due, options = due_or_options(ctx, args.next_when)
    text = args.next_text.strip()
    if not text and due is None and not options:
        return None, ()
    title = text or ctx.words.t("Follow up")
    kind = kind_for(ctx.kinds, text)
    activity = await plan(ctx, kind, title, due, args.next_repeat, links)
    return activity, options


def ask_who(ctx: Context, subject: Subject, *, saved: bool) -> str:
    """Word the question which record was meant."""
    if saved:
        return ctx.words.t("“{name}” is new. Or did you mean one of these?", name=esc(clip(subject.typed, 60)))
    return ctx.words.t("Which “{name}”?", name=esc(clip(subject.typed, 60)))


def picks(ctx: Context, subject: Subject, targets: list[tuple[str, int]]) -> list[list[Button]]:
    """Offer the records a subject may be; a press links them to what was saved."""
    to = ",".join(f"{LETTERS[Entity(entity)]}{record_id}" for entity, record_id in targets)
    twice = {name for name, n in Counter(item.name for item in subject.candidates).items() if n > 1}
    buttons = [pick_button(item, "pk", to, numbered=item.name in twice) for item in subject.candidates]
    rows = rows_of(buttons, 2)
    if subject.tier in ("exact", "start") or targets[0][0] != "deal":
        rows.append([Button(ctx.words.t("New “{name}”", name=clip(subject.typed, 24)), pack("pn", to))])
    return rows


def pick_button(item: Found, action: str, *args: object, numbered: bool = False) -> Button:
    """Return a button that names a found record; `numbered` tells it from another of the same name."""
    ref = f"{LETTERS[Entity(item.entity)]}{item.record_id}"
    name = f"{clip(item.name, 22)} · {ref}" if numbered or item.entity == "deal" else clip(item.name, 26)
    return Button(f"{SIGNS[item.entity]} {name}", pack(action, ref, *args))


async def _correct(ctx: Context, found: Deal, line: Line) -> Screen:
    """Change the deal that a reference or a reply names: amount, title, stage, tags, owner, next step."""
    args, work = line.args, ctx.work
    values: dict[str, Any] = {}
    if args.amount:
        values |= {"amount": args.amount.quantized().amount, "currency": args.amount.currency}
    title, tried = line.text_after(0), line.tried() is not None
    if title and not tried:
        values["title"] = title
    changed = await deals.change_deal(work, found.id, **values) if values else found
    if args.stage:
        stage = await deals.find_stage(changed, args.stage)
        changed = await deals.move_deal(work, found.id, stage.id)
    unknown = await keep_fields(ctx, changed, line)
    if title and tried:
        await note_of_tried(ctx, changed, title)
    await records.add_tags(work, changed, args.tags)
    if args.owner:
        await ctx.give(changed, await ctx.colleague(args.owner))
    links = {"deal_id": found.id, "contact_id": found.contact_id, "company_id": found.company_id}
    activity, options = await plan_next(ctx, line, links)
    ctx.main = ("deal", found.id)
    did = bool(values or args.stage or args.own or args.tags or args.owner or activity)
    head = "✅ " + ctx.words.t("Deal changed") if did else ""
    screen = await deal_shown(ctx, found.id, head, activity, options, undo=did or bool(title))
    return Screen(lines(screen.text, *unknown), screen.rows, screen.about)


# --- stage, won, lost ------------------------------------------------------------------------------------------------


async def stage(ctx: Context, line: Line) -> Screen:
    """Move a deal to a stage, or offer the stages."""
    found, subject = await which_deal(ctx, line, "stage d12 >negotiation")
    name = line.args.stage or line.text_after(subject.words).removeprefix("to ")
    if found is None:
        return await ask_deal(ctx, subject, "sg", line)
    ctx.main = ("deal", found.id)
    if not name:
        return stage_screen(ctx.words, await deal_card(ctx.work, found.id), await deals.stages(found.pipeline_id))
    target = await deals.find_stage(found, name)
    await deals.move_deal(ctx.work, found.id, target.id)
    return await moved(ctx, found.id, *await _rest(ctx, found, line, subject if line.args.stage else None))


async def _rest(
    ctx: Context, found: Deal, line: Line, subject: Subject | None
) -> tuple[Activity | None, tuple[Any, ...]]:
    """Keep what else a line says that moves a deal: its words as a note, the next step as planned."""
    links = {name: value for name, value in facts_of(found).items() if value}
    text = line.text_after(subject.words) if subject else ""
    if text:
        await add_note(ctx.work, text, **links)
    planned: tuple[Activity | None, tuple[Any, ...]] = await plan_next(ctx, line, links)
    return planned


async def moved(ctx: Context, deal_id: int, planned: Activity | None = None, options: tuple[Any, ...] = ()) -> Screen:
    """Show a deal after it moved."""
    card = await deal_card(ctx.work, deal_id)
    head = {
        "won": "🎉 " + bold(ctx.words.t("Won!")),
        "lost": bold(ctx.words.t("Lost")),
    }.get(card.deal.status, "✅ " + ctx.words.t("Now in {stage}", stage=bold(card.stage)))
    return _card_screen(ctx, card, head, planned, options)


async def won(ctx: Context, line: Line) -> Screen:
    """Win a deal named by its reference, its card or its exact name; else ask which."""
    found, subject = await which_deal(ctx, line, "won d12")
    if found is None:
        return await ask_deal(ctx, subject, "wn", line)
    ctx.main = ("deal", found.id)
    if line.args.amount:
        money = line.args.amount.quantized()
        await deals.change_deal(ctx.work, found.id, amount=money.amount, currency=money.currency)
    await deals.close_deal(ctx.work, found.id, DealStatus.WON)
    return await moved(ctx, found.id, *await _rest(ctx, found, line, subject))


async def lost(ctx: Context, line: Line) -> Screen:
    """Lose a deal, with the reason in the line's own words."""
    found, subject = await which_deal(ctx, line, "lost d12 price")
    reason = line.text_after(subject.words)
    if found is None:
        return await ask_deal(ctx, subject, "ls", line)
    ctx.main = ("deal", found.id)
    await deals.close_deal(
        ctx.work, found.id, DealStatus.LOST, await dictionaries.propose(ctx.work, "lost_reason", reason)
    )
    return await with_new_word(ctx, await moved(ctx, found.id), "lost_reason", found)


async def which_deal(ctx: Context, line: Line, example: str, *, guess: bool = False) -> tuple[Deal | None, Subject]:
    """Return the deal that is beyond doubt, or what it may be: closing a deal is never guessed.

    :param guess: one clear winner will do, and the only open deal of a company or contact
    """
    subject = await subject_of(ctx, line, ("deal", *PARTIES))
    if isinstance(subject.record, Deal):
        name = await ctx.name_of(subject.record)
        named = subject.record.status == "open" and fold(subject.typed) == fold(name)
        if line.args.refs or ctx.about or guess:
            return subject.record, subject
        subject = _as_candidate(subject, name)
        found = await may_mean(ctx, subject)
        # Also called like a company with other deals, it is not beyond doubt.
        if named and len(found) == 1:
            return await Deal.get(id=found[0].record_id), subject
        return None, replace(subject, candidates=tuple(found))
    if subject.record is not None:
        found = await open_deals(ctx, [about_of(subject.record)])
        if not found:
            raise NoOpenDeal(
                name=subject.record.name if isinstance(subject.record, Company | Contact) else subject.typed
            )
        if guess and len(found) == 1:
            return await Deal.get(id=found[0].record_id), subject
        return None, Subject(None, subject.typed, subject.words, tuple(found), "start")
    if not subject.typed:
        raise Missing(what=ctx.words.t("Which deal?"), example=example)
    return None, replace(subject, candidates=tuple(await may_mean(ctx, subject)))


def _as_candidate(subject: Subject, subject_name: str) -> Subject:
    record: Record | None = subject.record
    assert isinstance(record, Deal)
    return Subject(None, subject.typed, subject.words, (Found("deal", record.id, subject_name, 100.0),), "start")


async def ask_deal(ctx: Context, subject: Subject, action: str, line: Line) -> Screen:
    """Ask which deal a line is about; what else it says is done when one is picked.

    :raises NotFound: no deal goes by that name
    """
    found = [item for item in subject.candidates if item.entity == "deal"]
    if not found:
        raise NotFound(ref=f"“{clip(subject.typed, 60)}”")
    # All that the line says besides the deal is done when the deal is picked.
    ids = [item.record_id for item in found]
    return await pick_page(ctx, await ctx.ask("pick", line=without_subject(line, subject), deals=ids, action=action))
