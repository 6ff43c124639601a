"""What rules are put together from: the triggers, conditions and actions that botcrm ships."""

from botcrm import Condition, Job, Manifest, RuleAction, Settings, Trigger, hookimpl
from botcrm.plugins.rules.actions import AddTag, ChangeOwner, ChangeStage, Notify, PlanActivity
from botcrm.plugins.rules.addresses import RuleSettings
from botcrm.plugins.rules.calling import JOB, CallUrl
from botcrm.plugins.rules.conditions import AmountAtLeast, HasTag, InPipeline, OwnerIs, SourceIs
from botcrm.plugins.rules.triggers import ClientWrote, DealLost, DealQuiet, DealWon, LeadCameIn, StageEntered

manifest = Manifest(
    title="Rules",
    about="When a deal enters a stage or lies still, or a lead comes in: plan, notify, move, hand over, tag, call a URL.",
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
        CallUrl,
    ]
