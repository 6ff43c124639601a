"""The commands menu: what each person's role can use, in their language; clients see nothing of it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from botcrm.core import db
from botcrm.core.domain.kinds import Lane
from botcrm.core.models import Setting
from botcrm.core.services.staff.people import grants_in
from botcrm.core.services.stored import store
from botcrm.core.services.work import Work
from botcrm.telegram.plugged.catalogue import Plugged, menu_name
from botcrm.telegram.screens.base import clip
from botcrm.telegram.screens.texts import HELP, menu_of
from botcrm.words import Words

_KEY = "menu"
# Telegram takes no more commands, and no longer description.
_MOST, _LONGEST = 100, 256


def commands(words: Words, plugged: Plugged, role: str, grants: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the Bot API's BotCommands of a role."""
    helps = HELP | plugged.helps(words, role, grants)
    named = [
        (menu_name(verb), helps[verb].menu) for verb in menu_of(role, [name for name in helps if name not in HELP])
    ]
    shown = [{"command": name, "description": clip(words.t(text), _LONGEST) or name} for name, text in named if name]
    return shown[:_MOST]


async def send_menu(
    work: Work, plugged: Plugged, user_id: int, chat_id: int, role: str, grants: Mapping[str, str], shown: object = None
) -> None:
    """Show a person their commands, unless these are what they were shown last."""
    listed = commands(Words(work.prefs, work.now), plugged, role, grants)
    mark = _fingerprint(listed)
    if mark != shown:
        payload: dict[str, Any] = {"commands": listed, "scope": {"type": "chat", "chat_id": chat_id}}
        await work.send(chat_id, "setMyCommands", payload, lane=Lane.BROADCAST)
        await _remember(user_id, mark)


async def send_menus(work: Work, plugged: Plugged) -> None:
    """Show everybody their menu again where it changed: with an upgrade, a new role, a plugin switched on or off."""
    shown = {row.user_id: row.value for row in await Setting.filter(key=_KEY)}
    rows = await db.fetch(
        'SELECT u.id, u.telegram_id, coalesce(r.base, r.key) AS role, r.grants FROM "user" u JOIN role r ON r.id = u.role_id '
        "WHERE u.active AND u.telegram_id IS NOT NULL ORDER BY u.id"
    )
    for row in rows:
        await send_menu(
            work, plugged, row["id"], row["telegram_id"], row["role"], grants_in(row["grants"]), shown.get(row["id"])
        )
    clients = [{"command": "start", "description": Words(work.prefs, work.now).t("Write to us")}]
    mark = _fingerprint(clients)
    if shown.get(0) != mark:
        await work.send(0, "setMyCommands", {"commands": clients}, lane=Lane.BROADCAST)
        await _remember(0, mark)


def _fingerprint(listed: list[dict[str, str]]) -> str:
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


async def _remember(user_id: int, mark: str) -> None:
    await store(_KEY, user_id, mark)
