"""What a plugin answers, made ready to send: its buttons lead back to it, its markup cannot break the message."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from botcrm.telegram.plugged.markup import safe_message, sendable
from botcrm.telegram.screens.base import Button, Screen, pack

PRESS = "x"
# Telegram takes no more in one keyboard.
_MOST_BUTTONS = 100
_MOST_LABEL = 64
_MOST_COPY = 256
# Telegram refuses a whole message for one link that it cannot open; "localhost" is for a simulator on one machine.
_ADDRESS = re.compile(
    r"tg://[!-~]+|(?:https?://)?(?:[\w.-]+\.[\w-]{2,}|localhost|\[[0-9a-f:.]+\])\.?(?::\d+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
# What every database takes for an id.
_MOST_ID = 2**63 - 1


def bound_button(plugin: str, button: Button) -> Button:
    """Return a button whose press finds its plugin.

    :raises TypeError: it is no button
    :raises ValueError: its data is longer than the 64 bytes that Telegram carries, or it does nothing
    """
    if not isinstance(button, Button):
        raise TypeError(f"a button must be a botcrm.Button, not {type(button).__name__}")
    if not all(isinstance(value, str) for value in (button.label, button.data, button.url, button.copy, button.press)):
        raise TypeError("a button's label, press, url and copy are texts")
    label = " ".join(sendable(button.label).split())[:_MOST_LABEL]
    if button.press:
        given: Any = button.args
        if not isinstance(given, tuple | list) or not all(isinstance(arg, str | int) for arg in given):
            raise TypeError(f"the args of the button {label!r} are texts and whole numbers in a tuple")
        args = (quote(sendable(str(arg)), safe=" +-_.,@#*/") for arg in button.args)
        return replace(button, label=label, data=pack(PRESS, plugin, button.press, *args), press="", args=())
    if not (button.data or button.url or button.copy):
        raise ValueError(f"the button {label!r} does nothing: it needs press, url or copy")
    if len(button.data.encode()) > _MOST_LABEL:
        raise ValueError(f"the data of the button {label!r} is longer than 64 bytes")
    if button.url and not (_ADDRESS.fullmatch(button.url) and button.url == sendable(button.url)):
        raise ValueError(f"the url of the button {label!r} is no address that Telegram opens: write https://…")
    if len(button.copy) > _MOST_COPY:
        raise ValueError(f"the button {label!r} copies more than {_MOST_COPY} characters")
    return replace(button, label=label, data=sendable(button.data), copy=sendable(button.copy))


def unpacked(args: Iterable[str]) -> list[str]:
    """Return a pressed button's arguments as the plugin gave them."""
    return [unquote(arg) for arg in args]


def bound_screen(plugin: str, answer: object) -> Screen | None:
    """Return what a handler answered as a screen that can be sent; None for nothing.

    :raises TypeError: it is no answer
    :raises ValueError: one of its buttons cannot be
    """
    if answer is None:
        return None
    if isinstance(answer, str):
        answer = Screen(answer)
    if not isinstance(answer, Screen):
        raise TypeError(f"a handler answers with a Screen, a text or None, not {type(answer).__name__}")
    if not isinstance(answer.text, str):
        raise TypeError("a screen's text is a text")
    if answer.about is not None and not _is_about(answer.about):
        raise TypeError("a screen's about is the entity and the record's id: ('deal', 12)")
    rows = [[bound_button(plugin, button) for button in row] for row in answer.rows]
    if sum(len(row) for row in rows) > _MOST_BUTTONS:
        raise ValueError(f"a screen has at most {_MOST_BUTTONS} buttons")
    return Screen(safe_message(answer.text), tuple(rows), answer.about)


def _is_about(about: object) -> bool:
    if not isinstance(about, tuple) or len(about) != 2:
        return False
    entity, record_id = about
    return isinstance(entity, str) and isinstance(record_id, int) and 0 < record_id <= _MOST_ID
