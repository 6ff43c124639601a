"""Pins and mutes: which deals a person keeps at the top of their lists, and which are not to call them."""

from dataclasses import dataclass, field
from typing import Literal

from botcrm.core import db
from botcrm.core.domain.errors import CrmError
from botcrm.core.domain.events import SettingChanged
from botcrm.core.models import Deal
from botcrm.core.services.access import load
from botcrm.core.services.undo.standing import taking_back
from botcrm.core.services.work import Work

Mark = Literal["pinned", "muted"]
# What the key of the setting begins with as which a mark is remembered, for undo.
MARK = "mark"
MOST_PINNED = 30
_MOST_MUTED = 500


class TooManyPins(CrmError):
    """Somebody wants to pin more deals than a list can begin with."""

    message = "{most} deals are pinned already. Take one off first."


@dataclass(frozen=True, slots=True)
class Marks:
    """The deals that a person marked."""

    pinned: frozenset[int] = field(default_factory=frozenset)
    muted: frozenset[int] = field(default_factory=frozenset)


NO_MARKS = Marks()


async def marks_of(user_id: int | None) -> Marks:
    """Return what a person marked."""
    rows = await db.fetch("SELECT deal_id, kind FROM deal_mark WHERE user_id = ?", user_id or 0)
    return Marks(*(frozenset(row["deal_id"] for row in rows if row["kind"] == kind) for kind in ("pinned", "muted")))


async def mark_deal(work: Work, deal_id: int, kind: Mark | None) -> Deal:
    """Pin or mute a deal for the actor alone, or take the mark off (None).

    :raises NotFound: no such deal within reach
    :raises TooManyPins: as many are pinned as a list can begin with
    """
    deal = await load(work, Deal, deal_id)
    if kind == "pinned" and len((await marks_of(work.actor.id)).pinned - {deal_id}) >= MOST_PINNED:
        raise TooManyPins(most=MOST_PINNED)
    await set_mark(work, deal_id, kind)
    return deal


async def set_mark(work: Work, deal_id: int, kind: Mark | None, *, undoes: int | None = None) -> None:
    """Set the actor's mark on a deal, and remember what it was.

    :param undoes: the work that this takes back
    """
    user_id = work.actor.id
    row = await db.fetch_one("SELECT kind FROM deal_mark WHERE user_id = ? AND deal_id = ?", user_id, deal_id)
    before = row["kind"] if row else None
    if before == kind:
        return
    if kind is None:
        await db.execute("DELETE FROM deal_mark WHERE user_id = ? AND deal_id = ?", user_id, deal_id)
    else:
        await db.execute(
            "INSERT INTO deal_mark (user_id, deal_id, kind, created_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (user_id, deal_id) DO UPDATE SET kind = excluded.kind, created_at = excluded.created_at",
            user_id,
            deal_id,
            kind,
            work.now,
        )
    if kind == "muted":
        # The oldest mutes are forgotten where somebody mutes everything.
        await db.execute(
            "DELETE FROM deal_mark WHERE user_id = ? AND kind = 'muted' AND id NOT IN (SELECT id FROM deal_mark "
            "WHERE user_id = ? AND kind = 'muted' ORDER BY created_at DESC, id DESC LIMIT ?)",
            user_id,
            user_id,
            _MOST_MUTED,
        )
    with taking_back(work, undoes):
        # It is the actor's alone: nothing of it stands in the deal's timeline.
        work.remember_plain(SettingChanged, "setting", user_id or 0, key=f"{MARK}:{deal_id}", before=before, value=kind)
