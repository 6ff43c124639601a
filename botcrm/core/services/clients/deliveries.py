"""What became of answers to clients on their way out: whoever wrote one hears of trouble, and may send it again."""

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.messages import short_key
from botcrm.core.models import Message
from botcrm.core.services.staff.people import person_by_id
from botcrm.core.services.work import Work


async def delivery_unsure(work: Work, outbox_id: int) -> None:
    """Ask whoever answered a client whether the answer arrived, when nobody can know."""
    await _tell_writer(work, outbox_id, "delivery_unsure")


async def delivery_failed(work: Work, outbox_id: int) -> None:
    """Tell whoever answered a client that the answer did not arrive, and why."""
    await _tell_writer(work, outbox_id, "delivery_failed")


async def channel_is_off(work: Work, outbox_id: int) -> None:
    """Tell whoever answered a client, once, that the answer waits until its channel is switched on."""
    await _tell_writer(work, outbox_id, "channel_off", key=f"channel_off:{outbox_id}")


async def _tell_writer(work: Work, outbox_id: int, notice: str, key: str | None = None) -> None:
    row = await db.fetch_one("SELECT user_id, record_id, error FROM outbox WHERE id = ?", outbox_id)
    person = await person_by_id(work.prefs, row["user_id"]) if row and row["user_id"] else None
    if row and person:
        await work.tell(
            person.id,
            person.telegram_id,
            notice,
            key=key,
            message_id=row["record_id"],
            outbox_id=outbox_id,
            reason=row["error"],
        )


async def keep_provider_id(message_id: int, external_id: str) -> None:
    """Note under which id a provider knows a message that it took."""
    await Message.filter(id=message_id).update(external_id=short_key(external_id))


async def resend(work: Work, outbox_id: int) -> None:
    """Send again what may not have arrived.

    :raises NotFound: it is none of the actor's messages in doubt
    """
    taken = await db.execute(
        "UPDATE outbox SET state = 'waiting', lease_until = NULL, not_before = ? "
        "WHERE id = ? AND state IN ('unsure', 'failed') AND user_id = ?",
        work.now,
        outbox_id,
        work.actor.id,
    )
    if not taken:
        raise NotFound(ref=f"message {outbox_id}")
    work.outbox_ids.append(outbox_id)
