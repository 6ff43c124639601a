"""The verbs about what is done and to be done: call, meet, task, note."""

from botcrm.core.domain.dates import WhenFound
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.phones import normal_phone
from botcrm.core.models import Activity, Contact
from botcrm.core.services import records
from botcrm.core.services.activities import add_note, due_values, log_activity
from botcrm.core.services.cards import activity_card
from botcrm.telegram.commands.deals import ask_who, given, handed_away, kept_as_text, picks, plan_next
from botcrm.telegram.commands.subject import Missing, Subject, due_or_options, links_of, no_day, plan, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.offers import recent, target_buttons
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack, rows_of
from botcrm.telegram.screens.cards import (
    activity_buttons,
    activity_lines,
    deal_row_line,
    next_line,
    phone_text,
    when_chips,
)
from botcrm.telegram.smart import after_talk

SUBJECTS = ("contact", "company", "lead", "deal")


async def call(ctx: Context, line: Line) -> Screen:
    """Log a call, or plan one when a time ahead is named."""
    return await _contact(ctx, line, "call", "call Anna 15m ok wants two variants next tomorrow 15:00 send offer")


async def meet(ctx: Context, line: Line) -> Screen:
    """Log a meeting, or plan one when a time ahead is named."""
    return await _contact(ctx, line, "meeting", "meet Acme 40m ok signed")


async def _contact(ctx: Context, line: Line, kind: str, example: str) -> Screen:
    args = line.args
    subject = await _subject(ctx, line, example)
    links = await links_of(ctx, subject.record)
    text = await _with_phone(ctx, line, subject, line.text_after(subject.words))
    if subject.candidates:
        text = lines_kept(subject, text)
    when = args.when
    due, options = due_or_options(ctx, when)
    ahead = due is not None and bool(due_values(ctx.work, due)["due_at"] > ctx.said_at)
    logged = args.outcome or args.duration
    if ahead or options or (no_day(ctx, when) and not logged):
        activity = await plan(ctx, kind, text, due, args.repeat, links)
        return await answered(ctx, line, subject, activity, options=options)
    done_at = due_values(ctx.work, due)["due_at"] if isinstance(when, WhenFound) else None
    activity = await log_activity(
        ctx.work,
        kind,
        text,
        done_at=done_at,
        duration=args.duration,
        direction=args.direction or ("out" if kind == "call" else None),
        result=args.outcome,
        **links,
    )
    following, options = await plan_next(ctx, line, links)
    return await answered(ctx, line, subject, activity, following, options)


def lines_kept(subject: Subject, text: str) -> str:
    """Keep the words of a subject that is not clear yet with the text, so that nothing typed is lost."""
    return f"{subject.typed}: {text}" if text else subject.typed


async def _subject(ctx: Context, line: Line, example: str) -> Subject:
    subject = await subject_of(ctx, line, SUBJECTS, loose=True)
    if subject.record or subject.candidates:
        return subject
    if not subject.typed and line.args.phone:
        return await _by_phone(ctx, line.args.phone)
    if not subject.typed:
        raise Missing(what=ctx.words.t("With whom?"), example=example)
    if line.args.head[0].shape in ("when", "repeat") and subject.typed[0].islower():
        # `meet may 3 at 10:00 show`: what is done, not with whom.
        return Subject()
    # Nobody of that name: a new contact, said on the card and taken back by one tap.
    contact = await records.add_contact(ctx.work, subject.typed, phone=line.args.phone)
    return Subject(contact, subject.typed, subject.words, tier="new")


async def _by_phone(ctx: Context, typed: str) -> Subject:
    """Take a number alone for whoever has it, else for a new contact of that name."""
    number = records.clean_phone(ctx.work, typed)
    known = await records.contact_by_phone(ctx.work, number or "")
    if known:
        return Subject(known, typed)
    return Subject(await records.add_contact(ctx.work, typed, phone=typed), typed, tier="new")


async def _with_phone(ctx: Context, line: Line, subject: Subject, text: str) -> str:
    """Put a number typed in the line where it is not lost: on a contact that has none, else into the text."""
    typed = line.args.phone
    number = normal_phone(typed, ctx.work.prefs.region) if typed else None
    if typed is None or (number and getattr(subject.record, "phone", None) == number):
        return text
    if number and isinstance(subject.record, Contact) and not subject.record.phone:
        await records.change_record(ctx.work, Contact, subject.record.id, phone=number)
        return text
    return f"{text} {typed}".strip()


