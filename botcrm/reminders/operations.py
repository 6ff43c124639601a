"""Doing long changes: a piece at a time, each in a transaction of its own, and their progress shown to whoever asked for them.

A piece is one run of the operation's job, which then plans itself again: what else is due, a reminder say, comes in between.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NotFound
from botcrm.core.domain.kinds import Lane
from botcrm.core.models import Operation
from botcrm.core.services.actor import Actor
from botcrm.core.services.custom.dictionaries import KIND as WORDS
from botcrm.core.services.custom.dictionaries import rewrite_piece
from botcrm.core.services.duplicates.finding import KIND as DUPLICATES
from botcrm.core.services.merging.many import KIND as MERGE
from botcrm.core.services.merging.many import bulk_merge_piece
from botcrm.core.services.operations.bulk import KIND as BULK
from botcrm.core.services.operations.bulk import bulk_piece
from botcrm.core.services.operations.operations import NOTICE, UNDO, claimed, finish
from botcrm.core.services.operations.undoing import undo_piece
from botcrm.core.services.personal.again import KIND as ERASE
from botcrm.core.services.personal.erasing import erase_piece
from botcrm.core.services.staff.people import actor_by_id, system
from botcrm.core.services.work import Work
from botcrm.imports.step import Imports
from botcrm.reminders.duplicates import find_piece
from botcrm.reminders.jobs import MOST_ATTEMPTS, DueJob

log = logging.getLogger(__name__)

Step = Callable[[Work, Operation], Awaitable[bool | timedelta]]
"""Do one piece (200 ms at most, so that chats go on) and say how far it came by `advance`; True when nothing is left.

