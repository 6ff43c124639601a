"""What a bot says about itself: identity, commands, menu button, names and descriptions."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from botcrm.simulator.errors import bad_request

if TYPE_CHECKING:
    from botcrm.simulator.methods.table import Handler
    from botcrm.simulator.model import Bot
    from botcrm.simulator.params import Params
    from botcrm.simulator.telegram import Telegram

COMMAND_LIMIT = 100  # core.telegram.org/bots/api#setmycommands
DESCRIPTION_LIMIT = 256
_SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
_CHAT_SCOPES = {"chat", "chat_administrators", "chat_member"}
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def get_me(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Describe the bot."""
    return bot.user() | {
        "can_join_groups": True,
        "can_read_all_group_messages": bot.reads_groups,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def close_session(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Accept logOut and close, which change nothing here."""
    return True


def _scope(params: Params) -> tuple[str, str]:
    given = params.json("scope") or {"type": "default"}
    language = params.text("language_code") or ""
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    kind = given.get("type") if isinstance(given, dict) else None
    if kind in _SCOPES:
        return kind, language
    if kind not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if not given.get("chat_id"):
        raise bad_request("can't parse BotCommandScope: Can't find field \"chat_id\"")
    key = f"{kind}:{given['chat_id']}"
    return (f"{key}:{given['user_id']}" if kind == "chat_member" else key), language


def set_my_commands(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Set the command menu of a scope and language; an empty list deletes it."""
    given = params.json("commands", "commands")
    if not isinstance(given, list):
        raise bad_request("can't parse commands JSON object" if given else "commands is empty")
    scope = _scope(params)
    if len(given) > COMMAND_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [_command(item) for item in given]
    if commands:
        bot.commands[scope] = commands
    else:
        bot.commands.pop(scope, None)
    telegram.changed("bot", detail=bot)
    return True


def _command(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    for name in ("command", "description"):
        if not isinstance(item.get(name), str):
            raise bad_request(f"can't parse BotCommand: Can't find field \"{name}\"")
    command, description = item["command"].strip().removeprefix("/"), item["description"].strip()
    if not command:
        raise bad_request("command must not be empty")
    if not description:
        raise bad_request("command description must not be empty")
    if len(description) > DESCRIPTION_LIMIT:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": command, "description": description} | (
        {"is_ephemeral": True} if item.get("is_ephemeral") else {}
    )


def get_my_commands(telegram: Telegram, bot: Bot, params: Params) -> list[dict[str, Any]]:
    """Return the commands of exactly this scope and language."""
    return bot.commands.get(_scope(params), [])


def delete_my_commands(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Delete the commands of a scope and language."""
    bot.commands.pop(_scope(params), None)
    telegram.changed("bot", detail=bot)
    return True


def set_chat_menu_button(telegram: Telegram, bot: Bot, params: Params) -> bool:
    """Set what the button beside the text field does, for one chat or by default."""
    button = params.json("menu_button") or {"type": "default"}
    if button.get("type") not in ("commands", "web_app", "default"):
        raise bad_request("can't parse menu button: unsupported type specified")
    if button["type"] == "web_app" and not str(button.get("web_app", {}).get("url", "")).startswith("https://"):
        raise bad_request("menu button Web App URL is invalid: Only HTTPS links are allowed")
    bot.menu_buttons[params.integer("chat_id") or 0] = button
    telegram.changed("bot", detail=bot)
    return True


def get_chat_menu_button(telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    """Return the menu button of a chat or the default one."""
    fallback = bot.menu_buttons.get(0, {"type": "default"})
    return bot.menu_buttons.get(params.integer("chat_id") or 0, fallback)


def _set_words(field: str, telegram: Telegram, bot: Bot, params: Params) -> bool:
    text, language = params.text(field) or "", params.text("language_code") or ""
    if len(text) > _TEXT_LIMITS[field]:
        raise bad_request(f"bot {field.replace('_', ' ')} is too long")
    bot.descriptions[field, language] = text
    if field == "name" and not language and text:
        bot.name = text
    telegram.changed("bot", detail=bot)
    return True


def _get_words(field: str, telegram: Telegram, bot: Bot, params: Params) -> dict[str, Any]:
    default = bot.name if field == "name" else ""
    texts = (bot.descriptions.get((field, language)) for language in (params.text("language_code") or "", ""))
    return {field: next((text for text in texts if text), default)}


METHODS: dict[str, Handler] = {
    "getMe": get_me,
    "logOut": close_session,
    "close": close_session,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "setMyName": partial(_set_words, "name"),
    "getMyName": partial(_get_words, "name"),
    "setMyDescription": partial(_set_words, "description"),
    "getMyDescription": partial(_get_words, "description"),
    "setMyShortDescription": partial(_set_words, "short_description"),
    "getMyShortDescription": partial(_get_words, "short_description"),
}
