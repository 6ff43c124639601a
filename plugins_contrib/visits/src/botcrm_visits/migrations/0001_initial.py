from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Place",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.IntField(unique=True)),
                ("latitude", fields.FloatField()),
                ("longitude", fields.FloatField()),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "visits_place",
                "app": "visits",
                "pk_attr": "id",
                "table_description": "Where a company is, as its first verified visit showed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Visit",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("user_id", fields.IntField()),
                ("title", fields.CharField(default="", max_length=1000)),
                ("called", fields.CharField(default="", description="with whom, as shown", max_length=300)),
                ("deal_id", fields.IntField(null=True)),
                ("contact_id", fields.IntField(null=True)),
                ("company_id", fields.IntField(null=True)),
                ("lead_id", fields.IntField(null=True)),
                ("state", fields.CharField(default="open", description="open, ended or called off", max_length=10)),
                ("began_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("minutes", fields.IntField(null=True)),
                ("message_id", fields.BigIntField(null=True, description="the message that shares the place live")),
                ("live_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("latitude", fields.FloatField(null=True, description="the middle of the circle")),
                ("longitude", fields.FloatField(null=True)),
                (
                    "seen_at",
                    fields.DatetimeField(
                        null=True, description="the last position that counts", auto_now=False, auto_now_add=False
                    ),
                ),
                ("inside", fields.IntField(default=0, description="positions within the radius")),
                ("farthest", fields.IntField(default=0, description="metres")),
                (
                    "elsewhere",
                    fields.IntField(
                        null=True, description="metres from the client's known place, where it began outside of it"
                    ),
                ),
                (
                    "doubt",
                    fields.CharField(default="", description="why what was shared does not count", max_length=10),
                ),
                ("reminded", fields.BooleanField(default=False)),
                (
                    "how",
                    fields.CharField(
                        default="",
                        description="how it ended: out, left, stopped, expired, silent, forgotten",
                        max_length=10,
                    ),
                ),
                ("verdict", fields.CharField(default="", description="in, out or unverifiable", max_length=12)),
                ("activity_id", fields.IntField(null=True)),
            ],
            options={
                "table": "visits_visit",
                "app": "visits",
                "indexes": [
                    Index(fields=["user_id", "state"]),
                    Index(fields=["ended_at"]),
                    Index(fields=["deal_id", "ended_at"]),
                    Index(fields=["contact_id", "ended_at"]),
                    Index(fields=["company_id", "ended_at"]),
                    Index(fields=["lead_id", "ended_at"]),
                ],
                "pk_attr": "id",
                "table_description": "A meeting that somebody checked in to.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VisitPosition",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("visit_id", fields.IntField(db_index=True)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("latitude", fields.FloatField()),
                ("longitude", fields.FloatField()),
                ("accuracy", fields.FloatField(default=0)),
            ],
            options={
                "table": "visits_position",
                "app": "visits",
                "pk_attr": "id",
                "table_description": "Where somebody was during a visit, one a minute at most.",
            },
            bases=["Model"],
        ),
    ]
