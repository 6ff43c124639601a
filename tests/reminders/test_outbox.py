"""The outbox: order, pace, and what happens to a message when things go wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from botcrm.core import db
from botcrm.core.domain.kinds import Lane
from botcrm.reminders import outbox_table
from botcrm.reminders.outbox_rows import OutboxRow, RetryAfter, Undeliverable
from tests.reminders.conftest import START, Bot, MakeOutbox, World, settle


async def test_a_committed_message_goes_out_at_once_and_is_written_down(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    one = await world.post(7, "hello")
    await outbox.drain()
    assert bot.texts == ["hello"]
    row = await db.fetch_one("SELECT state, message_id, sent_at FROM outbox WHERE id = ?", one)
    assert row
    assert (row["state"], row["message_id"], db.moment(row["sent_at"])) == ("sent", 1000 + one, START)
    assert await outbox.depth() == 0
    assert await outbox.oldest_waiting() is None


async def test_what_was_just_committed_is_not_read_again(
    world: World, bot: Bot, make_outbox: MakeOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = make_outbox()
    await outbox.start()
    monkeypatch.setattr(outbox_table, "leased", None)
    await world.post(7, "hello", user_id=None, about="what it says")
    await outbox.drain()
    assert bot.texts == ["hello"]


async def test_a_row_submitted_by_its_id_alone_is_read(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    world.outbox = None
    one, two = await world.post(7, "one"), await world.post(8, "two")
    outbox.submit([two, one])
    await outbox.drain()
    assert bot.texts == ["one", "two"]


async def test_a_chat_gets_its_messages_in_order_lower_lanes_first(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox(per_chat_per_second=100)
    for text, lane in (("b1", Lane.BROADCAST), ("d1", Lane.REPORT), ("r1", Lane.REMINDER), ("r2", Lane.REMINDER)):
        await world.post(7, text, lane=lane)
    await world.post(7, "a1")
    await world.post(7, "a2")
    await outbox.start()
    await outbox.drain()
    assert bot.texts == ["a1", "a2", "r1", "r2", "d1", "b1"]


async def test_one_message_of_a_chat_is_under_way_at_a_time_and_a_slow_chat_holds_up_nobody(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.gate[1] = asyncio.Event()
    await world.post(1, "slow")
    await world.post(1, "after slow")
    await world.post(2, "quick")
    await bot.reach(sent=1)
    assert [chat for _, chat in bot.tried] == [1, 2]
    bot.gate[1].set()
    await outbox.drain()
    assert bot.texts == ["quick", "slow", "after slow"]


async def test_no_more_than_the_limit_is_in_flight(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox(in_flight=3)
    for chat in range(1, 8):
        bot.gate[chat] = asyncio.Event()
        await world.post(chat)
    await outbox.start()
    await bot.reach(tried=3)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(bot.tried) == 3
    for gate in bot.gate.values():
        gate.set()
    await outbox.drain()
    assert len(bot.sent) == 7


async def test_reminders_are_paced_and_replies_are_not(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    for i in range(3):
        await world.post(7, f"reminder {i}", lane=Lane.REMINDER)
    await outbox.drain()
    assert bot.times(7) == [0]
    await world.post(7, "reply")
    await outbox.drain()
    assert bot.texts == ["reminder 0", "reply"]
    await settle(world, outbox, 3)
    assert bot.times(7) == [0, 0, 1, 2]


async def test_a_group_gets_twenty_a_minute(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    for _ in range(25):
        await world.post(-7, lane=Lane.REPORT)
    await settle(world, outbox, 70, step=1)
    times = bot.times(-7)
    assert times == [*range(20), *range(60, 65)]


async def test_all_chats_together_get_thirty_a_second_three_of_them_kept_for_replies(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    for chat in range(1, 71):
        await world.post(chat, lane=Lane.REMINDER)
    await outbox.drain()
    assert len(bot.sent) == 9, "a flood is spread over the second"
    await world.post(99, "reply")
    await outbox.drain()
    assert bot.texts[-1] == "reply"
    await settle(world, outbox, 3, step=0.01)
    times = sorted((at - START).total_seconds() for at, _ in bot.sent)
    assert len(times) == 71
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 28
    assert times[-1] < 2.8, "what may go does not lie about"


async def test_retry_after_is_obeyed_exactly_and_loses_nothing(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [RetryAfter(5)]
    for text in ("one", "two", "three"):
        await world.post(7, text)
    await world.post(8, "elsewhere")
    await settle(world, outbox, 4)
    world.clock.move(seconds=1, microseconds=-1)
    outbox.wake()
    await outbox.sweep()
    await outbox.drain()
    assert bot.texts == ["elsewhere"]
    assert len([1 for _, chat in bot.tried if chat == 7]) == 1
    world.clock.move(microseconds=1)
    outbox.wake()
    await outbox.drain()
    assert bot.times(7) == [5, 5, 5]
    assert bot.texts == ["elsewhere", "one", "two", "three"]
    assert set((await world.states()).values()) == {"sent"}


async def test_many_chats_told_to_wait_at_once_pause_the_whole_bot(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    for chat in range(1, 5):
        bot.answers[chat] = [RetryAfter(3)]
        await world.post(chat)
    await outbox.drain()
    await world.post(50, "waits too")
    await outbox.drain()
    assert bot.sent == []
    await settle(world, outbox, 4)
    assert bot.times(50) == [3]
    assert len(bot.sent) == 5


async def test_three_chats_told_to_wait_leave_the_others_alone(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    for chat in range(1, 4):
        bot.answers[chat] = [RetryAfter(3)]
        await world.post(chat)
    await outbox.drain()
    await world.post(50, "goes")
    await outbox.drain()
    assert bot.texts == ["goes"]


async def test_what_can_never_arrive_fails_and_the_next_one_goes(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [Undeliverable("blocked by the user")]
    one, two = await world.post(7, "one"), await world.post(7, "two")
    await outbox.drain()
    assert await world.states() == {one: "failed", two: "sent"}
    row = await db.fetch_one("SELECT error FROM outbox WHERE id = ?", one)
    assert row == {"error": "blocked by the user"}


async def test_a_network_error_is_tried_again_later_and_later_in_order(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [ConnectionError("no route")] * 3
    await world.post(7, "one")
    await world.post(7, "two")
    await world.post(8, "other")
    await settle(world, outbox, 10)
    tries = [(at - START).total_seconds() for at, chat in bot.tried if chat == 7]
    assert tries == [0, 1, 3, 8, 8]
    assert bot.texts == ["other", "one", "two"]


async def test_a_reminder_that_keeps_failing_does_not_hold_up_replies_and_steps_aside_in_the_end(
    world: World, make_outbox: MakeOutbox
) -> None:
    sent: list[str] = []

    async def deliver(row: OutboxRow) -> int:
        if row.payload["text"] == "broken":
            raise KeyError("no such screen")
        sent.append(row.payload["text"])
        return 1

    outbox = make_outbox(deliver=deliver)
    await outbox.start()
    await world.post(7, "broken", lane=Lane.REMINDER)
    await world.post(7, "behind", lane=Lane.REMINDER)
    await world.post(7, "reply")
    await settle(world, outbox, 60, step=1)
    assert sent == ["reply"]
    await settle(world, outbox, 60, step=1)
    assert sent == ["reply", "behind"]


async def test_what_fails_for_a_day_is_given_up(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [ConnectionError("no route")] * 1000
    one = await world.post(7, "one")
    await settle(world, outbox, 120, step=1)
    world.clock.move(hours=25)
    await outbox.sweep()
    await outbox.drain()
    assert await world.states() == {one: "failed"}


# --- edits -----------------------------------------------------------------------------------------------------------


async def test_of_several_waiting_edits_only_the_newest_is_sent(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    ids = [
        await world.post(7, f"{i}", lane=Lane.REMINDER, method="editMessageText", message_id=message)
        for i, message in enumerate((1, 1, 2, 1))
    ]
    await outbox.start()
    await settle(world, outbox, 5)
    assert bot.texts == ["2", "3"]
    assert list((await world.states()).values()) == ["dropped", "dropped", "sent", "sent"]
    assert len(ids) == 4


async def test_new_buttons_do_not_make_an_earlier_text_superfluous(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox(per_chat_per_second=100)
    await world.post(7, "buttons 1", method="editMessageReplyMarkup", message_id=1)
    await world.post(7, "text", method="editMessageText", message_id=1)
    await world.post(7, "buttons 2", method="editMessageReplyMarkup", message_id=1)
    await outbox.start()
    await outbox.drain()
    assert bot.texts == ["text", "buttons 2"]


async def test_an_edit_that_must_be_tried_again_gives_way_to_a_newer_one(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [RetryAfter(5)]
    await world.post(7, "old", method="editMessageText", message_id=1)
    await outbox.drain()
    await world.post(7, "new", method="editMessageText", message_id=1)
    await settle(world, outbox, 6)
    assert bot.texts == ["new"]
    assert list((await world.states()).values()) == ["dropped", "sent"]


async def test_results_are_not_lost_when_the_database_fails_for_a_moment(
    world: World, bot: Bot, make_outbox: MakeOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botcrm.reminders import outbox_table, outbox_writer

    save = outbox_table.save
    failures = [OSError("disk full"), OSError("disk full")]

    async def failing(outcomes: list[outbox_table.Outcome]) -> None:
        if failures:
            raise failures.pop()
        await save(outcomes)

    monkeypatch.setattr(outbox_table, "save", failing)
    monkeypatch.setattr(outbox_writer, "_AFTER_ERROR", 0)
    outbox = make_outbox()
    await outbox.start()
    one = await world.post(7, "one")
    await outbox.drain()
    assert await world.states() == {one: "sent"}
    assert bot.texts == ["one"]


async def test_oldest_waiting_leaves_out_what_is_meant_for_later(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [RetryAfter(60)]
    await world.post(7, "one")
    await outbox.drain()
    assert await outbox.depth() == 1
    assert await outbox.oldest_waiting() is None
    world.clock.move(seconds=60)
    assert await outbox.oldest_waiting() == START
    assert world.clock() - START == timedelta(seconds=60)
