from django.apps import AppConfig


class BackupConfig(AppConfig):
    """An app for its commands; it has no models."""

    name = "webapp.ops.backup"
    label = "backup"
    verbose_name = "Backups"
