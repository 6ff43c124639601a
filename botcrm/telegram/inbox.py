"""The durable inbox: an update is stored as it came and committed before Telegram is told; then it is handled, in order per chat.

The effect and the done-mark are one transaction, so a kill at any moment leaves an update either wholly handled or still to be handled.
After three failures it goes to quarantine, the administrators are told, and its neighbours go on.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from botcrm.core import db
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work

log = logging.getLogger(__name__)

ATTEMPTS = 3
_PAGE = 500
# A transaction takes in no further update after this; whoever is answered first waits for the last. The pages that a commit
# writes are the dearest part of an update in the database, and updates that share a transaction share many of them.
_BATCH_SECONDS = 0.1
# So many of those that wait are looked through for like ones, which are handled one after the other: a processor that has
# just done a line does another like it in four fifths of the time.
_TOGETHER = 48
# While one transaction is brought to the disk, the next one is under way.
_SIDE_BY_SIDE = 2
# A failure that cannot even be marked is the database's own: the update keeps its place and is tried again, at this pace.
_LONGEST_PAUSE = 5.0
_LARGEST_ID = 2**63 - 1
_KINDS = (
    "message",
    "edited_message",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "my_chat_member",
    "message_reaction",
    "business_message",
    "edited_business_message",
    "business_connection",
    "poll_answer",
    "chat_member",
    "chat_join_request",
    "purchased_paid_media",
)


@dataclass(frozen=True, slots=True)
class Update:
    """A stored update waiting for its turn."""

    id: int
    update_id: int
    chat_key: str
    body: dict[str, Any]


def chat_key(update: dict[str, Any]) -> str:
    """Return what an update's order belongs to: its chat, else its sender, else itself."""
    for kind in _KINDS:
        part = update.get(kind)
        if not isinstance(part, dict):
            continue
        message = part.get("message") if kind == "callback_query" else part
        for holder in (message, part):
            for name in ("chat", "from", "user"):
                who = holder.get(name) if isinstance(holder, dict) else None
                if isinstance(who, dict) and isinstance(who.get("id"), int):
                    return f"{who['id']}"[:64]
    return f"update:{update.get('update_id')}"


def _kind(update: Update) -> str:
    """Return what updates that are handled alike have in common."""
    message = update.body.get("message")
    if isinstance(message, dict):
        return str(message.get("text", ""))[:5]
    return next((name for name in update.body if name != "update_id"), "")


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST_ID


async def _tell_administrators(work: Work, inbox_id: int, error: str) -> None:
    for user_id, chat_id in await administrators():
        await work.tell(
            user_id,
            chat_id,
            "quarantined",
            key=f"quarantine:{inbox_id}:{user_id}",
            inbox_id=inbox_id,
            # The first line says what; a library's report below it may hold what somebody wrote.
            error=error.splitlines()[0][:300] if error else "",
        )


async def _tell_sender(work: Work, update: Update) -> None:
    """Tell whoever of the staff sent it that it was set aside; a client hears nothing of our troubles."""
    row = await db.fetch_one(
        'SELECT id, telegram_id FROM "user" WHERE telegram_id = ? AND active',
        int(update.chat_key) if update.chat_key.isdigit() else 0,
    )
    if row:
        await work.tell(row["id"], row["telegram_id"], "not_handled", key=f"not-handled:{update.id}")


