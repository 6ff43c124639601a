"""Updates, a handler that leaves a trace of each, and what became of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from botcrm.core import db
from botcrm.core.services.work import Work
from botcrm.telegram.inbox import Update

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def message(update_id: int, chat: int = 1, text: str = "hello") -> dict[str, Any]:
    return {"update_id": update_id, "message": {"message_id": update_id, "chat": {"id": chat}, "text": text}}


class Handled:
    """A handler that leaves a row in the database for each update, and fails as it is told."""

    def __init__(self) -> None:
        self.failing: dict[int, int] = {}
        self.started: list[int] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, work: Work, update: Update) -> None:
        self.started.append(update.update_id)
        await db.execute("INSERT INTO press (key, at) VALUES (?, ?)", f"{update.update_id}", work.now)
        if self.gate:
            await self.gate.wait()
        if self.failing.get(update.update_id, 0):
            self.failing[update.update_id] -= 1
            raise RuntimeError(f"no {update.update_id}")

    async def effects(self) -> list[int]:
        return [int(row["key"]) for row in await db.fetch("SELECT key FROM press ORDER BY id")]


async def states() -> dict[int, str]:
    return {row["update_id"]: row["state"] for row in await db.fetch("SELECT update_id, state FROM inbox")}
