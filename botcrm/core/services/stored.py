"""Rows of the setting table: one value by its name, of a person or of the company."""

from typing import Any

from botcrm.core import db
from botcrm.core.domain.events import SettingChanged
from botcrm.core.services.work import Work

COMPANY = 0


async def stored(key: str, user_id: int = COMPANY) -> Any:
    """Return a stored value, None where there is none."""
    row = await db.fetch_one("SELECT value FROM setting WHERE key = ? AND user_id = ?", key, user_id)
    return db.from_json(row["value"]) if row else None


async def store(key: str, user_id: int, value: Any) -> None:
    """Store a value over the one there was; nobody hears of it."""
    # The model's JSON field would take a text such as "07:30" for JSON itself and refuse it.
    await db.execute(
        "INSERT INTO setting (key, user_id, value) VALUES (?, ?, ?) "
        "ON CONFLICT (key, user_id) DO UPDATE SET value = excluded.value",
        key,
        user_id,
        db.to_json(value),
    )


async def set_value(work: Work, key: str, user_id: int, value: Any) -> None:
    """Store a value, and remember what it was, so that it can be taken back."""
    before = await stored(key, user_id)
    await store(key, user_id, value)
    work.remember_plain(SettingChanged, "setting", user_id, key=key, before=before, value=value)
