"""The values of own fields, which events hold as one column, taken back field by field."""

from collections.abc import Mapping
from typing import Any

from botcrm.core import db
from botcrm.core.models import Record


def own_back(
    record: Record, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return a record's own values with those put back that are still as an event left them, and the keys of the others.

    :param before: of the event, with all own values under "custom"
    """
    was, left = before.get("custom") or {}, after.get("custom") or {}
    now = dict(getattr(record, "custom", None) or {})
    stays = []
    for key in _differing(was, left):
        if now.get(key) == was.get(key):
            continue
        if now.get(key) != left.get(key):
            stays.append(key)
        elif key in was:
            now[key] = was[key]
        else:
            now.pop(key, None)
    return now or None, stays


def changed_keys(row: Mapping[str, Any], *, alone: bool = False) -> frozenset[str]:
    """Return the keys of the own fields that an event changed.

    :param alone: none where it changed anything else as well
    """
    before, after = db.from_json(row["before"]), db.from_json(row["after"])
    if "custom" not in before or (alone and before.keys() | after.keys() != {"custom"}):
        return frozenset()
    return frozenset(_differing(before.get("custom") or {}, after.get("custom") or {}))


def _differing(was: Mapping[str, Any], left: Mapping[str, Any]) -> list[str]:
    return [key for key in was.keys() | left.keys() if was.get(key) != left.get(key)]
