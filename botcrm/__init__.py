"""A CRM that lives in the messenger; this module is what plugins may import, and nothing else.

    from botcrm import Command, hookimpl, services

Names are imported when they are first asked for: `import botcrm` alone loads neither the database nor a messenger.
"""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from botcrm import services
    from botcrm.contract.cards import Evidence, TimelineItem
    from botcrm.contract.channels import (
        Channel,
        Incoming,
        IncomingFile,
        NotDelivered,
        Outgoing,
        TryLater,
        WebAnswer,
        WebRequest,
        WebRoute,
    )
    from botcrm.contract.commands import ButtonHandler, Chat, CliCommand, Command
    from botcrm.contract.plugin import API_VERSION, Job, Manifest, Permission, Plugin, Settings, Tables
    from botcrm.contract.reports import Chart, Column, Report, ReportFilters, ReportTable
    from botcrm.contract.rules import (
        Choice,
        Condition,
        FieldId,
        KindName,
        Occasion,
        PersonId,
        PipelineId,
        RuleAction,
        StageId,
        Trigger,
    )
    from botcrm.contract.screens import Button, Screen, bold, clip, dots, esc, lines
    from botcrm.contract.work import Run
    from botcrm.core import models
    from botcrm.core.domain import events
    from botcrm.core.domain.errors import CrmError
    from botcrm.core.domain.events import Event
    from botcrm.core.domain.grammar import Line
    from botcrm.core.domain.kinds import Action, ActivityKind, Reach
    from botcrm.core.domain.money import Money
    from botcrm.core.domain.verbs import Verb
    from botcrm.core.services.activities import Due
    from botcrm.core.services.actor import Actor
    from botcrm.core.services.work import Work
    from botcrm.markers import hookimpl
    from botcrm.words import Words

_HOME = {
    "botcrm.contract.cards": "Evidence TimelineItem",
    "botcrm.contract.channels": "Channel Incoming IncomingFile NotDelivered Outgoing TryLater WebAnswer WebRequest WebRoute",
    "botcrm.contract.commands": "ButtonHandler Chat CliCommand Command",
    "botcrm.contract.plugin": "API_VERSION Job Manifest Permission Plugin Settings Tables",
    "botcrm.contract.reports": "Chart Column Report ReportFilters ReportTable",
    "botcrm.contract.rules": "Choice Condition FieldId KindName Occasion PersonId PipelineId RuleAction StageId Trigger",
    "botcrm.contract.screens": "Button Screen bold clip dots esc lines",
    "botcrm.contract.work": "Run",
    "botcrm.core.domain.errors": "CrmError",
    "botcrm.core.domain.events": "Event",
    "botcrm.core.domain.grammar": "Line",
    "botcrm.core.domain.kinds": "Action ActivityKind Reach",
    "botcrm.core.domain.money": "Money",
    "botcrm.core.domain.verbs": "Verb",
    "botcrm.core.services.activities": "Due",
    "botcrm.core.services.actor": "Actor",
    "botcrm.core.services.work": "Work",
    "botcrm.markers": "hookimpl",
    "botcrm.words": "Words",
}
_MODULES = {"events": "botcrm.core.domain.events", "models": "botcrm.core.models", "services": "botcrm.services"}
_NAMES = {name: module for module, names in _HOME.items() for name in names.split()}
# Names that will go with the next first number of the contract: what to use instead. They work, and warn, until then.
_GOING: dict[str, str] = {}


def __getattr__(name: str) -> Any:
    if name in _GOING:
        warnings.warn(f"botcrm.{name} will go: {_GOING[name]}", DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(_NAMES[name]), name)
    if name in _NAMES:
        found = getattr(importlib.import_module(_NAMES[name]), name)
    elif name in _MODULES:
        found = importlib.import_module(_MODULES[name])
    else:
        raise AttributeError(
            f"botcrm has nothing called {name!r}; what plugins may import is listed in the plugin guide"
        )
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "API_VERSION",
    "Action",
    "ActivityKind",
    "Actor",
    "Button",
    "ButtonHandler",
    "Channel",
    "Chart",
    "Chat",
    "Choice",
    "CliCommand",
    "Column",
    "Command",
    "Condition",
    "CrmError",
    "Due",
    "Event",
    "Evidence",
    "FieldId",
    "Incoming",
    "IncomingFile",
    "Job",
    "KindName",
    "Line",
    "Manifest",
    "Money",
    "NotDelivered",
    "Occasion",
    "Outgoing",
    "Permission",
    "PersonId",
    "PipelineId",
    "Plugin",
    "Reach",
    "Report",
    "ReportFilters",
    "ReportTable",
    "RuleAction",
    "Run",
    "Screen",
    "Settings",
    "StageId",
    "Tables",
    "TimelineItem",
    "Trigger",
    "TryLater",
    "Verb",
    "WebAnswer",
    "WebRequest",
    "WebRoute",
    "Words",
    "Work",
    # Not __version__: `from botcrm import *` brings names to work with.
    "bold",
    "clip",
    "dots",
    "esc",
    "events",
    "hookimpl",
    "lines",
    "models",
    "services",
]
