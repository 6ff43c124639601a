"""aiogram's types are built as they are used: by the bot, by plugins, and inside of a plugin's own models."""

from __future__ import annotations

import subprocess
import sys

CODE = """
from botcrm.telegram.aiogram_import import import_aiogram

aiogram = import_aiogram()
from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message, Poll, Update
from pydantic import BaseModel

assert not Poll.__pydantic_complete__, "nobody has used it"
chat = {"id": 1, "type": "private"}
message = {"message_id": 1, "date": 1, "chat": chat, "text": "x", "reply_to_message": {"message_id": 2, "date": 1, "chat": chat}}
found = Update.model_validate({"update_id": 1, "message": message})
assert (found.event_type, found.message.reply_to_message.chat.id) == ("message", 1)
keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="a", callback_data="b")]])
sent = SendMessage(chat_id=1, text="x", reply_markup=keyboard).model_dump(exclude_unset=True)
assert sent["reply_markup"] == {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}

class Mine(BaseModel):
    last: Message

assert Mine.model_validate({"last": message}).last.text == "x"
for name in aiogram.types.__all__:
    if hasattr(getattr(aiogram.types, name), "model_rebuild"):
        getattr(aiogram.types, name).model_rebuild()
assert BaseModel.model_rebuild.__func__.__module__ == "pydantic.main"
"""


def test_types_are_built_as_they_are_used() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
