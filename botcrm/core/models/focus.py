"""What a person keeps at the top of their lists, out of them or unasked about, and the message that shows their counters."""

from tortoise import fields
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class DealMark(Model):
    """A deal that one person pinned, or does not want to be called to."""

    id = fields.IntField(primary_key=True)
    user_id = fields.IntField()
    deal_id = fields.IntField()
    kind = fields.CharField(max_length=6, description="pinned or muted")
    created_at = UtcDatetimeField()

    class Meta:
        table = "deal_mark"
        unique_together = (("user_id", "deal_id"),)


class SmartQuiet(Model):
    """A deal that one person wants no next step suggested for, until a day of theirs, or for ever where there is none."""

    id = fields.IntField(primary_key=True)
    user_id = fields.IntField()
    deal_id = fields.IntField()
    until = fields.CharField(max_length=10, null=True, description="the first day on which it is suggested again")

    class Meta:
        table = "smart_quiet"
        unique_together = (("user_id", "deal_id"),)


class PinnedCounters(Model):
    """The pinned message that shows a person their counters, by the outbox row that sent it, and what it shows."""

    id = fields.IntField(primary_key=True)
    user_id = fields.IntField(unique=True)
    outbox_id = fields.BigIntField()
    message_id = fields.BigIntField(null=True, description="once it is known, and pinned")
    shown = fields.CharField(max_length=64, default="")
    shown_at = UtcDatetimeField()

    class Meta:
        table = "pinned_counters"
