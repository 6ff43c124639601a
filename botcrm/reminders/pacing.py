"""Decide which message may go next: order within a chat, lanes, and how fast. Pure: time is an argument.

Moments are whole microseconds on any one scale, so that "exactly five seconds" is exact.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from botcrm.reminders.outbox_rows import OutboxRow

SECOND = 1_000_000
REPLY = 0
# One in so many of the messages a second.
_FOR_REPLIES = 10
# The parts of a second that the rest is spread over.
_PARTS = 3
# An edit shows everything these earlier edits of the same message would have shown.
_COVERS = {
    "editMessageText": {"editMessageText", "editMessageReplyMarkup"},
    "editMessageCaption": {"editMessageCaption", "editMessageReplyMarkup"},
    "editMessageMedia": {"editMessageMedia", "editMessageCaption", "editMessageReplyMarkup"},
}


@dataclass(slots=True)
class Item:
    """A row held in memory and its lease; `busy` while under way, `gone` once it is not to be sent from here.

    :ivar edit: what an edit changes, as (lane, message id)
    """

    row: OutboxRow
    lease_until: datetime
    gone: bool = False
    busy: bool = False
    edit: tuple[int, int] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.row.method.startswith("editMessage"):
            message_id = self.row.payload.get("message_id")
            self.edit = (self.row.lane_order, int(message_id)) if message_id is not None else None

    def __lt__(self, other: "Item") -> bool:
        """Put a row that was let go before itself as it was claimed anew."""
        return self.gone and not other.gone


def covers(later: OutboxRow, earlier: OutboxRow) -> bool:
    """Tell whether an edit makes an earlier one of the same message superfluous."""
    return earlier.method in _COVERS.get(later.method, {later.method})


class Pace:
    """At most `limit` in any stretch of `period`."""

    def __init__(self, limit: int, period: int) -> None:
        self._period = period
        self._taken: deque[int] = deque(maxlen=limit)

    def ready_at(self, now: int) -> int:
        """Return from when the next one may go."""
        if len(self._taken) < (self._taken.maxlen or 0):
            return now
        # A clock that was set back must not make anybody wait longer than a whole period.
        return min(max(now, self._taken[0] + self._period), now + self._period)

    def take(self, now: int) -> None:
        """Count one."""
        self._taken.append(now)

    def idle(self, now: int) -> bool:
        """Tell whether nothing taken matters any more."""
        return not self._taken or self._taken[-1] + self._period <= now


@dataclass(slots=True)
class _Chat:
    id: int
    paces: tuple[Pace, ...]
    lanes: dict[int, list[tuple[int, Item]]] = field(default_factory=dict)
    edits: dict[tuple[int, int], Item] = field(default_factory=dict)
    busy: bool = False
    held_until: int = 0
    lane_held_until: dict[int, int] = field(default_factory=dict)
    offered: tuple[int, int, int] | None = None
    look_at: int | None = None


class Queue:
    """What waits in memory. One message of a chat is under way at a time; lower lanes go first, then lower ids.

    A tenth of what may go in a second is kept for replies, and the rest goes spread over the second: a flood of reminders must not
    have a reply refused.
    """

    def __init__(self, *, overall_per_second: int, per_chat_per_second: int, per_group_per_minute: int) -> None:
        self._overall = Pace(overall_per_second, SECOND)
        rest = overall_per_second - overall_per_second // _FOR_REPLIES
        parts = max(1, min(_PARTS, rest))
        self._rest = Pace(-(-rest // parts), SECOND * -(-rest // parts) // rest)
        self._per_chat = per_chat_per_second
        self._per_group = per_group_per_minute
        self._chats: dict[int, _Chat] = {}
        self._ready: list[tuple[int, int, int]] = []
        self._later: list[tuple[int, int]] = []
        self._paused_until = 0
        self._superseded: list[Item] = []

    def add(self, item: Item, now: int) -> None:
        """Put a message where its lane and id say."""
        chat = self._chat(item.row.chat_id)
        edit = item.edit
        if edit:
            other = chat.edits.get(edit)
            if other and other.row.id > item.row.id and covers(other.row, item.row):
                self._supersede(item)
                return
            if other and other.row.id < item.row.id and covers(item.row, other.row):
                self._supersede(other)
            if other is None or other.row.id < item.row.id:
                chat.edits[edit] = item
        heapq.heappush(chat.lanes.setdefault(item.row.lane_order, []), (item.row.id, item))
        self._offer(chat, now)

    def take(self, now: int) -> Item | None:
        """Return the next message that may go, its chat being busy until `finish`; None: look again at `look_at`."""
        while self._later and self._later[0][0] <= now:
            chat = self._chats.get(heapq.heappop(self._later)[1])
            if chat:
                chat.look_at = None
                self._offer(chat, now)
        if self._paused_until > now:
            return None
        while self._ready:
            entry = self._ready[0]
            lane, _, chat_id = entry
            chat = self._chats.get(chat_id)
            if chat is None or chat.busy or chat.offered != entry:
                heapq.heappop(self._ready)
                continue
            self._drop_gone(chat, lane)
            if not chat.lanes.get(lane) or chat.lanes[lane][0][0] != entry[1]:
                heapq.heappop(self._ready)
                chat.offered = None
                self._offer(chat, now)
                continue
            if lane != REPLY and self._unhurried_at(now) > now:
                return None
            heapq.heappop(self._ready)
            return self._start(chat, lane, now)
        return None

    def _unhurried_at(self, now: int) -> int:
        """Return from when anything but a reply may go."""
        return max(self._overall.ready_at(now), self._rest.ready_at(now))

    def _start(self, chat: _Chat, lane: int, now: int) -> Item:
        _, item = heapq.heappop(chat.lanes[lane])
        chat.offered = None
        chat.busy = True
        edit = item.edit
        if edit and chat.edits.get(edit) is item:
            del chat.edits[edit]
        self._overall.take(now)
        if lane != REPLY:
            self._rest.take(now)
        for pace in chat.paces:
            pace.take(now)
        return item

    def finish(self, chat_id: int, now: int) -> None:
        """Let the chat's next message go."""
        chat = self._chat(chat_id)
        chat.busy = False
        self._offer(chat, now)

    def hold_chat(self, chat_id: int, until: int) -> None:
        """Send nothing to a chat before then."""
        chat = self._chat(chat_id)
        chat.held_until = max(chat.held_until, until)
        chat.offered = None

    def hold_lane(self, chat_id: int, lane: int, until: int) -> None:
        """Send nothing of one lane to a chat before then."""
        chat = self._chat(chat_id)
        chat.lane_held_until[lane] = max(chat.lane_held_until.get(lane, 0), until)
        chat.offered = None

    def release(self, now: int) -> None:
        """Let go again what was held."""
        for chat in self._chats.values():
            chat.held_until = 0
            chat.lane_held_until.clear()
            self._offer(chat, now)

    def pause(self, until: int) -> None:
        """Send nothing at all before then."""
        self._paused_until = max(self._paused_until, until)

    def look_at(self, now: int) -> int | None:
        """Return when `take` may have something although nothing is added or finished until then."""
        moments = [self._later[0][0]] if self._later else []
        if self._ready:
            lane = self._ready[0][0]
            moments.append(max(self._paused_until, now if lane == REPLY else self._unhurried_at(now)))
        return min(moments, default=None)

    def is_still(self, now: int) -> bool:
        """Tell whether nothing may go now."""
        moment = self.look_at(now)
        return moment is None or moment > now

    def pop_superseded(self) -> list[Item]:
        """Return, once, the edits that need not be sent any more."""
        items, self._superseded = self._superseded, []
        return items

    def prune(self, now: int) -> None:
        """Forget chats that nothing waits for."""
        for chat in [chat for chat in self._chats.values() if not chat.busy and not any(self._waiting(chat))]:
            held = max(chat.held_until, *chat.lane_held_until.values(), 0)
            if held <= now and all(pace.idle(now) for pace in chat.paces):
                del self._chats[chat.id]

    # --- inside ----------------------------------------------------------------------------------------------------

    def _chat(self, chat_id: int) -> _Chat:
        chat = self._chats.get(chat_id)
        if chat is None:
            paces = [Pace(self._per_chat, SECOND)]
            if chat_id < 0:
                paces.append(Pace(self._per_group, 60 * SECOND))
            chat = self._chats[chat_id] = _Chat(chat_id, tuple(paces))
        return chat

    def _waiting(self, chat: _Chat) -> Iterator[bool]:
        return (bool(lane) for lane in chat.lanes.values())

    def _supersede(self, item: Item) -> None:
        item.gone = True
        self._superseded.append(item)

    def _drop_gone(self, chat: _Chat, lane: int) -> None:
        heap = chat.lanes.get(lane, [])
        while heap and heap[0][1].gone:
            heapq.heappop(heap)

    def _offer(self, chat: _Chat, now: int) -> None:
        """Enter the chat's best message among the ready ones, or note when to look at the chat again."""
        if chat.busy:
            return
        earliest: int | None = None
        for lane in sorted(chat.lanes):
            self._drop_gone(chat, lane)
            heap = chat.lanes[lane]
            if not heap:
                continue
            at = max(chat.held_until, chat.lane_held_until.get(lane, 0))
            if lane != REPLY:
                at = max(at, *(pace.ready_at(now) for pace in chat.paces))
            if at <= now:
                entry = (lane, heap[0][0], chat.id)
                if chat.offered != entry:
                    chat.offered = entry
                    heapq.heappush(self._ready, entry)
                return
            earliest = at if earliest is None else min(earliest, at)
        chat.offered = None
        if earliest is not None and (chat.look_at is None or earliest < chat.look_at):
            chat.look_at = earliest
            heapq.heappush(self._later, (earliest, chat.id))
