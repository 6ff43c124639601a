"""What rules are put together from: the triggers, conditions and actions that botcrm ships."""

from botcrm import Condition, Manifest, RuleAction, Trigger, hookimpl
from botcrm.plugins.rules.actions import AddTag, ChangeOwner, ChangeStage, Notify, PlanActivity
from botcrm.plugins.rules.conditions import AmountAtLeast, HasTag, InPipeline, OwnerIs, SourceIs
from botcrm.plugins.rules.triggers import ClientWrote, DealLost, DealQuiet, DealWon, LeadCameIn, StageEntered

manifest = Manifest(
    title="Rules",
    about="When a deal enters a stage or lies still, or a lead comes in: plan, notify, move, hand over, tag.",
)


@hookimpl
def register_rules() -> list[type[Trigger | Condition | RuleAction]]:
    """Name triggers, conditions and actions, in the order in which they are offered."""
    return [
        StageEntered,
        DealQuiet,
        LeadCameIn,
        DealWon,
        DealLost,
        ClientWrote,
        AmountAtLeast,
        InPipeline,
        OwnerIs,
        HasTag,
        SourceIs,
        PlanActivity,
        Notify,
        ChangeStage,
        ChangeOwner,
        AddTag,
    ]
