"""After all of somebody's work went over to a colleague: whoever listens hears of each record, and reminders follow the colleague."""

from datetime import timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import EVENTS, Event
from botcrm.core.models import Activity
from botcrm.core.services.derived.derive import hangs_on_nothing, plan_reminders
from botcrm.core.services.staff.handover import events_handed
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob

# One transaction goes through so many and then lets others write.
_BITE = 200
_BREATH = timedelta(seconds=1)


async def tell_handed(work: Work, job: DueJob) -> None:
    """Tell hooks and rules of handed-over records, each by its own OwnerChanged, and plan reminders anew; a bite at a time.

    Each is told at least once: after a crash a bite may come again.
    """
    work_id = int(job.payload["work_id"])
    rows = await events_handed(work_id, int(job.payload.get("after_event", 0)), _BITE)
    ids = [row["record_id"] for row in rows if row["entity"] == "activity"]
    for activity in await Activity.filter(id__in=ids, status="planned", deleted_at=None).order_by("id"):
        await plan_reminders(work, activity, gone=await hangs_on_nothing(activity))
    await work.retell([_event(row) for row in rows])
    if len(rows) == _BITE:
        await work.plan_job(job.kind, job.key, work.now + _BREATH, work_id=work_id, after_event=rows[-1]["id"])


def _event(row: dict[str, Any]) -> Event:
    about = {name: row[f"{name}_id"] for name in ("deal", "contact", "company", "lead")}
    return EVENTS[row["type"]](
        entity=row["entity"],
        record_id=row["record_id"],
        version=row["version"],
        at=db.moment_needed(row["at"]),
        work_id=row["work_id"],
        actor_id=row["actor_id"],
        before=db.from_json(row["before"]),
        after=db.from_json(row["after"]),
        about=about,
        undoes=row["undoes"],
        id=row["id"],
    )
