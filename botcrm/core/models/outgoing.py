"""Files made here that wait to be sent, and the reports that cards show."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class OutgoingFile(Model):
    """The content of a file on its way to somebody, kept until it was sent."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    content = fields.BinaryField()
    created_at = UtcDatetimeField()

    class Meta:
        table = "outgoing_file"
        indexes = [Index(fields=["created_at"])]


class ReportQuestion(Model):
    """What somebody asked a report: its name and filters, which no button has room for. The same question is kept once."""

    id = fields.BigIntField(primary_key=True)
    user_id = fields.IntField()
    fingerprint = fields.CharField(max_length=64)
    question: fields.JSONField[dict[str, Any]] = fields.JSONField()
    asked_at = UtcDatetimeField()

    class Meta:
        table = "report_question"
        unique_together = (("user_id", "fingerprint"),)
        indexes = [Index(fields=["asked_at"])]
