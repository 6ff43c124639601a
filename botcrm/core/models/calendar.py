"""Calendars that people read their activities in."""

from tortoise import fields
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField
from botcrm.core.models.people import User


class CalendarFeed(Model):
    """A person's calendar address, only the hash of its secret is kept. Whoever has the address reads the calendar."""

    id = fields.IntField(primary_key=True)
    user: fields.OneToOneRelation[User] = fields.OneToOneField(
        "core.User", related_name="calendar_feed", on_delete=fields.CASCADE
    )
    secret_hash = fields.CharField(max_length=64, unique=True)
    created_at = UtcDatetimeField()

    user_id: int

    class Meta:
        table = "calendar_feed"
