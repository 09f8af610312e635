"""Node events; sensor values by key instead of a column for each sensor, so that a new sensor needs no migration."""

from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone

SENSORS = ("cpu_percent", "gpu_percent", "memory_used_mb", "temperature_c", "power_w")
STATES = [(state, state) for state in ("unseen", "online", "stale", "offline", "revoked")]
BATCH = 2000


def columns_to_values(apps, schema_editor):
    Reading = apps.get_model("devices", "Reading")
    batch = []
    for row in Reading.objects.iterator(chunk_size=BATCH):
        row.values = {name: value for name in SENSORS if (value := getattr(row, name)) is not None}
        batch.append(row)
        if len(batch) == BATCH:
            Reading.objects.bulk_update(batch, ["values"])
            batch = []
    Reading.objects.bulk_update(batch, ["values"])


def values_to_columns(apps, schema_editor):
    Reading = apps.get_model("devices", "Reading")
    for row in Reading.objects.iterator(chunk_size=BATCH):
        for name in SENSORS:
            setattr(row, name, row.values.get(name))
        row.save()


def record_present_states(apps, schema_editor):
    """As the states were before anybody watched: a node that has long been silent is not news after an update."""
    Node = apps.get_model("devices", "Node")
    Node.objects.exclude(last_seen=None).update(recorded_state="stale")
    Node.objects.filter(last_seen__lt=timezone.now() - timedelta(hours=1)).update(recorded_state="offline")
    Node.objects.exclude(revoked_at=None).update(recorded_state="revoked")


class Migration(migrations.Migration):
    dependencies = [("devices", "0002_standing")]

    operations = [
        migrations.AlterField(
            model_name="node",
            name="profile",
            field=models.JSONField(blank=True, help_text="as measured by the node at start", null=True),
        ),
        migrations.AddField(
            model_name="node",
            name="recorded_state",
            field=models.CharField(
                choices=STATES, default="unseen", editable=False, help_text="the state of its newest event", max_length=10
            ),
        ),
        migrations.RunPython(record_present_states, migrations.RunPython.noop),
        migrations.CreateModel(
            name="NodeEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("node", models.SlugField(max_length=40)),
                ("at", models.DateTimeField(db_index=True)),
                ("from_state", models.CharField(choices=STATES, max_length=10)),
                ("to_state", models.CharField(choices=STATES, max_length=10)),
                ("notify_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("notified", models.JSONField(blank=True, default=list, help_text="names of the channels that have it")),
            ],
            options={
                "ordering": ("-at", "-pk"),
                "indexes": [models.Index(fields=["node", "-at"], name="events_of_a_node")],
            },
        ),
        migrations.AddField(
            model_name="reading",
            name="values",
            field=models.JSONField(default=dict, help_text="by sensor key"),
        ),
        migrations.RunPython(columns_to_values, values_to_columns),
        *(migrations.RemoveField(model_name="reading", name=name) for name in SENSORS),
    ]
