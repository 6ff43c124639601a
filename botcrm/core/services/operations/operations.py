"""Long changes of many records, done a piece at a time: begun, stopped, ended, and taken back as a whole.

A step (reminders/operations.py) does one piece in a transaction of its own; how far it came is written with the piece, so that
whatever ends the process between two pieces loses nothing and doubles nothing.
"""

import secrets
from datetime import timedelta
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotFound, NothingToUndo
from botcrm.core.domain.events import OperationEnded
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Operation
from botcrm.core.services.access import owned_sql, owners
from botcrm.core.services.work import Work

JOB = "operation"
NOTICE = "operation"
UNDO = "undo"
# What of them changes records, so that there is something to take back.
REVERSIBLE = frozenset({"import", "bulk", "merge", "words", UNDO})


class StillRunning(CrmError):
    """An operation goes on, and has to end or to be stopped first."""

    message = "“{title}” is still running. Stop it first."


class BeingTakenBack(CrmError):
    """Somebody takes an operation back already."""

    message = "“{title}” is being taken back already, as number {number} of the journal."


class TakenBackInPart(CrmError):
    """What is being taken back, be it that this was stopped, cannot go on meanwhile."""

    message = "“{title}” is being taken back, and cannot go on meanwhile. To keep it, first undo its “Take back”."


# Without a job and without a piece for so long, nobody does it any more.
_QUIET = timedelta(minutes=1)


def job_key(operation_id: int) -> str:
    """Return the key of the job that does an operation's pieces."""
    return f"operation:{operation_id}"


async def start(
    work: Work,
    kind: str,
    entity: str,
    title: str,
    *,
    params: dict[str, Any],
    chat_id: int | None = None,
    message_id: int | None = None,
) -> Operation:
    """Note down a long change that the actor is going to make; nothing is done before `run`.

    :param params: what its step reads, JSON-ready
    :param chat_id: where its progress is shown
    :param message_id: the message that becomes the one with its progress; without one a message of its own is sent
    """
    return await Operation.create(
        kind=kind,
        entity=entity,
        title=title[:300],
        actor_id=work.actor.id,
        work_id=secrets.randbits(52),
        params=params,
        chat_id=chat_id,
        message_id=message_id,
        created_at=work.now,
        updated_at=work.now,
    )


async def run(work: Work, operation: Operation, *, here: bool = False) -> None:
    """Let an operation begin, or go on after a stop or a failure; one that ended meanwhile stays so.

    :param here: no job is planned: whoever calls does the pieces (`run_here`)
    :raises TakenBackInPart: taking it back was begun, and has not ended
    """
    if operation.state != "draft":
        now = await claimed(operation.id)
        if now is None or now.state in ("done", "undone"):
            return
        if await undo_of(operation.id) is not None:
            raise TakenBackInPart(title=operation.title)
    operation.state, operation.error, operation.updated_at, operation.ended_at = "running", "", work.now, None
    await operation.save(update_fields=["state", "error", "updated_at", "ended_at"])
    if here:
        return
    key = job_key(operation.id)
    await work.plan_job(JOB, key, work.now, operation_id=operation.id)
    # A job that ended at this very moment is not moved by planning it for the same moment.
    await db.execute(
        "UPDATE job SET state = 'waiting', run_at = ?, attempts = 0, lease_until = NULL, token = token + 1 "
        "WHERE key = ? AND state NOT IN ('waiting', 'running')",
        work.now,
        key,
    )


async def stop(work: Work, operation_id: int) -> Operation:
    """Stop an operation after the piece in hand; it can go on later, or be taken back.

    :raises NotFound: there is none within the actor's reach
    """
    await operation_of(work, operation_id)
    operation = await claimed(operation_id)
    assert operation is not None
    if operation.state == "running":
        operation.state, operation.updated_at = "stopped", work.now
        await operation.save(update_fields=["state", "updated_at"])
        await work.cancel_jobs(job_key(operation_id))
    return operation


async def advance(work: Work, operation: Operation, *, progress: dict[str, Any], counts: dict[str, int]) -> None:
    """Write down how far a piece came, in its own transaction.

    :param progress: all that the next piece has to know
    :param counts: all counts so far; `seen` of `total` is shown as the share that is done
    """
    operation.progress, operation.counts, operation.updated_at = progress, counts, work.now
    await operation.save(update_fields=["progress", "counts", "updated_at"])


