"""What plugins may answer when they are asked: an answer of another type is the plugin's failure, and nobody uses it."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botcrm.contract.cards import Evidence, TimelineItem
from botcrm.contract.screens import Button

# What every database takes for an id.
_MOST_ID = 2**63 - 1
# Further out a moment has no wall time in every zone.
_YEARS = range(2, 9999)


def _lines(answer: Any) -> bool:
    return isinstance(answer, str) or (isinstance(answer, list) and all(isinstance(line, str) for line in answer))


def _buttons(answer: Any) -> bool:
    return isinstance(answer, list) and all(isinstance(button, Button) for button in answer)


def _items(answer: Any) -> bool:
    return isinstance(answer, list) and all(_is_item(item) for item in answer)


def _is_item(item: Any) -> bool:
    if not isinstance(item, TimelineItem) or not _are((item.at, datetime), (item.text, str), (item.who, str)):
        return False
    return item.at.tzinfo is not None and item.at.year in _YEARS


def _are(*values: tuple[Any, Any]) -> bool:
    """Tell whether values are of the types that their fields say; no dataclass asks."""
    return all(isinstance(value, kind) for value, kind in values)


def _evidence(answer: Any) -> bool:
    if not isinstance(answer, Evidence) or not _are((answer.score, int | float), (answer.reason, str)):
        return False
    return math.isfinite(answer.score)


def _id(answer: Any) -> bool:
    return isinstance(answer, int) and not isinstance(answer, bool) and 0 < answer <= _MOST_ID


def _reason(answer: Any) -> bool:
    return isinstance(answer, str)


_CARDS = ("deal", "contact", "company", "lead")
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **{f"{entity}_card_lines": (_lines, "texts") for entity in _CARDS},
    **{f"{entity}_card_buttons": (_buttons, "botcrm.Button only") for entity in _CARDS},
    "timeline_items": (_items, "botcrm.TimelineItem only, with an aware time, a text, and who as a text"),
    "duplicate_score": (_evidence, "botcrm.Evidence with a score from -1 to 1 and a reason, or None"),
    "assign_owner": (_id, "a person's id, or None"),
    "contact_from_message": (_id, "a contact's id, or None"),
    "message_blocked": (_reason, "the reason as a text, or None where the message is to be kept"),
}


def demand_fit(hook: str, answer: Any) -> None:
    """Refuse an answer that is not what its hook asks for; None always is.

    :raises TypeError: it is something else
    """
    check = _CHECKS.get(hook)
    if answer is not None and check is not None and not check[0](answer):
        raise TypeError(f"{hook} answered {type(answer).__name__} that does not fit: return {check[1]}")
