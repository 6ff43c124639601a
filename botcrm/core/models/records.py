"""Companies, contacts, leads and deals."""

from typing import Any

from tortoise import fields
from tortoise.expressions import RawSQL
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField
from botcrm.core.models.people import User


class Record(Model):
    """What every business record has: a version for safe edits, and a soft delete that undo can take back."""

    id = fields.IntField(primary_key=True)
    version = fields.IntField(default=1)
    created_at = UtcDatetimeField()
    updated_at = UtcDatetimeField()
    deleted_at = UtcDatetimeField(null=True)

    class Meta:
        abstract = True


def _owner(name: str) -> Any:
    return fields.ForeignKeyField("core.User", related_name=name, null=True, on_delete=fields.RESTRICT)


class _Reached(Record):
    """What companies, contacts and leads have alike: ways to reach them beside the first, own fields, and where they went."""

    phone = fields.CharField(max_length=32, null=True, description="E.164")
    email = fields.CharField(max_length=254, null=True)
    more_phones: fields.JSONField[list[str] | None] = fields.JSONField(null=True, description="E.164, beside `phone`")
    more_emails: fields.JSONField[list[str] | None] = fields.JSONField(null=True, description="beside `email`")
    custom: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True, description="by the field's id")
    merged_into_id = fields.IntField(null=True, description="the record it was merged into")
    street = fields.CharField(max_length=200, null=True)
    city = fields.CharField(max_length=100, null=True)
    postcode = fields.CharField(max_length=20, null=True)
    region = fields.CharField(max_length=100, null=True)
    country = fields.CharField(max_length=100, null=True)

    class Meta:
        abstract = True


class Company(_Reached):
    """An organisation that buys or might buy."""

    name = fields.CharField(max_length=300)
    tax_id = fields.CharField(max_length=32, null=True)
    website = fields.CharField(max_length=300, null=True)
    owner: fields.ForeignKeyNullableRelation[User] = _owner("companies")

    owner_id: int | None

    class Meta:
        table = "company"
        indexes = [
            Index(fields=["owner_id", "id"]),
            Index(fields=["phone"]),
            Index(fields=["email"]),
            Index(fields=["city"]),
        ]


class Contact(_Reached):
    """A person."""

    name = fields.CharField(max_length=300)
    job_title = fields.CharField(max_length=100, null=True)
    birth_date = fields.DateField(null=True)
    tax_id = fields.CharField(max_length=32, null=True, description="a number that the state gave the person")
    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "core.Company", related_name="contacts", null=True, on_delete=fields.RESTRICT
    )
    telegram_id = fields.BigIntField(null=True)
    owner: fields.ForeignKeyNullableRelation[User] = _owner("contacts")

    owner_id: int | None
    company_id: int | None

    class Meta:
        table = "contact"
        indexes = [
            Index(fields=["owner_id", "id"]),
            Index(fields=["company_id"]),
            Index(fields=["phone"]),
            Index(fields=["email"]),
            Index(fields=["city"]),
            Index(fields=["telegram_id"]),
        ]


class Pipeline(Model):
    """An ordered path of stages."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=100)
    position = fields.IntField(default=0)
    smart_text = fields.CharField(max_length=300, default="", db_default="", description="what a next step suggests")
    suggests = fields.BooleanField(default=True, db_default=True, description="whether next steps are suggested at all")

    class Meta:
        table = "pipeline"


class Stage(Model):
    """One step of a pipeline, its kind says what reaching it does to the deal's status."""

    id = fields.IntField(primary_key=True)
    pipeline: fields.ForeignKeyRelation[Pipeline] = fields.ForeignKeyField(
        "core.Pipeline", related_name="stages", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=100)
    position = fields.IntField()
    kind = fields.CharField(max_length=10, default="open", description="open, won or lost")
    smart_text = fields.CharField(max_length=300, default="", db_default="", description="the pipeline's where empty")
    suggests = fields.BooleanField(default=True, db_default=True, description="whether next steps are suggested in it")
    rot_days = fields.IntField(default=5, db_default=5, description="business days without contact, 0: any number")

    pipeline_id: int

    class Meta:
        table = "stage"
        unique_together = (("pipeline", "name"),)


