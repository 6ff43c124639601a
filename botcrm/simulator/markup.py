"""Reply markups (inline and reply keyboards, their removal, forced replies), checked as Telegram checks them."""

from __future__ import annotations

from typing import Any

from botcrm.simulator.entities import check_url
from botcrm.simulator.errors import bad_request

CALLBACK_DATA_LIMIT = 64  # bytes: core.telegram.org/bots/api#inlinekeyboardbutton
BUTTON_LIMIT = 100  # buttons of one keyboard
ROW_LIMIT = 8  # Telegram moves further buttons of a row to the next one

_ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay", "disabled",
)  # fmt: skip
_STYLES = ("danger", "success", "primary")


def read_markup(given: Any) -> dict[str, Any] | None:
    """Check a reply markup and return it as Telegram keeps it; None for none or an empty inline keyboard.

    :raises ApiError: 400, e.g. ``BUTTON_DATA_INVALID``
    """
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    for name in (
        "remove_keyboard",
        "force_reply",
        "selective",
        "one_time_keyboard",
        "is_persistent",
        "resize_keyboard",
    ):
        if name in given and not isinstance(given[name], bool):
            raise bad_request(f'field "{name}" must be of type Boolean')
    if "inline_keyboard" in given:
        rows = _rows(given["inline_keyboard"], "inline_keyboard", _inline_button)
        return {"inline_keyboard": rows} if rows else None
    if "keyboard" in given:
        return {**given, "keyboard": _rows(given["keyboard"], "keyboard", _reply_button)}
    if given.get("remove_keyboard") or given.get("force_reply"):
        return given
    return None


def read_inline_markup(given: Any) -> dict[str, Any] | None:
    """Check a markup where only an inline keyboard may stand.

    :raises ApiError: 400 ``inline keyboard expected``
    """
    markup = read_markup(given)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    return markup


def _rows(given: Any, name: str, read: Any) -> list[list[dict[str, Any]]]:
    if not isinstance(given, list):
        raise bad_request(f'field "{name}" must be of type Array')
    rows: list[list[dict[str, Any]]] = []
    for row in given:
        if not isinstance(row, list):
            raise bad_request(f'field "{name}" must be an Array of Arrays')
        buttons = [read(button) for button in row]
        rows += [buttons[at : at + ROW_LIMIT] for at in range(0, len(buttons), ROW_LIMIT)]
    if sum(map(len, rows)) > BUTTON_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return rows


def _label(button: Any, what: str) -> str:
    if not isinstance(button, dict):
        raise bad_request(f"can't parse {what}: expected an Object")
    text = button.get("text")
    if text is None:
        raise bad_request(f"can't parse {what}: Can't find field \"text\"")
    if not isinstance(text, str):
        raise bad_request(f'can\'t parse {what}: Field "text" must be of type String')
    if not text.strip():
        raise bad_request(
            "BUTTON_TEXT_INVALID" if what.startswith("inline") else "keyboard button text must be non-empty"
        )
    if button.get("style") not in (None, "", *_STYLES):
        raise bad_request(f"can't parse {what}: Invalid button style specified")
    return text


def _inline_button(button: Any) -> dict[str, Any]:
    what = "inline keyboard button"
    _label(button, what)
    kept = {name: value for name, value in button.items() if value is not None}
    actions = [name for name in _ACTIONS if name in kept]
    # An empty switch query is a real action; empty data, an empty link and false are none.
    actions = [name for name in actions if kept[name] not in ("", False) or name.startswith("switch")]
    if not actions:
        raise bad_request(f"can't parse {what}: Text buttons are unallowed in the inline keyboard")
    action, value = actions[0], kept[actions[0]]
    if action == "callback_data" and (not isinstance(value, str) or len(value.encode()) > CALLBACK_DATA_LIMIT):
        raise bad_request("BUTTON_DATA_INVALID")
    if action == "url":
        kept["url"] = check_url(str(value), "inline keyboard button URL")
    if action == "copy_text" and not 1 <= len(str(value.get("text", ""))) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if action in ("pay", "callback_game"):
        raise bad_request("BUTTON_TYPE_INVALID")
    if action == "web_app" and not str(value.get("url", "")).startswith("https://"):
        raise bad_request(
            f"inline keyboard button Web App URL '{value.get('url', '')}' is invalid: Only HTTPS links are allowed"
        )
    return kept


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    _label(button, "keyboard button")
    app = button.get("web_app")
    if app and not str(app.get("url", "")).startswith("https://"):
        raise bad_request(
            f"keyboard button Web App URL '{app.get('url', '')}' is invalid: Only HTTPS links are allowed"
        )
    return {name: value for name, value in button.items() if value is not None}
