"""Files made here on their way out: kept with the message that carries them until it was sent."""

from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.kinds import Lane
from botcrm.core.services.work import Work

# What Telegram takes of a bot: core.telegram.org/bots/api#sending-files
MOST_BYTES = 50 * 1024 * 1024
MOST_PICTURE = 10 * 1024 * 1024
_MOST_CAPTION = 1024
_STORED = "stored:"


def method_of(name: str, content: bytes) -> tuple[str, str]:
    """Return the Bot API's method for a file and the field that it stands in: a .png shows as a picture."""
    picture = name.lower().endswith(".png") and len(content) <= MOST_PICTURE
    return ("sendPhoto", "photo") if picture else ("sendDocument", "document")


async def send_file(work: Work, chat_id: int, name: str, content: bytes, caption: str = "") -> int:
    """Send a file after the commit, and return the outbox id; it survives a restart.

    :param name: as people see it, with its ending; a .png shows as a picture
    :param caption: Telegram's HTML, up to 1,024 characters
    :raises InvalidValue: it is empty, or larger than 50 MB
    """
    if not 0 < len(content) <= MOST_BYTES:
        raise InvalidValue(what="file", value=name, how="A file has 1 byte to 50 MB.")
    name = name.replace("/", "_").replace("\\", "_")[:200]
    file_id = await db.insert("outgoing_file", name=name, content=content, created_at=work.now)
    method, field = method_of(name, content)
    payload: dict[str, Any] = {"chat_id": chat_id, field: f"{_STORED}{file_id}"}
    if caption:
        payload |= {"caption": caption[:_MOST_CAPTION], "parse_mode": "HTML"}
    return await work.send(chat_id, method, payload, lane=Lane.REPORT, user_id=work.actor.id)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file kept here that a call stands for: the call's field, and the file's id."""

    field: str
    id: int


def stored_file(method: str, payload: dict[str, Any]) -> Stored | None:
    """Return the kept file that a Bot API call carries; None for any other call."""
    field = {"sendPhoto": "photo", "sendDocument": "document"}.get(method)
    value = str(payload.get(field, "")) if field else ""
    if field is None or not value.startswith(_STORED):
        return None
    return Stored(field, int(value.removeprefix(_STORED)))


async def read_file(file_id: int) -> tuple[str, bytes] | None:
    """Return a kept file's name and content; None once it was sent."""
    row = await db.fetch_one("SELECT name, content FROM outgoing_file WHERE id = ?", file_id)
    return (str(row["name"]), bytes(row["content"])) if row else None


async def forget_file(file_id: int) -> None:
    """Let go of a file that was sent, or never will be."""
    async with db.transaction():
        await db.execute("DELETE FROM outgoing_file WHERE id = ?", file_id)
