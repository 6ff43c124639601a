"""What goes out, as the front end that delivers it sees it, and what may come of a delivery."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botcrm.core import db

CHANNEL = "channel:"
"""How the method of a row begins that a plugin's channel carries."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message to a person: a ready call (`method`, its JSON `written`), or what to word for them (`notice`, `args`)."""

    id: int
    chat_id: int
    user_id: int | None
    notice: str
    args: dict[str, Any]
    method: str
    written: str
    entity: str | None
    record_id: int | None
    line_id: int | None
    audience: str
    lane_order: int
    created_at: datetime
    attempts: int

    @property
    def payload(self) -> dict[str, Any]:
        """Return what the ready call says, read from its JSON."""
        return dict(db.from_json(self.written))

    @property
    def carrier(self) -> str:
        """Return the channel that carries it, empty for Telegram; each goes out apart from the others."""
        return self.method.removeprefix(CHANNEL) if self.method.startswith(CHANNEL) else ""


class DeliveryError(Exception):
    """A message did not go out."""


class RetryAfter(DeliveryError):
    """The channel asks to wait (`seconds`)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"retry after {seconds:g} s")
        self.seconds = seconds


class Undeliverable(DeliveryError):
    """It will never arrive: blocked, no such chat, refused (`reason`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(DeliveryError):
    """It failed for now and certainly did not go out, e.g. no connection (`reason`): a client's is tried again too."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Deliver = Callable[[OutboxRow], Awaitable[int | None]]
"""Send one message and return its message id; raises the errors above, anything else counts as temporary."""
