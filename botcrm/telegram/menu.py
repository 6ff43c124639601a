"""The commands menu: what each person's role can use, in their language; clients see nothing of it."""

import hashlib
import json
from typing import Any

from botcrm.core import db
from botcrm.core.domain.kinds import Lane
from botcrm.core.models import Setting
from botcrm.core.services.work import Work
from botcrm.telegram.screens.texts import HELP, MENU
from botcrm.words import Words

_KEY = "menu"


def commands(words: Words, role: str) -> list[dict[str, str]]:
    """Return the Bot API's BotCommands of a role."""
    return [{"command": name, "description": words.t(HELP[name].menu)} for name in MENU.get(role, MENU["rep"])]


async def send_menu(work: Work, role: str, chat_id: int) -> None:
    """Show a person their role's commands."""
    words = Words(work.prefs, work.now)
    payload: dict[str, Any] = {"commands": commands(words, role), "scope": {"type": "chat", "chat_id": chat_id}}
    await work.send(chat_id, "setMyCommands", payload, lane=Lane.BROADCAST)


async def send_menus(work: Work) -> None:
    """Show everybody their menu again after it changed with an upgrade or a new role."""
    texts = json.dumps([MENU, {name: text.menu for name, text in HELP.items()}])
    fingerprint = hashlib.sha256(texts.encode()).hexdigest()[:16]
    shown = {row.user_id: row.value for row in await Setting.filter(key=_KEY)}
    rows = await db.fetch(
        'SELECT u.id, u.telegram_id, r.key AS role FROM "user" u JOIN role r ON r.id = u.role_id '
        "WHERE u.active AND u.telegram_id IS NOT NULL ORDER BY u.id"
    )
    for row in rows:
        if shown.get(row["id"]) != f"{fingerprint}:{row['role']}":
            await send_menu(work, row["role"], row["telegram_id"])
            await _remember(row["id"], f"{fingerprint}:{row['role']}")
    if shown.get(0) != fingerprint:
        clients = {"commands": [{"command": "start", "description": Words(work.prefs, work.now).t("Write to us")}]}
        await work.send(0, "setMyCommands", clients, lane=Lane.BROADCAST)
        await _remember(0, fingerprint)


async def _remember(user_id: int, mark: str) -> None:
    await db.execute(
        "INSERT INTO setting (key, user_id, value) VALUES (?, ?, ?) ON CONFLICT (key, user_id) DO UPDATE SET value = excluded.value",
        _KEY,
        user_id,
        db.to_json(mark),
    )
