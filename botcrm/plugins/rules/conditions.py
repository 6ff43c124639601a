"""Whether a rule goes on."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from botcrm import Choice, Condition, Money, PersonId, PipelineId, Work, models, services
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


class SourceIs(Condition):
    """It came from one of some sources."""

    name = "source_is"
    title = "Its source is"
    entities = ("deal", "lead")

    sources: list[str] = Field(min_length=1, description="As they are written on the cards")

    async def holds(self, work: Work, record: models.Record) -> bool:
        """Compare the source, whatever its case."""
        source = str(getattr(record, "source", "") or "").casefold()
        return source in {one.strip().casefold() for one in self.sources}

    async def say(self, work: Work) -> str:
        """Name the sources."""
        return words_of(work).t("its source is {sources}", sources=" / ".join(self.sources))
