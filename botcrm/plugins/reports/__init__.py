"""The reports that botcrm ships: the funnel, and activities by person."""

from botcrm import Manifest, Report, hookimpl
from botcrm.plugins.reports.activities import activities
from botcrm.plugins.reports.filters import DealFilters
from botcrm.plugins.reports.funnel import funnel

manifest = Manifest(
    title="Reports",
    about="The sales funnel, and activities by person.",
)


@hookimpl
def register_reports() -> list[Report]:
    """Name the two reports."""
    return [
        Report(
            name="funnel",
            title="Funnel",
            about="How many deals entered each stage, how many of them went further, and how long they stayed.",
            run=funnel,
            filters=DealFilters,
            permission="deal.read",
        ),
        Report(
            name="activities",
            title="Activities by person",
            about="What each person did, has planned, and is late with.",
            run=activities,
            filters=DealFilters,
            permission="activity.read",
        ),
    ]
