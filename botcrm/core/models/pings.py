"""What is overdue and whom to tell of it, gathered so that one message tells of many."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class OverduePing(Model):
    """One person to be told of one overdue activity, once for each key. `deadline` is the one that was missed."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=160, unique=True)
    user_id = fields.IntField()
    activity_id = fields.IntField()
    late_id = fields.IntField(description="the person responsible")
    deadline = UtcDatetimeField()
    created_at = UtcDatetimeField()
    told_at = UtcDatetimeField(null=True)

    class Meta:
        table = "overdue_ping"
        indexes = [Index(fields=["user_id", "told_at"])]
