from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from botcrm.core.models.fields import UtcDatetimeField
from json import dumps, loads
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='OutgoingFile',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=200)),
                ('content', fields.BinaryField()),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'outgoing_file', 'app': 'core', 'indexes': [Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': 'The content of a file on its way to somebody, kept until it was sent.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReportQuestion',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user_id', fields.IntField()),
                ('fingerprint', fields.CharField(max_length=64)),
                ('question', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('asked_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'report_question', 'app': 'core', 'unique_together': (('user_id', 'fingerprint'),), 'indexes': [Index(fields=['asked_at'])], 'pk_attr': 'id', 'table_description': 'What somebody asked a report: its name and filters, which no button has room for. The same question is kept once.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Rule',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('version', fields.IntField(default=1)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('deleted_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('key', fields.CharField(null=True, unique=True, description='of a rule that came with the product', max_length=64)),
                ('name', fields.CharField(max_length=200)),
                ('entity', fields.CharField(max_length=16)),
                ('trigger', fields.CharField(max_length=64)),
                ('trigger_params', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('conditions', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('actions', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('delay', fields.BigIntField(default=0, description='seconds after what starts it')),
                ('active', fields.BooleanField(default=False)),
                ('owner_id', fields.IntField(null=True, description='who answers for it and lends it their rights')),
            ],
            options={'table': 'rule', 'app': 'core', 'indexes': [Index(fields=['active', 'deleted_at'])], 'pk_attr': 'id', 'table_description': 'When this happens, if that holds, do those things.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='RuleRun',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('rule_id', fields.IntField()),
                ('entity', fields.CharField(max_length=16)),
                ('record_id', fields.IntField()),
                ('mark', fields.CharField(max_length=80)),
                ('at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('state', fields.CharField(max_length=10)),
                ('did', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('error', fields.TextField(default='', unique=False)),
                ('cause', fields.BigIntField(null=True, description='the work that set it off: undone, it takes this run along')),
                ('work_id', fields.BigIntField(null=True, description='the work in which it acted')),
            ],
            options={'table': 'rule_run', 'app': 'core', 'unique_together': (('rule_id', 'entity', 'record_id', 'mark'),), 'indexes': [Index(fields=['cause']), Index(fields=['rule_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One run of a rule for a record, once for each mark. States: done, skipped, failed.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebForm',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=100)),
                ('source', fields.CharField(max_length=100)),
                ('secret_hash', fields.CharField(unique=True, max_length=64)),
                ('created_by', fields.IntField(null=True)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'web_form', 'app': 'core', 'pk_attr': 'id', 'table_description': 'A form on the web, or a web hook that a site calls: what comes by its address becomes leads of its source.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Activity',
            name='repeat_minutes',
            field=fields.IntField(null=True, description='working minutes between reminders until it is done'),
        ),
        ops.AddIndex(
            model_name='Activity',
            index=Index(fields=['done_at']),
        ),
        ops.AddIndex(
            model_name='EventRow',
            index=Index(fields=['type', 'at']),
        ),
        ops.AddField(
            model_name='File',
            name='channel',
            field=fields.CharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name='File',
            name='url',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='Message',
            name='address',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name='Message',
            name='answerable',
            field=fields.BooleanField(default=True, description='whether the channel carries answers', db_default=True),
        ),
        ops.AddIndex(
            model_name='Message',
            index=Index(fields=['channel', 'external_id']),
        ),
    ]
