"""Answers to pressed buttons and inline queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import ApiError, bad_request
from botcrm.simulator.markup import read_inline_markup
from botcrm.simulator.methods.media import attach
from botcrm.simulator.methods.table import read_caption, read_text

if TYPE_CHECKING:
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
ANSWER_LIMIT = 200  # characters: core.telegram.org/bots/api#answercallbackquery
RESULT_LIMIT = 50
_CACHED = {"photo": "photo_file_id", "document": "document_file_id", "voice": "voice_file_id", "audio": "audio_file_id"}


def answer_callback_query(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Answer a pressed button, with a toast or an alert if there is a text."""
    press = bot.presses.pop(params.text("callback_query_id") or "", None)
    if press is None or telegram.now() - press.at > telegram.callback_seconds:
        raise bad_request(TOO_OLD)
    text = params.text("text") or ""
    if len(text) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    press.settle({"text": text, "show_alert": params.flag("show_alert"), "url": params.text("url")})
    if press.message is not None:
        telegram.changed("answer", press.message.chat, press.message, press)
    return True


def answer_inline_query(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Answer an inline query with up to 50 results."""
    search = bot.searches.pop(params.text("inline_query_id") or "", None)
    if search is None or telegram.now() - search.at > telegram.callback_seconds:
        raise bad_request(TOO_OLD)
    given = params.json("results", "inline query results")
    if not isinstance(given, list):
        raise bad_request("can't parse inline query results JSON object")
    if len(given) > RESULT_LIMIT:
        raise bad_request("RESULTS_TOO_MUCH")
    results = [_result(telegram, item, params) for item in given]
    if len({result["id"] for result in results}) < len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    search.settle(results)
    telegram.changed("answer", telegram.private_chat(bot, search.person), None, search)
    return True


def _result(telegram: Telegram, item: Any, params: Params) -> dict[str, Any]:
    """Check one result and add under ``content`` the message that it sends."""
    if not isinstance(item, dict) or not item.get("type"):
        raise bad_request("can't parse inline query result: Can't find field \"type\"")
    kind, result_id = item["type"], str(item.get("id") or "")
    if not 1 <= len(result_id.encode()) <= 64:
        raise bad_request(
            "RESULT_ID_INVALID" if result_id else "can't parse inline query result: Can't find field \"id\""
        )
    if kind == "article" and not item.get("title"):
        raise bad_request("can't parse inline query result: Can't find field \"title\"")
    return {**item, "id": result_id, "content": _content(telegram, kind, item, params)}


def _content(telegram: Telegram, kind: str, item: dict[str, Any], params: Params) -> dict[str, Any]:
    given = item.get("input_message_content")
    markup = read_inline_markup(item.get("reply_markup"))
    body: dict[str, Any] = {}
    if isinstance(given, dict):
        body = _input_content(telegram, given)
    elif kind == "article":
        raise bad_request("can't parse inline query result: Message content must be specified for the article")
    elif kind in _CACHED and item.get(_CACHED[kind]):
        body = {kind: attach(telegram, kind, item[_CACHED[kind]], params)}
        body |= read_caption(telegram, item.get("caption"), item.get("parse_mode"), item.get("caption_entities"))
    elif kind == "contact":
        body = {
            "contact": {
                name: item[name] for name in ("phone_number", "first_name", "last_name", "vcard") if item.get(name)
            }
        }
    elif kind == "location":
        body = {"location": {"latitude": item.get("latitude"), "longitude": item.get("longitude")}}
    return body | ({"reply_markup": markup} if markup else {})


def _input_content(telegram: Telegram, given: dict[str, Any]) -> dict[str, Any]:
    if "message_text" in given:
        return read_text(telegram, given)
    if "phone_number" in given:
        return {"contact": {name: value for name, value in given.items() if value is not None}}
    if "latitude" in given:
        return {"location": {"latitude": given["latitude"], "longitude": given["longitude"]}}
    raise ApiError(400, "Bad Request: can't parse inline query result: Unsupported message content")


METHODS: dict[str, Handler] = {
    "answerCallbackQuery": answer_callback_query,
    "answerInlineQuery": answer_inline_query,
}
