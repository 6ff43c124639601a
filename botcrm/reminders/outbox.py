"""Send what the core has committed: in order, paced, and none lost.

To staff a message goes at least once: a row is "waiting" until it is known to have been sent. To a client at most once:
it is committed as "sending" before the call, and if nobody knows what came of that, a person is asked.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

from botcrm.core import db
from botcrm.core.services.rows import Posted
from botcrm.core.services.work import Work
from botcrm.reminders import outbox_table as table
from botcrm.reminders.outbox_rows import Deliver, NotSent, RetryAfter, Undeliverable
from botcrm.reminders.outbox_table import Outcome
from botcrm.reminders.outbox_verdicts import LEASE, Verdicts, words_of
from botcrm.reminders.outbox_writer import Writer
from botcrm.reminders.pacing import REPLY, SECOND, Item, Queue

log = logging.getLogger(__name__)

OpenWork = Callable[[], AbstractAsyncContextManager[Work]]
Ask = Callable[[Work, int], Awaitable[None]]

RENEW_BEFORE = timedelta(seconds=15)
SENDING_LEASE = timedelta(minutes=10)
# Deliveries at once over one of the other channels; a channel that hangs takes no more of the process than these.
_CHANNEL_IN_FLIGHT = 8
_MICROSECOND = timedelta(microseconds=1)
_STOP_SECONDS = 10.0


class Outbox:
    """Sends the rows of the outbox table through `deliver`.

    :param on_unsure: called in a work with the id of a message to a client that may or may not have arrived
    :param on_failed: the same for a message to a client that will not arrive
    :param refused: told of each message that will not be sent: error, "send", and facts by name
    :param in_flight: how many deliveries at once
    :param held: how many rows are kept in memory at most; the rest waits in the table (replies are always taken)
    :param deliver_timeout: seconds
    :param sleep: waits for seconds of the time that `now` tells
    """

    def __init__(
        self,
        deliver: Deliver,
        now: Callable[[], datetime],
        *,
        open_work: OpenWork,
        on_unsure: Ask,
        on_failed: Ask | None = None,
        refused: Callable[..., None] = lambda error, where, **facts: None,
        overall_per_second: int = 30,
        per_chat_per_second: int = 1,
        per_group_per_minute: int = 20,
        in_flight: int = 128,
        held: int = 2000,
        deliver_timeout: float = 300.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._deliver = deliver
        self._now = now
        self._origin = now()
        self._open_work = open_work
        self._on_unsure = on_unsure
        self._on_failed = on_failed
        self._pace = {
            "overall_per_second": overall_per_second,
            "per_chat_per_second": per_chat_per_second,
            "per_group_per_minute": per_group_per_minute,
        }
        # By what carries the messages, "" being Telegram: none waits for another.
        self._queues: dict[str, Queue] = {}
        self._under_way: Counter[str] = Counter()
        self._most_in_flight = in_flight
        self._most_held = held
        self._timeout = deliver_timeout
        self._sleep = sleep
        self._items: dict[int, Item] = {}
        self._fresh: list[tuple[int, Posted | None]] = []
        self._loading = False
        self._backlog = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._changed = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._alarm: tuple[int, asyncio.Task[None]] | None = None
        self._writer = Writer(self._written, self._conclude, self._changed)
        self._verdicts = Verdicts(now, self._moment, self._queue, self._writer, refused)

    # --- the outside -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin sending what is submitted and swept; call `recover` first."""
        if self._pump is None:
            self._writer.start()
            self._pump = asyncio.create_task(self._run(), name="outbox")
            self._bell.set()

    async def stop(self) -> None:
        """Let what is under way end, write its results, and leave the rest to the next process."""
        if self._pump is None:
            return
        pump, self._pump = self._pump, None
        await _cancel(pump)
        if self._alarm:
            await _cancel(self._alarm[1])
            self._alarm = None
        if self._tasks:
            _, slow = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
            for task in slow:
                await _cancel(task)
        await self._writer.stop()
        await table.release([*self._items, *(outbox_id for outbox_id, _ in self._fresh)])
        for item in self._items.values():
            item.gone = True
        self._items.clear()
        self._fresh.clear()

    async def recover(self) -> None:
        """Take up what the process before this one left, once, before `start`.

        An SQLite file has one process: everything is taken at once. On PostgreSQL others may be at work: leases decide.
        """
        alone = db.dialect() == "sqlite"
        now = self._now()
        for outbox_id in await table.sending(None if alone else now):
            await self._conclude(outbox_id, "unsure", "the process ended while it was being sent")
        if alone:
            await table.release_all()
        moment = self._moment(now)
        for item, until, whole_chat in await table.claim_deferred(now, now + LEASE):
            queue = self._queue(item)
            if whole_chat:
                queue.hold_chat(item.row.chat_id, self._moment(until))
            else:
                queue.hold_lane(item.row.chat_id, item.row.lane_order, self._moment(until))
            self._hold(item, moment)
        await self.sweep()

    def submit(self, ids: Sequence[int], rows: Mapping[int, Posted] | None = None) -> None:
        """Send rows that were just committed.

        :param rows: those of them that are at hand; the others are read
        """
        if ids:
            self._fresh.extend((outbox_id, rows.get(outbox_id) if rows else None) for outbox_id in ids)
            self._bell.set()

    def wake(self) -> None:
        """Look again what may go now, e.g. after a test moved the clock."""
        self._bell.set()

    def retry_channels(self) -> None:
        """Try again at once what channels could not take, e.g. because one was switched on."""
        for carrier, queue in self._queues.items():
            if carrier:
                queue.release(self._moment())
        self._bell.set()

    async def sweep(self) -> int:
        """Claim waiting rows nobody holds, renew the leases of those held, and return how many were claimed."""
        now = self._now()
        await self._keep(now)
        for outbox_id in await table.sending(now):
            if outbox_id not in self._items:
                await self._conclude(outbox_id, "unsure", "the process ended while it was being sent")
        # What a channel does not take may be much, and must leave room for the rest.
        room = self._most_held - sum(not item.row.carrier for item in self._items.values())
        limit, most_lane = (room, 32767) if room > 0 else (200, REPLY)
        items = await table.claim(now, now + LEASE, limit, most_lane)
        moment = self._moment(now)
        for item in items:
            self._hold(item, moment)
        if room > 0:
            self._backlog = len(items) == limit
        for queue in self._queues.values():
            queue.prune(moment)
        self._bell.set()
        return len(items)

    async def drain(self) -> None:
        """Wait until everything submitted is sent and written down, or waits for a time that lies ahead of `now`."""
        if self._pump is None:
            return
        self._bell.set()
        with self._writer.hurry():
            while self._bell.is_set() or not self._is_still():
                self._changed.clear()
                await self._changed.wait()

    async def depth(self) -> int:
        """Return how many messages wait to be sent."""
        return await table.depth()

    async def oldest_waiting(self) -> datetime | None:
        """Return since when the oldest message waits that may go by now."""
        return await table.oldest_waiting(self._now())

    # --- taking in -------------------------------------------------------------------------------------------------

    def _moment(self, at: datetime | None = None) -> int:
        return ((at or self._now()) - self._origin) // _MICROSECOND

    def _is_still(self) -> bool:
        busy = self._fresh or self._loading or self._tasks or not self._writer.is_idle
        return not busy and all(queue.is_still(self._moment()) for queue in self._queues.values())

    def _queue(self, item: Item) -> Queue:
        carrier = item.row.carrier
        if carrier not in self._queues:
            self._queues[carrier] = Queue(**self._pace)
        return self._queues[carrier]

    def _hold(self, item: Item, moment: int) -> None:
        known = self._items.get(item.row.id)
        if known:
            known.lease_until = item.lease_until
            return
        self._items[item.row.id] = item
        self._queue(item).add(item, moment)

    async def _keep(self, now: datetime) -> None:
        """Renew leases that end soon, and let go of what may be another process's by now."""
        ending = [item for item in self._items.values() if item.lease_until < now + RENEW_BEFORE]
        if not ending:
            return
        alone = db.dialect() == "sqlite"
        kept = [item for item in ending if alone or item.lease_until > now]
        until = now + LEASE
        await table.renew([item.row.id for item in kept], until)
        for item in kept:
            item.lease_until = until
        for item in ending:
            if item.lease_until <= now and not item.busy:
                item.gone = True
                del self._items[item.row.id]

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                if self._fresh:
                    await self._load()
                self._dispatch()
            except Exception:  # the sweep finds the rows that were not taken in now
                log.exception("outbox: what is new could not be taken in")
            self._changed.set()

    async def _load(self) -> None:
        fresh, self._fresh = self._fresh, []
        now = self._now()
        items = [
            table.item_of(i, row) for i, row in fresh if row is not None and row.created_at <= now < row.lease_until
        ]
        if len(items) < len(fresh):
            self._loading = True
            try:
                known = {item.row.id for item in items}
                read = await table.leased([i for i, _ in fresh if i not in known], now)
                known.update(item.row.id for item in read)
                items += read
                if len(items) < len(fresh):
                    items += await table.claim_ids([i for i, _ in fresh if i not in known], now, now + LEASE)
            finally:
                self._loading = False
            items.sort(key=lambda item: item.row.id)
        moment = self._moment()
        for item in items:
            if item.row.lane_order != REPLY and (self._backlog or len(self._items) >= self._most_held):
                # Older ones still wait in the table: this one comes after them, by the sweep.
                self._backlog = True
                continue
            self._hold(item, moment)

    # --- sending ---------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        if self._pump is None:
            return
        now = self._now()
        moment = self._moment(now)
        later: list[int] = []
        for carrier, queue in self._queues.items():
            self._take_from(carrier, queue, now)
            for item in queue.pop_superseded():
                self._writer.record(Outcome(item, "dropped"))
            look_at = queue.look_at(moment)
            # What could go now and does not waits for one under way to end, and that rings by itself.
            if look_at is not None and look_at > moment:
                later.append(look_at)
        self._set_alarm(min(later, default=None), moment)

    def _take_from(self, carrier: str, queue: Queue, now: datetime) -> None:
        """Begin to send what may go now."""
        moment = self._moment(now)
        most = _CHANNEL_IN_FLIGHT if carrier else self._most_in_flight
        while self._under_way[carrier] < most:
            item = queue.take(moment)
            if item is None:
                return
            if item.lease_until <= now and db.dialect() != "sqlite":
                # Another process may have it: the sweep tells.
                self._items.pop(item.row.id, None)
                queue.finish(item.row.chat_id, moment)
                continue
            item.busy = True
            self._under_way[carrier] += 1
            task = asyncio.create_task(self._send(item))
            self._tasks.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._dispatch()
        self._changed.set()

    def _set_alarm(self, at: int | None, now: int) -> None:
        if at is None or at <= now or (self._alarm and self._alarm[0] <= at and not self._alarm[1].done()):
            return
        if self._alarm:
            self._alarm[1].cancel()
        self._alarm = at, asyncio.create_task(self._ring_after((at - now) / SECOND))

    async def _ring_after(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._alarm = None
        self._bell.set()

    async def _send(self, item: Item) -> None:
        row = item.row
        client = row.audience == "client"
        begun = False
        try:
            if client and not await table.mark_sending(item, self._now() + SENDING_LEASE):
                self._items.pop(row.id, None)
                return
            begun = True
            async with asyncio.timeout(self._timeout):
                message_id = await self._deliver(row)
        except RetryAfter as exc:
            self._verdicts.wait(item, exc.seconds)
        except Undeliverable as exc:
            self._verdicts.end(item, exc.reason)
        except Exception as exc:  # noqa: BLE001  whatever the channel raises counts as temporary
            if client and begun and not isinstance(exc, NotSent):
                self._writer.doubt(item, "unsure", words_of(exc))
            else:
                self._verdicts.put_off(item, exc)
        else:
            self._writer.record(Outcome(item, "sent", message_id, self._now()))
        finally:
            item.busy = False
            self._under_way[row.carrier] -= 1
            self._queue(item).finish(row.chat_id, self._moment())

    # --- afterwards ------------------------------------------------------------------------------------------------

    def _written(self, outcome: Outcome) -> None:
        """Forget a row whose end is in the table now."""
        if outcome.state != "waiting" or outcome.lease_until is None:
            self._items.pop(outcome.item.row.id, None)

    async def _conclude(self, outbox_id: int, state: str, error: str) -> None:
        """End a message to a client that is unsure or failed, and have a person asked, both or neither."""
        ask = self._on_unsure if state == "unsure" else self._on_failed
        try:
            async with self._open_work() as work:
                if await table.settle_doubt(outbox_id, state, error) and ask:
                    await ask(work, outbox_id)
        except Exception:  # whom to ask may be gone: the state must not be lost for that
            log.exception("outbox: nobody could be asked about message %s", outbox_id)
            await table.settle_doubt(outbox_id, state, error)
        self._items.pop(outbox_id, None)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
