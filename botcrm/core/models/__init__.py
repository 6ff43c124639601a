"""Tortoise tables, nothing else."""

from botcrm.core.models.activities import Activity, File, Message, Note
from botcrm.core.models.flow import Inbox, Job, Outbox, Press
from botcrm.core.models.memory import Draft, EventRow, Line, SearchEntry, SearchTerm
from botcrm.core.models.people import Department, Invite, Role, Setting, User
from botcrm.core.models.records import Company, Contact, Deal, Lead, Pipeline, Record, Stage, Tag

__all__ = [
    "Activity",
    "Company",
    "Contact",
    "Deal",
    "Department",
    "Draft",
    "EventRow",
    "File",
    "Inbox",
    "Invite",
    "Job",
    "Lead",
    "Line",
    "Message",
    "Note",
    "Outbox",
    "Pipeline",
    "Press",
    "Record",
    "Role",
    "SearchEntry",
    "SearchTerm",
    "Setting",
    "Stage",
    "Tag",
    "User",
]
