"""When a rule starts."""

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from botcrm import Event, Occasion, StageId, Trigger, Work, events, models, services
from botcrm.plugins.rules.endings import DealEnded, standing
from botcrm.plugins.rules.wording import stage_name, words_of


class StageEntered(Trigger):
    """A deal came to a stage, and is still there; stages that it skipped start nothing."""

    name = "stage_entered"
    title = "A deal enters a stage"
    entity = "deal"
    events = (events.DealCreated, events.DealStageChanged, events.DealWon, events.DealLost, events.DealReopened)
    where: ClassVar[dict[str, str]] = {"stage_id": "stage"}

    stage: StageId = Field(description="A deal that passes it over starts nothing")

    async def matches(self, work: Work, event: Event) -> bool:
        """Tell whether the deal still is where it came to, and did not come there anew."""
        deal = await services.load(work, models.Deal, event.record_id)
        return deal.stage_id == self.stage and deal.stage_entered_at <= event.at

    async def say(self, work: Work) -> str:
        """Name the stage."""
        return words_of(work).t("a deal enters {stage}", stage=await stage_name(self.stage))


class DealQuiet(Trigger):
    """An open deal lies in its stage with nothing planned and nothing done."""

    name = "deal_quiet"
    title = "A deal lies still"
    entity = "deal"
    every = timedelta(hours=3)

    stage: StageId | None = Field(None, description="None for a deal in any stage")
    days: int = Field(5, ge=1, le=365, description="For how many days nothing happened and nothing is planned")
    business: bool = Field(True, title="Business days", description="Count business days only")

    async def find(self, work: Work, after_id: int, limit: int) -> list[Occasion]:
        """Find what lies still; it counts anew once something happened."""
        before = services.days_ago(work, self.days, business=self.business)
        found = await services.quiet_deals(work, before, stage_id=self.stage, after_id=after_id, limit=limit)
        return [Occasion(deal.deal_id, deal.since.isoformat(timespec="seconds")) for deal in found]

    async def say(self, work: Work) -> str:
        """Name the stage and the days."""
        words = words_of(work)
        if self.business:
            days = words.n("{n} business day", "{n} business days", self.days)
        else:
            days = words.n("{n} day", "{n} days", self.days)
        if self.stage is None:
            return words.t("a deal lies still for {days}", days=days)
        return words.t("a deal lies still in {stage} for {days}", stage=await stage_name(self.stage), days=days)


class LeadCameIn(Trigger):
    """A lead is new, and nobody has converted it or given it up yet."""

    name = "lead_came_in"
    title = "A lead comes in"
    entity = "lead"
    events = (events.LeadCreated,)

    by: Literal["itself", "anybody"] = Field(
        "anybody", title="Added by", description="Itself: over a channel or a form, not typed by a colleague"
    )

    async def matches(self, work: Work, event: Event) -> bool:
        """Tell whether the lead is still open, and came as it should."""
        lead = await services.load(work, models.Lead, event.record_id)
        return lead.status in ("new", "working") and (self.by == "anybody" or event.actor_id is None)

    async def say(self, work: Work) -> str:
        """Say how it came."""
        words = words_of(work)
        return words.t("a lead comes in by itself") if self.by == "itself" else words.t("a lead comes in")


class DealWon(DealEnded):
    """A deal was won."""

    name = "deal_won"
    title = "A deal is won"
    events = (events.DealWon,)
    status = "won"


class DealLost(DealEnded):
    """A deal was lost."""

    name = "deal_lost"
    title = "A deal is lost"
    events = (events.DealLost,)
    status = "lost"


class DealHandedOver(Trigger):
    """An open deal came to somebody else, alone or with all of a colleague's work, and is still theirs."""

    name = "deal_handed_over"
    title = "A deal changes hands"
    entity = "deal"
    events = (events.OwnerChanged,)

    async def matches(self, work: Work, event: Event) -> bool:
        """Tell whether it was the deal itself, not something that hangs on it, and whether it stayed with whom it came to."""
        if event.entity != "deal":
            return False
        deal = await services.load(work, models.Deal, event.record_id)
        return deal.status == "open" and deal.owner_id is not None and deal.owner_id == event.after.get("owner_id")

    async def say(self, work: Work) -> str:
        """Say it."""
        return words_of(work).t("a deal changes hands")


class ClientWrote(Trigger):
    """The client of an open deal wrote."""

    name = "client_wrote"
    title = "The client of a deal writes"
    entity = "deal"
    events = (events.MessageReceived,)

    async def matches(self, work: Work, event: Event) -> bool:
        """Tell whether the deal is open."""
        return await standing(work, event) == "open"

    async def say(self, work: Work) -> str:
        """Say it."""
        return words_of(work).t("the client of a deal writes")
