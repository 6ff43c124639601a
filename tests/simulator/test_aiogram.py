"""A stock aiogram bot, over HTTP, works against the simulator as against Telegram."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.filters import Command, CommandStart
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    ChatMemberUpdated,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    KeyboardButton,
    Message,
    MessageReactionUpdated,
    ReplyKeyboardMarkup,
)

from botcrm.simulator import Person, Simulator, Telegram

TOKEN = "42:aiogram"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    simulator = Simulator(Telegram())
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def bot(simulator: Simulator) -> AsyncIterator[Bot]:
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(simulator.base_url)))
    yield bot
    await bot.session.close()


@pytest.fixture
async def polling(bot: Bot, simulator: Simulator) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher()
    seen: list[str] = []
    dispatcher["seen"] = seen

    @dispatcher.message(CommandStart(deep_link=True))
    async def start(message: Message) -> None:
        await message.answer(
            f"hello <b>{message.from_user.first_name if message.from_user else ''}</b>", parse_mode="HTML"
        )

    @dispatcher.message(Command("keyboard"))
    async def keyboard(message: Message) -> None:
        contact = KeyboardButton(text="My phone", request_contact=True)
        await message.answer("phone?", reply_markup=ReplyKeyboardMarkup(keyboard=[[contact]], one_time_keyboard=True))

    @dispatcher.message(Command("photo"))
    async def photo(message: Message) -> None:
        await message.answer_photo(BufferedInputFile(PNG, "picture.png"), caption="<i>seen</i>", parse_mode="HTML")

    @dispatcher.message(F.photo)
    async def download(message: Message, bot: Bot) -> None:
        assert message.photo
        stored = await bot.download(message.photo[-1])
        assert stored is not None
        await message.reply(f"{len(stored.read())} bytes, {message.photo[-1].width}x{message.photo[-1].height}")

    @dispatcher.message(F.contact)
    async def contact(message: Message) -> None:
        assert message.contact
        await message.answer(f"{message.contact.phone_number} {message.contact.user_id}")

    @dispatcher.message(F.text)
    async def echo(message: Message) -> None:
        button = InlineKeyboardButton(text="Done", callback_data="done:1")
        await message.answer(f"echo {message.text}", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))

    @dispatcher.edited_message()
    async def edited(message: Message) -> None:
        seen.append(f"edited {message.text or message.location}")

    @dispatcher.callback_query(F.data == "done:1")
    async def done(query: CallbackQuery) -> None:
        await query.answer("Well done", show_alert=True)
        assert isinstance(query.message, Message)
        await query.message.edit_text("done")

    @dispatcher.inline_query()
    async def search(query: InlineQuery) -> None:
        content = InputTextMessageContent(message_text=f"found <b>{query.query}</b>", parse_mode="HTML")
        await query.answer(
            [InlineQueryResultArticle(id="1", title="Acme", input_message_content=content)], cache_time=0
        )

    @dispatcher.my_chat_member()
    async def member(update: ChatMemberUpdated) -> None:
        seen.append(update.new_chat_member.status)

    @dispatcher.message_reaction()
    async def reaction(update: MessageReactionUpdated) -> None:
        seen.append(f"reacted {update.message_id}")

    task = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5, close_bot_session=False)
    )
    await simulator.telegram.until(lambda: simulator.telegram.first_bot().queue.polled)
    yield dispatcher
    with contextlib.suppress(RuntimeError):
        await dispatcher.stop_polling()
    await task


@pytest.fixture
def jan(simulator: Simulator, polling: Dispatcher) -> Person:
    return simulator.telegram.person(9, "Jan <b>", username="jan")


async def said(simulator: Simulator, person: Person, text: str) -> None:
    await simulator.telegram.until(lambda: person.last().text == text)


async def test_echo_edit_callback(simulator: Simulator, polling: Dispatcher, jan: Person) -> None:
    sent = jan.send("hi @somebody")
    await said(simulator, jan, "echo hi @somebody")
    press = jan.press(jan.last(), "Done")
    assert await press.answered() == {"text": "Well done", "show_alert": True, "url": None}
    await said(simulator, jan, "done")
    assert jan.last().buttons == []
    jan.edit(sent, "changed")
    await simulator.telegram.until(lambda: "edited changed" in polling["seen"])


async def test_deep_link_and_awkward_name(simulator: Simulator, jan: Person) -> None:
    jan.start("ad_7")
    await simulator.telegram.until(lambda: len(simulator.telegram.calls) > 3)
    assert not [message for message in jan.messages() if message.from_bot]  # "<b>" in a name breaks careless HTML
    jan.first_name = "Jan"
    jan.start("ad_7")
    await said(simulator, jan, "hello Jan")
    assert jan.last().entities == [{"offset": 6, "length": 3, "type": "bold"}]


async def test_photo_both_ways(simulator: Simulator, jan: Person) -> None:
    jan.send("/photo")
    await said(simulator, jan, "seen")
    assert jan.last().data["photo"][-1]["width"] == 3
    photo = jan.send_photo(PNG, "front door")
    await said(simulator, jan, f"{len(PNG)} bytes, 3x2")
    assert jan.last().data["reply_to_message"]["message_id"] == photo.id


async def test_reply_keyboard_shares_the_own_contact(simulator: Simulator, jan: Person) -> None:
    jan.send("/keyboard")
    await simulator.telegram.until(lambda: jan.keyboard() == [["My phone"]])
    jan.press_keyboard("My phone")
    await said(simulator, jan, "+48600000009 9")
    assert jan.keyboard() == []


async def test_inline_query(simulator: Simulator, jan: Person) -> None:
    search = jan.inline("acme")
    results = await search.answered()
    assert results[0]["title"] == "Acme"
    sent = search.choose(0)
    assert sent is not None
    assert sent.text == "found acme"
    assert sent.data["via_bot"]["is_bot"]


async def test_live_location_block_and_reaction(simulator: Simulator, polling: Dispatcher, jan: Person) -> None:
    sent = jan.send("hi")
    place = jan.send_location(52.0, 21.0, live_period=900)
    jan.move_location(place, 52.1, 21.0)
    await simulator.telegram.until(lambda: any("52.1" in one for one in polling["seen"]))
    jan.react(sent, "👍")
    jan.block()
    jan.unblock()
    await simulator.telegram.until(lambda: polling["seen"][-1:] == ["member"])
    assert f"reacted {sent.id}" in polling["seen"]
    assert "kicked" in polling["seen"]


async def test_command_menu_by_scope(bot: Bot, simulator: Simulator) -> None:
    simulator.telegram.bot(TOKEN)
    rep, client = simulator.telegram.person(1, "Rep"), simulator.telegram.person(2, "Client")
    await bot.set_my_commands([BotCommand(command="help", description="Help")])
    await bot.set_my_commands(
        [BotCommand(command="deal", description="New deal")], scope=BotCommandScopeChat(chat_id=1)
    )
    assert rep.commands() == [("deal", "New deal")]
    assert client.commands() == [("help", "Help")]
    assert [one.command for one in await bot.get_my_commands()] == ["help"]


async def test_errors_become_aiogram_exceptions(bot: Bot, simulator: Simulator) -> None:
    telegram = simulator.telegram
    telegram.bot(TOKEN)
    jan = telegram.person(9, "Jan")
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(9, "hi")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(10, "hi")
    jan.start()
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 5", retry_after=5)
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(9, "hi")
    assert caught.value.retry_after == 5
    jan.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(9, "hi")
