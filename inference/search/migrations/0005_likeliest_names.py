"""The class of each photo's likeliest name, from the names that are stored."""

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from inference.search import naming

BATCH = 5000


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("search", "PhotoVector").objects.using(schema_editor.connection.alias)
    unfinished = []
    for row in rows.exclude(names=[]).only("pk", "names").iterator(chunk_size=BATCH):
        row.likeliest = naming.likeliest(row.names)
        unfinished.append(row)
        if len(unfinished) == BATCH:
            rows.bulk_update(unfinished, ["likeliest"], batch_size=500)
            unfinished.clear()
    rows.bulk_update(unfinished, ["likeliest"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("search", "0004_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="photovector",
            name="likeliest",
            field=models.SmallIntegerField(help_text="class of the first name; empty: no classifier looked", null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="photovector",
            index=models.Index(fields=["owner", "likeliest"], name="vectors_by_likeliest_name"),
        ),
    ]
