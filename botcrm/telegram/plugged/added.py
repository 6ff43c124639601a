"""What plugins add to cards and timelines, cut to size; what is no line, button or entry is left out and logged."""

import itertools
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from botcrm.contract.cards import TimelineItem
from botcrm.core.services.cards import Added
from botcrm.telegram.plugged.bound import bound_button
from botcrm.telegram.plugged.markup import safe_line, sendable
from botcrm.telegram.screens.base import Button, rows_of

log = logging.getLogger(__name__)

# For each plugin, so that no card becomes unreadable.
MOST_LINES, LONGEST_LINE, MOST_BUTTONS, MOST_ITEMS = 5, 200, 4, 200


def added_lines(added: Added) -> list[str]:
    """Return the lines that plugins add to a card, each readable by itself."""
    shown = (
        safe_line(line, LONGEST_LINE)
        for plugin, answer in added.lines
        for line in _listed(plugin, "card_lines", answer, str, MOST_LINES)
    )
    return [line for line in shown if line]


def added_rows(added: Added) -> list[list[Button]]:
    """Return the buttons that plugins add to a card, two in a row."""
    found = []
    for plugin, answer in added.buttons:
        for button in _listed(plugin, "card_buttons", answer, Button, MOST_BUTTONS):
            try:
                found.append(bound_button(plugin, button))
            except (TypeError, ValueError) as exc:
                log.warning("plugin %s, card_buttons: %s", plugin, exc)
    return rows_of(found, 2)


def added_items(
    answers: Iterable[tuple[str, Any]], since: datetime | None, until: datetime | None
) -> list[TimelineItem]:
    """Return the timeline entries of plugins in a stretch of time, its start included and its end not."""
    found = []
    for plugin, answer in answers:
        for item in _listed(plugin, "timeline_items", answer, TimelineItem, MOST_ITEMS):
            if not isinstance(item.at, datetime) or item.at.tzinfo is None:
                log.warning("plugin %s, timeline_items: the time of an entry needs its zone", plugin)
            elif (since is None or item.at >= since) and (until is None or item.at < until):
                found.append(replace(item, who=sendable(item.who)))
    return found


def _listed(plugin: str, hook: str, answer: Any, wanted: type, most: int) -> Iterator[Any]:
    if isinstance(answer, str) and wanted is str:
        answer = [answer]
    try:
        items = list(itertools.islice(iter(answer), most))
    except Exception as exc:  # noqa: BLE001 - a plugin's own iterator raises what it likes
        log.warning("plugin %s, %s: %s", plugin, hook, exc)
        return
    for item in items:
        if isinstance(item, wanted):
            yield item
        else:
            log.warning("plugin %s, %s: %s is none", plugin, hook, type(item).__name__)
