"""Write to a client first, where they wrote last: for messages to many, sent at most once to each."""

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.kinds import Action, Lane
from botcrm.core.models import Contact, Deal, Lead, Message, Record
from botcrm.core.services.clients.inbound import client_message, sending, write_back
from botcrm.core.services.records import tags_of
from botcrm.core.services.work import Work

# Who has this tag gets no messages that go to many.
STOP = "stop"


class NoChannel(CrmError):
    """A client never wrote, so that there is nowhere to write to."""

    message = "{name} never wrote here: there is no chat to write to."


class WantsNone(CrmError):
    """A client wants no messages that go to many."""

    message = "{name} wants no such messages (#stop)."


class HasBlocked(CrmError):
    """The last message to a client was refused because they had blocked the bot, and they have not written since."""

    message = "{name} has blocked the bot."


async def write_client(work: Work, record: Record, text: str, *, once_in: int) -> Message | None:
    """Write to the client of a record over the channel they wrote by last; {name} in the text becomes their name.

    :param once_in: the work in which each client is written to once; None is returned where that was done
    :raises NoChannel: they never wrote, or by a channel without a way back
    :raises WantsNone: they have the tag #stop
    :raises HasBlocked: they blocked the bot and have not written since
    :raises NotFound: their messages are out of the actor's reach
    """
    client = await _client(record)
    if client is None:
        raise NoChannel(name=str(getattr(record, "title", "") or "?"))
    entity = client._meta.db_table
    name = client.name or str(getattr(client, "title", ""))
    if STOP in await tags_of(entity, client.id):
        raise WantsNone(name=name)
    row = await db.fetch_one(
        f"SELECT id FROM message WHERE {entity}_id = ? AND direction = 'in' AND answerable AND deleted_at IS NULL "
        "ORDER BY id DESC LIMIT 1",
        client.id,
    )
    if row is None:
        raise NoChannel(name=name)
    last = await client_message(work, row["id"], Action.CHANGE)
    if await _written(work, last, once_in):
        return None
    if await _has_blocked(last):
        raise HasBlocked(name=name)
    deal_id = record.id if isinstance(record, Deal) else last.deal_id
    return await write_back(work, last, text.replace("{name}", name), deal_id, Lane.BROADCAST)


async def _client(record: Record) -> Contact | Lead | None:
    if isinstance(record, Contact | Lead):
        return record
    contact_id = getattr(record, "contact_id", None)
    return await Contact.filter(id=contact_id, deleted_at=None).first() if contact_id else None


async def _has_blocked(last: Message) -> bool:
    chat = sending(last)[0]
    row = await db.fetch_one(
        "SELECT state, error, created_at FROM outbox WHERE chat_id = ? AND audience = 'client' ORDER BY id DESC LIMIT 1",
        chat,
    )
    if row is None or row["state"] != "failed" or "forbidden" not in str(row["error"]).casefold():
        return False
    return last.created_at <= db.moment_needed(row["created_at"])


async def _written(work: Work, last: Message, work_id: int) -> bool:
    """Tell whether a chat was written to in a work already."""
    await work.flush()
    row = await db.fetch_one(
        "SELECT 1 AS y FROM message m JOIN event e ON e.entity = 'message' AND e.record_id = m.id AND e.work_id = ? "
        "WHERE m.channel = ? AND m.chat_id = ? AND m.direction = 'out' AND e.type = 'MessageSent' LIMIT 1",
        work_id,
        last.channel,
        last.chat_id,
    )
    return row is not None
