"""Rules: a trigger, conditions and actions, each a small class whose typed fields a manager fills in by a form."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from botcrm.core.domain.events import Event
from botcrm.core.models import Record
from botcrm.core.services.work import Work


@dataclass(frozen=True, slots=True)
class Choice:
    """Marks a field whose value is picked from what the base holds: pipeline, stage, person, kind (of activity), tag, lost_reason,
    source, field (one of the company's own)."""

    of: str


StageId = Annotated[int, Choice("stage")]
PipelineId = Annotated[int, Choice("pipeline")]
PersonId = Annotated[int, Choice("person")]
KindName = Annotated[str, Choice("kind")]
FieldId = Annotated[int, Choice("field")]


class Part(BaseModel):
    """The base of a rule's parts. Fields are its parameters: name, type, default, and `Field(description=…)` for people.

    `say` words the filled-in part for the rule's one-line description.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, validate_default=True)

    name: ClassVar[str]
    """Stored with the rule: "stage_entered"; unique among the parts of its sort."""
    title: ClassVar[str]
    """What it is for people: "a deal enters a stage"."""

    async def say(self, work: Work) -> str:
        """Return the part with its parameters, as a manager reads it."""
        return self.title


class Trigger(Part):
    """When a rule starts: on events, or found again and again by looking.

    For events: name them in `events`, and say in `matches` whether one starts the rule. It is asked after the commit, and after
    the rule's delay: "one day after, if it is still there" is a `matches` that looks where the record stands now. For looking
    (a deal lies still): set `every`, and return from `find` what the rule is to run for; a rule that waited asks `find` again
    about the record.
    """

    entity: ClassVar[str]
    """What the rule is then about: deal, lead, contact, company or activity."""
    events: ClassVar[tuple[type[Event], ...]] = ()
    where: ClassVar[dict[str, str]] = {}
    """Changed fields that must equal a parameter, as {field of the event's `after`: name of the parameter}: what does not fit is
    passed over at once, at no cost, and `matches` is not asked."""
    every: ClassVar[timedelta | None] = None

    async def matches(self, work: Work, event: Event) -> bool:
        """Tell whether an event of these types starts the rule."""
        return True

    async def find(self, work: Work, after_id: int, limit: int) -> "list[Occasion]":
        """Return what is to be acted on, by ascending record id above `after_id`, at most `limit`."""
        return []


@dataclass(frozen=True, slots=True)
class Occasion:
    """A record that a trigger found by looking; the rule runs once for each mark.

    :ivar mark: changes when the rule may run again for the record, e.g. the moment it entered its stage
    """

    record_id: int
    mark: str


class Condition(Part):
    """Whether a rule goes on for a record."""

    entities: ClassVar[tuple[str, ...]] = ("deal", "lead", "contact", "company", "activity")
    """What it can be asked about."""

    async def holds(self, work: Work, record: Record) -> bool:
        """Tell whether it holds now."""
        return True


class RuleAction(Part):
    """What a rule does; what it writes goes back whole when it raises."""

    entities: ClassVar[tuple[str, ...]] = ("deal", "lead", "contact", "company", "activity")
    """What it can be done to."""
    signs: ClassVar[bool] = False
    """Whether it proves itself to others by the rule's own key (`services.rule_key`): the rule's card then shows it."""

    async def run(self, work: Work, record: Record) -> str:
        """Do it, and return what was done, as the rule's history shows it."""
        return ""


def parameters(part: type[BaseModel]) -> dict[str, Any]:
    """Return a part's fields by name: what forms are made of."""
    return dict(part.model_fields)


__all__ = [
    "Choice",
    "Condition",
    "Field",
    "FieldId",
    "KindName",
    "Occasion",
    "Part",
    "PersonId",
    "PipelineId",
    "RuleAction",
    "StageId",
    "Trigger",
    "parameters",
]
