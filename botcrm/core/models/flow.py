"""What came in, what is to happen later, what goes out."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class Inbox(Model):
    """One update as it came, stored before it is acknowledged. States: new, done, quarantined."""

    id = fields.BigIntField(primary_key=True)
    bot_id = fields.BigIntField()
    update_id = fields.BigIntField()
    chat_key = fields.CharField(max_length=64)
    body = fields.BinaryField()
    state = fields.CharField(max_length=12, default="new")
    attempts = fields.IntField(default=0)
    error = fields.TextField(default="")
    received_at = UtcDatetimeField()
    done_at = UtcDatetimeField(null=True)

    class Meta:
        table = "inbox"
        unique_together = (("bot_id", "update_id"),)
        indexes = [Index(fields=["state", "id"])]


class Press(Model):
    """A button press that already took effect: (user, message, data) once and for all."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=160, unique=True)
    at = UtcDatetimeField()

    class Meta:
        table = "press"


class Job(Model):
    """Something that happens later. States: waiting, running, done, failed, cancelled."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=64)
    key = fields.CharField(max_length=160, unique=True)
    payload: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    state = fields.CharField(max_length=10, default="waiting")
    run_at = UtcDatetimeField()
    lease_until = UtcDatetimeField(null=True)
    token = fields.BigIntField(default=0, description="fencing: grows with every claim")
    attempts = fields.IntField(default=0)
    error = fields.TextField(default="")
    done_at = UtcDatetimeField(null=True)

    class Meta:
        table = "job"
        indexes = [Index(fields=["state", "run_at", "id"])]


class Outbox(Model):
    """A message to a person. States: waiting, sending, sent, failed, unsure, dropped.

    `notice` and `args` name a screen that the front end renders for the reader when it is sent, `payload` is a ready Bot
    API call. `lane_order` sorts the lanes, `audience` is "staff" (at least once) or "client" (at most once).
    """

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=160, null=True, unique=True)
    lane_order = fields.SmallIntField(default=0)
    audience = fields.CharField(max_length=8, default="staff")
    user_id = fields.IntField(null=True)
    chat_id = fields.BigIntField()
    notice = fields.CharField(max_length=64, default="")
    args: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    method = fields.CharField(max_length=64, default="")
    payload: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    entity = fields.CharField(max_length=16, null=True)
    record_id = fields.IntField(null=True)
    line_id = fields.BigIntField(null=True)
    state = fields.CharField(max_length=10, default="waiting")
    not_before = UtcDatetimeField()
    lease_until = UtcDatetimeField(null=True)
    attempts = fields.IntField(default=0)
    error = fields.TextField(default="")
    message_id = fields.BigIntField(null=True)
    created_at = UtcDatetimeField()
    sent_at = UtcDatetimeField(null=True)

    class Meta:
        table = "outbox"
        indexes = [
            Index(fields=["state", "lane_order", "not_before", "id"]),
            Index(fields=["chat_id", "message_id"]),
            Index(fields=["line_id"]),
        ]
