from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.expressions import RawSQLTerm
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0005_own_fields')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Deal',
            index=Index(RawSQLTerm('CAST(amount AS DOUBLE PRECISION)'), name='idx_deal_amount'),  # type: ignore[arg-type]
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['expected_close']),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['closed_at']),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['created_at']),
        ),
        ops.AddIndex(
            model_name='Setting',
            index=Index(fields=['user_id']),
        ),
        ops.AddIndex(
            model_name='User',
            index=Index(fields=['manager_id']),
        ),
    ]
