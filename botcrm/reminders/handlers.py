"""Which handler runs which kind of the core's jobs, and what is planned when a process starts."""

from botcrm.core.services.contact import WAITING_JOB
from botcrm.core.services.handover import REMIND
from botcrm.core.services.work import Work
from botcrm.reminders import digests, maintenance, pinned
from botcrm.reminders.activities import remind, remind_again, remind_snoozed
from botcrm.reminders.handed import plan_handed
from botcrm.reminders.jobs import Handler
from botcrm.reminders.overdue import TELL, overdue, overdue_again, tell_overdue
from botcrm.reminders.waiting import waiting_over

HANDLERS: dict[str, Handler] = {
    WAITING_JOB: waiting_over,
    "activity.remind": remind,
    "activity.remind.again": remind_again,
    "activity.remind.snoozed": remind_snoozed,
    "activity.overdue": overdue,
    "activity.overdue.again": overdue_again,
    TELL: tell_overdue,
    REMIND: plan_handed,
    digests.KIND: digests.morning_digest,
    digests.EVENING: digests.evening_digest,
    maintenance.KIND: maintenance.maintain,
    pinned.KIND: pinned.show_counters,
}


async def plan_recurring(work: Work) -> None:
    """Plan everybody's digest and the nightly maintenance; doing it again changes nothing."""
    await digests.plan_all_digests(work)
    await maintenance.plan_maintenance(work)
