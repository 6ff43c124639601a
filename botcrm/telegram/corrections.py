"""Correcting in place: an edited line changes the record it made instead of making another.

Only what the edit changed is changed: what the person, say, moved by a button meanwhile stays as it is.
"""

from dataclasses import replace
from typing import Any

from botcrm.core import db
from botcrm.core.domain.dates import When, WhenFound, read_when
from botcrm.core.domain.errors import InvalidValue, NewerChange
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.text import fold
from botcrm.core.models import Activity, Company, Contact, Deal, Record
from botcrm.core.models import Line as LineRow
from botcrm.core.services import activities, deals, records
from botcrm.telegram.commands.activities import SUBJECTS, answered, lines_kept, task_subject
from botcrm.telegram.commands.deal_picks import PARTIES
from botcrm.telegram.commands.deals import ask_who, deal_shown, picks, plan_next
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.subject import (
    Links,
    Missing,
    Subject,
    due_of,
    due_or_options,
    kind_for,
    links_of,
    subject_of,
)
from botcrm.telegram.context import Context
from botcrm.telegram.line_fields import correct_fields
from botcrm.telegram.party_corrections import MODELS, change_party, corrected_values, party_corrected
from botcrm.telegram.screens.base import Button, Screen, clip, esc, lines


async def refuse_if_others_changed(ctx: Context, row: LineRow) -> None:
    """Refuse to correct what somebody else has changed since the line was written.

    :raises NewerChange: somebody did
    """
    newer = await db.fetch_one(
        'SELECT e.type, u.name FROM event e LEFT JOIN "user" u ON u.id = e.actor_id '
        "WHERE e.entity = ? AND e.record_id = ? AND (e.actor_id IS NULL OR e.actor_id <> ?) "
        "AND e.id > (SELECT max(id) FROM event WHERE work_id = ?) ORDER BY e.id DESC LIMIT 1",
        row.entity,
        row.record_id,
        ctx.user_id,
        row.work_id,
    )
    if newer:
        raise NewerChange(who=newer["name"] or "botcrm", what=newer["type"], entity=row.entity, record_id=row.record_id)


async def correct_answer(ctx: Context, row: LineRow, text: str) -> Screen:
    """Correct what was typed as the answer to a question: a note's words, a time; what went out to a client stays.

    :raises InvalidValue: no time can be read in it, or it cannot be changed any more
    """
    if row.entity == "note" and row.record_id:
        note = await activities.change_note(ctx.work, row.record_id, text)
        return Screen(lines("📝 " + ctx.words.t("Note corrected"), f"   {esc(clip(note.text, 300))}"))
    if row.entity == "activity" and row.record_id:
        found = read_when(text, ctx.said_wall, ctx.work.prefs.language)
        if isinstance(found, WhenFound):
            await activities.reschedule_activity(ctx.work, row.record_id, due_of(ctx, found))
            screen = await open_card(ctx, "activity", row.record_id)
            return Screen(lines("✏️ " + ctx.words.t("Corrected"), screen.text), screen.rows, screen.about)
    raise InvalidValue(
        what=ctx.words.t("answer"),
        value=clip(text, 60),
        how=ctx.words.t("What you answered is done already. Change it on the card, or write again."),
    )


async def correct(ctx: Context, row: LineRow, was: Line, line: Line) -> Screen | None:
    """Bring the record a line made in accord with the line's new words.

    :returns: the corrected card, or None where the record must be made anew (another subject, another kind of line)
    """
    assert line.verb is not None
    if line.args.refs != was.args.refs:
        return None
    if line.verb == "deal" and row.entity == "deal" and not was.args.refs:
        return await _deal(ctx, row, was, line)
    if row.entity in MODELS and line.verb == row.entity and not was.args.refs:
        return await _party(ctx, row, was, line)
    if _subject_text(line) != _subject_text(was):
        return None
    if line.verb in ("call", "meet", "task") and row.entity == "activity":
        return await _activity(ctx, row, was, line)
    if line.verb == "note" and row.entity == "note":
        subject = await subject_of(ctx, line, SUBJECTS, loose=True)
        text = line.text_after(subject.words if subject.record else 0).strip()
        if text:
            await activities.change_note(ctx.work, row.record_id or 0, text)
            return Screen(
                lines("📝 " + ctx.words.t("Note corrected"), f"   {esc(clip(text, 300))}"),
                ([Button("↩ " + ctx.words.t("Undo"), ctx.undo)],),
                ("note", row.record_id or 0),
            )
    return None


def _subject_text(line: Line) -> str:
    """Return the first word or the quoted subject: what tells one subject from another."""
    return line.args.quoted or (line.args.subject_words[0].casefold() if line.args.subject_words else "")


