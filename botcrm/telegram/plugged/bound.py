"""What a plugin answers, made ready to send: its buttons lead back to it, its markup cannot break the message."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, unquote

from botcrm.telegram.plugged.markup import safe_message
from botcrm.telegram.screens.base import Button, Screen, pack

PRESS = "x"
# Telegram takes no more in one keyboard.
_MOST_BUTTONS = 100
_MOST_LABEL = 64


def bound_button(plugin: str, button: Button) -> Button:
    """Return a button whose press finds its plugin.

    :raises TypeError: it is no button
    :raises ValueError: its data is longer than the 64 bytes that Telegram carries, or it does nothing
    """
    if not isinstance(button, Button):
        raise TypeError(f"a button must be a botcrm.Button, not {type(button).__name__}")
    label = " ".join(str(button.label).split())[:_MOST_LABEL]
    if button.press:
        args = (quote(str(arg), safe=" +-_.,@#*/") for arg in button.args)
        return replace(button, label=label, data=pack(PRESS, plugin, button.press, *args), press="", args=())
    if not (button.data or button.url or button.copy):
        raise ValueError(f"the button {label!r} does nothing: it needs press, url or copy")
    if len(button.data.encode()) > _MOST_LABEL:
        raise ValueError(f"the data of the button {label!r} is longer than 64 bytes")
    return replace(button, label=label)


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
    rows = [[bound_button(plugin, button) for button in row] for row in answer.rows]
    if sum(len(row) for row in rows) > _MOST_BUTTONS:
        raise ValueError(f"a screen has at most {_MOST_BUTTONS} buttons")
    return Screen(safe_message(answer.text), tuple(rows), answer.about)
