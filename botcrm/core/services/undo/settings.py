"""Taking back what was set: a setting, somebody's leave, a pin or a mute, suggestions sent away."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import CrmError, NewerChange, NotAllowed
from botcrm.core.domain.events import SettingChanged
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.preferences import PREFERENCES
from botcrm.core.models import User
from botcrm.core.services.marks import MARK, set_mark
from botcrm.core.services.stored import store
from botcrm.core.services.suggestions import QUIET, quiet_deal
from botcrm.core.services.undo.standing import taking_back
from botcrm.core.services.work import Work

# What one person chose about one deal.
_OF_DEAL = re.compile(rf"({MARK}|{QUIET}):(\d+)")


class SettingStays(CrmError):
    """What was set last is set back where it was set, as by its own command."""

    message = "Your last change was a setting ({name}). Change it back where you changed it."


@dataclass(frozen=True, slots=True)
class SetBack:
    """What was set back: `key` of the setting and its value now; `deal_id` where it was chosen for one deal."""

    key: str
    value: Any
    deal_id: int | None = None


def _takes_back(row: dict[str, Any]) -> bool:
    after = db.from_json(row["after"])
    key = str(after.get("key"))
    return "before" in after and (key in PREFERENCES or key == QUIET or bool(_OF_DEAL.fullmatch(key)))


async def take_back_settings(work: Work, rows: Sequence[dict[str, Any]]) -> None:
    """Set back what these events say was set, the last first.

    :raises SettingStays: one of them is nothing that is stored as a setting
    :raises NotAllowed: somebody else set it, or it is the company's, and it is not the actor's to change
    :raises NewerChange: it was set anew since
    """
    for row in rows:
        after = db.from_json(row["after"])
        key, whose = str(after["key"]), int(row["record_id"])
        if not _takes_back(row):
            raise SettingStays(name=key)
        # The company's is no more one's own doing than a record that was handed on.
        own = row["actor_id"] == work.actor.id and not (whose == 0 and key in PREFERENCES)
        if not (own or work.actor.is_system) and work.actor.grants.get("setting.change") != Reach.ALL:
            raise NotAllowed(entity="setting", action=Action.CHANGE)
        await _refuse_if_newer(row, key, whose)
        chosen = _OF_DEAL.fullmatch(key)
        if chosen:
            of_deal = set_mark if chosen[1] == MARK else quiet_deal
            await of_deal(work, int(chosen[2]), after["before"], undoes=row["work_id"])
        elif after["before"] is None:
            await db.execute("DELETE FROM setting WHERE key = ? AND user_id = ?", key, whose)
        else:
            await store(key, whose, after["before"])
        if not chosen:
            with taking_back(work, row["work_id"]):
                work.remember_plain(
                    SettingChanged, "setting", whose, key=key, before=after["value"], value=after["before"]
                )


async def _refuse_if_newer(row: dict[str, Any], key: str, whose: int) -> None:
    newer = await db.fetch(
        "SELECT work_id, actor_id, after, undoes FROM event WHERE entity = 'setting' AND record_id = ? AND id > ? "
        "AND work_id <> ? ORDER BY id DESC",
        whose,
        row["id"],
        row["work_id"],
    )
    same = [one for one in newer if db.from_json(one["after"]).get("key") == key]
    # One that took a later one back leaves nothing of both.
    back = {one["undoes"] for one in same if one["undoes"]}
    standing = [one for one in same if one["work_id"] not in back and one["undoes"] not in {s["work_id"] for s in same}]
    if standing:
        who = await User.filter(id=standing[0]["actor_id"]).first() if standing[0]["actor_id"] else None
        raise NewerChange(who=who.name if who else "botcrm", what="SettingChanged", entity="setting", record_id=whose)


def set_back(work: Work) -> list[SetBack]:
    """Return what this work set back."""
    found: list[SetBack] = []
    for event in work.events:
        if isinstance(event, SettingChanged) and event.undoes and event.work_id == work.id:
            chosen = _OF_DEAL.fullmatch(str(event.after["key"]))
            key, deal_id = (chosen[1], int(chosen[2])) if chosen else (str(event.after["key"]), None)
            found.append(SetBack(key, event.after["value"], deal_id))
    return found
