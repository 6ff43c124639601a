"""The report: visits to the showroom by person."""

from botcrm import Chart, Column, Report, ReportFilters, ReportTable, Work, hookimpl, services


async def visits(work: Work, filters: ReportFilters) -> ReportTable:
    """Count the visits planned in the period, by owner."""
    begin, end = services.bounds(work, filters.since, filters.until)
    mine = services.owned_sql("a.owner_id", filters.people)
    rows = await services.fetch(
        work,
        'SELECT u.name AS name, count(*) AS visits FROM activity a JOIN "user" u ON u.id = a.owner_id '
        f"WHERE a.deleted_at IS NULL AND a.title LIKE ? AND a.created_at >= ? AND a.created_at < ? AND {mine} "
        "GROUP BY u.name ORDER BY visits DESC, u.name",
        "Showroom:%",
        begin,
        end,
    )
    return ReportTable(
        columns=(Column("person", "Who", "person"), Column("visits", "Visits", "number")),
        rows=[(row["name"], row["visits"]) for row in rows],
        chart=Chart("bar", "person", ("visits",)),
    )


@hookimpl
def register_reports() -> list[Report]:
    """Name the report."""
    return [
        Report(
            "showroom", "Showroom", "Visits to the showroom, by who booked them.", visits, permission="activity.read"
        )
    ]
