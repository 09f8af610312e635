"""Run in a process of its own, against ISTHMUS_VAR: rows in every table, with values of every kind, and files."""

import secrets
import uuid
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

ROWS = 3
TEXT = "Zeile „äöü“ 照片 🐕\n\ttab \\ \" ' %s"
JSON = {"ä": [1, 2.5, None, True, {"tief": "照片"}], "leer": {}, "zahl": 0.1 + 0.2}


def main() -> None:
    django.setup()
    every = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy]
    with transaction.atomic():
        keys = {model: list(model._base_manager.values_list("pk", flat=True)) for model in every}
        for model in _by_dependency(every):
            if not keys[model]:
                rows = [model(**_values(model, number, keys)) for number in range(ROWS)]
                model._base_manager.bulk_create(rows)
                keys[model] = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
    var = Path(settings.VAR_DIR)
    for name in _photos():
        _write(var / "photos" / f"{name}.jpg", secrets.token_bytes(3000))
        _write(var / "photos" / f"{name}.small.jpg", secrets.token_bytes(500))
    _write(var / "federated" / "1" / "model.safetensors", secrets.token_bytes(200_000))
    _write(var / "nodes" / "jetson-a" / "agent.json", b'{"token": "t"}')
    _write(var / "nodes" / "jetson-a" / "labelled" / ("lang und ü " * 12) / ("x" * 120 + ".jpg"), b"labelled")
    _write(var / "secrets" / "vapid_key", b"0123456789")


def _photos() -> list[Any]:
    return list(apps.get_model("inference", "Photo")._base_manager.values_list("pk", flat=True))


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_bytes(content)
    file.chmod(0o600)


def _by_dependency(models_: list[type[models.Model]]) -> list[type[models.Model]]:
    done: list[type[models.Model]] = []
    while len(done) < len(models_):
        before = len(done)
        for model in models_:
            needed = {field.related_model for field in model._meta.local_concrete_fields if field.is_relation} - {model}
            if model not in done and needed <= set(done):
                done.append(model)
        assert len(done) > before, "tables refer to each other in a circle"
    return done


def _values(model: type[models.Model], number: int, keys: dict[Any, list[Any]]) -> dict[str, Any]:
    return {
        field.attname: _value(field, number, keys)
        for field in model._meta.local_concrete_fields
        if not isinstance(field, models.AutoField)
    }


def _value(field: Any, number: int, keys: dict[Any, list[Any]]) -> Any:
    if field.null and number == ROWS - 1:
        return None
    if field.is_relation:
        return keys[field.related_model][number % len(keys[field.related_model])]
    for kind, make in KINDS.items():
        if isinstance(field, kind):
            return make(field, number)
    raise AssertionError(f"no value for {field}")


def _text(field: Any, number: int) -> str:
    if field.choices:
        return str(field.choices[0][0])
    return f"{number}{TEXT}"[: field.max_length or None]


KINDS: dict[Any, Any] = {
    models.BooleanField: lambda field, number: number % 2 == 0,
    models.SlugField: lambda field, number: f"slug-{number}",
    models.JSONField: lambda field, number: JSON if number else [],
    models.UUIDField: lambda field, number: uuid.uuid4(),
    models.BinaryField: lambda field, number: secrets.token_bytes(192),
    models.DateTimeField: lambda field, number: datetime(2025, 3, 30 - number, 2, 30, 0, 123456, UTC),
    models.DateField: lambda field, number: date(2024, 2, 29),
    models.TimeField: lambda field, number: time(23, 59, 58, 7),
    models.GenericIPAddressField: lambda field, number: ["10.0.0.1", "2001:db8::1"][number % 2],
    models.FloatField: lambda field, number: [0.1, -1e-300, 1e17][number],
    models.IntegerField: lambda field, number: number + 1,
    models.CharField: _text,
    models.TextField: _text,
}


if __name__ == "__main__":
    main()
