from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from botcrm.core.models.fields import UtcDatetimeField
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0003_proactive')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Choice',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('version', fields.IntField(default=1)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('deleted_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('dictionary', fields.CharField(max_length=64)),
                ('name', fields.CharField(max_length=100)),
                ('position', fields.IntField(default=0)),
            ],
            options={'table': 'choice', 'app': 'core', 'indexes': [Index(fields=['dictionary', 'position', 'id'])], 'pk_attr': 'id', 'table_description': 'A word of a dictionary: a source, a lost reason, an industry, what a list field offers.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='CustomField',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('version', fields.IntField(default=1)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('deleted_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('entity', fields.CharField(max_length=16)),
                ('pipeline_id', fields.IntField(null=True, description='of deals: only in this pipeline')),
                ('key', fields.CharField(description='how it is written in a line: budget:12k', max_length=32)),
                ('name', fields.CharField(max_length=100)),
                ('type', fields.CharField(description='text, number, money, date, time, list, multi, yes_no, person, link, file', max_length=16)),
                ('dictionary', fields.CharField(default='', description='of list and multi: where the choices are', max_length=64)),
                ('required', fields.BooleanField(default=False)),
                ('personal', fields.BooleanField(default=True, description='tells about a person, so that it is erased with them')),
                ('position', fields.IntField(default=0)),
            ],
            options={'table': 'custom_field', 'app': 'core', 'indexes': [Index(fields=['entity', 'key'])], 'pk_attr': 'id', 'table_description': "A field that the company added to an entity, or to one pipeline's deals, its values are in the record's `custom`."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='DistinctPair',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=16)),
                ('low_id', fields.IntField()),
                ('high_id', fields.IntField()),
                ('low_mark', fields.CharField(max_length=64)),
                ('high_mark', fields.CharField(max_length=64)),
                ('user_id', fields.IntField(null=True)),
                ('at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'distinct_pair', 'app': 'core', 'unique_together': (('entity', 'low_id', 'high_id'),), 'indexes': [Index(fields=['entity', 'high_id']), Index(fields=['entity', 'low_mark', 'high_mark'])], 'pk_attr': 'id', 'table_description': 'Two records that somebody said are not the same, for the whole team, the marks hold when they are imported anew.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DuplicateGroup',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('operation_id', fields.BigIntField()),
                ('entity', fields.CharField(max_length=16)),
                ('number', fields.IntField()),
                ('score', fields.FloatField()),
                ('members', fields.JSONField(description='record id, score and reasons of each', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('state', fields.CharField(default='open', max_length=10)),
            ],
            options={'table': 'duplicate_group', 'app': 'core', 'unique_together': (('operation_id', 'number'),), 'indexes': [Index(fields=['operation_id', 'state', 'score', 'id'])], 'pk_attr': 'id', 'table_description': 'Records that a search over the whole base found to be the same, the main one first. States: open, merged, skipped.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Erasure',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=16)),
                ('record_id', fields.IntField()),
                ('mark', fields.CharField(description='a keyed hash, tells the person again without naming them', max_length=64)),
                ('at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('user_id', fields.IntField(null=True)),
            ],
            options={'table': 'erasure', 'app': 'core', 'indexes': [Index(fields=['entity', 'record_id']), Index(fields=['mark'])], 'pk_attr': 'id', 'table_description': "That a person's data was erased: replayed when an older copy of the database is put back."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ExternalRef',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=16)),
                ('record_id', fields.IntField()),
                ('source', fields.CharField(default='', description="the other system, empty: a file's external_id", max_length=64)),
                ('external_id', fields.CharField(max_length=200)),
            ],
            options={'table': 'external_ref', 'app': 'core', 'unique_together': (('entity', 'source', 'external_id'),), 'indexes': [Index(fields=['entity', 'record_id'])], 'pk_attr': 'id', 'table_description': 'What another system calls a record: matched when its file comes again.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FieldValue',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('field_id', fields.IntField()),
                ('entity', fields.CharField(max_length=16)),
                ('record_id', fields.IntField()),
                ('text', fields.CharField(null=True, description='folded', max_length=300)),
                ('number', fields.DecimalField(null=True, description="a number, an amount, a person's id", max_digits=24, decimal_places=6)),
                ('moment', UtcDatetimeField(null=True, description='a date is its midnight in UTC', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'field_value', 'app': 'core', 'indexes': [Index(fields=['entity', 'record_id']), Index(fields=['field_id', 'text', 'record_id']), Index(fields=['field_id', 'number', 'record_id']), Index(fields=['field_id', 'moment', 'record_id'])], 'pk_attr': 'id', 'table_description': "A custom field's value as filters and search see it: derived, one row for each value of a record."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportMapping',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=16)),
                ('header_hash', fields.CharField(max_length=64)),
                ('mapping', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('user_id', fields.IntField(null=True)),
                ('updated_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'import_mapping', 'app': 'core', 'unique_together': (('entity', 'header_hash'),), 'pk_attr': 'id', 'table_description': "Which column of a file became which field, remembered by the file's header."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KeptChange',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('operation_id', fields.BigIntField(description='the operation that took the other one back')),
                ('entity', fields.CharField(max_length=16)),
                ('record_id', fields.IntField()),
                ('reason', fields.CharField(max_length=16)),
                ('what', fields.JSONField(default=list, description='the fields, or what hangs on it', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'kept_change', 'app': 'core', 'indexes': [Index(fields=['operation_id', 'id'])], 'pk_attr': 'id', 'table_description': 'What taking an operation back left as it was, because somebody did something about it since.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Merge',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=16)),
                ('main_id', fields.IntField()),
                ('merged_id', fields.IntField()),
                ('work_id', fields.BigIntField(db_index=True)),
                ('operation_id', fields.BigIntField(null=True)),
                ('moved', fields.JSONField(default=dict, description='what was moved and filled', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('user_id', fields.IntField(null=True)),
                ('undone_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'merge', 'app': 'core', 'indexes': [Index(fields=['entity', 'merged_id']), Index(fields=['entity', 'main_id']), Index(fields=['operation_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One merge: which record stayed, which went into it, and in which work, undone it stays with the work that took it back.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Operation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharField(description='import, bulk, merge, duplicates, erase', max_length=16)),
                ('entity', fields.CharField(max_length=16)),
                ('title', fields.CharField(max_length=300)),
                ('actor_id', fields.IntField(null=True)),
                ('state', fields.CharField(default='draft', max_length=10)),
                ('work_id', fields.BigIntField(unique=True)),
                ('params', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('progress', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('counts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('error', fields.TextField(default='', unique=False)),
                ('chat_id', fields.BigIntField(null=True, description='where the message with its progress is')),
                ('message_id', fields.BigIntField(null=True)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'operation', 'app': 'core', 'indexes': [Index(fields=['actor_id', 'id']), Index(fields=['kind', 'id'])], 'pk_attr': 'id', 'table_description': 'One long change of many records, done a piece at a time: an import, a bulk change, a bulk merge, a search for duplicates.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RecordKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('entity', fields.CharField(max_length=16)),
                ('key', fields.CharField(max_length=80)),
                ('record_id', fields.IntField()),
            ],
            options={'table': 'record_key', 'app': 'core', 'indexes': [Index(fields=['entity', 'key', 'record_id']), Index(fields=['entity', 'record_id'])], 'pk_attr': 'id', 'table_description': 'Something that two records of one entity share where they may be the same: derived, rebuilt with the record.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('version', fields.IntField(default=1)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('deleted_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('name', fields.CharField(max_length=100)),
                ('entity', fields.CharField(max_length=16)),
                ('query', fields.CharField(max_length=500)),
                ('shared', fields.BooleanField(default=False)),
                ('owner_id', fields.IntField(null=True)),
            ],
            options={'table': 'saved_filter', 'app': 'core', 'indexes': [Index(fields=['owner_id']), Index(fields=['shared'])], 'pk_attr': 'id', 'table_description': 'A query that somebody gave a name: for themselves, or shared with everybody who may see what it finds.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='SmartQuiet',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user_id', fields.IntField()),
                ('deal_id', fields.IntField()),
                ('until', fields.CharField(null=True, description='the first day on which it is suggested again', max_length=10)),
            ],
            options={'table': 'smart_quiet', 'app': 'core', 'unique_together': (('user_id', 'deal_id'),), 'pk_attr': 'id', 'table_description': 'A deal that one person wants no next step suggested for, until a day of theirs, or for ever where there is none.'},
            bases=['Model'],
        ),
        ops.AddIndex(
            model_name='Activity',
            index=Index(fields=['counts_own', 'counts_for', 'deadline_at']),
        ),
        ops.AddField(
            model_name='Company',
            name='city',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Company',
            name='country',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Company',
            name='custom',
            field=fields.JSONField(null=True, description="by the field's id", encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Company',
            name='merged_into_id',
            field=fields.IntField(null=True, description='the record it was merged into'),
        ),
        ops.AddField(
            model_name='Company',
            name='more_emails',
            field=fields.JSONField(null=True, description='beside `email`', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Company',
            name='more_phones',
            field=fields.JSONField(null=True, description='E.164, beside `phone`', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Company',
            name='postcode',
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name='Company',
            name='region',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Company',
            name='street',
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name='Company',
            name='tax_id',
            field=fields.CharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name='Company',
            name='website',
            field=fields.CharField(null=True, max_length=300),
        ),
        ops.AddField(
            model_name='Contact',
            name='birth_date',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Contact',
            name='city',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Contact',
            name='country',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Contact',
            name='custom',
            field=fields.JSONField(null=True, description="by the field's id", encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Contact',
            name='job_title',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Contact',
            name='merged_into_id',
            field=fields.IntField(null=True, description='the record it was merged into'),
        ),
        ops.AddField(
            model_name='Contact',
            name='more_emails',
            field=fields.JSONField(null=True, description='beside `email`', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Contact',
            name='more_phones',
            field=fields.JSONField(null=True, description='E.164, beside `phone`', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Contact',
            name='postcode',
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name='Contact',
            name='region',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Contact',
            name='street',
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name='Contact',
            name='tax_id',
            field=fields.CharField(null=True, description='a number that the state gave the person', max_length=32),
        ),
        ops.AddField(
            model_name='Deal',
            name='custom',
            field=fields.JSONField(null=True, description="by the field's id", encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Lead',
            name='city',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Lead',
            name='company',
            field=fields.ForeignKeyField('core.Company', source_field='company_id', null=True, db_constraint=True, to_field='id', related_name='leads', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Lead',
            name='country',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Lead',
            name='custom',
            field=fields.JSONField(null=True, description="by the field's id", encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Lead',
            name='merged_into_id',
            field=fields.IntField(null=True, description='the record it was merged into'),
        ),
        ops.AddField(
            model_name='Lead',
            name='more_emails',
            field=fields.JSONField(null=True, description='beside `email`', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Lead',
            name='more_phones',
            field=fields.JSONField(null=True, description='E.164, beside `phone`', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Lead',
            name='postcode',
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name='Lead',
            name='region',
            field=fields.CharField(null=True, max_length=100),
        ),
        ops.AddField(
            model_name='Lead',
            name='street',
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name='Pipeline',
            name='suggests',
            field=fields.BooleanField(default=True, description='whether next steps are suggested at all', db_default=True),
        ),
        ops.AddField(
            model_name='Stage',
            name='suggests',
            field=fields.BooleanField(default=True, description='whether next steps are suggested in it', db_default=True),
        ),
    ]
