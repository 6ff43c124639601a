"""Tortoise tables, nothing else."""

from botcrm.core.models.activities import Activity, File, Message, Note
from botcrm.core.models.calendar import CalendarFeed
from botcrm.core.models.custom import (
    Choice,
    CustomField,
    FieldValue,
    ImportMapping,
    KeptChange,
    Operation,
    OperationRecord,
    SavedFilter,
)
from botcrm.core.models.flow import Inbox, Job, Outbox, Press
from botcrm.core.models.focus import DealMark, PinnedCounters, SmartQuiet
from botcrm.core.models.forms import WebForm
from botcrm.core.models.identity import DistinctPair, DuplicateGroup, Erasure, ExternalRef, Merge, RecordKey
from botcrm.core.models.memory import Draft, EventRow, Line, SearchEntry, SearchTerm
from botcrm.core.models.outgoing import OutgoingFile, ReportQuestion
from botcrm.core.models.people import Department, Invite, Role, Setting, User
from botcrm.core.models.pings import OverduePing
from botcrm.core.models.records import Company, Contact, Deal, Lead, Pipeline, Record, Stage, Tag
from botcrm.core.models.rules import Rule, RuleRun

__all__ = [
    "Activity",
    "CalendarFeed",
    "Choice",
    "Company",
    "Contact",
    "CustomField",
    "Deal",
    "DealMark",
    "Department",
    "DistinctPair",
    "Draft",
    "DuplicateGroup",
    "Erasure",
    "EventRow",
    "ExternalRef",
    "FieldValue",
    "File",
    "ImportMapping",
    "Inbox",
    "Invite",
    "Job",
    "KeptChange",
    "Lead",
    "Line",
    "Merge",
    "Message",
    "Note",
    "Operation",
    "OperationRecord",
    "Outbox",
    "OutgoingFile",
    "OverduePing",
    "PinnedCounters",
    "Pipeline",
    "Press",
    "Record",
    "RecordKey",
    "ReportQuestion",
    "Role",
    "Rule",
    "RuleRun",
    "SavedFilter",
    "SearchEntry",
    "SearchTerm",
    "Setting",
    "SmartQuiet",
    "Stage",
    "Tag",
    "User",
    "WebForm",
]
