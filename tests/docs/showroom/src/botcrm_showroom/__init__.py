"""Showroom: a plugin for botcrm."""

from botcrm import Manifest
from botcrm_showroom.channel import register_channels, register_settings
from botcrm_showroom.commands import register_buttons, register_commands
from botcrm_showroom.reports import register_reports
from botcrm_showroom.rules import register_rules

manifest = Manifest(
    title="Showroom",
    about="Thank people. One more way for clients to write. More for rules. One more report.",
)

__all__ = [
    "manifest",
    "register_buttons",
    "register_channels",
    "register_commands",
    "register_reports",
    "register_rules",
    "register_settings",
]
