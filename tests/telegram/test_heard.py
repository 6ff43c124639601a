"""A plain text is read without aiogram's types, and just as they read it; anything else is left to them."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import Message

from botcrm.telegram.heard import heard_in, plain_text

ANNA = {"id": 7, "is_bot": False, "first_name": "Anna", "language_code": "en"}
CHAT = {"id": 7, "type": "private", "first_name": "Anna"}


def message(**more: Any) -> dict[str, Any]:
    return {"message_id": 5, "from": ANNA, "chat": CHAT, "date": 1764000000, "text": "/deal Acme 12k"} | more


OTHER = {"message_id": 4, "chat": CHAT, "date": 1764000000, "from": {**ANNA, "id": 1, "is_bot": True}, "text": "card"}
PLAIN = [
    message(),
    message(entities=[{"offset": 0, "length": 5, "type": "bot_command"}]),
    message(reply_to_message=OTHER),
    message(text="two\nlines <b>&"),
]
OTHERS = [
    message(text=None),
    message(forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "x"}),
    message(photo=[]),
    message(via_bot=ANNA),
    message(chat={**CHAT, "type": "group", "title": "Sales"}),
    message(**{"from": {**ANNA, "is_bot": True}}),
    message(**{"from": {"id": 7}}),
    message(message_id="5"),
    message(message_id=True),
    message(date=None),
    message(reply_to_message={"message_id": "x"}),
    message(reply_to_message=[1]),
    {name: value for name, value in message().items() if name != "from"},
    "no message",
    None,
]


@pytest.mark.parametrize("body", PLAIN)
def test_a_plain_text_is_read_as_aiogram_reads_it(body: dict[str, Any]) -> None:
    heard = plain_text({"update_id": 1, "message": body})
    assert heard is not None
    assert heard == heard_in(Message.model_validate(body), ANNA["id"])  # type: ignore[arg-type]


@pytest.mark.parametrize("body", OTHERS)
def test_anything_else_is_left_to_aiogram(body: Any) -> None:
    assert plain_text({"update_id": 1, "message": body}) is None


def test_only_new_messages_are_plain() -> None:
    assert plain_text({"update_id": 1, "edited_message": message()}) is None
    assert plain_text({"update_id": 1, "message": message(), "poll": {}}) is None
