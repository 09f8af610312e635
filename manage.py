#!/usr/bin/env python
"""Django's command line, with Isthmus's own commands: up, ask, doctor, prune, models."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(f"{error}. Run `make run`, which sets up .venv, or activate the environment first.") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
