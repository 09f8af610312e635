"""The column that pgvector searches, where the database is PostgreSQL and has the extension.

Where it is installed later, `manage.py search rebuild` does the same.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from inference.search.indexes import pgvector


def prepare(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    pgvector.prepare(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(prepare, migrations.RunPython.noop)]
