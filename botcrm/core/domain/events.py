"""Every fact the core records, as typed events in the past tense.

An event says which record changed, who changed it, and the changed fields before and after as JSON-ready values (moments ISO 8601 in
UTC, amounts as decimal text). Timeline, undo, exports and hooks all read these; a new fact is a new class here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

EVENTS: dict[str, type["Event"]] = {}


@dataclass(slots=True)
class Event:
    """Something that happened to one record.

    `before` and `after` hold only the fields that changed; `about` the ids of the deal, contact, company and lead it concerns.
    """

    entity: str
    record_id: int
    version: int
    at: datetime
    work_id: int
    actor_id: int | None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    about: dict[str, int | None] = field(default_factory=dict)
    undoes: int | None = None
    id: int | None = None

    creates: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Event, cls).__init_subclass__(**kwargs)
        EVENTS[cls.__name__] = cls

    @property
    def type(self) -> str:
        """Return the name the event is stored under."""
        return type(self).__name__


class Created(Event):
    """A record came to be; `after` holds all its fields."""

    creates = True


class CompanyCreated(Created):
    """A company was added."""


class CompanyChanged(Event):
    """A company's fields were changed."""


class ContactCreated(Created):
    """A contact was added."""


class ContactChanged(Event):
    """A contact's fields were changed."""


class LeadCreated(Created):
    """A lead came in or was added."""


class LeadChanged(Event):
    """A lead's fields were changed."""


class LeadConverted(Event):
    """A lead became contact, company and deal."""


class LeadLost(Event):
    """A lead was given up."""


class DealCreated(Created):
    """A deal was opened."""


class DealChanged(Event):
    """A deal's fields were changed."""


class DealStageChanged(Event):
    """A deal moved to another stage."""


class DealWon(Event):
    """A deal was won."""


class DealLost(Event):
    """A deal was lost."""


class DealReopened(Event):
    """A closed deal was opened again."""


class DealWaits(Event):
    """A deal is to wait until a day, or no longer; `after` holds the moment and what it waits for."""


class RecordAttached(Event):
    """A record came to hang on another deal or contact, e.g. when its lead became one."""


class OwnerChanged(Event):
    """A record went over to another person."""


class ClientTaken(OwnerChanged):
    """A client who was nobody's, or what they sent, came to somebody who answers for them."""


class WorkHandedOver(Event):
    """All that a person answered for went over to a colleague (`to_id`); `counts` says how many records of each entity.

    Each record's own `OwnerChanged` follows within the next seconds, some hundred at a time.
    """


class ActivityPlanned(Created):
    """An activity was scheduled."""


class ActivityLogged(Created):
    """Something already done was written down."""


class ActivityChanged(Event):
    """An activity's fields were changed."""


class ActivityRescheduled(Event):
    """An activity's time was moved."""


class ActivityDone(Event):
    """A planned activity was done."""


class ActivityCancelled(Event):
    """A planned activity was called off."""


class NoteAdded(Created):
    """A note was written."""


class NoteChanged(Event):
    """A note's text was corrected."""


class FileAdded(Created):
    """A file was attached."""


class FileChanged(Event):
    """A file's caption was corrected."""


class MessageReceived(Created):
    """A client wrote."""


class MessageEdited(Event):
    """A client changed a message they had sent."""


class MessageSent(Created):
    """Somebody answered a client."""


class MessageAnswered(Event):
    """A client's message was dealt with."""


class MissedCallSettled(Event):
    """A missed call was dealt with: somebody spoke with the client, or said that nothing is left to do."""


class TagAdded(Event):
    """A tag was hung on a record."""


class TagRemoved(Event):
    """A tag was taken off a record."""


class UserAdded(Created):
    """Somebody joined the staff."""


class UserChanged(Event):
    """A person's data was changed."""


class SettingChanged(Event):
    """A setting was changed."""


class RuleAdded(Created):
    """A rule was made."""


class RuleChanged(Event):
    """A rule was changed, or switched on or off."""


class RuleRan(Event):
    """A rule did something about a record; `after` holds its name and what it did."""


class FieldAdded(Created):
    """A custom field was made."""


class FieldChanged(Event):
    """A custom field was changed."""


class ChoiceAdded(Created):
    """A word was added to a dictionary."""


class ChoiceChanged(Event):
    """A word of a dictionary was changed."""


class FilterSaved(Created):
    """A query was given a name."""


class FilterChanged(Event):
    """A saved filter was changed, or shared."""


class RecordMerged(Event):
    """A record went into another of its kind (`merged_into_id`); what hung on it went along."""


class RecordUnmerged(Event):
    """A record that had gone into another is on its own again."""


class RecordErased(Event):
    """What told about a person was taken out of a record for good."""


class RoleChanged(Event):
    """What a role, or one person's own role, may do was changed."""


class OperationEnded(Event):
    """A long change ended: an import, a bulk change, a bulk merge; `after` holds its kind, title, state, counts, `records`."""


class RecordDeleted(Event):
    """A record was deleted (it can be brought back)."""


class RecordRestored(Event):
    """A deleted record was brought back."""
