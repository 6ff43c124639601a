"""Activities by person: what was done, is planned, and is late."""

from collections import Counter, defaultdict

from botcrm import Chart, Column, ReportFilters, ReportTable, Words, Work, services
from botcrm.plugins.reports.filters import of_deals

_KINDS = ("call", "meeting", "task", "email")
_NO_TALK = ("no", "busy", "later", "settled")
_FIGURES = (*_KINDS, "other", "done", "planned", "overdue", "minutes", "ok", "no")


async def activities(work: Work, filters: ReportFilters) -> ReportTable:
    """Count people's activities: those done in the period by kind and result, and those due in it and still planned.

    An activity counts for whose it is. Late is what is planned and past its time by now. A filter leaves those of its deals.
    """
    words = Words(work.prefs, work.now)
    people = await _people(work, filters)
    counts = await _counts(work, filters, list(people))
    figures = {person: [counts[person][figure] for figure in _FIGURES] for person in people}
    # Of everybody, those with nothing at all are left out.
    rows = [(people[person], *row) for person, row in figures.items() if any(row) or filters.people is not None]
    total = [sum(column) for column in zip(*figures.values(), strict=True)]
    titles = {
        "call": words.t("Calls"),
        "meeting": words.t("Meetings"),
        "task": words.t("Tasks"),
        "email": words.t("E-mails"),
        "other": words.t("Others"),
        "done": words.t("Done"),
        "planned": words.t("Planned"),
        "overdue": words.t("Overdue"),
        "minutes": words.t("Time spent"),
        "ok": words.t("Went well"),
        "no": words.t("No answer"),
    }
    return ReportTable(
        columns=(
            Column("person", words.t("Person"), "person"),
            *(Column(key, titles[key], "duration" if key == "minutes" else "number") for key in _FIGURES),
        ),
        rows=rows,
        total=(words.t("Total"), *total) if len(rows) > 1 else None,
        chart=Chart("bar", "person", ("done", "planned", "overdue"), bad=("overdue",)),
    )


async def _people(work: Work, filters: ReportFilters) -> dict[int, str]:
    """Return the names of those who are counted, in order; somebody who left stays in the figures."""
    rows = await services.fetch(
        work,
        f'SELECT u.id, u.name FROM "user" u WHERE {services.owned_sql("u.id", filters.people)} ORDER BY u.name, u.id',
    )
    return {row["id"]: str(row["name"]) for row in rows}


async def _counts(work: Work, filters: ReportFilters, people: list[int]) -> dict[int, Counter[str]]:
    since, until = services.bounds(work, filters.since, filters.until)
    found, values = await of_deals(work, filters, "a.deal_id")
    # Not by the index on owners, which leads through all that they ever did: the one on the time is the shorter way.
    owned = services.owned_sql("COALESCE(a.owner_id, 0)", people)
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    done = await services.fetch(
        work,
        "SELECT a.owner_id, a.kind, a.result, count(*) AS n, sum(a.duration_minutes) AS minutes FROM activity a "
        f"WHERE a.status = 'done' AND a.deleted_at IS NULL AND a.done_at >= ? AND a.done_at < ? AND {owned}{found} "
        "GROUP BY a.owner_id, a.kind, a.result",
        since,
        until,
        *values,
    )
    for row in done:
        figures, number = counts[row["owner_id"]], int(row["n"])
        figures[row["kind"] if row["kind"] in _KINDS else "other"] += number
        figures["done"] += number
        figures["minutes"] += int(row["minutes"] or 0)
        if row["result"] == "no" or (row["result"] and row["result"] not in _NO_TALK):
            # A word of the company's own says how a talk went.
            figures["no" if row["result"] == "no" else "ok"] += number
    planned = await services.fetch(
        work,
        "SELECT a.owner_id, count(*) AS n, sum(CASE WHEN a.deadline_at < ? THEN 1 ELSE 0 END) AS overdue FROM activity a "
        f"WHERE a.status = 'planned' AND a.deleted_at IS NULL AND a.deadline_at >= ? AND a.deadline_at < ? "
        f"AND {services.owned_sql('a.owner_id', people)}{found} "
        "GROUP BY a.owner_id",
        work.now,
        since,
        until,
        *values,
    )
    for row in planned:
        counts[row["owner_id"]]["planned"] += int(row["n"])
        counts[row["owner_id"]]["overdue"] += int(row["overdue"] or 0)
    return counts
