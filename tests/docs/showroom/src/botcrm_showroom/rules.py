"""The rule action: invite a deal's client to the showroom."""

from pydantic import Field

from botcrm import Condition, RuleAction, Trigger, Work, hookimpl, models, services


class Invite(RuleAction):
    """Plan a call to invite the client."""

    name = "showroom_invite"
    title = "invite to the showroom"
    entities = ("deal",)

    words: str = Field("come and see it", min_length=1, max_length=200, description="What to say")

    async def run(self, work: Work, record: models.Record) -> str:
        """Plan the call."""
        due = services.suggested_due(work)
        owner = getattr(record, "owner_id", None)
        await services.plan_activity(work, "call", f"Invite: {self.words}", due, deal_id=record.id, owner_id=owner)
        return "planned an invitation"

    async def say(self, work: Work) -> str:
        """Word it with what to say."""
        return f"invite to the showroom: “{self.words}”"


@hookimpl
def register_rules() -> list[type[Trigger | Condition | RuleAction]]:
    """Name the action."""
    return [Invite]