A step whose work another process does answers how long it is to be left alone.
"""

IMPORTS = Imports()
STEPS: dict[str, Step] = {
    "import": IMPORTS.step,
    UNDO: undo_piece,
    MERGE: bulk_merge_piece,
    DUPLICATES: find_piece,
    BULK: bulk_piece,
    WORDS: rewrite_piece,
    ERASE: erase_piece,
}

SHOW = "operation.show"
# The message with an operation's progress changes no more often than this.
SHOWN_EVERY = timedelta(seconds=3)
# Who asked for something that took longer is told of its end in a message of its own: an edit makes no sound.
_LONG = timedelta(minutes=1)
_GIVEN_UP = ("failed", "dropped", "unsure")


class Opens(Protocol):
    """What opens works: the App."""

    def work(self, actor: Actor | None = None) -> AbstractAsyncContextManager[Work]:
        """Open a unit of work."""
        ...


async def piece(work: Work, operation_id: int) -> bool | timedelta:
    """Do one piece of an operation as whoever began it; returns whether something is left, or how long until there is.

    An error that people can understand ends it as failed, with what the pieces before it did; any other one is raised.
    """
    operation = await claimed(operation_id)
    if operation is None or operation.state != "running":
        return False
    counts, progress = operation.counts, operation.progress
    try:
        async with work.savepoint():
            return await _step(work, operation)
    except CrmError as error:
        operation.counts, operation.progress, operation.state = counts, progress, "running"
        await finish(work, operation, counts=counts, state="failed", error=str(error))
        return False


async def _step(work: Work, operation: Operation) -> bool | timedelta:
    actor = await actor_by_id(work.prefs, operation.actor_id) if operation.actor_id else system(work.prefs)
    if actor is None:
        raise NotFound(ref=f"u{operation.actor_id}")
    acting = work.acting_as(actor)
    acting.id = operation.work_id
    done = await STEPS[operation.kind](acting, operation)
    if done is True:
        await finish(acting, operation, counts=operation.counts)
    return done if isinstance(done, timedelta) else not done


async def run_piece(work: Work, job: DueJob) -> None:
    """Do one piece, and come again for the next."""
    operation_id = int(job.payload["operation_id"])
    more: bool | timedelta
    try:
        async with work.savepoint():
            more = await piece(work, operation_id)
    except Exception as error:
        if job.attempts + 1 < MOST_ATTEMPTS:
            raise
        log.exception("operation %s is given up", operation_id)
        operation = await claimed(operation_id)
        if operation is not None and operation.state == "running":
            await finish(work, operation, counts=operation.counts, state="failed", error=f"{type(error).__name__}")
        more = False
    if more:
        at = work.now + more if isinstance(more, timedelta) else work.now
        await work.plan_job(job.kind, job.key, at, operation_id=operation_id)
        # Planning it for the moment at which it runs would leave it be.
        await db.execute(
            "UPDATE job SET state = 'waiting', run_at = ?, attempts = 0, lease_until = NULL, token = token + 1 "
            "WHERE id = ? AND state = 'running'",
            at,
            job.id,
        )
    await _show_soon(work, operation_id)


async def run_here(
    app: Opens, operation_id: int, on_progress: Callable[[Operation], None] = lambda operation: None
) -> Operation:
    """Do all pieces of a running operation in the foreground, as commands do; one that was broken off goes on.

    :param on_progress: called after each piece
    :raises Exception: a piece failed; those before it are done, and it can go on
    """
    while True:
        try:
            async with app.work() as work:
                # The whole transaction is the piece: to take back a part of one, each page it changes is copied first.
                running = await claimed(operation_id)
                more = running is not None and running.state == "running" and await _step(work, running)
        except CrmError as error:
            async with app.work() as work:
                running = await claimed(operation_id)
                if running is not None and running.state == "running":
                    await finish(work, running, counts=running.counts, state="failed", error=str(error))
            more = False
        operation = await Operation.get(id=operation_id)
        on_progress(operation)
        if not more:
            return operation
        if isinstance(more, timedelta):
            await asyncio.sleep(more.total_seconds())


# --- progress ------------------------------------------------------------------------------------------------------------


async def _show_soon(work: Work, operation_id: int) -> None:
    """Show how far an operation is: at once when it ended, else within three seconds."""
    operation = await Operation.get(id=operation_id)
    if operation.chat_id is None:
        return
    if operation.state != "running":
        await show(work, operation)
        return
    key = f"operation-show:{operation_id}"
    waiting = await db.fetch_one("SELECT 1 AS y FROM job WHERE key = ? AND state IN ('waiting', 'running')", key)
    if waiting is None:
        await work.plan_job(SHOW, key, work.now + SHOWN_EVERY, operation_id=operation_id)


async def show_progress(work: Work, job: DueJob) -> None:
    """Show how far an operation is; when it ended meanwhile that was shown already."""
    operation = await Operation.filter(id=int(job.payload["operation_id"])).first()
    if operation is not None and operation.state == "running":
        await show(work, operation)


async def show(work: Work, operation: Operation) -> None:
    """Send the message that shows an operation, or change it; a long one's end is told in a message of its own."""
    user_id, chat_id = operation.actor_id, operation.chat_id
    if user_id is None or chat_id is None:
        return
    facts = {"operation_id": operation.id}
    message_id = operation.message_id
    if message_id is None:
        key = f"operation:{operation.id}"
        first = await work.tell(user_id, chat_id, NOTICE, key=key, **facts)
        if first is not None:
            return
        sent = await db.fetch_one("SELECT message_id, state FROM outbox WHERE key = ?", key)
        if sent is None or sent["message_id"] is None:
            if sent is not None and sent["state"] not in _GIVEN_UP and operation.state != "running":
                # The first message is on its way yet, worded when it goes; should it have gone, this is the end of it.
                await work.plan_job(
                    SHOW_END, f"operation-end:{operation.id}", work.now + SHOWN_EVERY, operation_id=operation.id
                )
            return
        message_id = int(sent["message_id"])
    await work.tell(user_id, chat_id, NOTICE, lane=Lane.BROADCAST, message_id=message_id, **facts)
    took = (operation.ended_at or operation.updated_at) - operation.created_at
    if operation.state != "running" and took > _LONG:
        await work.tell(user_id, chat_id, NOTICE, key=f"operation-told:{operation.id}", **facts)


SHOW_END = "operation.end"


async def show_end(work: Work, job: DueJob) -> None:
    """Show how an operation ended that was shown as running when its message had just gone."""
    operation = await Operation.filter(id=int(job.payload["operation_id"])).first()
    if operation is not None:
        await show(work, operation)