async def answered(
    ctx: Context,
    line: Line,
    subject: Subject,
    activity: Activity,
    following: Activity | None = None,
    options: tuple[object, ...] = (),
) -> Screen:
    """Show what was logged or planned, and what comes next."""
    ctx.main = ("activity", activity.id)
    if subject.record is not None and line.args.tags:
        await records.add_tags(ctx.work, subject.record, line.args.tags)
    try:
        card = await activity_card(ctx.work, activity.id)
    except NotFound:
        return await handed_away(ctx, "activity", activity.id)
    words = ctx.words
    planned = following or (activity if activity.status == "planned" else None)
    text = lines(
        activity_lines(words, ctx.kinds, card),
        words.t("New contact: {name}", name=bold(clip(subject.typed, 80))) if subject.tier == "new" else "",
        phone_text(card.phone) if planned else "",
        _next_line(ctx, following) if following else "",
        deal_row_line(words, card.deal) if card.deal else "",
        kept_as_text(ctx, line),
        no_day(ctx, line.args.when),
    )
    rows: list[list[Button]] = []
    if subject.candidates:
        text = lines(text, "", ask_who(ctx, subject, saved=False))
        targets = [("activity", activity.id)] + ([("activity", following.id)] if following else [])
        rows += picks(ctx, subject, targets)
    elif planned is not None:
        unclear = planned.due_at is None
        rows += when_chips(words, planned, options) if unclear else activity_buttons(words, planned)  # type: ignore[arg-type]
        if unclear:
            text = lines(text, "", words.t("When?"))
    else:
        question = await after_talk(ctx, activity)
        if question:
            text, rows = lines(text, question.text), [*rows, *(list(row) for row in question.rows)]
        elif card.deal and card.deal.next_id and activity.result == "ok":
            text = lines(text, next_line(words, ctx.kinds, card.deal), words.t("Anything more to be done?"))
            rows.append([Button("▶ " + words.t("One more step"), pack("dp", card.deal.id))])
    last = [Button(words.t("Open deal"), pack("op", f"d{card.deal.id}"))] if card.deal else []
    return Screen(
        text, (*rows, [*last, Button("↩ " + words.t("Undo"), ctx.undo)]), ("activity", (planned or activity).id)
    )


def _next_line(ctx: Context, activity: Activity) -> str:
    when = ctx.words.when(activity.due_at, activity.has_time)
    return f"▶ {ctx.words.t('Next')}: {when} — {esc(clip(activity.title, 300))}"


async def task(ctx: Context, line: Line) -> Screen:
    """Plan something to do."""
    subject = await task_subject(ctx, line)
    text = line.text_after(subject.words)
    if subject.record is None:
        text = " ".join(filter(None, (lines_kept(subject, text) if subject.candidates else text,)))
    when, options = due_or_options(ctx, line.args.when)
    if line.args.next_text is not None and when is None and not options:
        when, options = due_or_options(ctx, line.args.next_when)
        text = " ".join(filter(None, (text, line.args.next_text.strip())))
    if not text and subject.record is None:
        raise Missing(what=ctx.words.t("What is to be done?"), example="task Acme mon 9:00 order scaffold")
    rule = line.args.repeat or line.args.next_repeat
    links = await links_of(ctx, subject.record)
    activity = await plan(ctx, "task", text or ctx.words.t("Follow up"), when, rule, links)
    unknown = await given(ctx, activity, line.args.owner) if line.args.owner else []
    screen = await answered(ctx, line, subject, activity, options=options)
    if line.args.owner and not unknown:
        to = await ctx.colleague(line.args.owner)
        unknown = ["🤝 " + ctx.words.t("Given to {name}", name=bold(to.name))]
    return Screen(lines(screen.text, *unknown), screen.rows, screen.about)


async def task_subject(ctx: Context, line: Line) -> Subject:
    """A task need not be about anybody: words that name no record are its text."""
    subject = await subject_of(ctx, line, SUBJECTS, loose=True)
    if subject.record is None and (not subject.candidates or subject.tier in ("like", "part")):
        return Subject()
    return subject


async def note(ctx: Context, line: Line) -> Screen:
    """Keep a text on a record, as it was typed."""
    subject = await subject_of(ctx, line, SUBJECTS, loose=True)
    if subject.record is None and subject.candidates and subject.tier == "like":
        subject = Subject(None, subject.typed, 0, subject.candidates, subject.tier)
    text = line.text_after(subject.words if subject.record else 0).strip()
    if not text:
        raise Missing(what=ctx.words.t("A note of what?"), example="note Acme prefers e-mail")
    links = await links_of(ctx, subject.record)
    if subject.record is None or subject.record._meta.db_table != "deal":
        links["deal_id"] = None
    saved = await add_note(ctx.work, text, **links)
    ctx.main = ("note", saved.id)
    undo = [Button("↩ " + ctx.words.t("Undo"), ctx.undo)]
    if subject.record is not None:
        about = (subject.record._meta.db_table, subject.record.id)
        head = "📝 " + ctx.words.t("Noted on {name}", name=bold(clip(await ctx.name_of(subject.record), 100)))
        return Screen(lines(head, f"   {esc(clip(text, 300))}"), (undo,), about)
    asked = Subject(None, subject.typed, subject.words, subject.candidates, subject.tier)
    text_line = lines(
        "📝 " + ctx.words.t("Note kept"), f"   {esc(clip(text, 300))}", "", ctx.words.t("Whom is it about?")
    )
    kept = f"n{saved.id}"
    rows = (
        picks(ctx, asked, [("note", saved.id)])
        if asked.candidates
        else [
            *rows_of(target_buttons(await recent(ctx, 4), kept), 2),
            [Button("🔍 " + ctx.words.t("Search…"), pack("sr", kept))],
        ]
    )
    return Screen(text_line, (*rows, undo), ("note", saved.id))
