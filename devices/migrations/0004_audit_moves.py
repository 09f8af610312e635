"""The audit trail of nodes becomes part of the one about everything, in `people`; its rows are carried over."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BATCH = 1000


def carry_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    entries = apps.get_model("people", "AuditEntry").objects
    batch = []
    for row in apps.get_model("devices", "Audit").objects.order_by("pk").iterator(BATCH):
        same = {field: getattr(row, field) for field in ("at", "actor_id", "by", "action", "detail", "address")}
        batch.append(entries.model(kind="node", name=row.node, **same))
        if len(batch) == BATCH:
            entries.bulk_create(batch)
            batch = []
    entries.bulk_create(batch)


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0003_node_events'),
        ('people', '0002_audit_and_limits'),
    ]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.DeleteModel(name='Audit'),
    ]
