"""The queue by itself: whatever comes in whatever order, the rules hold."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from botcrm.reminders.outbox_rows import OutboxRow
from botcrm.reminders.pacing import REPLY, SECOND, Item, Pace, Queue

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def item(number: int, chat: int, lane: int) -> Item:
    return Item(
        OutboxRow(number, chat, None, "", {}, "sendMessage", "{}", None, None, None, "staff", lane, NOW, 0), NOW
    )


@given(
    arrivals=st.lists(
        st.tuples(st.sampled_from([1, 2, 3, -4]), st.integers(0, 3), st.integers(0, 700_000)), min_size=1, max_size=80
    ),
    durations=st.lists(st.integers(0, 1_500_000), min_size=80, max_size=80),
)
def test_order_pace_and_nothing_lost(arrivals: list[tuple[int, int, int]], durations: list[int]) -> None:
    queue = Queue(overall_per_second=3, per_chat_per_second=1, per_group_per_minute=5)
    coming: list[tuple[int, Item]] = []
    at = 0
    for number, (chat, lane, gap) in enumerate(arrivals):
        at += gap
        coming.append((at, item(number, chat, lane)))
    under_way: list[tuple[int, int]] = []
    taken: list[tuple[int, Item]] = []
    now = 0
    while coming or under_way or len(taken) < len(arrivals):
        for end, chat in [entry for entry in under_way if entry[0] <= now]:
            under_way.remove((end, chat))
            queue.finish(chat, now)
        while coming and coming[0][0] <= now:
            queue.add(coming.pop(0)[1], now)
        while (found := queue.take(now)) is not None:
            assert found.row.chat_id not in [chat for _, chat in under_way]
            under_way.append((now + durations[len(taken)], found.row.chat_id))
            taken.append((now, found))
        moments = [entry[0] for entry in coming[:1] + under_way]
        look_at = queue.look_at(now)
        if len(taken) < len(arrivals):
            moments += [look_at] if look_at is not None else []
            assert moments, "something waits, and nothing says until when"
        now = max(now, min(moments, default=now)) if min(moments, default=now) > now else now + 1
        queue.prune(now)
    for chat in (1, 2, 3, -4):
        for lane in range(4):
            numbers = [found.row.id for _, found in taken if found.row.chat_id == chat and found.row.lane_order == lane]
            assert numbers == sorted(numbers)
    for start, found in taken:
        if found.row.lane_order == REPLY:
            continue
        before = [(when, other) for when, other in taken[: taken.index((start, found))] if start - when < SECOND]
        assert len(before) < 3
        assert not [other for _, other in before if other.row.chat_id == found.row.chat_id]
        if found.row.chat_id < 0:
            minute = [
                other
                for when, other in taken[: taken.index((start, found))]
                if other.row.chat_id < 0 and start - when < 60 * SECOND
            ]
            assert len(minute) < 5


def test_a_clock_set_back_makes_nobody_wait_longer_than_a_period() -> None:
    pace = Pace(1, SECOND)
    pace.take(3600 * SECOND)
    assert pace.ready_at(0) == SECOND


def test_replies_of_other_chats_pass_the_reminders_that_wait_for_their_turn() -> None:
    queue = Queue(overall_per_second=1, per_chat_per_second=1, per_group_per_minute=20)
    for number, chat in enumerate((1, 2, 3)):
        queue.add(item(number, chat, 1), 0)
    first = queue.take(0)
    assert first
    assert first.row.id == 0
    assert queue.take(0) is None
    assert queue.look_at(0) == SECOND
    queue.add(item(9, 4, REPLY), 0)
    reply = queue.take(0)
    assert reply
    assert reply.row.id == 9
    assert queue.take(0) is None


def test_chats_nobody_waits_for_are_forgotten_once_their_pace_allows() -> None:
    queue = Queue(overall_per_second=30, per_chat_per_second=1, per_group_per_minute=20)
    queue.add(item(1, 5, 1), 0)
    assert queue.take(0)
    queue.finish(5, 0)
    queue.prune(SECOND // 2)
    queue.add(item(2, 5, 1), SECOND // 2)
    assert queue.take(SECOND // 2) is None
    assert queue.take(SECOND)
    queue.finish(5, SECOND)
    queue.prune(3 * SECOND)
    assert not queue._chats


def test_a_row_that_was_let_go_and_claimed_anew_goes_once() -> None:
    """It used to stop the sweep: two entries of one number could not be put in order."""
    queue = Queue(overall_per_second=30, per_chat_per_second=1, per_group_per_minute=20)
    queue.hold_chat(1, 5 * SECOND)
    former, following = item(7, 1, REPLY), item(8, 1, REPLY)
    queue.add(former, 0)
    queue.add(following, 0)
    former.gone = True
    anew = item(7, 1, REPLY)
    queue.add(anew, SECOND)
    assert queue.take(5 * SECOND) is anew
    queue.finish(1, 5 * SECOND)
    assert queue.take(5 * SECOND) is following
    queue.finish(1, 5 * SECOND)
    assert queue.take(9 * SECOND) is None
