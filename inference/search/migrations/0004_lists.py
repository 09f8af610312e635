"""pgvector's graph becomes lists (inference/search/indexes/lists.py), where the database has pgvector.

Not in one transaction: with very many photos it takes minutes, during which they are searched without an index.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from inference.search.indexes import lists, pgvector


def replace_graph(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if not pgvector.is_there(schema_editor.connection):
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {lists.INDEX}")
    pgvector.PgvectorIndex().rebuild()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("search", "0003_counts_in_an_index")]
    operations = [migrations.RunPython(replace_graph, migrations.RunPython.noop)]
