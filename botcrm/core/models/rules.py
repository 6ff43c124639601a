"""Rules that managers set up, and what they did."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField
from botcrm.core.models.records import Record


class Rule(Record):
    """When this happens, if that holds, do those things.

    Parts are stored by name with their parameters, as JSON: conditions and actions are lists of {"name", "params"}. The rule acts
    with the rights of its owner, over everybody's records where there is none: one that came with the product.
    """

    key = fields.CharField(max_length=64, null=True, unique=True, description="of a rule that came with the product")
    name = fields.CharField(max_length=200)
    entity = fields.CharField(max_length=16)
    trigger = fields.CharField(max_length=64)
    trigger_params: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    conditions: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list)
    actions: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list)
    delay = fields.BigIntField(default=0, description="seconds after what starts it")
    active = fields.BooleanField(default=False)
    owner_id = fields.IntField(null=True, description="who answers for it and lends it their rights")

    class Meta:
        table = "rule"
        indexes = [Index(fields=["active", "deleted_at"])]


class RuleRun(Model):
    """One run of a rule for a record, once for each mark. States: done, skipped, failed."""

    id = fields.BigIntField(primary_key=True)
    rule_id = fields.IntField()
    entity = fields.CharField(max_length=16)
    record_id = fields.IntField()
    mark = fields.CharField(max_length=80)
    at = UtcDatetimeField()
    state = fields.CharField(max_length=10)
    did: fields.JSONField[list[str]] = fields.JSONField(default=list)
    error = fields.TextField(default="")
    cause = fields.BigIntField(null=True, description="the work that set it off: undone, it takes this run along")
    work_id = fields.BigIntField(null=True, description="the work in which it acted")

    class Meta:
        table = "rule_run"
        unique_together = (("rule_id", "entity", "record_id", "mark"),)
        indexes = [Index(fields=["cause"]), Index(fields=["rule_id", "id"])]
