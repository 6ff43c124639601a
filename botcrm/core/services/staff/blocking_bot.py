"""Who of the staff has blocked the bot: nothing reaches them, and somebody has to know."""

from datetime import datetime

from botcrm.core import db
from botcrm.core.domain.errors import NotFound
from botcrm.core.services.staff.people import administrators
from botcrm.core.services.work import Work

# Since when, as a setting of the person's own.
_KEY = "messenger.blocked"


async def has_blocked(work: Work, telegram_id: int) -> None:
    """Mark somebody of the staff as out of reach, and tell their manager once; a client or stranger is nobody to mark.

    Where the manager has blocked the bot as well, or there is none, the administrators are told.
    """
    row = await db.fetch_one('SELECT id, manager_id FROM "user" WHERE telegram_id = ? AND active', telegram_id)
    if row is None:
        return
    marked = await db.fetch(
        "INSERT INTO setting (key, user_id, value) VALUES (?, ?, ?) ON CONFLICT (key, user_id) DO NOTHING RETURNING user_id",
        _KEY,
        row["id"],
        db.to_json(work.now),
    )
    if not marked:
        return
    manager = await db.fetch(
        'SELECT u.id, u.telegram_id FROM "user" u WHERE u.id = ? AND u.active AND u.telegram_id IS NOT NULL '
        "AND NOT EXISTS (SELECT 1 FROM setting s WHERE s.key = ? AND s.user_id = u.id)",
        row["manager_id"] or 0,
        _KEY,
    )
    told = [(one["id"], one["telegram_id"]) for one in manager] or await administrators()
    for user_id, chat_id in told:
        if user_id != row["id"]:
            await work.tell(user_id, chat_id, "bot_blocked", person_id=row["id"])


async def is_back(telegram_id: int) -> None:
    """Take the mark off somebody whom messages reach again."""
    await db.execute(
        'DELETE FROM setting WHERE key = ? AND user_id IN (SELECT id FROM "user" WHERE telegram_id = ?)',
        _KEY,
        telegram_id,
    )


async def blocked_chats() -> set[int]:
    """Return the chats of those who are marked."""
    return set(
        await db.column(
            'SELECT u.telegram_id FROM setting s JOIN "user" u ON u.id = s.user_id WHERE s.key = ? AND u.telegram_id IS NOT NULL',
            _KEY,
        )
    )


async def blocked_since(person_id: int) -> tuple[str, datetime]:
    """Return what somebody who is marked is called, and since when.

    :raises NotFound: they are not, or not any more
    """
    row = await db.fetch_one(
        'SELECT u.name, s.value FROM setting s JOIN "user" u ON u.id = s.user_id WHERE s.key = ? AND u.id = ?',
        _KEY,
        person_id,
    )
    since = db.moment(db.from_json(row["value"])) if row else None
    if row is None or since is None:
        raise NotFound(ref=f"user {person_id}")
    return row["name"], since
