"""The report: visits by person."""

from botcrm import Chart, Column, ReportFilters, ReportTable, Words, Work, services


async def visits(work: Work, filters: ReportFilters) -> ReportTable:
    """Count the visits that ended in the period, by whose they were; a meeting that was deleted since is none."""
    words = Words(work.prefs, work.now)
    since, until = services.bounds(work, filters.since, filters.until)
    rows = await services.fetch(
        work,
        "SELECT u.name, count(*) AS visits, sum(CASE WHEN v.verdict = 'in' THEN 1 ELSE 0 END) AS on_site, "
        "sum(CASE WHEN v.verdict = 'out' THEN 1 ELSE 0 END) AS left_it, "
        "sum(CASE WHEN v.verdict = 'unverifiable' THEN 1 ELSE 0 END) AS unverified, sum(v.minutes) AS minutes "
        'FROM visits_visit v JOIN activity a ON a.id = v.activity_id AND a.deleted_at IS NULL JOIN "user" u ON u.id = v.user_id '
        f"WHERE v.state = 'ended' AND v.ended_at >= ? AND v.ended_at < ? AND {services.owned_sql('v.user_id', filters.people)} "
        "GROUP BY u.id, u.name ORDER BY u.name, u.id",
        since,
        until,
    )
    figures = [
        [int(row[name] or 0) for name in ("visits", "on_site", "left_it", "unverified", "minutes")] for row in rows
    ]
    return ReportTable(
        columns=(
            Column("person", words.t("Person"), "person"),
            Column("visits", words.t("Visits"), "number"),
            Column("on_site", words.t("On site"), "number"),
            Column("left", words.t("Left"), "number"),
            Column("unverified", words.t("Not verified"), "number"),
            Column("minutes", words.t("Time spent"), "duration"),
        ),
        rows=[(str(row["name"]), *counts) for row, counts in zip(rows, figures, strict=True)],
        total=(words.t("Total"), *(sum(column) for column in zip(*figures, strict=True))) if len(rows) > 1 else None,
        chart=Chart("bar", "person", ("on_site", "left", "unverified")) if rows else None,
    )
