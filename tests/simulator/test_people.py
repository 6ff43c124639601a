"""What people do becomes the updates that Telegram would make."""

from __future__ import annotations

from typing import Any

import pytest

from botcrm.simulator import ApiError, Person, Telegram

TOKEN = "1:secret"


async def updates(telegram: Telegram) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await telegram.call(TOKEN, "getUpdates")
    if found:
        await telegram.call(TOKEN, "getUpdates", {"offset": found[-1]["update_id"] + 1})
    return found


async def say(telegram: Telegram, text: str, *rows: list[str], **params: Any) -> dict[str, Any]:
    if rows:
        keyboard = [[{"text": label, "callback_data": f"data {label}"} for label in row] for row in rows]
        params["reply_markup"] = {"inline_keyboard": keyboard}
    sent: dict[str, Any] = await telegram.call(TOKEN, "sendMessage", {"chat_id": 7, "text": text} | params)
    return sent


async def test_a_message_is_shaped_as_telegrams(telegram: Telegram, anna: Person, clock: Any) -> None:
    first = anna.send("/deal Acme 12k")
    anna.send("again", reply_to=first)
    one, two = await updates(telegram)
    assert one["message"] == {
        "message_id": 2,
        "from": {"id": 7, "is_bot": False, "first_name": "Anna", "username": "anna", "language_code": "en"},
        "chat": {"id": 7, "type": "private", "first_name": "Anna", "username": "anna"},
        "date": int(clock()),
        "text": "/deal Acme 12k",
        "entities": [{"type": "bot_command", "offset": 0, "length": 5}],
    }
    assert two["message"]["reply_to_message"] == one["message"]
    assert two["update_id"] == one["update_id"] + 1


async def test_edit(telegram: Telegram, anna: Person, clock: Any) -> None:
    sent = anna.send("/deal Acme 12k")
    await updates(telegram)
    clock.time += 60
    anna.edit(sent, "/deal Acme 13k")
    [update] = await updates(telegram)
    assert update["edited_message"]["text"] == "/deal Acme 13k"
    assert update["edited_message"]["edit_date"] == sent.data["date"] + 60
    bots = await say(telegram, "hi")
    with pytest.raises(LookupError):
        anna.edit(bots["message_id"], "not mine")


async def test_press_and_answer(telegram: Telegram, anna: Person, clock: Any) -> None:
    await say(telegram, "card", ["Done", "+1 day"], ["Undo"])
    assert anna.last().buttons == [["Done", "+1 day"], ["Undo"]]
    press = anna.press(anna.last(), "Done")
    [update] = await updates(telegram)
    query = update["callback_query"]
    assert query["data"] == "data Done"
    assert query["message"]["text"] == "card"
    await telegram.call(TOKEN, "answerCallbackQuery", {"callback_query_id": query["id"], "text": "ok"})
    assert await press.answered() == {"text": "ok", "show_alert": False, "url": None}
    with pytest.raises(LookupError, match="no single button"):
        anna.press(anna.last(), "Nowhere")
    late = anna.press(anna.last(), "data Undo")
    clock.time += 3600
    with pytest.raises(ApiError, match="query is too old"):
        await telegram.call(TOKEN, "answerCallbackQuery", {"callback_query_id": late.id})


async def test_media(telegram: Telegram, anna: Person) -> None:
    anna.send_photo(b"\xff\xd8 picture", "the /roof")
    anna.send_document(b"%PDF", "offer.pdf")
    anna.send_voice(b"OggS", 3)
    anna.send_contact("+48601234567", "Jan", "Nowak")
    anna.share_contact("+48600111222")
    photo, document, voice, contact, own = [update["message"] for update in await updates(telegram)]
    assert photo["caption_entities"] == [{"type": "bot_command", "offset": 4, "length": 5}]
    assert document["document"]["mime_type"] == "application/pdf"
    assert voice["voice"]["duration"] == 3
    assert contact["contact"] == {"phone_number": "+48601234567", "first_name": "Jan", "last_name": "Nowak"}
    assert own["contact"]["user_id"] == anna.id
    described = await telegram.call(TOKEN, "getFile", {"file_id": photo["photo"][-1]["file_id"]})
    stored = telegram.files.at(described["file_path"])
    assert stored is not None
    assert stored.data == b"\xff\xd8 picture"
    again = await telegram.call(TOKEN, "sendPhoto", {"chat_id": 7, "photo": photo["photo"][-1]["file_id"]})
    assert again["photo"][-1]["file_id"] == photo["photo"][-1]["file_id"]


