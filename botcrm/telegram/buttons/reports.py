"""Buttons of reports: another period, other people, a page, a file. Each press asks for its rights again."""

from dataclasses import replace

from botcrm.core.domain.periods import named_period
from botcrm.reports.files import FORMATS
from botcrm.reports.question import USUAL, Question, find_report, kept_question, people_within, today_of
from botcrm.reports.running import reports_of
from botcrm.telegram.commands.report import ask, ask_file, reports_list
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Screen
from botcrm.telegram.screens.reports import people_screen, period_of


async def show_list(ctx: Context) -> Screen:
    """Go back to the list of reports."""
    return reports_list(ctx)


async def open_report(ctx: Context, name: str) -> None:
    """Ask a report about the usual period."""
    period = named_period(USUAL, today_of(ctx.work))
    name = find_report(reports_of(ctx.plugged.hooks), name)
    await ask(ctx, Question(name, period.since, period.until), message_id=ctx.message_id)


async def choose_period(ctx: Context, question_id: str, name: str) -> None:
    """Ask the same about another period."""
    question = await kept_question(ctx.work, int(question_id))
    await ask(ctx, question.during(period_of(ctx.words, name)), message_id=ctx.message_id)


async def turn_page(ctx: Context, question_id: str, page: str) -> None:
    """Show another page, with the figures as they are now."""
    question = await kept_question(ctx.work, int(question_id))
    await ask(ctx, question, message_id=ctx.message_id, page=int(page))


async def choose_people(ctx: Context, question_id: str, page: str) -> Screen:
    """Offer whose records to count."""
    question = await kept_question(ctx.work, int(question_id))
    reports = reports_of(ctx.plugged.hooks)
    report = reports[find_report(reports, question.report)].value
    people = await people_within(ctx.work, report)
    return people_screen(ctx.words, report, int(question_id), people, question.people, int(page))


async def people_chosen(ctx: Context, question_id: str, person: str) -> None:
    """Ask the same about one person, or about everybody (0)."""
    question = await kept_question(ctx.work, int(question_id))
    people = (int(person),) if int(person) else ()
    await ask(ctx, replace(question, people=people), message_id=ctx.message_id)


async def send_file(ctx: Context, question_id: str, form: str) -> None:
    """Send the report as a file."""
    if form not in FORMATS:
        raise ValueError(form)
    await ask_file(ctx, await kept_question(ctx.work, int(question_id)), form)
    ctx.toast(ctx.words.t("It comes in a moment."))