async def _deal(ctx: Context, row: LineRow, was: Line, line: Line) -> Screen | None:
    args, before = line.args, was.args
    deal = await Deal.filter(id=row.record_id, deleted_at=None).first()
    if deal is None:
        return None
    subject, former = await subject_of(ctx, line, PARTIES), await subject_of(ctx, was, PARTIES)
    values: dict[str, Any] = {}
    if not subject.record and not subject.typed:
        raise Missing(what=ctx.words.t("A deal for whom?"), example="deal Acme 12k roof repair")
    if _who(subject) != _who(former) and not _links_to(deal, subject.record):
        if not await _made_by(row, "deal", deal.id):
            return None
        values, subject = await _relinked(ctx, row, deal, subject)
    relinked = bool(values)
    name = subject.typed or getattr(subject.record, "name", deal.title)
    title, former_title = line.text_after(subject.words), was.text_after(former.words)
    if title != former_title or (relinked and not title):
        values["title"] = title or name
    if args.amount != before.amount:
        money = args.amount.quantized() if args.amount else None
        values |= {"amount": money.amount if money else None, "currency": money.currency if money else deal.currency}
    if values:
        deal = await deals.change_deal(ctx.work, deal.id, **values)
        await _drop_unused(ctx, row, former.record)
    if args.stage and args.stage != before.stage:
        await deals.move_deal(ctx.work, deal.id, (await deals.find_stage(deal, args.stage)).id)
    unknown = await correct_fields(ctx, deal, was, line)
    await _tags(ctx, deal, was, line)
    if args.owner and args.owner != before.owner:
        await ctx.give(deal, await ctx.colleague(args.owner))
    links: Links = {"deal_id": deal.id, "contact_id": deal.contact_id, "company_id": deal.company_id}
    planned = await _following(ctx, row, was, line, links)
    ctx.main = ("deal", deal.id)
    screen = await deal_shown(ctx, deal.id, "✏️ " + ctx.words.t("Corrected"), planned)
    screen = Screen(lines(screen.text, *unknown), screen.rows, screen.about)
    if not subject.candidates or (not relinked and (deal.company_id or deal.contact_id)):
        return screen
    text = lines(screen.text, ask_who(ctx, subject, saved=subject.record is not None))
    return Screen(text, (*picks(ctx, subject, [("deal", deal.id)]), *screen.rows), screen.about)


def _who(subject: Subject) -> tuple[str, int | None]:
    return fold(subject.typed), subject.record.id if subject.record else None


def _links_to(deal: Deal, party: Record | None) -> bool:
    linked = {"company": deal.company_id, "contact": deal.contact_id}
    return party is not None and linked[party._meta.db_table] == party.id


async def _made_by(row: LineRow, entity: str, record_id: int) -> bool:
    """Tell whether a record was made by a line."""
    first = await db.fetch_one(
        "SELECT work_id FROM event WHERE entity = ? AND record_id = ? ORDER BY id LIMIT 1", entity, record_id
    )
    return bool(first and first["work_id"] == row.work_id)


async def _relinked(ctx: Context, row: LineRow, deal: Deal, subject: Subject) -> tuple[dict[str, Any], Subject]:
    """Put a deal and its next steps where the new name belongs; return the deal's new links and the subject as it is now.

    The company that the line had made for the former name and that nothing else hangs on takes the new name.
    """
    party = subject.record
    values: dict[str, Any] = {"company_id": None, "contact_id": None}
    if isinstance(party, Contact):
        values = {"contact_id": party.id, "company_id": party.company_id}
    elif isinstance(party, Company):
        values["company_id"] = party.id
    elif subject.typed and subject.tier not in ("exact", "start"):
        made = await Company.filter(id=deal.company_id, deleted_at=None).first() if deal.company_id else None
        if made and await _only_for(row, made):
            party = await records.change_record(ctx.work, Company, made.id, name=subject.typed)
        else:
            party = await records.add_company(ctx.work, subject.typed)
        others = tuple(item for item in subject.candidates if (item.entity, item.record_id) != ("company", party.id))
        subject = replace(subject, record=party, candidates=others)
        values["company_id"] = party.id
    for activity in await Activity.filter(deal_id=deal.id, status="planned", deleted_at=None):
        await activities.change_activity(ctx.work, activity.id, **values)
    return values, subject


async def _only_for(row: LineRow, party: Record) -> bool:
    """Tell whether a line made a company or contact, and nothing since has to do with it but that line."""
    entity = party._meta.db_table
    other = f"SELECT 1 AS y FROM event WHERE {entity}_id = ? AND work_id <> ? LIMIT 1"
    return await _made_by(row, entity, party.id) and not await db.fetch_one(other, party.id, row.work_id)


async def _drop_unused(ctx: Context, row: LineRow, former: Record | None) -> None:
    """Delete the company that a line had made for a name it does not hold any more."""
    if not isinstance(former, Company) or not await _only_for(row, former):
        return
    if not await Deal.filter(company_id=former.id, deleted_at=None).exists():
        await records.delete_record(ctx.work, former)


