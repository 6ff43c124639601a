"""The Bot API methods, by name in small letters (Telegram does not mind the case)."""

from __future__ import annotations

from botcrm.simulator.methods import chats, editing, media, profile, queries, receiving, sending
from botcrm.simulator.methods.table import Handler

METHODS: dict[str, tuple[str, Handler]] = {
    name.lower(): (name, handler)
    for module in (receiving, sending, media, editing, queries, profile, chats)
    for name, handler in module.METHODS.items()
}
