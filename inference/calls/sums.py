"""Sums that grow with each call: an update, and an insert only where there was no row yet."""

from collections.abc import Mapping
from typing import Any

from django.db import models


def grow(table: type[models.Model], key: Mapping[str, Any], amounts: Mapping[str, float], **first: Any) -> None:
    """Add `amounts` to fields of the row with this key, inside or outside a transaction; a new row starts with `first`.

    Several that find no row all insert one of zero; the unique constraint leaves one, and each adds to it. Where the key has a
    NULL no constraint holds, and rows of one key can be several: then one of them grows, and readers sum them up.
    """
    first_of_key = table._default_manager.filter(**key).order_by("pk").values("pk")[:1]
    row = table._default_manager.filter(pk=first_of_key)
    grown = {name: models.F(name) + amount for name, amount in amounts.items()}
    if row.update(**grown):
        return
    table._default_manager.bulk_create([table(**key, **first)], ignore_conflicts=True)
    row.update(**grown)
