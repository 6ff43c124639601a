"""Which handler runs which kind of the core's jobs, and what is planned when a process starts."""

from botcrm.core.services.work import Work
from botcrm.reminders import digests, maintenance
from botcrm.reminders.activities import overdue, overdue_again, remind
from botcrm.reminders.jobs import Handler

HANDLERS: dict[str, Handler] = {
    "activity.remind": remind,
    "activity.overdue": overdue,
    "activity.overdue.again": overdue_again,
    digests.KIND: digests.morning_digest,
    maintenance.KIND: maintenance.maintain,
}


async def plan_recurring(work: Work) -> None:
    """Plan everybody's digest and the nightly maintenance; doing it again changes nothing."""
    await digests.plan_all_digests(work)
    await maintenance.plan_maintenance(work)
