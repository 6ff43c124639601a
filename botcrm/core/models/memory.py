"""What happened, which line caused it, and how records are found."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class EventRow(Model):
    """One change that happened: who, when, what, before and after. Never updated, never deleted."""

    id = fields.BigIntField(primary_key=True)
    at = UtcDatetimeField()
    work_id = fields.BigIntField(db_index=True)
    actor_id = fields.IntField(null=True)
    type = fields.CharField(max_length=64)
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    version = fields.IntField(description="the record's version after the change")
    deal_id = fields.IntField(null=True)
    contact_id = fields.IntField(null=True)
    company_id = fields.IntField(null=True)
    lead_id = fields.IntField(null=True)
    before: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    after: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    undoes = fields.BigIntField(null=True, db_index=True, description="the work this event takes back")

    class Meta:
        table = "event"
        indexes = [
            Index(fields=["entity", "record_id", "id"]),
            Index(fields=["actor_id", "id"]),
            Index(fields=["deal_id", "id"]),
            Index(fields=["contact_id", "id"]),
            Index(fields=["company_id", "id"]),
            Index(fields=["lead_id", "id"]),
            Index(fields=["type", "at"]),
        ]


class Line(Model):
    """A line somebody typed, what came of it, and the message that answered it."""

    id = fields.BigIntField(primary_key=True)
    chat_id = fields.BigIntField()
    message_id = fields.BigIntField()
    user_id = fields.IntField()
    text = fields.TextField()
    work_id = fields.BigIntField(null=True)
    entity = fields.CharField(max_length=16, null=True)
    record_id = fields.IntField(null=True)
    at = UtcDatetimeField()

    class Meta:
        table = "line"
        unique_together = (("chat_id", "message_id"),)
        indexes = [Index(fields=["user_id", "id"])]


class Draft(Model):
    """A question put to a person that still waits for its answer, with what was typed."""

    id = fields.BigIntField(primary_key=True)
    user_id = fields.IntField()
    chat_id = fields.BigIntField()
    kind = fields.CharField(max_length=32)
    data: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    created_at = UtcDatetimeField()

    class Meta:
        table = "draft"
        indexes = [Index(fields=["user_id", "id"])]


class SearchEntry(Model):
    """A record as search sees it: derived, rebuilt from the record whenever that changes."""

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    owner_id = fields.IntField(default=0, description="0: nobody")
    name = fields.CharField(max_length=500)
    folded = fields.CharField(max_length=500)
    open = fields.BooleanField(default=True)
    touched_at = UtcDatetimeField()

    class Meta:
        table = "search_entry"
        unique_together = (("entity", "record_id"),)
        indexes = [Index(fields=["owner_id", "folded"]), Index(fields=["folded"])]


class SearchTerm(Model):
    """One folded word of a search entry."""

    id = fields.BigIntField(primary_key=True)
    term = fields.CharField(max_length=64)
    owner_id = fields.IntField(default=0)
    entry_id = fields.BigIntField()

    class Meta:
        table = "search_term"
        indexes = [
            Index(fields=["owner_id", "term", "entry_id"]),
            Index(fields=["term", "entry_id"]),
            Index(fields=["entry_id", "term"]),
        ]
