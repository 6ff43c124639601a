"""What a rule does."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from botcrm import Choice, FieldId, KindName, PersonId, RuleAction, StageId, Work, clip, esc, models, services
from botcrm.plugins.rules.wording import PLACES_TEXT, checked, filled, person_name, stage_name, words_of


class PlanActivity(RuleAction):
    """Plan something for the owner, due in working time."""

    name = "plan_activity"
    title = "Plan an activity"
    entities = ("deal", "lead", "contact", "company")

    kind: KindName = Field("task", description="What it is")
    text: str = Field("Follow up", min_length=1, max_length=500, description=f"With places to fill: {PLACES_TEXT}")
    due: timedelta = Field(
        timedelta(days=1), ge=timedelta(minutes=5), description="After how much working time; days are business days"
    )

    @field_validator("text")
    @classmethod
    def _places(cls, text: str) -> str:
        return checked(text)

    async def run(self, work: Work, record: models.Record) -> str:
        """Plan it for whoever owns the record."""
        entity = record._meta.db_table
        links: dict[str, Any] = {f"{name}_id": getattr(record, f"{name}_id", None) for name in ("contact", "company")}
        links = {name: value for name, value in links.items() if value} | {f"{entity}_id": record.id}
        due = services.working_due(work, self.due)
        text = await filled(work, self.text, record)
        await services.plan_activity(work, self.kind, text, due, owner_id=getattr(record, "owner_id", None), **links)
        words = words_of(work)
        when = f"{words.date(due.wall)} {words.clock(due.wall)}"
        return words.t("planned “{text}” for {when}", text=clip(text, 100), when=when)

    async def say(self, work: Work) -> str:
        """Say what and when."""
        words = words_of(work)
        minutes = int(self.due.total_seconds() // 60)
        if minutes % (24 * 60):
            after = words.minutes(minutes)
        else:
            after = words.n("{n} business day", "{n} business days", self.due.days)
        return words.t("plan “{text}” in {after}", text=clip(self.text, 160), after=after)


class Notify(RuleAction):
    """Tell a colleague, with the record at hand."""

    name = "notify"
    title = "Tell a colleague"

    who: Literal["owner", "manager"] = Field("owner", description="The owner of the record, or the owner's manager")
    person: PersonId | None = Field(None, description="Somebody named, instead")
    text: str = Field(
        "{title} needs a look.", min_length=1, max_length=1000, description=f"With places to fill: {PLACES_TEXT}"
    )

    @field_validator("text")
    @classmethod
    def _places(cls, text: str) -> str:
        return checked(text)

    async def run(self, work: Work, record: models.Record) -> str:
        """Send it; where there is nobody to be told, the rule's history says so."""
        words = words_of(work)
        target = self.person or getattr(record, "owner_id", None)
        if self.person is None and self.who == "manager":
            owner = await services.person_by_id(work.prefs, target) if target else None
            target = owner.manager_id if owner else None
        if target is None:
            return (
                words.t("nobody to tell: it has no owner")
                if self.who == "owner"
                else words.t("nobody to tell: no manager")
            )
        text = await filled(work, self.text, record)
        entity = record._meta.db_table
        reference = services.ref(entity, record.id)
        sent = await services.tell_person(
            work,
            target,
            "plain",
            about=(entity, record.id),
            text=f"⚙ {esc(text)} · {reference}",
            buttons=[{"label": words.t("Open"), "data": f"op:{reference}"}],
        )
        name = await person_name(work, target)
        if sent is None:
            return words.t("not told: {name} has no chat with the bot", name=name)
        return words.t("told {name}: {text}", name=name, text=clip(text, 200))

    async def say(self, work: Work) -> str:
        """Say whom and what."""
        words = words_of(work)
        who = await person_name(work, self.person)
        who = who or (words.t("the owner") if self.who == "owner" else words.t("the owner's manager"))
        return words.t("tell {who}: “{text}”", who=who, text=clip(self.text, 160))


class ChangeStage(RuleAction):
    """Move the deal."""

    name = "change_stage"
    title = "Move to a stage"
    entities = ("deal",)

    stage: StageId = Field(description="Where to")

    async def run(self, work: Work, record: models.Record) -> str:
        """Move it.

        :raises CrmError: the stage is of another pipeline
        """
        await services.move_deal(work, record.id, self.stage)
        return words_of(work).t("moved to {stage}", stage=await stage_name(self.stage))

    async def say(self, work: Work) -> str:
        """Name the stage."""
        return words_of(work).t("move it to {stage}", stage=await stage_name(self.stage))


class ChangeOwner(RuleAction):
    """Hand it over."""

    name = "change_owner"
    title = "Change the owner"

    person: PersonId = Field(description="To whom it goes")

    async def run(self, work: Work, record: models.Record) -> str:
        """Hand it over.

        :raises CrmError: that person is out of reach
        """
        await services.hand_over(work, record, self.person)
        return words_of(work).t("went over to {who}", who=await person_name(work, self.person))

    async def say(self, work: Work) -> str:
        """Name the person."""
        return words_of(work).t("hand it over to {who}", who=await person_name(work, self.person) or "?")


class AddTag(RuleAction):
    """Hang a tag on it."""

    name = "add_tag"
    title = "Add a tag"

    tag: Annotated[str, Choice("tag")] = Field(min_length=1, max_length=64, description="Without the #")

    async def run(self, work: Work, record: models.Record) -> str:
        """Hang it on."""
        await services.add_tags(work, record, [self.tag])
        return f"#{self.tag.strip('#')}"

    async def say(self, work: Work) -> str:
        """Name the tag."""
        return words_of(work).t("add the tag #{tag}", tag=self.tag.strip("#"))


class SetField(RuleAction):
    """Fill in a field that the company made for itself."""

    name = "set_field"
    title = "Set a custom field"
    entities: ClassVar[tuple[str, ...]] = ("deal", "lead", "contact", "company")

    field: FieldId = Field(description="Of the records that the rule is about")
    value: str = Field("", max_length=200, description=f"Nothing empties it. With places to fill: {PLACES_TEXT}")

    @field_validator("value")
    @classmethod
    def _places(cls, text: str) -> str:
        return checked(text)

    async def run(self, work: Work, record: models.Record) -> str:
        """Set it.

        :raises CrmError: the record has no such field, or the value means nothing for it
        """
        words = words_of(work)
        name = await services.custom_name(work, self.field) or "?"
        written = await services.write_custom(work, record, self.field, await filled(work, self.value, record))
        if not written:
            return words.t("{field} emptied", field=name)
        return words.t("{field}: {value}", field=name, value=clip(written, 100))

    async def say(self, work: Work) -> str:
        """Name the field and what it is set to."""
        words = words_of(work)
        name = await services.custom_name(work, self.field) or "?"
        if not self.value:
            return words.t("empty {field}", field=name)
        return words.t("set {field} to {value}", field=name, value=clip(self.value, 100))
