import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SUCCESSES = ('ok', 'repaired')


def mark_planner_calls(apps, schema_editor):
    calls = apps.get_model('inference', 'ModelCall').objects
    calls.update(origin='planner')
    calls.exclude(outcome__in=SUCCESSES).update(ok=False)


class Migration(migrations.Migration):
    """Calls of the planning model become rows of one log of all model calls."""

    dependencies = [
        ('inference', '0013_planner_calls_of_a_turn'),
        ('people', '0004_language'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RenameModel('PlannerCall', 'ModelCall'),
        migrations.AlterField('modelcall', 'created', models.DateTimeField(auto_now_add=True)),
        migrations.AlterField('modelcall', 'outcome', models.CharField(
            help_text='ok, repaired, or why it failed: invalid, timeout, no_route', max_length=40)),
        migrations.AlterField('modelcall', 'purpose', models.CharField(
            help_text='the task of a step; of the planning model plan or answer', max_length=10)),
        migrations.AddField('modelcall', 'token', models.ForeignKey(
            blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='people.apitoken')),
        migrations.AddField('modelcall', 'origin', models.CharField(
            default='question', help_text='what called: a name in ORIGINS', max_length=10)),
        migrations.AddField('modelcall', 'route', models.CharField(
            blank=True, default='', help_text='a name in inference.placement.routes', max_length=10), preserve_default=False),
        migrations.AddField('modelcall', 'device', models.CharField(blank=True, default='', max_length=40), preserve_default=False),
        migrations.AddField('modelcall', 'edge', models.CharField(blank=True, default='', max_length=40), preserve_default=False),
        migrations.AddField('modelcall', 'ok', models.BooleanField(default=True, editable=False)),
        migrations.AddField('modelcall', 'link_bytes', models.PositiveBigIntegerField(
            default=0, help_text='that crossed the link, failed attempts included')),
        migrations.AddField('modelcall', 'confidence', models.FloatField(blank=True, null=True)),
        migrations.AddField('modelcall', 'cached', models.BooleanField(
            default=False, help_text='an earlier answer was used: nothing was computed')),
        migrations.AddField('modelcall', 'up', models.BooleanField(
            blank=True, help_text='what its owner thinks of the answer', null=True)),
        migrations.AlterField('modelcall', 'turn', models.UUIDField(blank=True, db_index=True, null=True)),
        migrations.AddField('modelcall', 'step', models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField('modelcall', 'question', models.TextField(blank=True, default=''), preserve_default=False),
        migrations.RunPython(mark_planner_calls, migrations.RunPython.noop, elidable=False),
        migrations.CreateModel(
            name='PlannerCall',
            fields=[],
            options={'proxy': True, 'indexes': [], 'constraints': []},
            bases=('inference.modelcall',),
        ),
    ]
