"""Run in a process of its own: prints every row and file of an installation as JSON, without the code of backups."""

import hashlib
import json
import sys
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.db import models


def main() -> None:
    django.setup()
    json.dump({"rows": rows(), "files": files(Path(settings.VAR_DIR))}, sys.stdout)


def rows() -> dict[str, list[str]]:
    tables = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            fields = [field.attname for field in model._meta.local_concrete_fields]
            tables[model._meta.label] = sorted(repr([_plain(value) for value in row]) for row in _rows(model, fields))
    return tables


def files(var: Path) -> dict[str, str]:
    return {
        path.relative_to(var).as_posix(): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mode:o}"
        for folder in ("photos", "secrets", "federated", "nodes")
        for path in (var / folder).rglob("*")
        if path.is_file()
    }


def _rows(model: type[models.Model], fields: list[str]) -> models.QuerySet:
    return model._base_manager.values_list(*fields)


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


if __name__ == "__main__":
    main()
