from collections import defaultdict

from django.db import migrations
from django.utils import timezone

FACETS = ('owner_id', 'origin', 'purpose', 'model', 'route', 'outcome', 'ok', 'cached')
SUMMED = ('calls', 'link_bytes', 'cost')
CHUNK = 2000


def sum_days(apps, schema_editor):
    """Of every call in the log, which has the same days as its sums."""
    sums = defaultdict(lambda: [0, 0, 0.0])
    for created, *values in apps.get_model('inference', 'ModelCall').objects.values_list('created', *FACETS, *SUMMED).iterator(CHUNK):
        row = sums[timezone.localdate(created), *values[:len(FACETS)]]
        for number, amount in enumerate(values[len(FACETS):]):
            row[number] += amount
    days = apps.get_model('inference', 'CallDay')
    days.objects.bulk_create(
        (days(day=day, **dict(zip(FACETS, facets)), **dict(zip(SUMMED, amounts))) for (day, *facets), amounts in sums.items()),
        batch_size=CHUNK,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0017_calls_by_node_model_and_outcome'),
    ]

    operations = [
        migrations.RunPython(sum_days, migrations.RunPython.noop),
    ]
