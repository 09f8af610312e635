"""Migrates the database, with a backup of it first."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from webapp.ops.backup import making, place, rotation
from webapp.ops.backup.archive import sealing
from webapp.ops.backup.errors import BackupError
from webapp.ops.backup.schema import applied, models_at

MOST = 3  # backups from before an upgrade that stay


def pending() -> int:
    """Migrations to apply to a database that somebody has used; 0 for a new one."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return len(plan) if plan and _is_used(executor) else 0


def migrate(say: Callable[[str], None], with_backup: bool = True) -> None:
    """`say` gets a line for people. A backup that fails stops the upgrade: BackupError, OSError."""
    count = pending()
    if count and with_backup:
        made = back_up()
        say(f"{count} migration{'' if count == 1 else 's'} to apply. The database was saved first: {made}")
    call_command("migrate", verbosity=0, interactive=False)


def back_up() -> Path:
    """The tables and the secrets: migrations change no other file. Old backups of this kind go."""
    folder: Path = settings.BACKUP_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=making.PRIVATE_FOLDER)
        keys = sealing.recipients(settings.BACKUP_RECIPIENT)
        target = folder / rotation.name(rotation.BEFORE_UPGRADE, timezone.now(), bool(keys))
        making.make(target, keys, making.SECRETS_ONLY)
    except (BackupError, OSError) as error:
        raise BackupError(
            f"The backup before the upgrade failed, so nothing was migrated. {error} To go on without one: --no-backup."
        ) from error
    for old in rotation.stored(folder, rotation.BEFORE_UPGRADE)[:-MOST]:
        old.path.unlink(missing_ok=True)
    return target


def _is_used(executor: MigrationExecutor) -> bool:
    tables = models_at(executor.loader, applied(executor.loader))
    return any(model._base_manager.exists() for name, model in tables.items() if name not in place.MADE_BY_MIGRATE)
