"""When a deal's client last took part in something, and the day a waiting deal asks again; kept beside the deal."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from botcrm.core import db
from botcrm.core.domain.kinds import DealStatus
from botcrm.core.domain.rot import CONTACT_SQL
from botcrm.core.models import Activity, Deal, Message, Record

if TYPE_CHECKING:
    from botcrm.core.services.work import Work

WAITING_JOB = "deal.waits"
_IN = "m.direction = 'in' AND m.deleted_at IS NULL"
# What hangs on no deal is contact for every open deal of its contact, opened before.
_TALKS = (
    f"SELECT max(a.done_at) AS at FROM activity a WHERE a.deal_id = deal.id AND {CONTACT_SQL} UNION ALL "
    f"SELECT max(m.created_at) FROM message m WHERE m.deal_id = deal.id AND {_IN} UNION ALL "
    f"SELECT max(a.done_at) FROM activity a WHERE a.contact_id = deal.contact_id AND a.deal_id IS NULL AND "
    f"a.done_at > deal.created_at AND {CONTACT_SQL} UNION ALL "
    f"SELECT max(m.created_at) FROM message m WHERE m.contact_id = deal.contact_id AND m.deal_id IS NULL AND "
    f"m.created_at > deal.created_at AND {_IN}"
)
_LAST_TALK = f"(SELECT max(at) FROM ({_TALKS}) AS talks)"
_RECOMPUTE = f"UPDATE deal SET last_contact_at = {_LAST_TALK} WHERE id = ?"
_RECOUNT = (
    f"UPDATE deal SET last_contact_at = {_LAST_TALK} WHERE id > ? AND id <= ? AND status = 'open' AND deleted_at IS NULL "
    f"AND (last_contact_at <> {_LAST_TALK} OR (last_contact_at IS NULL) <> ({_LAST_TALK} IS NULL))"
)


async def keep_contact(work: "Work", records: Sequence[Record], left: Collection[int] = ()) -> None:
    """Recompute the last contact of the deals that these records are about.

    :param left: deals that an activity or message hung on before
    """
    deals, contacts = set(left), _left_contacts(work)
    for record in records:
        said = isinstance(record, Message) and record.direction == "in"
        done = isinstance(record, Activity) and (record.status == "done" or record.version > 1)
        if isinstance(record, Activity | Message) and (said or done):
            if record.deal_id:
                deals.add(record.deal_id)
            elif record.contact_id:
                contacts.add(record.contact_id)
        elif isinstance(record, Deal) and _begins_anew(work, record):
            deals.add(record.id)
    for contact_id in sorted(contacts):
        rows = await db.fetch("SELECT id FROM deal WHERE contact_id = ? AND status = 'open'", contact_id)
        deals.update(row["id"] for row in rows)
    for deal_id in sorted(deals):
        await db.execute(_RECOMPUTE, deal_id)


def _left_contacts(work: "Work") -> set[int]:
    """Return the contacts for whose deals something counted that hangs elsewhere now, or counts from now on."""
    moved = [
        event
        for event in work.events
        if event.entity in ("activity", "message")
        and not event.creates
        and not event.after.keys().isdisjoint(("deal_id", "contact_id"))
    ]
    found = {found for event in moved for found in (event.before.get("contact_id"), event.about.get("contact"))}
    return {int(contact_id) for contact_id in found if contact_id}


async def contact_follows(contacts: Collection[int]) -> None:
    """Recompute the last contact of the open deals of contacts that one statement gave other deals, activities or messages."""
    for contact_id in sorted(contacts):
        rows = await db.fetch("SELECT id FROM deal WHERE contact_id = ? AND status = 'open' ORDER BY id", contact_id)
        await _recompute(row["id"] for row in rows)


async def contact_of_new(first_id: int, last_id: int) -> None:
    """Count for new deals of known contacts what those said since; nothing hangs on the deals themselves yet.

    :param first_id: of deals made by one statement, whose ids are in order
    """
    loose = f"a.contact_id = deal.contact_id AND a.deal_id IS NULL AND a.done_at > deal.created_at AND {CONTACT_SQL}"
    wrote = f"m.contact_id = deal.contact_id AND m.deal_id IS NULL AND m.created_at > deal.created_at AND {_IN}"
    await db.execute(
        f"UPDATE deal SET last_contact_at = (SELECT max(at) FROM ({_TALKS}) AS talks) WHERE id BETWEEN ? AND ? "
        f"AND contact_id IS NOT NULL AND status = 'open' AND (EXISTS (SELECT 1 FROM activity a WHERE {loose}) "
        f"OR EXISTS (SELECT 1 FROM message m WHERE {wrote}))",
        first_id,
        last_id,
    )


async def _recompute(deals: Iterable[int]) -> None:
    for deal_id in deals:
        await db.execute(_RECOMPUTE, deal_id)


def _begins_anew(work: "Work", deal: Deal) -> bool:
    """Tell whether this work gave a deal another contact, or opened it again: what was said meanwhile counts now."""
    return any(
        (event.entity, event.record_id) == ("deal", deal.id)
        and not event.creates
        and ("contact_id" in event.after or "status" in event.after)
        for event in work.events
    )


async def recount_contacts(after: int, last: int) -> int:
    """Put the last contact of the open deals with ids after one and up to another right; returns how many were wrong."""
    return await db.execute(_RECOUNT, after, last)


async def keep_waiting(work: "Work", deal: Deal) -> None:
    """Plan the day on which a waiting deal asks again, or call it off."""
    key = f"deal-waits:{deal.id}"
    until = deal.waiting_until
    if until and until > work.now and deal.status == DealStatus.OPEN and deal.deleted_at is None:
        await work.plan_job(WAITING_JOB, key, until, deal_id=deal.id, until=until.isoformat())
    elif until or any(
        (event.entity, event.record_id) == ("deal", deal.id) and "waiting_until" in event.before
        for event in work.events
    ):
        await work.cancel_jobs(key)
