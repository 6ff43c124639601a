"""After somebody has left: whoever is in charge of them hears what they leave undone."""

from botcrm.core.models import User
from botcrm.core.services.staff.handover import open_work
from botcrm.core.services.staff.superiors import in_charge
from botcrm.core.services.work import Work
from botcrm.reminders.jobs import DueJob


async def tell_left(work: Work, job: DueJob) -> None:
    """Tell the nearest manager of somebody who was shut out, else the administrators, that their open work waits for a hand-over."""
    user = await User.filter(id=int(job.payload["user_id"]), active=False).first()
    if user is None or not await open_work(user.id):
        return
    for person in await in_charge(work, user.id):
        key = f"{job.key}:{person.id}"
        await work.tell(person.id, person.telegram_id, "person_left", key=key, user_id=user.id)
