"""The one error of backups. It is seen in a shell and in logs only, so it is not translated."""


class BackupError(Exception):
    """A backup cannot be made, read or restored: what happened, then what to do."""
