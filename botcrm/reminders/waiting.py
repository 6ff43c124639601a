"""A deal that waited asks again when its day has come."""

from datetime import datetime

from botcrm.core.domain.kinds import DealStatus
from botcrm.core.models import Deal
from botcrm.core.services.staff.people import person_by_id
from botcrm.core.services.staff.superiors import stand_in
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob


async def waiting_over(work: Work, job: DueJob) -> None:
    """Ask the owner how a deal goes on whose day has come, if it still waits for that day and nothing is planned.

    Where the owner has left, whoever is in charge of them is asked.
    """
    deal = await Deal.filter(id=int(job.payload["deal_id"]), deleted_at=None, status=str(DealStatus.OPEN)).first()
    if deal is None or deal.waiting_until != datetime.fromisoformat(job.payload["until"]):
        return
    if deal.next_activity_id is not None or deal.owner_id is None:
        return
    owner = await person_by_id(work.prefs, deal.owner_id) or await stand_in(work, deal.owner_id)
    if owner is None:
        return
    key = f"waited:{deal.id}:{job.payload['until']}"
    await work.tell(
        owner.id, owner.telegram_id, "waiting_over", key=key, about=("deal", deal.id), deal_id=deal.id, of=deal.owner_id
    )
