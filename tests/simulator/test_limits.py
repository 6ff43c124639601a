"""Telegram's limits and the words of its refusals, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.simulator import ApiError, Limits, Person, Telegram

TOKEN = "1:secret"


def inline(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "ok"} | button]]}


def bold(offset: int, length: int) -> list[dict[str, Any]]:
    return [{"type": "bold", "offset": offset, "length": length}]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("sendMessage", {"text": ""}, "message text is empty"),
    ("sendMessage", {"text": "  \n "}, "text must be non-empty"),
    ("sendMessage", {"text": "x" * 4097}, "message is too long"),
    ("sendMessage", {"text": "😀" * 2049}, "message is too long"),
    ("sendMessage", {"text": "x", "chat_id": ""}, "chat_id is empty"),
    ("sendMessage", {"text": "x", "chat_id": 999}, "chat not found"),
    ("sendMessage", {"text": "x", "chat_id": "@nobody_there"}, "chat not found"),
    ("sendMessage", {"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
    ("sendMessage", {"text": "x", "message_thread_id": 5}, "message thread not found"),
    ("sendMessage", {"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
    ("sendMessage", {"text": "x", "reply_markup": inline(callback_data="x" * 65)}, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": inline(callback_data="ż" * 33)}, "BUTTON_DATA_INVALID"),
    (
        "sendMessage",
        {"text": "x", "reply_markup": inline(callback_data="")},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        "sendMessage",
        {"text": "x", "reply_markup": inline(url="not-a-url")},
        "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL",
    ),
    ("sendMessage", {"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ("sendMessage", {"text": "hello", "entities": bold(-1, 1)}, "receive an entity with incorrect offset -1"),
    (
        "sendMessage",
        {"text": "hello", "entities": bold(100, 1)},
        "entity begins after the end of the text at UTF-16 offset 100",
    ),
    (
        "sendMessage",
        {"text": "hello", "entities": bold(0, 100)},
        "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
    ),
    (
        "sendMessage",
        {"text": "👉x", "entities": bold(1, 1)},
        "entity begins in a middle of a UTF-16 symbol at byte offset 4",
    ),
    (
        "sendMessage",
        {"text": "x", "entities": [{"type": "shiny", "offset": 0, "length": 1}]},
        "can't parse MessageEntity: Unsupported type specified",
    ),
    ("sendPhoto", {"photo": "nonsense"}, "wrong file identifier/HTTP URL specified"),
    ("sendPhoto", {}, "there is no photo in the request"),
    ("editMessageText", {"message_id": 999, "text": "x"}, "message to edit not found"),
    ("editMessageText", {"message_id": 1, "text": "x"}, "message can't be edited"),
    ("deleteMessage", {"message_id": 999}, "message to delete not found"),
    (
        "answerCallbackQuery",
        {"callback_query_id": "1"},
        "query is too old and response timeout expired or query ID is invalid",
    ),
    ("getFile", {"file_id": "x"}, "wrong file_id or the file is temporarily unavailable"),
    ("setMyCommands", {"commands": [{"command": "Deal", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "c" * 33, "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "d", "description": "x"}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
    ("setMyCommands", {"commands": [{"command": "d", "description": ""}]}, "command description must not be empty"),
    ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
    ("sendLocation", {"latitude": 91, "longitude": 0}, "wrong coordinates specified"),
]


@pytest.mark.parametrize(("method", "params", "words"), REFUSED, ids=lambda value: str(value)[:40])
async def test_refused_in_telegrams_words(
    telegram: Telegram, anna: Person, method: str, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(ApiError) as caught:
        await telegram.call(TOKEN, method, {"chat_id": 7} | params)
    assert (caught.value.code, caught.value.description) == (400, f"Bad Request: {words}")


@pytest.mark.parametrize("text", ["x" * 4096, "😀" * 2048, "<b>" + "x" * 4096 + "</b>"])
async def test_longest_texts_pass(telegram: Telegram, anna: Person, text: str) -> None:
    await telegram.call(TOKEN, "sendMessage", {"chat_id": 7, "text": text, "parse_mode": "HTML"})


async def test_caption_limit(telegram: Telegram, anna: Person) -> None:
    params = {"chat_id": 7, "caption": "x" * 1025}
    with pytest.raises(ApiError, match="message caption is too long"):
        await telegram.call(TOKEN, "sendDocument", params, {"document": b"x"})
    sent = await telegram.call(TOKEN, "sendDocument", params | {"caption": "x" * 1024}, {"document": ("a.txt", b"x")})
    assert sent["document"]["file_name"] == "a.txt"
    with pytest.raises(ApiError, match="there is no text in the message to edit"):
        await telegram.call(TOKEN, "editMessageText", {"chat_id": 7, "message_id": sent["message_id"], "text": "x"})


async def test_not_modified(telegram: Telegram, anna: Person) -> None:
    same = {"chat_id": 7, "text": "<b>x</b>", "parse_mode": "HTML", "reply_markup": inline(callback_data="x")}
    sent = await telegram.call(TOKEN, "sendMessage", same)
    edit = same | {"message_id": sent["message_id"]}
    with pytest.raises(ApiError, match="message is not modified: specified new message content and reply markup"):
        await telegram.call(TOKEN, "editMessageText", edit)
    edited = await telegram.call(TOKEN, "editMessageText", edit | {"reply_markup": None})
    assert "reply_markup" not in edited
    assert sent["reply_markup"], "an earlier result is a snapshot"


async def test_strangers_blockers_and_foreign_tokens(telegram: Telegram, anna: Person) -> None:
    telegram.person(8, "Stranger")
    for params, code, words in (
        ({"chat_id": 8, "text": "x"}, 403, "Forbidden: bot can't initiate conversation with a user"),
        ({"chat_id": 1, "text": "x"}, 403, "Forbidden: bots can't send messages to bots"),
    ):
        with pytest.raises(ApiError) as caught:
            await telegram.call(TOKEN, "sendMessage", params)
        assert (caught.value.code, caught.value.description) == (code, words)
    anna.block()
    with pytest.raises(ApiError, match="403 Forbidden: bot was blocked by the user"):
        await telegram.call(TOKEN, "sendMessage", {"chat_id": 7, "text": "x"})
    with pytest.raises(ApiError, match="401 Unauthorized"):
        await telegram.call("1:other", "getMe")
    with pytest.raises(ApiError, match="404 Not Found"):
        await telegram.call("no-token", "getMe")
    with pytest.raises(ApiError, match="404 Not Found: method not found"):
        await telegram.call(TOKEN, "sendRichMessage")
    with pytest.raises(ApiError, match="401 Unauthorized"):
        await Telegram(tokens=["1:right"]).call("1:wrong", "getMe")


async def test_rate_limits(telegram: Telegram, anna: Person, clock: Any) -> None:
    telegram.limits = Limits(overall_per_second=3, per_chat_per_second=1, per_group_per_minute=2)
    people = [telegram.person(user_id, f"P{user_id}") for user_id in range(20, 25)]
    for person in people:
        person.start()
    telegram.group(-100, "Team", [anna])

    refusals: list[ApiError] = []

    async def send(chat_id: int) -> int:
        try:
            await telegram.call(TOKEN, "sendMessage", {"chat_id": chat_id, "text": "x"})
        except ApiError as error:
            refusals.append(error)
            return int((error.parameters or {})["retry_after"])
        return 0

    assert [await send(20), await send(20)] == [0, 1]
    assert [await send(21), await send(22), await send(23)] == [0, 0, 1]
    clock.time += 1
    assert [await send(-100), await send(-100)] == [0, 0]
    clock.time += 1
    assert await send(-100) == 59
    clock.time += 59
    assert await send(-100) == 0
    assert {error.code for error in refusals} == {429}
    assert refusals[-1].description == "Too Many Requests: retry after 59"


async def test_injected_faults(telegram: Telegram, anna: Person) -> None:
    anna_says = {"chat_id": 7, "text": "x"}
    telegram.fail_next("sendMessage", 500, "Internal Server Error", times=2, chat_id=7)
    telegram.fail_next("*", 429, "Too Many Requests: retry after 3", retry_after=3)
    seen = []
    for method in ("sendMessage", "getMe", "sendMessage", "sendMessage"):
        try:
            await telegram.call(TOKEN, method, anna_says)
            seen.append(200)
        except ApiError as error:
            seen.append(error.code)
    assert seen == [500, 429, 500, 200]
    assert [call.method for call in telegram.calls][-4:] == ["sendMessage", "getMe", "sendMessage", "sendMessage"]
