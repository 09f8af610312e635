from django.db import migrations, models

OF_A_NODE = ['owner', 'origin', 'purpose', 'route', 'ok', 'cached', 'up']
FACTS = [*OF_A_NODE, 'device', 'edge', 'model', 'outcome']
SUMMED = ['calls', 'link_bytes', 'cost']


def delete_sums(apps, schema_editor):
    """The next migration makes them again, with their new facets."""
    apps.get_model('inference', 'CallDay').objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0016_calls_of_watches'),
    ]

    operations = [
        migrations.RunPython(delete_sums, migrations.RunPython.noop),
        migrations.RemoveConstraint('callday', 'one_sum_per_day_and_facets'),
        migrations.AddField('callday', 'model', models.CharField(default='', max_length=100), preserve_default=False),
        migrations.AddField('callday', 'outcome', models.CharField(default='', max_length=40), preserve_default=False),
        migrations.AddConstraint('callday', models.UniqueConstraint(
            fields=('day', 'owner', 'origin', 'purpose', 'model', 'route', 'outcome', 'ok', 'cached'),
            name='one_sum_per_day_and_facets')),
        migrations.RemoveIndex('modelcall', 'calls_by_time'),
        migrations.RemoveIndex('modelcall', 'calls_of_a_person'),
        migrations.RemoveIndex('modelcall', 'calls_by_duration'),
        migrations.AddIndex('modelcall', models.Index(fields=['created', *FACTS, *SUMMED], name='calls_by_time')),
        migrations.AddIndex('modelcall', models.Index(
            fields=['owner', 'created', *FACTS[1:], *SUMMED], name='calls_of_a_person')),
        migrations.AddIndex('modelcall', models.Index(
            fields=['device', 'created', 'edge', *OF_A_NODE, *SUMMED], name='calls_of_a_device')),
        migrations.AddIndex('modelcall', models.Index(
            condition=models.Q(('edge', ''), _negated=True), fields=['edge', 'created', *OF_A_NODE, *SUMMED],
            name='calls_of_an_edge')),
        migrations.AddIndex('modelcall', models.Index(
            condition=models.Q(('cached', False), ('ok', True)),
            fields=['ms', 'created', 'owner', 'origin', 'purpose', 'route', 'device', 'edge', 'up', 'model'],
            name='calls_by_duration')),
    ]
