"""Reports in the chat: the list of them, one with its table and buttons, whose figures to count."""

from collections.abc import Iterable, Sequence

from botcrm.contract.reports import Report
from botcrm.core.domain.periods import Period, named_period, period_name
from botcrm.reports.layout import page_of
from botcrm.reports.question import Question, own_fields
from botcrm.reports.running import Result
from botcrm.reports.values import period_text
from botcrm.telegram.screens.base import Button, Row, Screen, bold, clip, dots, esc, lines, pack, rows_of
from botcrm.words import Words

_PEOPLE = 8
# What stands on the buttons; any other period is typed.
QUICK = ("this_week", "this_month", "last_month", "this_quarter")


def list_screen(words: Words, reports: Sequence[Report]) -> Screen:
    """Offer the reports that somebody may read."""
    if not reports:
        return Screen(words.t("There are no reports for you."))
    text = lines(
        bold(words.t("Reports")),
        *(f"📊 {bold(words.t(report.title))}\n   {esc(words.t(report.about))}" for report in reports),
        words.t("Or typed: {example}", example=f"<code>/report {esc(reports[0].name)} last 30 days @anna</code>"),
    )
    return Screen(
        text, tuple(rows_of((Button("📊 " + words.t(one.title), pack("ro", one.name)) for one in reports), 2))
    )


def report_screen(words: Words, result: Result, question_id: int, page: int) -> Screen:
    """Show a report as a card."""
    question, table = result.question, result.table
    laid = page_of(words, table, result.currency, page)
    own = own_fields(result.report)
    text = lines(
        f"📊 {bold(words.t(result.report.title))}",
        esc(
            dots(
                period_text(words, question.period, words.wall(words.now).date()),
                clip(", ".join(result.people), 120),
                *(f"{own.get(key, key)}: {clip(value, 40)}" for key, value in question.own.items()),
            )
        ),
        laid.text if table.rows else words.t("Nothing in this period."),
        esc(clip_lines(table.note)),
        words.t("Page {page} of {pages}", page=laid.number + 1, pages=laid.count) if laid.count > 1 else "",
    )
    turn = [Button("←", pack("rg", question_id, laid.number - 1))] if laid.number else []
    if laid.number < laid.count - 1:
        turn.append(Button("→", pack("rg", question_id, laid.number + 1)))
    files = [Button("🖼 " + words.t("Picture"), pack("rf", question_id, "png"))] if table.chart and table.rows else []
    files += [Button(form.upper(), pack("rf", question_id, form)) for form in ("csv", "xlsx")]
    return Screen(text, (turn, *_ways(words, question, question_id, others=result.others), files))


def clip_lines(note: str) -> str:
    """Shorten a note, its lines kept."""
    return "\n".join(clip(line, 300) for line in note.split("\n")[:10])


def _ways(words: Words, question: Question, question_id: int, *, others: bool) -> list[Row]:
    """Return the buttons that ask the same of another period or of other people."""
    names = {
        "this_week": words.t("This week"),
        "this_month": words.t("This month"),
        "last_month": words.t("Last month"),
        "this_quarter": words.t("Quarter"),
    }
    chosen = period_name(question.period, words.wall(words.now).date())
    buttons = [
        Button(f"• {names[key]}" if key == chosen else names[key], pack("rp", question_id, key)) for key in QUICK
    ]
    back = [Button(words.t("My people") + " ▾", pack("rw", question_id, 0))] if others else []
    return [*rows_of(buttons, 2), [*back, Button(words.t("Reports"), pack("rl"))]]


def failed_screen(words: Words, text: str, question: Question, question_id: int) -> Screen:
    """Say why a report could not be shown; its buttons go on."""
    return Screen(text, tuple(_ways(words, question, question_id, others=bool(question.people))))


def people_screen(
    words: Words, report: Report, question_id: int, people: Sequence[tuple[int, str]], chosen: Iterable[int], page: int
) -> Screen:
    """Offer whose records to count, eight at a time."""
    pages = max(1, -(-len(people) // _PEOPLE))
    page = min(max(page, 0), pages - 1)
    shown = people[page * _PEOPLE : (page + 1) * _PEOPLE]
    marked = set(chosen)
    buttons = [
        Button(("• " if person in marked else "") + clip(name, 30), pack("rW", question_id, person))
        for person, name in shown
    ]
    turn = [Button("←", pack("rw", question_id, page - 1))] if page else []
    if page < pages - 1:
        turn.append(Button("→", pack("rw", question_id, page + 1)))
    text = lines(
        f"📊 {bold(words.t(report.title))}",
        words.t("Whose figures?"),
        words.t("Page {page} of {pages}", page=page + 1, pages=pages) if pages > 1 else "",
    )
    everybody = Button(("" if marked else "• ") + words.t("Everybody"), pack("rW", question_id, 0))
    return Screen(
        text, (*rows_of(buttons, 2), turn, [everybody, Button("← " + words.t("Back"), pack("rg", question_id, 0))])
    )


def period_of(words: Words, name: str) -> Period:
    """Return a button's period as of today.

    :raises ValueError: no button has this one
    """
    if name not in QUICK:
        raise ValueError(name)
    return named_period(name, words.wall(words.now).date())
