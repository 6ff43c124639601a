"""What triggers about the end of a deal share."""

from typing import ClassVar

from botcrm import Event, Trigger, Work, models, services
from botcrm.plugins.rules.wording import words_of


async def standing(work: Work, event: Event) -> str:
    """Return how the deal that an event is about stands now: open, won, lost; empty where it is about none."""
    deal_id = event.about.get("deal")
    return (await services.load(work, models.Deal, deal_id)).status if deal_id else ""


class DealEnded(Trigger):
    """A deal came to an end, and still stands at it."""

    entity = "deal"
    status: ClassVar[str]
    """Which end: won or lost."""

    async def matches(self, work: Work, event: Event) -> bool:
        """Tell whether it still stands at that end."""
        return await standing(work, event) == self.status

    async def say(self, work: Work) -> str:
        """Say which end."""
        words = words_of(work)
        return words.t("a deal is won") if self.status == "won" else words.t("a deal is lost")
