"""After somebody's work went over to a colleague: remind that colleague when and as they like it."""

from datetime import timedelta

from botcrm.core.models import Activity
from botcrm.core.services.derive import hangs_on_nothing, plan_reminders
from botcrm.core.services.handover import activities_handed
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob

# One transaction plans so many anew and then lets others write.
_BITE = 200
_BREATH = timedelta(seconds=1)


async def plan_handed(work: Work, job: DueJob) -> None:
    """Plan the reminders of handed-over activities anew, a bite at a time."""
    work_id = int(job.payload["work_id"])
    ids = list(await activities_handed(work_id, int(job.payload.get("after", 0)), _BITE))
    for activity in await Activity.filter(id__in=ids, status="planned", deleted_at=None).order_by("id"):
        await plan_reminders(work, activity, gone=await hangs_on_nothing(activity))
    if len(ids) == _BITE:
        await work.plan_job(job.kind, job.key, work.now + _BREATH, work_id=work_id, after=ids[-1])
