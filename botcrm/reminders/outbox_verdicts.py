"""What becomes of a message whose delivery did not succeed: it waits, steps aside, or will not be sent."""

import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from botcrm.reminders.outbox_rows import Undeliverable
from botcrm.reminders.outbox_table import Outcome
from botcrm.reminders.outbox_writer import Writer
from botcrm.reminders.pacing import SECOND, Item, Queue

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
# Seconds. While these last the message keeps its place; after that it steps aside for those behind it.
BACK_OFF = (1, 2, 5, 10, 30, 60)
ASIDE = 300
GIVE_UP_AFTER = timedelta(hours=24)
# Telegram asks single chats to wait; so many of them at once, for the same time, mean the whole bot.
_STORM_CHATS = 4


class Verdicts:
    """Decides and has it written down.

    :param moment: an instant as microseconds of the outbox's own time
    :param queue: the queue that a message stands in
    :param refused: told of each message that will not be sent: error, "send", and facts by name
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        moment: Callable[[datetime], int],
        queue: Callable[[Item], Queue],
        writer: Writer,
        refused: Callable[..., None],
    ) -> None:
        self._now = now
        self._moment = moment
        self._queue = queue
        self._writer = writer
        self._refused = refused
        self._storm: deque[tuple[int, int, int]] = deque(maxlen=64)

    def wait(self, item: Item, seconds: float) -> None:
        """Do as the channel asks: send this chat nothing until then, and nobody if many chats are told so."""
        now = self._now()
        moment, length = self._moment(now), math.ceil(seconds * SECOND)
        until = moment + length
        queue = self._queue(item)
        queue.hold_chat(item.row.chat_id, until)
        if not item.row.carrier:
            self._storm.append((moment, length, item.row.chat_id))
            chats = {chat for at, asked, chat in self._storm if asked == length and moment - at <= SECOND}
            if len(chats) >= _STORM_CHATS:
                queue.pause(until)
        self._keep_place(item, now + timedelta(microseconds=length), f"retry after {seconds:g} s", moment)

    def put_off(self, item: Item, exc: Exception) -> None:
        """Try again later what failed for now, and give up after a day."""
        now = self._now()
        if now - item.row.created_at > GIVE_UP_AFTER:
            self.end(item, f"given up: {words_of(exc)}")
            return
        attempts = item.row.attempts + 1
        log.warning("message %s could not be sent (attempt %s): %s", item.row.id, attempts, words_of(exc))
        item.row = replace(item.row, attempts=attempts)
        if attempts > len(BACK_OFF):
            until = now + timedelta(seconds=ASIDE)
            self._writer.record(Outcome(item, "waiting", at=until, error=words_of(exc)))
            return
        until = now + timedelta(seconds=BACK_OFF[attempts - 1])
        self._queue(item).hold_lane(item.row.chat_id, item.row.lane_order, self._moment(until))
        self._keep_place(item, until, words_of(exc), self._moment(now))

    def end(self, item: Item, reason: str) -> None:
        """Send it never; to a client, a person is asked what now."""
        log.warning("message %s will not be sent: %s", item.row.id, reason)
        self._refused(Undeliverable(reason), "send", outbox_id=item.row.id, method=item.row.method)
        if item.row.audience == "client":
            self._writer.doubt(item, "failed", reason[:2000])
        else:
            self._writer.record(Outcome(item, "failed", error=reason[:2000]))

    def _keep_place(self, item: Item, until: datetime, error: str, moment: int) -> None:
        item.lease_until = until + LEASE
        self._writer.record(Outcome(item, "waiting", at=until, error=error, lease_until=item.lease_until))
        self._queue(item).add(item, moment)


def words_of(exc: Exception) -> str:
    """Return a failure as it is logged and stored."""
    return f"{type(exc).__name__}: {exc}"[:2000]
