"""Rows as JSON that no database has a say in: times in ISO 8601, bytes in base64, JSON as it is."""

import base64
import json
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models


def encode(values: Sequence[Any]) -> bytes:
    """One line."""
    return json.dumps(values, default=_plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes, fields: Sequence[models.Field]) -> list[Any]:
    """The values of a row. Raises ValueError with the reason."""
    try:
        values = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, list) or len(values) != len(fields):
        raise ValueError(f"it should have {len(fields)} values")
    try:
        return [_value(field, value) for field, value in zip(fields, values, strict=True)]
    except (ValidationError, TypeError) as error:
        raise ValueError(str(error)) from error


def _plain(value: object) -> str:
    if isinstance(value, date | time):  # datetime is a date
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} has no form in a backup")


def _value(field: models.Field, value: Any) -> Any:
    if value is not None:
        return field.to_python(value)
    # Where the column holds JSON and must hold something, nothing is JSON's null and not SQL's.
    return models.Value(None, models.JSONField()) if isinstance(field, models.JSONField) and not field.null else None
