"""Who is the same as whom: keys that records share, what other systems call them, and what people decided."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class ExternalRef(Model):
    """What another system calls a record: matched when its file comes again."""

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    source = fields.CharField(max_length=64, default="", description="the other system, empty: a file's external_id")
    external_id = fields.CharField(max_length=200)

    class Meta:
        table = "external_ref"
        unique_together = (("entity", "source", "external_id"),)
        indexes = [Index(fields=["entity", "record_id"])]


class RecordKey(Model):
    """Something that two records of one entity share where they may be the same: derived, rebuilt with the record."""

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    key = fields.CharField(max_length=80)
    record_id = fields.IntField()

    class Meta:
        table = "record_key"
        indexes = [Index(fields=["entity", "key", "record_id"]), Index(fields=["entity", "record_id"])]


class DistinctPair(Model):
    """Two records that somebody said are not the same, for the whole team, the marks hold when they are imported anew.

    The ids stand in order, and each mark tells the record again by what it is called elsewhere, or by its data.
    """

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    low_id = fields.IntField()
    high_id = fields.IntField()
    low_mark = fields.CharField(max_length=64)
    high_mark = fields.CharField(max_length=64)
    user_id = fields.IntField(null=True)
    at = UtcDatetimeField()

    class Meta:
        table = "distinct_pair"
        unique_together = (("entity", "low_id", "high_id"),)
        indexes = [Index(fields=["entity", "high_id"]), Index(fields=["entity", "low_mark", "high_mark"])]


class DuplicateGroup(Model):
    """Records that a search over the whole base found to be the same, the main one first. States: open, merged, skipped."""

    id = fields.BigIntField(primary_key=True)
    operation_id = fields.BigIntField()
    entity = fields.CharField(max_length=16)
    number = fields.IntField()
    score = fields.FloatField()
    members: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(
        description="record id, score and reasons of each"
    )
    state = fields.CharField(max_length=10, default="open")

    class Meta:
        table = "duplicate_group"
        unique_together = (("operation_id", "number"),)
        indexes = [Index(fields=["operation_id", "state", "score", "id"])]


class Merge(Model):
    """One merge: which record stayed, which went into it, and in which work, undone it stays with the work that took it back."""

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    main_id = fields.IntField()
    merged_id = fields.IntField()
    work_id = fields.BigIntField(db_index=True)
    operation_id = fields.BigIntField(null=True)
    moved: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, description="what was moved and filled")
    at = UtcDatetimeField()
    user_id = fields.IntField(null=True)
    undone_at = UtcDatetimeField(null=True)

    class Meta:
        table = "merge"
        indexes = [
            Index(fields=["entity", "merged_id"]),
            Index(fields=["entity", "main_id"]),
            Index(fields=["operation_id", "id"]),
        ]


class Erasure(Model):
    """That a person's data was erased: replayed when an older copy of the database is put back."""

    id = fields.BigIntField(primary_key=True)
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    mark = fields.CharField(max_length=64, description="a keyed hash, tells the person again without naming them")
    at = UtcDatetimeField()
    user_id = fields.IntField(null=True)

    class Meta:
        table = "erasure"
        indexes = [Index(fields=["entity", "record_id"]), Index(fields=["mark"])]
