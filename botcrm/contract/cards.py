"""What plugins add to cards, timelines, and the search for duplicates."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """A plugin's entry of a timeline.

    :ivar at: when, aware
    :ivar text: what happened, in Telegram's HTML
    :ivar who: who did it, as shown
    """

    at: datetime
    text: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two records may be the same, or not.

    :ivar score: from -1 (surely different) over 0 (says nothing) to 1 (surely the same)
    :ivar reason: for people: "same tax number"
    """

    score: float
    reason: str
