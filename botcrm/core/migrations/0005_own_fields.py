from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0004_records')]

    initial = False

    operations = [
        ops.CreateModel(
            name='OperationRecord',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('operation_id', fields.BigIntField()),
                ('record_id', fields.IntField()),
            ],
            options={'table': 'operation_record', 'app': 'core', 'unique_together': (('operation_id', 'record_id'),), 'pk_attr': 'id', 'table_description': 'A record that an operation is going to change: the list as it was when it was confirmed, each taken off when it is done.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Choice',
            name='merged_into_id',
            field=fields.IntField(null=True, description='the word that stands for it now'),
        ),
        ops.AddIndex(
            model_name='Company',
            index=Index(fields=['city']),
        ),
        ops.AddIndex(
            model_name='Contact',
            index=Index(fields=['city']),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['source']),
        ),
        ops.AddField(
            model_name='Department',
            name='head_id',
            field=fields.IntField(null=True, description='reaches the branch, wherever they work themselves'),
        ),
        ops.AddField(
            model_name='FieldValue',
            name='measure',
            field=fields.FloatField(null=True, description='`number` for comparing: SQLite keeps that one as a text'),
        ),
        ops.AddIndex(
            model_name='FieldValue',
            index=Index(fields=['field_id', 'measure', 'record_id']),
        ),
        ops.AddIndex(
            model_name='Lead',
            index=Index(fields=['deal_id']),
        ),
        ops.AddField(
            model_name='Role',
            name='base',
            field=fields.CharField(null=True, description='the shipped role it is a copy of: its words and help', max_length=50),
        ),
    ]
