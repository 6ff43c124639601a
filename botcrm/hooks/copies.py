"""Copies of what plugins are shown, so that what they do to it stays theirs."""

import copy
from typing import Any

from botcrm.core.domain.events import Event
from botcrm.core.models import Record


def event_copy(event: Event) -> Event:
    """Return an event whose fields can be changed without changing the event."""
    return type(event)(
        event.entity,
        event.record_id,
        event.version,
        event.at,
        event.work_id,
        event.actor_id,
        _values(event.before),
        _values(event.after),
        event.about.copy(),
        event.undoes,
        event.id,
    )


def _values(values: dict[str, Any]) -> dict[str, Any]:
    for value in values.values():
        if isinstance(value, dict | list):
            return copy.deepcopy(values)
    return values.copy()


def _record_copy(record: Record) -> Record:
    copied = copy.copy(record)
    for name, value in vars(copied).items():
        if isinstance(value, dict | list):
            setattr(copied, name, copy.deepcopy(value))
    return copied


def argument_copy(value: Any) -> Any:
    """Return a hook's argument as a plugin gets it: records and events copied, the rest as it is.

    A unit of work is lent by `Entry.lend` instead.
    """
    if isinstance(value, Record):
        return _record_copy(value)
    if isinstance(value, Event):
        return event_copy(value)
    if isinstance(value, dict):
        return copy.copy(value)
    return value