class Inbox:
    """Stores updates and hands them to a handler, one at a time per chat, chats side by side.

    :param handle: makes the changes of one update inside the work it is given; what is raised rolls them back
    :param ready: waited for before anything is handled; while it fails, updates are stored only
    :param set_aside: told of each update that is not tried again: error, "update", and facts by name
    """

    def __init__(
        self,
        open_work: Callable[[], AbstractAsyncContextManager[Work]],
        handle: Callable[[Work, Update], Awaitable[None]],
        now: Callable[[], datetime],
        bot_id: int,
        observe: Callable[[str, float], None] | None = None,
        ready: Callable[[], Awaitable[None]] | None = None,
        set_aside: Callable[..., None] = lambda error, where, **facts: None,
    ) -> None:
        self._open_work = open_work
        self._handle = handle
        self._now = now
        self._bot_id = bot_id
        self._observe = observe
        self._ready_to_handle = ready
        self._set_aside = set_aside
        self._queues: dict[str, deque[Update]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._known: set[int] = set()
        # What comes in is queued behind what a former process left, and never between two pages of it.
        self._taking_in = asyncio.Lock()
        self._recovered = False
        self._stopping = asyncio.Event()
        self._ready: deque[tuple[Update, asyncio.Future[None]]] = deque()
        # Of those, whose turn it is, like ones one after the other.
        self._turn: deque[tuple[Update, asyncio.Future[None]]] = deque()
        self._batching: set[asyncio.Task[None]] = set()

    async def store(self, updates: Sequence[dict[str, Any]]) -> None:
        """Commit updates, then queue them; one that was stored before is passed over."""
        # Escaped, a lone half of a surrogate pair stays what it is.
        rows = [
            (self._bot_id, update["update_id"], chat_key(update), json.dumps(update).encode(), self._now())
            for update in updates
            if _is_id(update.get("update_id"))
        ]
        if not rows:
            return
        async with self._taking_in:
            if not self._recovered:
                await self._recover()
            await self._store(rows, updates)

    async def _store(
        self, rows: list[tuple[int, int, str, bytes, datetime]], updates: Sequence[dict[str, Any]]
    ) -> None:
        async with db.transaction():
            await db.execute_many(
                "INSERT INTO inbox (bot_id, update_id, chat_key, body, state, attempts, error, received_at) "
                "VALUES (?, ?, ?, ?, 'new', 0, '', ?) ON CONFLICT DO NOTHING",
                rows,
            )
            marks = ", ".join("?" * len(rows))
            stored = await db.fetch(
                f"SELECT id, update_id FROM inbox WHERE bot_id = ? AND update_id IN ({marks}) AND state = 'new'",
                self._bot_id,
                *(row[1] for row in rows),
            )
        ids = {row["update_id"]: row["id"] for row in stored}
        fresh = [
            Update(ids[update["update_id"]], update["update_id"], chat_key(update), update)
            for update in updates
            if update.get("update_id") in ids
        ]
        for update in sorted(fresh, key=lambda item: item.id):
            self._queue(update)

    async def set_aside(self, update_id: int | None, raw: str, error: str) -> None:
        """Keep something that is no update at all in quarantine, and tell the administrators.

        Without an id it cannot be told from what comes again, so it is only logged.
        """
        log.error("no update, set aside: %s", error, extra={"update_id": update_id, "body": raw[:500]})
        if not _is_id(update_id):
            return
        async with self._open_work() as work:
            row = await db.fetch_one(
                "INSERT INTO inbox (bot_id, update_id, chat_key, body, state, attempts, error, received_at) "
                "VALUES (?, ?, ?, ?, 'quarantined', ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
                self._bot_id,
                update_id,
                f"update:{update_id}",
                json.dumps({"update_id": update_id, "undecodable": raw}).encode(),
                ATTEMPTS,
                error[:2000],
                work.now,
            )
            if row:
                await _tell_administrators(work, row["id"], error)

    async def recover(self) -> int:
        """Queue what a former process stored and did not finish; returns how many."""
        async with self._taking_in:
            return await self._recover()

    async def _recover(self) -> int:
        last = count = 0
        while rows := await db.fetch(
            "SELECT id, update_id, chat_key, body FROM inbox WHERE state = 'new' AND bot_id = ? AND id > ? ORDER BY id LIMIT ?",
            self._bot_id,
            last,
            _PAGE,
        ):
            last = rows[-1]["id"]
            for row in rows:
                self._queue(Update(row["id"], row["update_id"], row["chat_key"], json.loads(bytes(row["body"]))))
                count += 1
        self._recovered = True
        return count

    def _queue(self, update: Update) -> None:
        if update.id in self._known:
            return
        self._known.add(update.id)
        queue = self._queues.get(update.chat_key)
        if queue is not None:
            queue.append(update)
            return
        self._queues[update.chat_key] = deque([update])
        task = asyncio.create_task(self._run(update.chat_key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, key: str) -> None:
        queue = self._queues[key]
        if self._ready_to_handle:
            try:
                await self._ready_to_handle()
            except Exception:
                # The process is about to end; what is stored waits for the next one.
                log.exception("updates cannot be handled", extra={"chat": key})
                return
        while queue:
            update = queue[0]
            try:
                await self._process(update)
            finally:
                queue.popleft()
                self._known.discard(update.id)
        del self._queues[key]

    async def _process(self, update: Update) -> None:
        attempt = 0
        while True:
            try:
                await self._do(update)
                return
            except Exception as exc:
                log.exception("update failed", extra={"update_id": update.update_id, "attempt": attempt + 1})
                if not await self._note_failure(update, exc):
                    return
            # It keeps its place at the head of its chat: those behind it would else come before it.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(_LONGEST_PAUSE, 0.05 * 4 ** min(attempt, 5)))
            if self._stopping.is_set():
                return
            attempt += 1

    async def _do(self, update: Update) -> None:
        """Handle one update; what is raised left nothing behind.

        SQLite has one writer, so whatever waits for it shares a transaction and its way to the disk. On PostgreSQL every chat
        has a connection of its own.
        """
        if db.dialect() == "postgres":
            async with self._open_work() as work:
                await self._effect(work, update)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready.append((update, done))
        if len(self._batching) < _SIDE_BY_SIDE:
            task = asyncio.create_task(self._batches())
            self._batching.add(task)
        await done

    async def _effect(self, work: Work, update: Update) -> None:
        """Make one update's changes and its done-mark inside a transaction."""
        started = time.perf_counter()
        mine = work.anew()
        sql = "UPDATE inbox SET state = 'done', done_at = ? WHERE id = ? AND state = 'new'"
        if await db.execute(sql, work.now, update.id):
            work.label = "other"
            await self._handle(mine, update)
            if self._observe:
                self._observe(work.label, time.perf_counter() - started)

    async def _batches(self) -> None:
        try:
            while self._ready or self._turn:
                await self._batch()
        finally:
            self._batching.remove(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _batch(self) -> None:
        """Handle the updates that wait, each in a savepoint of its own, until their transaction is long enough."""
        handled: list[tuple[asyncio.Future[None], Exception | None]] = []
        try:
            async with self._open_work() as work:
                end = time.perf_counter() + _BATCH_SECONDS
                while (not handled or time.perf_counter() < end) and (one := self._next()):
                    update, done = one
                    handled.append((done, None))
                    try:
                        async with work.savepoint():
                            await self._effect(work, update)
                    except Exception as exc:  # noqa: BLE001 - its chat's task logs it, its neighbours go on
                        handled[-1] = (done, exc)
        except Exception as exc:  # noqa: BLE001 - nothing was committed: each of them is tried again
            if not handled:
                handled = [(done, None) for _, done in (*self._turn, *self._ready)]
                self._turn.clear()
                self._ready.clear()
            handled = [(done, failed or exc) for done, failed in handled]
        for done, failed in handled:
            if done.done():
                continue
            if failed:
                done.set_exception(failed)
            else:
                done.set_result(None)

    def _next(self) -> tuple[Update, asyncio.Future[None]] | None:
        """Return whose turn it is; whoever came later waits until the first of those that wait have had theirs."""
        if not self._turn:
            first = [self._ready.popleft() for _ in range(min(len(self._ready), _TOGETHER))]
            self._turn.extend(sorted(first, key=lambda one: _kind(one[0])))
        return self._turn.popleft() if self._turn else None

    async def _note_failure(self, update: Update, exc: Exception) -> bool:
        """Count a failure; returns whether to try again."""
        error = f"{type(exc).__name__}: {exc}"
        try:
            async with self._open_work() as work:
                await db.execute(
                    "UPDATE inbox SET attempts = attempts + 1, error = ? WHERE id = ?", error[:2000], update.id
                )
                row = await db.fetch_one("SELECT attempts FROM inbox WHERE id = ?", update.id)
                if row is None or row["attempts"] < ATTEMPTS:
                    return row is not None
                await db.execute("UPDATE inbox SET state = 'quarantined' WHERE id = ?", update.id)
                await _tell_administrators(work, update.id, error)
                await _tell_sender(work, update)
            self._set_aside(exc, "update", inbox_id=update.id, update_id=update.update_id)
            return False
        except Exception:
            log.exception(
                "a failed update could not be marked; it stays in the inbox", extra={"update_id": update.update_id}
            )
            return True

    @property
    def waiting(self) -> int:
        """Return how many updates are queued here."""
        return len(self._known)

    async def drain(self) -> None:
        """Wait until everything queued was handled."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Let the updates in hand end; those behind them, and those that fail, stay stored for the next start."""
        self._stopping.set()
        for queue in self._queues.values():
            while len(queue) > 1:
                self._known.discard(queue.pop().id)
        await self.drain()
