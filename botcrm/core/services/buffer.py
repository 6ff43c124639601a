"""What a transaction holds in hand until it ends, whoever acts in it."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botcrm.core.domain.events import Event
from botcrm.core.domain.preferences import Preferences
from botcrm.core.models import Record
from botcrm.core.services.actor import Hooks, NoHooks
from botcrm.core.services.rows import Posted


@dataclass(slots=True)
class Buffer:
    """What a transaction is going to write when it ends, and what it has to recompute before."""

    events: list[Event] = field(default_factory=list)
    touched: dict[tuple[str, int], Record] = field(default_factory=dict)
    known: dict[tuple[str, int], Record] = field(default_factory=dict)
    outbox_ids: list[int] = field(default_factory=list)
    posted: dict[int, Posted] = field(default_factory=dict)
    after: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    label: str = "other"
    next_job: datetime | None = None
    flushed: int = 0
    ruled: int = 0
    company: Preferences | None = None
    hooks: Hooks = field(default_factory=NoHooks)
    ledger: Path | None = None
