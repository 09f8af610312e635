#!/usr/bin/env python
"""Django's command line, with Isthmus's own commands: up, ask, doctor, prune, models."""

import os
import sys

WRITE_SOURCES = frozenset({"makemigrations", "makemessages", "startapp", "startproject"})  # everybody may read these


def main() -> None:
    if not WRITE_SOURCES & set(sys.argv[1:2]):
        os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(f"{error}. Run `make run`, which sets up .venv, or activate the environment first.") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