async def _party(ctx: Context, row: LineRow, was: Line, line: Line) -> Screen | None:
    """Correct a contact, company or lead that the line itself added."""
    entity = str(row.entity)
    record = await MODELS[entity].filter(id=row.record_id, deleted_at=None).first()
    if record is None or not await _made_by(row, entity, record.id):
        return None
    values = await corrected_values(ctx, record, was, line)
    if values is None:
        return None
    former = await Company.filter(id=getattr(record, "company_id", None)).first() if "company_id" in values else None
    record = await change_party(ctx, record, values)
    if former and former.id != values["company_id"] and not await Contact.filter(company_id=former.id).exists():
        await _drop_unused(ctx, row, former)
    await _tags(ctx, record, was, line)
    await _following(ctx, row, was, line, await links_of(ctx, record))
    return await party_corrected(ctx, record, was, line)


async def _tags(ctx: Context, record: Record, was: Line, line: Line) -> None:
    await records.add_tags(ctx.work, record, line.args.tags)
    for tag in was.args.tags:
        if tag not in line.args.tags:
            await records.remove_tag(ctx.work, record, tag.casefold())


async def _activity(ctx: Context, row: LineRow, was: Line, line: Line) -> Screen | None:
    args, before = line.args, was.args
    activity = await Activity.filter(id=row.record_id, deleted_at=None).first()
    if activity is None:
        return None
    subject = await (task_subject(ctx, line) if line.verb == "task" else subject_of(ctx, line, SUBJECTS, loose=True))
    due, _ = due_or_options(ctx, args.when)
    planned = activity.status == "planned"
    if planned != (
        line.verb == "task" or (due is not None and activities.due_values(ctx.work, due)["due_at"] > ctx.said_at)
    ):
        return None
    links: Links = {name: getattr(activity, name) for name in ("deal_id", "contact_id", "company_id", "lead_id")}
    values = {name: new for name, new, old in _facts(line, was) if new != old}
    title = line.text_after(subject.words)
    if title != was.text_after(subject.words):
        unclear = bool(subject.candidates) and not any(links.values())
        values["title"] = lines_kept(subject, title) if unclear else title
    if not planned and isinstance(args.when, WhenFound) and due and _phrase(args.when) != _phrase(before.when):
        values["done_at"] = activities.due_values(ctx.work, due)["due_at"]
    if values:
        await activities.change_activity(ctx.work, activity.id, **values)
    if planned and due and _phrase(args.when) != _phrase(before.when):
        await activities.reschedule_activity(ctx.work, activity.id, due)
        if args.repeat or before.repeat:
            await activities.change_activity(ctx.work, activity.id, recurrence=args.repeat)
    following = await _following(ctx, row, was, line, links) if line.verb != "task" else None
    screen = await answered(ctx, line, subject, await Activity.get(id=activity.id), following)
    return Screen(lines("✏️ " + ctx.words.t("Corrected"), screen.text), screen.rows, screen.about)


def _phrase(when: When | None) -> str:
    """Return a date as it was typed: "in 2h" read again later is another moment, and yet the same words."""
    return when.phrase.strip() if when else ""


def _facts(line: Line, was: Line) -> list[tuple[str, Any, Any]]:
    """Return the plain fields of a call or meeting: their columns, what the line says now, what it said."""
    new, old = line.args, was.args
    return [
        ("duration_minutes", new.duration, old.duration),
        ("result", new.outcome, old.outcome),
        ("direction", new.direction or "out", old.direction or "out"),
    ]


async def _following(ctx: Context, row: LineRow, was: Line, line: Line, links: Links) -> Activity | None:
    """Correct the next step that the line planned: move and reword it, add it, or call it off; return it if it stands."""
    made = await db.fetch_one(
        "SELECT a.id FROM event e JOIN activity a ON a.id = e.record_id WHERE e.work_id = ? AND e.type = 'ActivityPlanned' "
        "AND a.status = 'planned' AND a.deleted_at IS NULL ORDER BY e.id DESC LIMIT 1",
        row.work_id,
    )
    args, before = line.args, was.args
    standing = await Activity.get(id=made["id"]) if made else None
    if (args.next_text, _phrase(args.next_when)) == (before.next_text, _phrase(before.next_when)):
        return standing
    if standing is None:
        planned: Activity | None = (await plan_next(ctx, line, links))[0]
        return planned
    if args.next_text is None:
        if standing.recurrence:
            await activities.change_activity(ctx.work, standing.id, recurrence=None)
        await activities.cancel_activity(ctx.work, standing.id)
        return None
    text = args.next_text.strip()
    if text and text != (before.next_text or "").strip():
        await activities.change_activity(ctx.work, standing.id, title=text, kind=kind_for(ctx.kinds, text))
    due, _ = due_or_options(ctx, args.next_when)
    if due and _phrase(args.next_when) != _phrase(before.next_when):
        await activities.reschedule_activity(ctx.work, standing.id, due)
        if args.next_repeat or before.next_repeat:
            await activities.change_activity(ctx.work, standing.id, recurrence=args.next_repeat)
    return await Activity.get(id=standing.id)
