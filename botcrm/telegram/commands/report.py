"""The verb about reports: list them, or ask one; it is run when its answer is sent, outside of this update's transaction."""

from botcrm.core import db
from botcrm.core.domain.grammar import Line
from botcrm.core.domain.kinds import Lane
from botcrm.reports.question import (
    Question,
    Reports,
    filters_of,
    find_report,
    keep_question,
    may_see,
    read_question,
)
from botcrm.reports.running import reports_of
from botcrm.telegram.context import Context
from botcrm.telegram.reports import CARD, FILE
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.reports import list_screen


async def report(ctx: Context, line: Line) -> Screen:
    """List the reports, or ask one about a period, people, a pipeline and whatever else it knows.

    :raises CrmError: a word makes no sense, or the report is not this person's to read
    """
    verb = line.tokens[0]
    text = line.raw[verb.end :].strip()
    if not text:
        return reports_list(ctx)
    question = await read_question(ctx.work, _readable(ctx), text)
    await ask(ctx, question, message_id=await _answered_before(ctx))
    return Screen("")


def _readable(ctx: Context) -> Reports:
    return {name: owned for name, owned in reports_of(ctx.plugged.hooks).items() if may_see(ctx.work, owned.value)}


def reports_list(ctx: Context) -> Screen:
    """Show the reports that this person may read."""
    found = reports_of(ctx.plugged.hooks).values()
    return list_screen(
        ctx.words, sorted((one.value for one in found if may_see(ctx.work, one.value)), key=lambda one: one.name)
    )


async def ask(ctx: Context, question: Question, *, message_id: int | None = None, page: int = 0) -> None:
    """Have a report answered by a card: a new message, or the one named.

    :raises CrmError: it may not be read, or not with these filters
    """
    await _check(ctx, question)
    question_id = await keep_question(ctx.work, question)
    await ctx.work.tell(
        ctx.user_id,
        ctx.chat_id,
        CARD,
        lane=Lane.REPLY,
        line_id=ctx.line_id,
        question=question.as_json(),
        question_id=question_id,
        page=page,
        message_id=message_id,
    )


async def ask_file(ctx: Context, question: Question, form: str) -> None:
    """Have a report sent as a file.

    :raises CrmError: it may not be read
    """
    await _check(ctx, question)
    await ctx.work.tell(ctx.user_id, ctx.chat_id, FILE, lane=Lane.REPORT, question=question.as_json(), form=form)


async def _check(ctx: Context, question: Question) -> None:
    reports = reports_of(ctx.plugged.hooks)
    await filters_of(ctx.work, reports[find_report(reports, question.report)].value, question)


async def _answered_before(ctx: Context) -> int | None:
    """Return the message that answered this line already, where the line was edited."""
    row = await db.fetch_one(
        "SELECT message_id FROM outbox WHERE line_id = ? AND notice = ? AND message_id IS NOT NULL ORDER BY id DESC LIMIT 1",
        ctx.line_id or 0,
        CARD,
    )
    return int(row["message_id"]) if row else None
