"""Erase again whom an older copy of the database brought back: each record that the ledger names, that one alone.

The ledger was written when it was known who the person is. What an older copy links them with may be somebody else since, so no link
is followed; a merge with a record that the ledger does not name is taken back first.
"""

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.models import Operation
from botcrm.core.services.access import current, ref
from botcrm.core.services.merging.unmerge import unmerge
from botcrm.core.services.operations import operations
from botcrm.core.services.personal import ledger as erasures
from botcrm.core.services.personal.person import Person
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work

KIND = "erase"
LEFT = "erasure_left"


async def replay(work: Work) -> list[Operation]:
    """Begin to erase again whom the ledger beside the database names and an older copy brought back; returns the operations.

    One that was stopped, or failed, begins anew.
    """
    found: list[Operation] = []
    back = await erasures.not_erased(work.ledger)
    if not back:
        return found
    known = {(one.params.get("entity"), one.params.get("record_id")): one for one in await _unfinished()}
    for one in back:
        operation = known.get((one.entity, one.record_id))
        if operation is not None and operation.state == "running":
            continue
        if operation is None:
            operation = await operations.start(
                work,
                KIND,
                one.entity,
                f"Erase {ref(one.entity, one.record_id)}",
                params={"entity": one.entity, "record_id": one.record_id, "again": True},
            )
        else:
            operation.progress, operation.counts = {}, {}
            await operation.save(update_fields=["progress", "counts"])
        await operations.run(work, operation)
        found.append(operation)
    return found


async def _unfinished() -> list[Operation]:
    """Return the erasings of single records that have not ended well; one that a person began and that ended badly stays theirs."""
    asked = await Operation.filter(kind=KIND, state__in=("running", "stopped", "failed")).order_by("id")
    return [one for one in asked if one.state == "running" or one.params.get("again")]


async def person_again(entity: str, record_id: int) -> Person:
    """Return the person that a restored record is of, as far as that very record goes."""
    own = (record_id,)
    deals = await db.column("SELECT id FROM deal WHERE contact_id = ?", record_id) if entity == "contact" else []
    telegram = (
        await db.column(f"SELECT telegram_id FROM {entity} WHERE id = ? AND telegram_id IS NOT NULL", record_id)
        if entity != "company"
        else []
    )
    return Person(
        (entity, record_id),
        own if entity == "contact" else (),
        own if entity == "lead" else (),
        tuple(deals),
        tuple(telegram),
        own if entity == "company" else (),
    )


async def taken_apart(work: Work, operation: Operation) -> bool:
    """Take back the merges of a restored record with records that the ledger does not name; False where one cannot be.

    Then nothing is erased, administrators are told, and the operation has failed.
    """
    entity, record_id = str(operation.params["entity"]), int(operation.params["record_id"])
    named = await erasures.named(work.ledger)
    rows = await db.fetch(
        "SELECT id, main_id, merged_id FROM merge WHERE entity = ? AND undone_at IS NULL AND (main_id = ? OR merged_id = ?) "
        "ORDER BY id DESC",
        entity,
        record_id,
        record_id,
    )
    apart = [row["id"] for row in rows if (entity, _other(row["main_id"], row["merged_id"], record_id)) not in named]
    try:
        async with work.savepoint():
            for merge_id in apart:
                await unmerge(work, merge_id, telling=False)
            await work.flush()
    except CrmError as error:
        await _leave(work, operation, entity, record_id, str(error))
        return False
    main_id = await current(entity, record_id)
    if main_id != record_id and not rows:
        await _leave(work, operation, entity, record_id, f"it is merged into {ref(entity, main_id)}")
        return False
    return True


def _other(main_id: int, merged_id: int, record_id: int) -> int:
    return merged_id if main_id == record_id else main_id


async def _leave(work: Work, operation: Operation, entity: str, record_id: int, why: str) -> None:
    into = ref(entity, await current(entity, record_id))
    for user_id, chat_id in await administrators():
        await work.tell(
            user_id,
            chat_id,
            LEFT,
            key=f"{LEFT}:{operation.id}:{user_id}",
            ref=ref(entity, record_id),
            into=into,
        )
    await operations.finish(work, operation, counts=operation.counts, state="failed", error=f"Not erased again: {why}")
