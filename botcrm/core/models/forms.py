"""Forms that clients fill in on a page."""

from tortoise import fields
from tortoise.models import Model

from botcrm.core.models.fields import UtcDatetimeField


class WebForm(Model):
    """A form on the web, or a web hook that a site calls: what comes by its address becomes leads of its source.

    Only the hash of the address's secret is kept.
    """

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=100)
    source = fields.CharField(max_length=100)
    secret_hash = fields.CharField(max_length=64, unique=True)
    created_by = fields.IntField(null=True)
    created_at = UtcDatetimeField()
    revoked_at = UtcDatetimeField(null=True)

    class Meta:
        table = "web_form"
