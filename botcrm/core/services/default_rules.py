"""The rules that ship with the default pipeline (product, section 7): nothing lies forgotten on the way."""

from botcrm.core.services.rules import ShippedRule

SHIPPED = (
    ShippedRule(
        key="new_quiet",
        name="Nobody handles a new deal",
        entity="deal",
        trigger="deal_quiet",
        trigger_params={"stage": "stage:New", "days": 3, "business": True},
        actions=[
            ("notify", {"who": "manager", "text": "{title} is new, and nobody has handled it for 3 days ({owner})."})
        ],
    ),
    ShippedRule(
        key="proposal_quiet",
        name="Proposal without an answer",
        entity="deal",
        trigger="deal_quiet",
        trigger_params={"stage": "stage:Proposal", "days": 5, "business": True},
        actions=[
            ("notify", {"who": "owner", "text": "{title}: 5 days without an answer to the proposal. Time to call?"})
        ],
    ),
    ShippedRule(
        key="negotiation_quiet",
        name="Negotiation lies still",
        entity="deal",
        trigger="deal_quiet",
        trigger_params={"stage": "stage:Negotiation", "days": 5, "business": True},
        actions=[("notify", {"who": "owner", "text": "{title}: nothing has happened in the negotiation for 5 days."})],
    ),
    ShippedRule(
        key="papers_opinion",
        name="Ask for the client's opinion",
        entity="deal",
        trigger="stage_entered",
        trigger_params={"stage": "stage:Papers"},
        actions=[("plan_activity", {"kind": "call", "text": "Ask how satisfied the client is", "due": "P2D"})],
    ),
)
