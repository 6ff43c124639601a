"""Tests that every channel, command, part of a rule, and report has to pass: subclass one, and pytest runs them all.

    from botcrm.testing.contracts import ChannelContract

    class TestSms(ChannelContract):
        channel = "sms"

They use the fixtures of `botcrm.testing.fixtures`.
"""

from botcrm.testing.contracts.channel import ChannelContract
from botcrm.testing.contracts.command import CommandContract
from botcrm.testing.contracts.report import ReportContract
from botcrm.testing.contracts.rules import ActionContract, ConditionContract, TriggerContract

__all__ = [
    "ActionContract",
    "ChannelContract",
    "CommandContract",
    "ConditionContract",
    "ReportContract",
    "TriggerContract",
]
