"""Fields and dictionaries that a company makes for itself."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField
from botcrm.core.models.records import Record


class CustomField(Record):
    """A field that the company added to an entity, or to one pipeline's deals, its values are in the record's `custom`."""

    entity = fields.CharField(max_length=16)
    pipeline_id = fields.IntField(null=True, description="of deals: only in this pipeline")
    key = fields.CharField(max_length=32, description="how it is written in a line: budget:12k")
    name = fields.CharField(max_length=100)
    type = fields.CharField(
        max_length=16, description="text, number, money, date, time, list, multi, yes_no, person, link, file"
    )
    dictionary = fields.CharField(max_length=64, default="", description="of list and multi: where the choices are")
    required = fields.BooleanField(default=False)
    personal = fields.BooleanField(default=True, description="tells about a person, so that it is erased with them")
    position = fields.IntField(default=0)

    class Meta:
        table = "custom_field"
        indexes = [Index(fields=["entity", "key"])]


class Choice(Record):
    """A word of a dictionary: a source, a lost reason, an industry, what a list field offers."""

    dictionary = fields.CharField(max_length=64)
    name = fields.CharField(max_length=100)
    position = fields.IntField(default=0)
    merged_into_id = fields.IntField(null=True, description="the word that stands for it now")

    class Meta:
        table = "choice"
        indexes = [Index(fields=["dictionary", "position", "id"])]


class FieldValue(Model):
    """A custom field's value as filters and search see it: derived, one row for each value of a record."""

    id = fields.BigIntField(primary_key=True)
    field_id = fields.IntField()
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    text = fields.CharField(max_length=300, null=True, description="folded")
    number = fields.DecimalField(
        max_digits=24, decimal_places=6, null=True, description="a number, an amount, a person's id"
    )
    measure = fields.FloatField(null=True, description="`number` for comparing: SQLite keeps that one as a text")
    moment = UtcDatetimeField(null=True, description="a date is its midnight in UTC")

    class Meta:
        table = "field_value"
        indexes = [
            Index(fields=["entity", "record_id"]),
            Index(fields=["field_id", "text", "record_id"]),
            Index(fields=["field_id", "number", "record_id"]),
            Index(fields=["field_id", "measure", "record_id"]),
            Index(fields=["field_id", "moment", "record_id"]),
        ]


class SavedFilter(Record):
    """A query that somebody gave a name: for themselves, or shared with everybody who may see what it finds."""

    name = fields.CharField(max_length=100)
    entity = fields.CharField(max_length=16)
    query = fields.CharField(max_length=500)
    shared = fields.BooleanField(default=False)
    owner_id = fields.IntField(null=True)

    class Meta:
        table = "saved_filter"
        indexes = [Index(fields=["owner_id"]), Index(fields=["shared"])]


class Operation(Model):
    """One long change of many records, done a piece at a time: an import, a bulk change, a bulk merge, a search for duplicates.

    States: draft (rehearsed, not begun), running, done, failed, stopped, undone. All pieces carry the one `work_id`, `progress`
    says where to go on after a stop and is written with each piece.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16, description="import, bulk, merge, duplicates, erase")
    entity = fields.CharField(max_length=16)
    title = fields.CharField(max_length=300)
    actor_id = fields.IntField(null=True)
    state = fields.CharField(max_length=10, default="draft")
    work_id = fields.BigIntField(unique=True)
    params: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    progress: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    counts: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    error = fields.TextField(default="")
    chat_id = fields.BigIntField(null=True, description="where the message with its progress is")
    message_id = fields.BigIntField(null=True)
    created_at = UtcDatetimeField()
    updated_at = UtcDatetimeField()
    ended_at = UtcDatetimeField(null=True)

    class Meta:
        table = "operation"
        indexes = [Index(fields=["actor_id", "id"]), Index(fields=["kind", "id"])]


class OperationRecord(Model):
    """A record that an operation is going to change: the list as it was when it was confirmed, each taken off when it is done."""

    id = fields.BigIntField(primary_key=True)
    operation_id = fields.BigIntField()
    record_id = fields.IntField()

    class Meta:
        table = "operation_record"
        unique_together = (("operation_id", "record_id"),)


class ImportMapping(Model):
    """Which column of a file became which field, remembered by the file's header."""

    id = fields.IntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    header_hash = fields.CharField(max_length=64)
    mapping: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    user_id = fields.IntField(null=True)
    updated_at = UtcDatetimeField()

    class Meta:
        table = "import_mapping"
        unique_together = (("entity", "header_hash"),)


class KeptChange(Model):
    """What taking an operation back left as it was, because somebody did something about it since.

    Reasons: changed, used (something newer hangs on it), moved, sent, refused (out of reach of whoever took it back).
    """

    id = fields.BigIntField(primary_key=True)
    operation_id = fields.BigIntField(description="the operation that took the other one back")
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    reason = fields.CharField(max_length=16)
    what: fields.JSONField[list[str]] = fields.JSONField(default=list, description="the fields, or what hangs on it")

    class Meta:
        table = "kept_change"
        indexes = [Index(fields=["operation_id", "id"])]
