"""What is planned, what was done, and what was said."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from botcrm.core.models.fields import UtcDatetimeField
from botcrm.core.models.people import User
from botcrm.core.models.records import Company, Contact, Deal, Lead, Record


def _link(entity: str, name: str) -> Any:
    return fields.ForeignKeyField(f"core.{entity}", related_name=name, null=True, on_delete=fields.RESTRICT)


class Activity(Record):
    """Something to do for a client, or done: call, meeting, task, e-mail, any kind a plugin adds.

    `due_at` is the moment in UTC, `due_wall` and `due_zone` what the person meant ("2026-11-24T15:00:00", "Europe/Warsaw");
    `deadline_at` is when it turns overdue: `due_at`, or the end of the day where no time was given.
    `recurrence` is the RFC 5545 rule by which the next one is planned when this one is done, `slot_wall` the time that the rule
    gave this one, wherever it was moved. `reminders` are the minutes before ("1440,15"); None: as the owner's settings say.
    """

    kind = fields.CharField(max_length=32)
    title = fields.CharField(max_length=1000, default="")
    status = fields.CharField(max_length=10, default="planned")
    due_at = UtcDatetimeField(null=True)
    due_wall = fields.CharField(max_length=19, null=True)
    due_zone = fields.CharField(max_length=64, null=True)
    has_time = fields.BooleanField(default=True)
    deadline_at = UtcDatetimeField(null=True)
    done_at = UtcDatetimeField(null=True)
    duration_minutes = fields.IntField(null=True)
    direction = fields.CharField(max_length=10, null=True, description="in, out or missed")
    result = fields.CharField(max_length=100, null=True)
    repeat_minutes = fields.IntField(null=True, description="working minutes between reminders until it is done")
    recurrence = fields.CharField(max_length=120, null=True)
    slot_wall = fields.CharField(max_length=19, null=True)
    reminders = fields.CharField(max_length=40, null=True)
    counts_for = fields.IntField(null=True, description="derived: in whose counter it is, by its deal (0: nobody's)")
    counts_own = fields.IntField(null=True, description="derived: the same by the activity's own owner")
    owner: fields.ForeignKeyNullableRelation[User] = _link("User", "activities")
    deal: fields.ForeignKeyNullableRelation[Deal] = _link("Deal", "activities")
    contact: fields.ForeignKeyNullableRelation[Contact] = _link("Contact", "activities")
    company: fields.ForeignKeyNullableRelation[Company] = _link("Company", "activities")
    lead: fields.ForeignKeyNullableRelation[Lead] = _link("Lead", "activities")

    owner_id: int | None
    deal_id: int | None
    contact_id: int | None
    company_id: int | None
    lead_id: int | None

    class Meta:
        table = "activity"
        indexes = [
            Index(fields=["owner_id", "status", "deleted_at", "deal_id", "deadline_at"]),
            Index(fields=["deal_id", "status", "deleted_at", "deadline_at"]),
            Index(fields=["contact_id", "status"]),
            Index(fields=["company_id", "status"]),
            Index(fields=["lead_id", "status"]),
            Index(fields=["done_at"]),
            Index(fields=["counts_for", "deadline_at"]),
            Index(fields=["counts_own", "deadline_at"]),
            Index(fields=["counts_own", "counts_for", "deadline_at"]),
        ]


class Note(Record):
    """A text kept on a record, verbatim."""

    text = fields.TextField()
    owner: fields.ForeignKeyNullableRelation[User] = _link("User", "notes")
    deal: fields.ForeignKeyNullableRelation[Deal] = _link("Deal", "notes")
    contact: fields.ForeignKeyNullableRelation[Contact] = _link("Contact", "notes")
    company: fields.ForeignKeyNullableRelation[Company] = _link("Company", "notes")
    lead: fields.ForeignKeyNullableRelation[Lead] = _link("Lead", "notes")

    owner_id: int | None
    deal_id: int | None
    contact_id: int | None
    company_id: int | None
    lead_id: int | None

    class Meta:
        table = "note"
        indexes = [Index(fields=[f"{name}_id", "id"]) for name in ("deal", "contact", "company", "lead")]


class File(Record):
    """A photo, document or voice message kept by Telegram, `file_id` opens it again.

    One that came by another channel has no `file_id`: the channel fetches it from `url` when somebody opens it.
    """

    kind = fields.CharField(max_length=16, description="photo, document, voice, video or audio")
    file_id = fields.CharField(max_length=255)
    name = fields.CharField(max_length=300, default="")
    mime = fields.CharField(max_length=100, default="")
    size = fields.BigIntField(null=True, description="bytes")
    channel = fields.CharField(max_length=32, null=True)
    url = fields.TextField(null=True)
    caption = fields.TextField(default="")
    owner: fields.ForeignKeyNullableRelation[User] = _link("User", "files")
    deal: fields.ForeignKeyNullableRelation[Deal] = _link("Deal", "files")
    contact: fields.ForeignKeyNullableRelation[Contact] = _link("Contact", "files")
    company: fields.ForeignKeyNullableRelation[Company] = _link("Company", "files")
    lead: fields.ForeignKeyNullableRelation[Lead] = _link("Lead", "files")

    owner_id: int | None
    deal_id: int | None
    contact_id: int | None
    company_id: int | None
    lead_id: int | None

    class Meta:
        table = "file"
        indexes = [Index(fields=[f"{name}_id", "id"]) for name in ("deal", "contact", "company", "lead")]


class Message(Record):
    """One message between a client and the company, whatever the channel.

    `chat_id` is the client's address there; one that is too long for it is kept in `address`, and `chat_id` is its hash.
    """

    channel = fields.CharField(max_length=32)
    chat_id = fields.CharField(max_length=64)
    address = fields.TextField(null=True)
    external_id = fields.CharField(max_length=64, default="")
    direction = fields.CharField(max_length=3, description="in or out")
    text = fields.TextField(default="")
    answered = fields.BooleanField(default=False)
    answerable = fields.BooleanField(default=True, db_default=True, description="whether the channel carries answers")
    counts_for = fields.IntField(null=True, description="derived: in whose counter it is, by its deal (0: nobody's)")
    counts_own = fields.IntField(null=True, description="derived: the same by the message's own owner")
    owner: fields.ForeignKeyNullableRelation[User] = _link("User", "messages")
    contact: fields.ForeignKeyNullableRelation[Contact] = _link("Contact", "messages")
    lead: fields.ForeignKeyNullableRelation[Lead] = _link("Lead", "messages")
    deal: fields.ForeignKeyNullableRelation[Deal] = _link("Deal", "messages")

    owner_id: int | None
    contact_id: int | None
    lead_id: int | None
    deal_id: int | None

    class Meta:
        table = "message"
        indexes = [
            Index(fields=["channel", "chat_id", "id"]),
            Index(fields=["channel", "external_id"]),
            Index(fields=["owner_id", "answered"]),
            Index(fields=["counts_for"]),
            Index(fields=["counts_own"]),
            *(Index(fields=[f"{name}_id", "id"]) for name in ("deal", "contact", "lead")),
        ]
