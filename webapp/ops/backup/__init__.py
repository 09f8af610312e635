"""Backups: the whole installation in one file, and the way back (docs/backup.md has the format).

`making` and `restoring` can be called without a server; the commands `backup`, `restore` and `upgrade` and the clock translate.
"""
