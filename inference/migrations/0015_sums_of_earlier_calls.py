from django.db import migrations
from django.utils import timezone

FACETS = ('owner_id', 'origin', 'purpose', 'route', 'ok', 'cached')


def sum_days(apps, schema_editor):
    """Of the calls of the planning model that were made before there were sums."""
    sums = {}
    for call in apps.get_model('inference', 'ModelCall').objects.iterator():
        row = sums.setdefault((timezone.localdate(call.created), *(getattr(call, name) for name in FACETS)), [0, 0, 0.0])
        for number, amount in enumerate((1, call.link_bytes, call.cost)):
            row[number] += amount
    days = apps.get_model('inference', 'CallDay')
    for (day, *facets), (calls, link_bytes, cost) in sums.items():
        values = dict(zip(FACETS, facets))
        days.objects.create(day=day, **values, calls=calls, link_bytes=link_bytes, cost=cost)


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0014_equal_steps_and_allowances'),
    ]

    operations = [
        migrations.RunPython(sum_days, migrations.RunPython.noop),
    ]
