from tortoise import migrations
from tortoise.migrations import operations as ops
from botcrm.core.models.fields import UtcDatetimeField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0002_platform')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user', fields.OneToOneField('core.User', source_field='user_id', db_constraint=True, to_field='id', related_name='calendar_feed', on_delete=OnDelete.CASCADE)),
                ('secret_hash', fields.CharField(unique=True, max_length=64)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'calendar_feed', 'app': 'core', 'pk_attr': 'id', 'table_description': "A person's calendar address, only the hash of its secret is kept. Whoever has the address reads the calendar."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DealMark',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user_id', fields.IntField()),
                ('deal_id', fields.IntField()),
                ('kind', fields.CharField(description='pinned or muted', max_length=6)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'deal_mark', 'app': 'core', 'unique_together': (('user_id', 'deal_id'),), 'pk_attr': 'id', 'table_description': 'A deal that one person pinned, or does not want to be called to.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OverduePing',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=160)),
                ('user_id', fields.IntField()),
                ('activity_id', fields.IntField()),
                ('late_id', fields.IntField(description='the person responsible')),
                ('deadline', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('created_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ('told_at', UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'overdue_ping', 'app': 'core', 'indexes': [Index(fields=['user_id', 'told_at'])], 'pk_attr': 'id', 'table_description': 'One person to be told of one overdue activity, once for each key. `deadline` is the one that was missed.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PinnedCounters',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user_id', fields.IntField(unique=True)),
                ('outbox_id', fields.BigIntField()),
                ('message_id', fields.BigIntField(null=True, description='once it is known, and pinned')),
                ('shown', fields.CharField(default='', max_length=64)),
                ('shown_at', UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'pinned_counters', 'app': 'core', 'pk_attr': 'id', 'table_description': 'The pinned message that shows a person their counters, by the outbox row that sent it, and what it shows.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Activity',
            name='counts_for',
            field=fields.IntField(null=True, description="derived: in whose counter it is, by its deal (0: nobody's)"),
        ),
        ops.AddField(
            model_name='Activity',
            name='counts_own',
            field=fields.IntField(null=True, description="derived: the same by the activity's own owner"),
        ),
        ops.AddField(
            model_name='Activity',
            name='recurrence',
            field=fields.CharField(null=True, max_length=120),
        ),
        ops.AddField(
            model_name='Activity',
            name='reminders',
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name='Activity',
            name='slot_wall',
            field=fields.CharField(null=True, max_length=19),
        ),
        ops.AddIndex(
            model_name='Activity',
            index=Index(fields=['counts_for', 'deadline_at']),
        ),
        ops.AddIndex(
            model_name='Activity',
            index=Index(fields=['counts_own', 'deadline_at']),
        ),
        ops.AddField(
            model_name='Deal',
            name='attention_at',
            field=UtcDatetimeField(null=True, description='derived: since when it asks for attention', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Deal',
            name='attention_reason',
            field=fields.CharField(null=True, description='reminder, message, missed or comment', max_length=10),
        ),
        ops.AddField(
            model_name='Deal',
            name='last_call',
            field=fields.CharField(null=True, description='derived: the last call was in, out or missed', max_length=10),
        ),
        ops.AddField(
            model_name='Deal',
            name='last_contact_at',
            field=UtcDatetimeField(null=True, description='derived: when the client last took part in something', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Deal',
            name='waiting_for',
            field=fields.CharField(null=True, max_length=300),
        ),
        ops.AddField(
            model_name='Deal',
            name='waiting_until',
            field=UtcDatetimeField(null=True, description='nothing is to be done before', auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['owner_id', 'status', 'deleted_at', 'next_deadline_at', 'waiting_until']),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['owner_id', 'status', 'deleted_at', 'attention_at', 'id']),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['owner_id', 'last_call']),
        ),
        ops.AddIndex(
            model_name='Deal',
            index=Index(fields=['stage_id', 'status', 'deleted_at', 'owner_id', 'next_deadline_at', 'id']),
        ),
        ops.AddField(
            model_name='Message',
            name='counts_for',
            field=fields.IntField(null=True, description="derived: in whose counter it is, by its deal (0: nobody's)"),
        ),
        ops.AddField(
            model_name='Message',
            name='counts_own',
            field=fields.IntField(null=True, description="derived: the same by the message's own owner"),
        ),
        ops.AddIndex(
            model_name='Message',
            index=Index(fields=['counts_for']),
        ),
        ops.AddIndex(
            model_name='Message',
            index=Index(fields=['counts_own']),
        ),
        ops.AddField(
            model_name='Pipeline',
            name='smart_text',
            field=fields.CharField(default='', description='what a next step suggests', db_default='', max_length=300),
        ),
        ops.AddField(
            model_name='Stage',
            name='rot_days',
            field=fields.IntField(default=5, description='business days without contact, 0: any number', db_default=5),
        ),
        ops.AddField(
            model_name='Stage',
            name='smart_text',
            field=fields.CharField(default='', description="the pipeline's where empty", db_default='', max_length=300),
        ),
    ]
