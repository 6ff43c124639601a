"""What rules are put together from: the triggers, conditions and actions that botcrm ships."""

from botcrm import Condition, Job, Manifest, RuleAction, Settings, Trigger, hookimpl
from botcrm.plugins.rules.actions import AddTag, ChangeOwner, ChangeStage, Notify, PlanActivity, SetField
from botcrm.plugins.rules.addresses import RuleSettings
from botcrm.plugins.rules.calling import JOB, CallUrl
from botcrm.plugins.rules.conditions import (
    AmountAtLeast,
    FoundByFilter,
    HasTag,
    InPipeline,
    OwnerIs,
    OwnField,
    SourceIs,
)
from botcrm.plugins.rules.triggers import (
    ClientWrote,
    DealHandedOver,
    DealLost,
    DealQuiet,
    DealWon,
    LeadCameIn,
    StageEntered,
)

manifest = Manifest(
    title="Rules",
    about="When a deal enters a stage, lies still or changes hands, or a lead comes in: plan, notify, move, hand over, tag, call a URL.",
    needs=("rule.read",),
)


@hookimpl
def register_settings() -> type[Settings]:
    """Name the settings: which addresses may be called."""
    return RuleSettings


@hookimpl
def register_jobs() -> list[Job]:
    """Name the job that calls a URL."""
    return [JOB]


@hookimpl
def register_rules() -> list[type[Trigger | Condition | RuleAction]]:
    """Name triggers, conditions and actions, in the order in which they are offered."""
    return [
        StageEntered,
        DealQuiet,
        LeadCameIn,
        DealWon,
        DealLost,
        DealHandedOver,
        ClientWrote,
        AmountAtLeast,
        InPipeline,
        OwnerIs,
        HasTag,
        SourceIs,
        FoundByFilter,
        OwnField,
        PlanActivity,
        Notify,
        ChangeStage,
        ChangeOwner,
        AddTag,
        SetField,
        CallUrl,
    ]
