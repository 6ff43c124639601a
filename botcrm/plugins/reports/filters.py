"""What reports about deals are asked with beside what every report is."""

from typing import Any

from pydantic import Field

from botcrm import ReportFilters, Work, services


class DealFilters(ReportFilters):
    """A query as `filter` takes it, or a saved filter's name."""

    filter: str = Field(default="", max_length=500, description="Deals")


async def of_deals(work: Work, filters: ReportFilters, column: str) -> tuple[str, tuple[Any, ...]]:
    """Return what to put behind a condition so that a column is one of the deals asked for, and its values.

    :raises CrmError: the filter cannot be read, or is about other records
    """
    if not isinstance(filters, DealFilters) or not filters.filter:
        return "", ()
    found, values = await services.found_sql(work, "deal", filters.filter, column)
    return f" AND {found}", values
