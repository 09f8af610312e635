"""Models as the applied migrations made them, which need not be those of this version's code.

A backup is taken before an upgrade migrates, and restored by a later version: both read and write tables of an earlier shape.
"""

from collections.abc import Iterable

from django.db import models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from webapp.ops.backup.errors import BackupError

Key = tuple[str, str]  # app and name of a migration


def applied(loader: MigrationLoader) -> list[Key]:
    """The migrations that made this database. Raises BackupError where this version does not know one of them."""
    unknown = [key for key in loader.applied_migrations if key[0] in loader.migrated_apps and not _known(loader, key)]
    if unknown:
        raise BackupError(
            f"A newer version migrated this database ({'.'.join(unknown[0])} is not known here). Install that version again."
        )
    return sorted(key for key in loader.applied_migrations if key in loader.graph.nodes)


def unknown_to(loader: MigrationLoader, keys: Iterable[Key]) -> list[Key]:
    return [key for key in keys if not _known(loader, key)]


def models_at(loader: MigrationLoader, keys: list[Key]) -> dict[str, type[models.Model]]:
    """By label in lower case, in a fixed order. Their times are written as they are, never set to now."""
    if not keys:
        return {}
    state = loader.project_state([key for key in keys if key in loader.graph.nodes])
    rows = {}
    for model in sorted(state.apps.get_models(include_auto_created=True), key=lambda model: model._meta.label_lower):
        if not model._meta.managed or model._meta.proxy:
            continue
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.DateField | models.TimeField):  # of this state only: the product's models keep theirs
                field.auto_now = field.auto_now_add = False
        rows[model._meta.label_lower] = model
    return rows


def fields_of(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.local_concrete_fields]


def build(executor: MigrationExecutor, keys: list[Key]) -> None:
    """Make the tables of an empty database as these migrations do."""
    graph, wanted = executor.loader.graph, set(keys)
    leaves = [
        key for key in keys if not any(child.key[0] == key[0] and child.key in wanted for child in graph.node_map[key].children)
    ]
    executor.recorder.ensure_schema()
    executor.migrate(leaves)


def drop(executor: MigrationExecutor, tables: Iterable[type[models.Model]]) -> None:
    """Remove the tables, and the record that they were made."""
    with executor.connection.schema_editor() as editor:
        for model in tables:
            if not model._meta.auto_created:  # those go with the model that has them
                editor.delete_model(model)
    MigrationRecorder(executor.connection).flush()


def _known(loader: MigrationLoader, key: Key) -> bool:
    return key in loader.graph.nodes or key in loader.disk_migrations
