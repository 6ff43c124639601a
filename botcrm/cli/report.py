"""The command about reports: list them, or run one."""

import asyncio
from argparse import Namespace
from dataclasses import replace

from botcrm.app import App
from botcrm.cli.data import output_file
from botcrm.cli.failures import Failure
from botcrm.cli.session import actor_named, opened
from botcrm.contract.reports import ReportTable
from botcrm.core.services.actor import Actor
from botcrm.core.services.work import Work
from botcrm.reports.files import FORMATS, Files
from botcrm.reports.question import may_see, read_question
from botcrm.reports.running import Result, reports_of, run_report
from botcrm.reports.values import FIGURES, padded, period_text, shown, width
from botcrm.words import Words


def report(options: Namespace) -> int:
    """List the reports, or run one and show or write it."""
    asyncio.run(_report(options))
    return 0


async def _report(options: Namespace) -> None:
    async with opened() as app:
        actor = await actor_named(app, options.actor)
        if not options.words:
            _list(app, actor)
            return
        result = await _run(app, actor, options)
        words = Words(actor.prefs, app.now())
        form = next((one for one in FORMATS if one == options.format), None)
        if form is None:
            content = _as_text(words, result).encode()
        else:
            if form != "csv" and not options.output:
                raise Failure(f"name a file for {form.upper()}: --output FILE", 2)
            _, content = await Files().made(result, form, actor, words)
        with output_file(options.output) as out:
            out.write(content)


def _list(app: App, actor: Actor) -> None:
    work = Work(actor, app.now())
    for name, owned in sorted(reports_of(app.hooks).items()):
        if may_see(work, owned.value):
            print(f"{name:<16}{owned.value.title}: {owned.value.about} ({owned.plugin})")


async def _run(app: App, actor: Actor, options: Namespace) -> Result:
    work = Work(actor, app.now())
    question = await read_question(work, reports_of(app.hooks), " ".join(options.words))
    since, until = options.since or question.since, options.until or question.until
    if options.since and not options.until:
        until = max(until, since)
    if since > until:
        raise Failure(f"{since} is after {until}", 2)
    return await run_report(app.hooks, actor, app.now(), replace(question, since=since, until=until))


def _as_text(words: Words, result: Result) -> str:
    """Write a report as a table for a terminal."""
    table = result.table
    head = [column.title for column in table.columns]
    rows = [_cells(words, table, row, result.currency) for row in table.rows]
    total = [_cells(words, table, table.total, result.currency)] if table.total is not None else []
    sizes = [max(width(row[place]) for row in (head, *rows, *total)) for place in range(len(head))]

    def line(cells: list[str]) -> str:
        parts = (
            padded(cell, size, right=column.kind in FIGURES)
            for cell, size, column in zip(cells, sizes, table.columns, strict=True)
        )
        return "  ".join(parts).rstrip()

    rule = "-" * (sum(sizes) + 2 * len(sizes) - 2)
    about = f"{result.report.title}: {period_text(words, result.question.period, words.wall(words.now).date())}"
    lines = [about, "", line(head), rule, *map(line, rows), *([rule, *map(line, total)] if total else [])]
    return "\n".join([*lines, *(["", table.note] if table.note else [])]) + "\n"


def _cells(words: Words, table: ReportTable, row: object, currency: str) -> list[str]:
    assert isinstance(row, list | tuple)
    return [shown(words, column.kind, value, currency) for column, value in zip(table.columns, row, strict=True)]