async def finish(
    work: Work, operation: Operation, *, counts: dict[str, int], state: str = "done", error: str = ""
) -> None:
    """End an operation, once: hooks and rules hear of it, whoever follows it sees it.

    :param state: done, or failed with the error that people read
    """
    if operation.state in ("done", "failed", "undone"):
        return
    operation.state, operation.counts, operation.error = state, counts, error[:2000]
    operation.updated_at = operation.ended_at = work.now
    await operation.save(update_fields=["state", "counts", "error", "updated_at", "ended_at"])
    work.remember_plain(
        OperationEnded,
        "operation",
        operation.id,
        kind=operation.kind,
        records=operation.entity,
        title=operation.title,
        state=state,
        counts=counts,
    )


async def undo(
    work: Work, operation_id: int, *, chat_id: int | None = None, message_id: int | None = None, here: bool = False
) -> Operation:
    """Begin to take an operation back, a piece at a time; what was changed since is kept and listed.

    :returns: the operation of kind "undo" that does so
    :raises NotFound: there is none within the actor's reach
    :raises StillRunning: it goes on
    :raises BeingTakenBack: somebody takes it back just now; where that was broken off, it goes on
    :raises NothingToUndo: it was taken back already, is being taken back, or changed nothing
    """
    await operation_of(work, operation_id)
    operation = await claimed(operation_id)
    assert operation is not None
    if operation.state == "running":
        raise StillRunning(title=operation.title)
    if not is_reversible(operation) or operation.state in ("draft", "undone"):
        raise NothingToUndo
    other = await undo_of(operation_id)
    if other is not None:
        if other.state == "running" and await is_carried(work, other):
            raise BeingTakenBack(title=other.title, number=other.id)
        other.chat_id, other.message_id = chat_id or other.chat_id, message_id or other.message_id
        await other.save(update_fields=["chat_id", "message_id"])
        await run(work, other, here=here)
        return other
    taking = await start(
        work,
        UNDO,
        operation.entity,
        operation.title,
        params={"operation_id": operation_id, "kind": operation.kind, "again": is_again(operation, taken_back=True)},
        chat_id=chat_id,
        message_id=message_id,
    )
    await run(work, taking, here=here)
    return taking


# --- reading -------------------------------------------------------------------------------------------------------------


def _reached_sql(work: Work) -> str:
    """Return an SQL condition for the operations that the actor may see: own ones, and those of people within reach."""
    if work.actor.is_system:
        return owned_sql("actor_id", None)
    people = owners(work.actor, "user", Action.READ)
    return owned_sql("actor_id", None if people is None else people | {work.actor.id or 0})


async def operation_of(work: Work, operation_id: int) -> Operation:
    """Return an operation of the actor's own, or of somebody whom they reach.

    :raises NotFound: there is none
    """
    seen = 0 < operation_id < 2**63 and await db.fetch_one(
        f"SELECT id FROM operation WHERE id = ? AND {_reached_sql(work)}", operation_id
    )
    if not seen:
        raise NotFound(ref=f"#{operation_id}")
    return await Operation.get(id=operation_id)


def is_reversible(operation: Operation) -> bool:
    """Tell whether an operation changes records, so that there is something to take back: what went out does not come back."""
    change = operation.params.get("change") or {}
    return operation.kind in REVERSIBLE and not (operation.kind == "bulk" and change.get("kind") == "message")


def is_again(operation: Operation, *, taken_back: bool = False) -> bool:
    """Tell whether an operation takes back what took something back, so that it stands again.

    :param taken_back: or what takes this one back does so
    """
    again = operation.kind == UNDO and bool(operation.params.get("again", operation.params.get("kind") == UNDO))
    return operation.kind == UNDO and not again if taken_back else again


async def undo_of(operation_id: int) -> Operation | None:
    """Return the operation that takes another one back, as long as that has not ended."""
    for one in await Operation.filter(kind=UNDO, state__in=("running", "stopped", "failed")):
        if one.params.get("operation_id") == operation_id:
            return one
    return None


async def claimed(operation_id: int) -> Operation | None:
    """Return an operation that nobody else changes until this transaction ends."""
    return await Operation.filter(id=operation_id).select_for_update().first()


async def operations(work: Work, *, before: int | None = None, limit: int = 8) -> list[Operation]:
    """List the operations within reach, the newest first, those with an id under `before`."""
    rows = await db.fetch(
        f"SELECT id FROM operation WHERE id < ? AND {_reached_sql(work)} ORDER BY id DESC LIMIT ?",
        before or 2**62,
        limit,
    )
    found = await Operation.filter(id__in=[row["id"] for row in rows])
    return sorted(found, key=lambda operation: -operation.id)


async def is_carried(work: Work, operation: Operation) -> bool:
    """Tell whether a job, or a command just now, does a running operation's pieces."""
    if work.now - operation.updated_at < _QUIET:
        return True
    row = await db.fetch_one(
        "SELECT 1 AS y FROM job WHERE key = ? AND state IN ('waiting', 'running')", job_key(operation.id)
    )
    return row is not None