class Deal(Record):
    """A chance to sell, on its way through a pipeline."""

    title = fields.CharField(max_length=500)
    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "core.Company", related_name="deals", null=True, on_delete=fields.RESTRICT
    )
    contact: fields.ForeignKeyNullableRelation[Contact] = fields.ForeignKeyField(
        "core.Contact", related_name="deals", null=True, on_delete=fields.RESTRICT
    )
    pipeline: fields.ForeignKeyRelation[Pipeline] = fields.ForeignKeyField(
        "core.Pipeline", related_name="deals", on_delete=fields.RESTRICT
    )
    stage: fields.ForeignKeyRelation[Stage] = fields.ForeignKeyField(
        "core.Stage", related_name="deals", on_delete=fields.RESTRICT
    )
    status = fields.CharField(max_length=10, default="open")
    amount = fields.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = fields.CharField(max_length=3)
    owner: fields.ForeignKeyNullableRelation[User] = _owner("deals")
    source = fields.CharField(max_length=100, null=True)
    expected_close = fields.DateField(null=True)
    lost_reason = fields.CharField(max_length=500, null=True)
    stage_entered_at = UtcDatetimeField()
    closed_at = UtcDatetimeField(null=True)
    next_activity_id = fields.IntField(null=True, description="derived: the planned activity that is due first")
    next_deadline_at = UtcDatetimeField(null=True, description="derived: when that activity becomes overdue")
    waiting_until = UtcDatetimeField(null=True, description="nothing is to be done before")
    waiting_for = fields.CharField(max_length=300, null=True)
    last_contact_at = UtcDatetimeField(null=True, description="derived: when the client last took part in something")
    attention_at = UtcDatetimeField(null=True, description="derived: since when it asks for attention")
    attention_reason = fields.CharField(max_length=10, null=True, description="reminder, message, missed or comment")
    last_call = fields.CharField(max_length=10, null=True, description="derived: the last call was in, out or missed")
    custom: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True, description="by the field's id")

    owner_id: int | None
    company_id: int | None
    contact_id: int | None
    pipeline_id: int
    stage_id: int

    class Meta:
        table = "deal"
        indexes = [
            Index(fields=["owner_id", "status", "deleted_at", "next_deadline_at", "id"]),
            Index(fields=["owner_id", "status", "deleted_at", "next_deadline_at", "waiting_until"]),
            Index(fields=["owner_id", "status", "deleted_at", "attention_at", "id"]),
            Index(fields=["owner_id", "last_call"]),
            Index(fields=["stage_id", "status"]),
            Index(fields=["stage_id", "status", "deleted_at", "owner_id", "next_deadline_at", "id"]),
            Index(fields=["company_id", "status"]),
            Index(fields=["contact_id", "status"]),
            Index(fields=["source"]),
            # What filters ask for over a whole base. SQLite keeps amounts as texts.
            Index(RawSQL("CAST(amount AS DOUBLE PRECISION)"), name="idx_deal_amount"),
            Index(fields=["expected_close"]),
            Index(fields=["closed_at"]),
            Index(fields=["created_at"]),
        ]


class Lead(_Reached):
    """A first contact that may become contact, company and deal."""

    title = fields.CharField(max_length=500)
    name = fields.CharField(max_length=300, default="")
    company_name = fields.CharField(max_length=300, default="")
    telegram_id = fields.BigIntField(null=True)
    source = fields.CharField(max_length=100, null=True)
    status = fields.CharField(max_length=10, default="new")
    amount = fields.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = fields.CharField(max_length=3)
    owner: fields.ForeignKeyNullableRelation[User] = _owner("leads")
    lost_reason = fields.CharField(max_length=500, null=True)
    converted_at = UtcDatetimeField(null=True)
    deal: fields.ForeignKeyNullableRelation[Deal] = fields.ForeignKeyField(
        "core.Deal", related_name="leads", null=True, on_delete=fields.RESTRICT
    )
    contact: fields.ForeignKeyNullableRelation[Contact] = fields.ForeignKeyField(
        "core.Contact", related_name="leads", null=True, on_delete=fields.RESTRICT
    )

    company: fields.ForeignKeyNullableRelation[Company] = fields.ForeignKeyField(
        "core.Company", related_name="leads", null=True, on_delete=fields.RESTRICT
    )

    owner_id: int | None
    deal_id: int | None
    contact_id: int | None
    company_id: int | None

    class Meta:
        table = "lead"
        indexes = [
            Index(fields=["owner_id", "status"]),
            Index(fields=["telegram_id"]),
            Index(fields=["deal_id"]),
            Index(fields=["phone"]),
            Index(fields=["email"]),
        ]


class Tag(Model):
    """A word hung on a record, e.g. #roof."""

    id = fields.IntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    tag = fields.CharField(max_length=64)

    class Meta:
        table = "tag"
        unique_together = (("entity", "record_id", "tag"),)
        indexes = [Index(fields=["entity", "tag", "record_id"])]
