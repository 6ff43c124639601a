"""What the outbox promises: to a client at most once, to staff at least once, and nothing lost over restarts."""

from __future__ import annotations

import asyncio

import pytest

from botcrm.core import db
from botcrm.core.domain.kinds import Lane
from botcrm.reminders.outbox_rows import NotSent, OutboxRow, RetryAfter, Undeliverable
from tests.reminders.conftest import START, Asked, Bot, MakeOutbox, World, settle


async def test_a_message_to_a_client_is_marked_before_the_call(world: World, make_outbox: MakeOutbox) -> None:
    seen: list[str] = []

    async def deliver(row: OutboxRow) -> int:
        seen.extend((await world.states()).values())
        return 1

    outbox = make_outbox(deliver=deliver)
    await outbox.start()
    await world.post(7, "offer", audience="client")
    await outbox.drain()
    assert seen == ["sending"]
    assert list((await world.states()).values()) == ["sent"]


async def test_a_crash_while_a_client_is_answered_asks_and_never_sends_again(
    world: World, bot: Bot, asked: Asked, make_outbox: MakeOutbox
) -> None:
    one = await world.post(7, "offer", audience="client")
    await db.execute("UPDATE outbox SET state = 'sending', lease_until = ? WHERE id = ?", START, one)
    world.clock.move(minutes=1)
    outbox = make_outbox()
    await outbox.recover()
    await outbox.start()
    await settle(world, outbox, 3)
    assert asked.unsure == [one]
    assert bot.sent == []
    assert await world.states() == {one: "unsure"}
    await make_outbox().recover()
    assert asked.unsure == [one]


async def test_a_clients_message_that_may_have_arrived_is_asked_about(
    world: World, bot: Bot, asked: Asked, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [TimeoutError()]
    one = await world.post(7, "offer", audience="client")
    await settle(world, outbox, 5)
    assert asked.unsure == [one]
    assert bot.sent == []


@pytest.mark.parametrize("error", [RetryAfter(2), NotSent("no connection")])
async def test_a_clients_message_that_certainly_did_not_arrive_is_sent_again(
    world: World, bot: Bot, asked: Asked, make_outbox: MakeOutbox, error: Exception
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [error]
    await world.post(7, "offer", audience="client")
    await settle(world, outbox, 5)
    assert bot.texts == ["offer"]
    assert asked.unsure == []


async def test_a_clients_message_that_is_refused_fails_and_somebody_hears_of_it(
    world: World, bot: Bot, asked: Asked, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [Undeliverable("blocked")]
    one = await world.post(7, "offer", audience="client")
    await outbox.drain()
    assert asked.failed == [one]
    assert await world.states() == {one: "failed"}


async def test_resending_what_was_unsure_sends_it(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [TimeoutError()]
    one = await world.post(7, "offer", audience="client")
    await outbox.drain()
    await db.execute("UPDATE outbox SET state = 'waiting', lease_until = NULL WHERE id = ?", one)
    outbox.submit([one])
    await outbox.drain()
    assert bot.texts == ["offer"]


async def test_nothing_is_lost_or_sent_twice_over_a_restart(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    first = make_outbox()
    await first.start()
    for i in range(20):
        await world.post(7, f"{i}", lane=Lane.REMINDER)
    await settle(world, first, 5, step=1)
    await first.stop()
    sent = len(bot.sent)
    assert 0 < sent < 20
    second = make_outbox()
    await second.recover()
    await second.start()
    await settle(world, second, 30, step=1)
    assert bot.texts == [str(i) for i in range(20)]
    assert set((await world.states()).values()) == {"sent"}


async def test_messages_of_a_process_that_was_killed_are_taken_up(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    world.outbox = None
    for i in range(5):
        await world.post(7, f"{i}")
    outbox = make_outbox()
    await outbox.recover()
    await outbox.start()
    await outbox.drain()
    if db.dialect() == "postgres":  # another process may hold them: only the end of the lease tells
        assert bot.texts == []
        world.clock.move(seconds=31)
        assert await outbox.sweep() == 5
        await outbox.drain()
    assert bot.texts == ["0", "1", "2", "3", "4"]


async def test_a_restart_goes_on_waiting_as_the_channel_asked_and_keeps_the_order(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    first = make_outbox()
    await first.start()
    bot.answers[7] = [RetryAfter(10)]
    await world.post(7, "one")
    await world.post(7, "two")
    await first.drain()
    await first.stop()
    world.clock.move(seconds=4)
    second = make_outbox()
    await second.recover()
    await second.start()
    await settle(world, second, 10)
    assert bot.texts == ["one", "two"]
    assert bot.times(7) == [10, 10]


async def test_two_processes_send_each_message_once(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    world.outbox = None
    for chat in range(1, 41):
        await world.post(chat)
    world.clock.move(seconds=31)
    one, two = make_outbox(), make_outbox()
    await one.start()
    await two.start()
    await asyncio.gather(one.sweep(), two.sweep())
    await asyncio.gather(one.drain(), two.drain())
    assert sorted(row.chat_id for _, row in bot.sent) == list(range(1, 41))


async def test_more_than_fits_in_memory_waits_in_the_table_and_keeps_its_order(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox(held=10, per_chat_per_second=100, overall_per_second=1000)
    for i in range(40):
        await world.post(7, f"{i}", lane=Lane.BROADCAST)
    await outbox.start()
    await outbox.drain()
    assert len(bot.sent) == 10
    await world.post(7, "reply")
    await outbox.drain()
    assert bot.texts[-1] == "reply"
    for _ in range(8):
        world.clock.move(seconds=31)
        await outbox.sweep()
        await outbox.drain()
    assert [text for text in bot.texts if text != "reply"] == [str(i) for i in range(40)]


async def test_leases_of_what_is_held_are_renewed(world: World, bot: Bot, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[7] = [RetryAfter(200)]
    await world.post(7, "one")
    await world.post(7, "two")
    await outbox.drain()
    other = make_outbox()
    for _ in range(20):
        world.clock.move(seconds=10)
        await outbox.sweep()
        assert await other.sweep() == 0
    await outbox.drain()
    assert bot.texts == ["one", "two"]
