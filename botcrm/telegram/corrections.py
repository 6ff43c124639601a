"""Correcting in place: an edited line changes the record it made instead of making another."""

from typing import Any

from botcrm.core import db
from botcrm.core.domain.dates import WhenFound
from botcrm.core.domain.grammar import Line
from botcrm.core.models import Activity, Deal
from botcrm.core.models import Line as LineRow
from botcrm.core.services import activities, deals, records
from botcrm.core.services.cards import deal_card
from botcrm.telegram.commands.activities import SUBJECTS
from botcrm.telegram.commands.deals import PARTIES, plan_next
from botcrm.telegram.commands.general import open_card
from botcrm.telegram.commands.subject import due_or_options, kind_for, subject_of
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen, lines
from botcrm.telegram.screens.cards import deal_screen


async def correct(ctx: Context, row: LineRow, was: Line, line: Line) -> Screen | None:
    """Bring the record a line made in accord with the line's new words.

    :returns: the corrected card, or None where the record must be made anew (another subject, another kind of line)
    """
    assert line.verb is not None
    if line.args.refs != was.args.refs or _subject_text(line) != _subject_text(was):
        return None
    if line.verb == "deal" and row.entity == "deal" and not was.args.refs:
        return await _deal(ctx, row, line)
    if line.verb in ("call", "meet", "task") and row.entity == "activity":
        return await _activity(ctx, row, line)
    if line.verb == "note" and row.entity == "note":
        subject = await subject_of(ctx, line, SUBJECTS, loose=True)
        text = line.text_after(subject.words if subject.record else 0).strip()
        if text:
            await activities.change_note(ctx.work, row.record_id or 0, text)
            return Screen("📝 " + ctx.words.t("Note corrected"))
    return None


def _subject_text(line: Line) -> str:
    """Return the first word or the quoted subject: what tells one subject from another."""
    return line.args.quoted or (line.args.subject_words[0].casefold() if line.args.subject_words else "")


async def _deal(ctx: Context, row: LineRow, line: Line) -> Screen | None:
    args = line.args
    deal = await Deal.filter(id=row.record_id, deleted_at=None).first()
    if deal is None:
        return None
    subject = await subject_of(ctx, line, PARTIES)
    linked = {"company": deal.company_id, "contact": deal.contact_id}
    if subject.record is None or linked.get(subject.record._meta.db_table) != subject.record.id:
        return None
    values: dict[str, Any] = {"title": line.text_after(subject.words) or getattr(subject.record, "name", deal.title)}
    money = args.amount.quantized() if args.amount else None
    values |= {"amount": money.amount if money else None, "currency": money.currency if money else deal.currency}
    await deals.change_deal(ctx.work, deal.id, **values)
    if args.stage:
        await deals.move_deal(ctx.work, deal.id, (await deals.find_stage(deal, args.stage)).id)
    await records.add_tags(ctx.work, deal, args.tags)
    await _following(ctx, row, line, {"deal_id": deal.id, "contact_id": deal.contact_id, "company_id": deal.company_id})
    ctx.main = ("deal", deal.id)
    card = await deal_card(ctx.work, deal.id)
    return deal_screen(ctx.words, ctx.kinds, card, head="✏️ " + ctx.words.t("Corrected"), undo=ctx.undo)


async def _activity(ctx: Context, row: LineRow, line: Line) -> Screen | None:
    args = line.args
    activity = await Activity.filter(id=row.record_id, deleted_at=None).first()
    if activity is None:
        return None
    subject = await subject_of(ctx, line, SUBJECTS, loose=True)
    due, _ = due_or_options(ctx, args.when)
    planned = activity.status == "planned"
    if planned != (
        line.verb == "task" or (due is not None and activities.due_values(ctx.work, due)["due_at"] > ctx.work.now)
    ):
        return None
    title = line.text_after(subject.words if subject.record else 0)
    values: dict[str, Any] = {"title": title} if title or not planned else {}
    if not planned:
        values |= {"duration_minutes": args.duration, "result": args.outcome}
        if args.direction:
            values["direction"] = args.direction
        if isinstance(args.when, WhenFound) and due:
            values["done_at"] = activities.due_values(ctx.work, due)["due_at"]
    await activities.change_activity(ctx.work, activity.id, **values)
    if planned and due:
        await activities.reschedule_activity(ctx.work, activity.id, due)
    links = {name: getattr(activity, name) for name in ("deal_id", "contact_id", "company_id", "lead_id")}
    if line.verb != "task":
        await _following(ctx, row, line, links)
    ctx.main = ("activity", activity.id)
    screen = await open_card(ctx, "activity", activity.id)
    return Screen(lines("✏️ " + ctx.words.t("Corrected"), screen.text), screen.rows, screen.about)


async def _following(ctx: Context, row: LineRow, line: Line, links: dict[str, int | None]) -> None:
    """Correct the next step that the line planned: move and reword it, add it, or call it off."""
    made = await db.fetch_one(
        "SELECT a.id FROM event e JOIN activity a ON a.id = e.record_id WHERE e.work_id = ? AND e.type = 'ActivityPlanned' "
        "AND a.status = 'planned' AND a.deleted_at IS NULL ORDER BY e.id DESC LIMIT 1",
        row.work_id,
    )
    args = line.args
    if made is None:
        await plan_next(ctx, line, links)
        return
    if args.next_text is None:
        await activities.cancel_activity(ctx.work, made["id"])
        return
    text = args.next_text.strip()
    if text:
        await activities.change_activity(ctx.work, made["id"], title=text, kind=kind_for(ctx.kinds, text))
    due, _ = due_or_options(ctx, args.next_when)
    if due:
        await activities.reschedule_activity(ctx.work, made["id"], due)