async def test_live_location_ends(telegram: Telegram, anna: Person, clock: Any) -> None:
    place = anna.send_location(52.0, 21.0, live_period=900, horizontal_accuracy=15)
    anna.move_location(place, 52.1, 21.0)
    sent, moved = await updates(telegram)
    assert sent["message"]["location"]["horizontal_accuracy"] == 15
    assert moved["edited_message"]["location"]["latitude"] == 52.1
    clock.time += 901
    with pytest.raises(ValueError, match="not live"):
        anna.move_location(place, 52.2, 21.0)


async def test_forward_between_people(telegram: Telegram, anna: Person) -> None:
    card = await say(telegram, "secret card", ["Open"])
    jan = telegram.person(8, "Jan")
    jan.forward(anna.last())
    [update] = await updates(telegram)
    message = update["message"]
    assert message["text"] == "secret card"
    assert message["forward_origin"] == {"type": "user", "sender_user": card["from"], "date": card["date"]}
    assert "reply_markup" not in message


async def test_block_and_restart(telegram: Telegram, anna: Person) -> None:
    anna.block()
    with pytest.raises(ValueError, match="blocked"):
        anna.send("hi")
    anna.start("x" * 64)
    statuses = [
        update["my_chat_member"]["new_chat_member"]["status"]
        for update in await updates(telegram)
        if "my_chat_member" in update
    ]
    assert statuses == ["kicked", "member"]
    for payload in ("", "x" * 65, "no spaces", "ż"):
        with pytest.raises(ValueError, match="not a start payload"):
            anna.start(payload)


async def test_reply_keyboard(telegram: Telegram, anna: Person) -> None:
    keyboard = {"keyboard": [["Today", {"text": "Where I am", "request_location": True}]], "one_time_keyboard": True}
    await say(telegram, "choose", reply_markup=keyboard)
    assert anna.keyboard() == [["Today", "Where I am"]]
    anna.press_keyboard("Where I am")
    assert anna.keyboard() == []
    [update] = await updates(telegram)
    assert "location" in update["message"]


async def test_commands_by_scope_and_language(telegram: Telegram, anna: Person) -> None:
    async def set_commands(name: str, **params: Any) -> None:
        commands = [{"command": name, "description": name}]
        await telegram.call(TOKEN, "setMyCommands", {"commands": commands} | params)

    await set_commands("default")
    await set_commands("polish", language_code="pl")
    assert anna.commands() == [("default", "default")]
    anna.language_code = "pl"
    assert anna.commands() == [("polish", "polish")]
    await set_commands("mine", scope={"type": "chat", "chat_id": 7})
    assert anna.commands() == [("mine", "mine")]
    await telegram.call(TOKEN, "deleteMyCommands", {"scope": '{"type": "chat", "chat_id": 7}'})
    assert anna.commands() == [("polish", "polish")]


async def test_groups_keep_privacy_mode(telegram: Telegram, anna: Person) -> None:
    jan = telegram.person(8, "Jan")
    group = telegram.group(-100, "Team", [anna, jan], forum=True)
    anna.send("chatter", chat=group)
    anna.send("/team", chat=group)
    anna.send("/team@other_bot", chat=group)
    jan.send("@botcrm_demo_bot hello", chat=group)
    joined, *heard = await updates(telegram)
    assert joined["my_chat_member"]["chat"]["is_forum"]
    assert [update["message"]["text"] for update in heard] == ["/team", "@botcrm_demo_bot hello"]
    topic = await telegram.call(TOKEN, "createForumTopic", {"chat_id": -100, "name": "Acme"})
    params = {"chat_id": -100, "text": "x", "message_thread_id": topic["message_thread_id"]}
    assert (await telegram.call(TOKEN, "sendMessage", params))["is_topic_message"]
    await telegram.call(TOKEN, "deleteForumTopic", params)
    with pytest.raises(ApiError, match="message thread not found"):
        await telegram.call(TOKEN, "sendMessage", params)


async def test_history_is_bounded(clock: Any) -> None:
    telegram = Telegram(clock, history=10, max_file_bytes=1000)
    telegram.bot(TOKEN)
    anna = telegram.person(7, "Anna")
    for number in range(50):
        anna.send(f"m{number}")
        anna.send_document(b"x" * 100)
    assert len(anna.messages()) == 10
    assert sum(telegram.files.at(f"documents/file_{number}.bin") is not None for number in range(1, 51)) == 10


async def test_until_times_out(telegram: Telegram, anna: Person) -> None:
    with pytest.raises(TimeoutError):
        await telegram.until(lambda: anna.last().text == "never", timeout=0.01)
