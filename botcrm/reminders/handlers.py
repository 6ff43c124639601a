"""Which handler runs which kind of the core's jobs, and what is planned when a process starts."""

from botcrm.core.services.custom.values import REFIND
from botcrm.core.services.derived.last_contact import WAITING_JOB
from botcrm.core.services.operations.operations import JOB as OPERATION
from botcrm.core.services.staff.handover import TELL as HANDED
from botcrm.core.services.staff.people import LEFT
from botcrm.core.services.work import Work
from botcrm.reminders import digests, filling, maintenance, operations, pinned
from botcrm.reminders.activities import remind, remind_again, remind_snoozed
from botcrm.reminders.handed import tell_handed
from botcrm.reminders.jobs import Handler
from botcrm.reminders.leavers import tell_left
from botcrm.reminders.overdue import AGAIN, TELL, overdue, overdue_again, overdue_all_again, tell_overdue
from botcrm.reminders.waiting import waiting_over

HANDLERS: dict[str, Handler] = {
    WAITING_JOB: waiting_over,
    "activity.remind": remind,
    "activity.remind.again": remind_again,
    "activity.remind.snoozed": remind_snoozed,
    "activity.overdue": overdue,
    "activity.overdue.again": overdue_again,
    TELL: tell_overdue,
    AGAIN: overdue_all_again,
    HANDED: tell_handed,
    LEFT: tell_left,
    OPERATION: operations.run_piece,
    operations.SHOW: operations.show_progress,
    operations.SHOW_END: operations.show_end,
    filling.KIND: filling.fill_piece,
    REFIND: filling.refind_piece,
    digests.KIND: digests.morning_digest,
    digests.EVENING: digests.evening_digest,
    maintenance.KIND: maintenance.maintain,
    pinned.KIND: pinned.show_counters,
}


async def plan_recurring(work: Work) -> None:
    """Plan everybody's digest and the nightly maintenance; doing it again changes nothing."""
    await digests.plan_all_digests(work)
    await maintenance.plan_maintenance(work)
