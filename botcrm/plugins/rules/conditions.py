"""Whether a rule goes on."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from botcrm import Choice, Condition, FieldId, Money, PersonId, PipelineId, Work, models, services
from botcrm.plugins.rules.wording import person_name, words_of


class AmountAtLeast(Condition):
    """The amount is large enough; another currency is not compared."""

    name = "amount_at_least"
    title = "The amount is at least"
    entities = ("deal", "lead")

    amount: Money = Field(description="In the currency of the deals it is meant for")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Compare the amount."""
        amount = getattr(record, "amount", None)
        same = getattr(record, "currency", "") == self.amount.currency
        return amount is not None and same and Decimal(amount) >= self.amount.amount

    async def say(self, work: Work) -> str:
        """Name the amount."""
        words = words_of(work)
        return words.t("its amount is at least {amount}", amount=words.money(self.amount.amount, self.amount.currency))


class InPipeline(Condition):
    """The deal is in a pipeline."""

    name = "in_pipeline"
    title = "It is in a pipeline"
    entities = ("deal",)

    pipeline: PipelineId = Field(description="Deals of others are left alone")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Compare the pipeline."""
        return getattr(record, "pipeline_id", None) == self.pipeline

    async def say(self, work: Work) -> str:
        """Name the pipeline."""
        found = await models.Pipeline.filter(id=self.pipeline).first()
        return words_of(work).t("it is in the pipeline {pipeline}", pipeline=found.name if found else "?")


class OwnerIs(Condition):
    """The owner is one of some people."""

    name = "owner_is"
    title = "Its owner is"

    people: list[PersonId] = Field(min_length=1, description="One of these")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Look for the owner among them."""
        return getattr(record, "owner_id", None) in self.people

    async def say(self, work: Work) -> str:
        """Name them."""
        names = [await person_name(work, user_id) or "?" for user_id in self.people]
        return words_of(work).t("its owner is {people}", people=" / ".join(names))


class HasTag(Condition):
    """A tag hangs on it."""

    name = "has_tag"
    title = "It has a tag"

    tag: Annotated[str, Choice("tag")] = Field(min_length=1, max_length=64, description="Without the #")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Look for the tag."""
        wanted = self.tag.strip("#").casefold()
        return wanted in await services.tags_of(record._meta.db_table, record.id)

    async def say(self, work: Work) -> str:
        """Name the tag."""
        return words_of(work).t("it has the tag #{tag}", tag=self.tag.strip("#"))


class FoundByFilter(Condition):
    """A filter finds it, whether it is open or closed; what one types behind /filter, or a saved one as filter:NAME."""

    name = "found_by_filter"
    title = "A filter finds it"
    entities = ("deal", "lead", "contact", "company")

    filter: str = Field(min_length=1, max_length=500, description="Like tag:roof idle>5d; a saved one as filter:NAME")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Ask the filter."""
        return await services.is_found(work, record._meta.db_table, record.id, self.filter)

    async def say(self, work: Work) -> str:
        """Name the filter."""
        return words_of(work).t("the filter “{filter}” finds it", filter=self.filter)


class SourceIs(Condition):
    """It came from one of some sources."""

    name = "source_is"
    title = "Its source is"
    entities = ("deal", "lead")

    sources: list[Annotated[str, Choice("source")]] = Field(
        min_length=1, description="As they are written on the cards"
    )

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Compare the source, whatever its case."""
        source = str(getattr(record, "source", "") or "").casefold()
        return source in {one.strip().casefold() for one in self.sources}

    async def say(self, work: Work) -> str:
        """Name the sources."""
        return words_of(work).t("its source is {sources}", sources=" / ".join(self.sources))


class OwnField(Condition):
    """A field that the company made for itself holds something."""

    name = "own_field"
    title = "A custom field is…"
    entities = ("deal", "lead", "contact", "company")

    field: FieldId = Field(description="Of the records that the rule is about")
    test: Literal["filled", "empty", "is", "is_not", "has", "at_least", "at_most"] = Field(
        "filled", description="“Has” looks for a part of a text, or for words of a list"
    )
    value: str = Field("", max_length=200, description="What it is compared with: 20k, in 7 days, roof")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Compare what it holds.

        :raises CrmError: the value means nothing for the field
        """
        return await services.custom_holds(work, record, self.field, self.test, self.value)

    async def say(self, work: Work) -> str:
        """Name the field and what it is to be."""
        words = words_of(work)
        name = await services.custom_name(work, self.field) or "?"
        texts = {
            "filled": words.t("{field} is filled in", field=name),
            "empty": words.t("{field} is empty", field=name),
            "is": words.t("{field} is {value}", field=name, value=self.value),
            "is_not": words.t("{field} is not {value}", field=name, value=self.value),
            "has": words.t("{field} has {value}", field=name, value=self.value),
            "at_least": words.t("{field} is at least {value}", field=name, value=self.value),
            "at_most": words.t("{field} is at most {value}", field=name, value=self.value),
        }
        return texts[self.test]
