"""The plugin's own tables. Where people were is personal: positions go after some days, and a visit's own place with them."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Visit(Model):
    """A meeting that somebody checked in to."""

    id = fields.IntField(primary_key=True)
    user_id = fields.IntField()
    title = fields.CharField(max_length=1000, default="")
    called = fields.CharField(max_length=300, default="", description="with whom, as shown")
    deal_id = fields.IntField(null=True)
    contact_id = fields.IntField(null=True)
    company_id = fields.IntField(null=True)
    lead_id = fields.IntField(null=True)
    state = fields.CharField(max_length=10, default="open", description="open, ended or called off")
    began_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    minutes = fields.IntField(null=True)
    message_id = fields.BigIntField(null=True, description="the message that shares the place live")
    live_until = fields.DatetimeField(null=True)
    latitude = fields.FloatField(null=True, description="the middle of the circle")
    longitude = fields.FloatField(null=True)
    seen_at = fields.DatetimeField(null=True, description="the last position that counts")
    inside = fields.IntField(default=0, description="positions within the radius")
    farthest = fields.IntField(default=0, description="metres")
    elsewhere = fields.IntField(
        null=True, description="metres from the client's known place, where it began outside of it"
    )
    doubt = fields.CharField(max_length=10, default="", description="why what was shared does not count")
    reminded = fields.BooleanField(default=False)
    how = fields.CharField(
        max_length=10, default="", description="how it ended: out, left, stopped, expired, silent, forgotten"
    )
    verdict = fields.CharField(max_length=12, default="", description="in, out or unverifiable")
    activity_id = fields.IntField(null=True)

    class Meta:
        table = "visits_visit"
        indexes = [
            Index(fields=["user_id", "state"]),
            Index(fields=["ended_at"]),
            Index(fields=["deal_id", "ended_at"]),
            Index(fields=["contact_id", "ended_at"]),
            Index(fields=["company_id", "ended_at"]),
            Index(fields=["lead_id", "ended_at"]),
        ]


class VisitPosition(Model):
    """Where somebody was during a visit, one a minute at most."""

    id = fields.BigIntField(primary_key=True)
    visit_id = fields.IntField(db_index=True)
    at = fields.DatetimeField(db_index=True)
    latitude = fields.FloatField()
    longitude = fields.FloatField()
    accuracy = fields.FloatField(default=0)

    class Meta:
        table = "visits_position"


class Place(Model):
    """Where a company is, as its first verified visit showed."""

    id = fields.IntField(primary_key=True)
    company_id = fields.IntField(unique=True)
    latitude = fields.FloatField()
    longitude = fields.FloatField()
    since = fields.DatetimeField()

    class Meta:
        table = "visits_place"
