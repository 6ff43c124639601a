"""The closed sets of words that rows are stored with."""

from dataclasses import dataclass
from enum import StrEnum


class Entity(StrEnum):
    """What a record is; the word in events, grants, links and exports."""

    COMPANY = "company"
    CONTACT = "contact"
    LEAD = "lead"
    DEAL = "deal"
    ACTIVITY = "activity"
    NOTE = "note"
    FILE = "file"
    MESSAGE = "message"
    USER = "user"
    SETTING = "setting"
    RULE = "rule"
    FIELD = "field"
    CHOICE = "choice"
    FILTER = "filter"


# One letter a record's reference starts with: d12, c45, o7 (organisation), l7, a9.
LETTERS = {
    Entity.DEAL: "d",
    Entity.CONTACT: "c",
    Entity.COMPANY: "o",
    Entity.LEAD: "l",
    Entity.ACTIVITY: "a",
    Entity.NOTE: "n",
    Entity.FILE: "f",
    Entity.USER: "u",
}
ENTITY_OF = {letter: entity for entity, letter in LETTERS.items()}


class Reach(StrEnum):
    """How far a grant goes, narrowest first."""

    NONE = "none"
    OWN = "own"
    DEPARTMENT = "department"
    ALL = "all"


class Action(StrEnum):
    """What a grant is about."""

    READ = "read"
    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"
    IMPORT = "import"
    EXPORT = "export"


class DealStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class LeadStatus(StrEnum):
    NEW = "new"
    WORKING = "working"
    CONVERTED = "converted"
    LOST = "lost"


class ActivityStatus(StrEnum):
    PLANNED = "planned"
    DONE = "done"
    CANCELLED = "cancelled"


# The direction of a call that nobody took, and its result once somebody dealt with it.
MISSED = "missed"
SETTLED = "settled"
# The results of a call that did not come to a talk; any other one, a word of the company's own too, is that of a talk.
NO_TALK = frozenset({"no", "busy", "later", SETTLED})


class Lane(StrEnum):
    """The order in which the outbox sends when Telegram makes it wait."""

    REPLY = "reply"
    REMINDER = "reminder"
    REPORT = "report"
    BROADCAST = "broadcast"


LANE_ORDER = {Lane.REPLY: 0, Lane.REMINDER: 1, Lane.REPORT: 2, Lane.BROADCAST: 3}


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """A kind of activity: its stored name, the label and sign people see, and the words that a text of this kind starts with.

    `repeat_minutes`: its owner is reminded again each time so much working time has passed, until it is done; the setting
    `repeat_kinds` goes before it.
    """

    name: str
    label: str
    sign: str
    words: tuple[str, ...] = ()
    repeat_minutes: int | None = None
