"""Who works here and what they may do."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class Department(Model):
    """A part of the company, managers reach the whole branch below theirs."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=200)
    parent: fields.ForeignKeyNullableRelation["Department"] = fields.ForeignKeyField(
        "core.Department", related_name="children", null=True, on_delete=fields.RESTRICT
    )

    head_id = fields.IntField(null=True, description="reaches the branch, wherever they work themselves")

    parent_id: int | None

    class Meta:
        table = "department"


class Role(Model):
    """A named set of grants: {"deal.read": "own", …}, an absent pair is "none".

    One person's own role has the key "user:12".
    """

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=50, unique=True)
    name = fields.CharField(max_length=100)
    grants: fields.JSONField[dict[str, str]] = fields.JSONField(default=dict)
    base = fields.CharField(
        max_length=50, null=True, description="the shipped role it is a copy of: its words and help"
    )

    class Meta:
        table = "role"


class User(Model):
    """Somebody of the staff."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=200)
    telegram_id = fields.BigIntField(null=True, unique=True)
    username = fields.CharField(max_length=64, null=True)
    role: fields.ForeignKeyRelation[Role] = fields.ForeignKeyField("core.Role", on_delete=fields.RESTRICT)
    manager: fields.ForeignKeyNullableRelation["User"] = fields.ForeignKeyField(
        "core.User", related_name="subordinates", null=True, on_delete=fields.RESTRICT
    )
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "core.Department", related_name="people", null=True, on_delete=fields.RESTRICT
    )
    zone = fields.CharField(max_length=64, null=True, description="IANA name, the company's where null")
    language = fields.CharField(max_length=16, null=True)
    active = fields.BooleanField(default=True)
    version = fields.IntField(default=1)
    created_at = UtcDatetimeField()
    updated_at = UtcDatetimeField()

    role_id: int
    manager_id: int | None
    department_id: int | None

    class Meta:
        table = "user"
        indexes = [Index(fields=["manager_id"])]


class Invite(Model):
    """A one-time link into the staff, only the hash of its token is kept."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    role: fields.ForeignKeyRelation[Role] = fields.ForeignKeyField("core.Role", on_delete=fields.RESTRICT)
    name = fields.CharField(max_length=200, default="")
    manager: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "core.User", related_name="invites", null=True, on_delete=fields.RESTRICT
    )
    created_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    used_at = UtcDatetimeField(null=True)
    used_by = fields.IntField(null=True)

    role_id: int
    manager_id: int | None

    class Meta:
        table = "invite"


class Setting(Model):
    """A value the company (user 0) or one person chose over the default."""

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=100)
    user_id = fields.IntField(default=0)
    value: fields.JSONField[object] = fields.JSONField()

    class Meta:
        table = "setting"
        indexes = [Index(fields=["user_id"])]
        unique_together = (("key", "user_id"),)
