"""What channels carry: in order for each address, and no channel waits for another."""

from __future__ import annotations

import asyncio

from botcrm.reminders.outbox_rows import OutboxRow, RetryAfter, Undeliverable
from tests.reminders.conftest import Asked, Bot, MakeOutbox, World, settle


async def post(world: World, chat: int, text: str, channel: str = "sms") -> int:
    return await world.post(chat, text, audience="client", method=f"channel:{channel}")


async def test_a_channel_that_hangs_holds_up_neither_telegram_nor_another_channel(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    for address in range(20):
        bot.gate[address] = asyncio.Event()
    outbox = make_outbox(in_flight=4)
    await outbox.start()
    for address in range(20):
        await post(world, address, "hangs")
    await bot.reach(tried=8)
    for chat in range(100, 110):
        await world.post(chat, "telegram")
    for chat in range(200, 210):
        await post(world, chat, "mail", "mail")
    await bot.reach(sent=20)
    assert sorted(bot.texts) == ["mail"] * 10 + ["telegram"] * 10
    assert len(bot.tried) == 28  # eight at once is what a channel that hangs can have under way
    for gate in bot.gate.values():
        gate.set()
    await outbox.drain()
    assert bot.texts.count("hangs") == 20


async def test_messages_to_an_address_keep_their_order_while_the_provider_asks_to_wait(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[1] = [RetryAfter(5)]
    for text in ("a", "b"):
        await post(world, 1, text)
    for address in range(2, 8):  # so many who are asked to wait would pause all of Telegram
        bot.answers[address] = [RetryAfter(5)]
        await post(world, address, "later")
    await world.post(100, "telegram")
    await outbox.drain()
    assert bot.texts == ["telegram"]
    await settle(world, outbox, 6)
    assert [text for text in bot.texts if text in "ab"] == ["a", "b"]
    assert bot.times(1) == [5.0, 5.0]


async def test_what_waits_for_a_channel_goes_at_once_when_it_is_switched_on(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers[1] = [RetryAfter(60)]
    await post(world, 1, "waits")
    await outbox.drain()
    assert not bot.sent
    outbox.retry_channels()
    await outbox.drain()
    assert bot.texts == ["waits"]


async def test_a_refusal_and_an_error_are_asked_about_and_not_repeated(
    world: World, bot: Bot, make_outbox: MakeOutbox, asked: Asked
) -> None:
    outbox = make_outbox()
    await outbox.start()
    bot.answers |= {1: [Undeliverable("no such number")], 2: [RuntimeError("who knows")]}
    refused, unsure = await post(world, 1, "a"), await post(world, 2, "b")
    await settle(world, outbox, 2)
    assert (asked.failed, asked.unsure) == ([refused], [unsure])
    assert await world.states() == {refused: "failed", unsure: "unsure"}
    assert len(bot.tried) == 2


async def test_many_that_wait_for_a_channel_leave_room_for_the_rest(
    world: World, bot: Bot, make_outbox: MakeOutbox
) -> None:
    for address in range(12):
        bot.gate[address] = asyncio.Event()
        await post(world, address, "hangs")
    for chat in range(100, 104):
        await world.post(chat, "telegram")
    world.clock.move(seconds=31)  # by then nobody else can be at it
    outbox = make_outbox(held=4)
    await outbox.recover()
    await outbox.start()
    for _ in range(4):
        await outbox.sweep()
    await bot.reach(sent=4)
    assert bot.texts == ["telegram"] * 4
    for gate in bot.gate.values():
        gate.set()


def test_a_row_names_what_carries_it() -> None:
    row = OutboxRow.__new__(OutboxRow)
    for method, carrier in (("channel:sms", "sms"), ("sendMessage", ""), ("", "")):
        object.__setattr__(row, "method", method)
        assert row.carrier == carrier
