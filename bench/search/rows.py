"""Photos with their vectors as rows of the database, without a Python object for each: a million in a minute or two."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import connection, models, transaction
from django.utils import timezone

from inference.engine.mean_token.space import SCALE
from inference.models import Photo
from inference.search import memory
from inference.search.models import PhotoVector

FACTS = {"width": 800, "height": 600, "bytes": 90_000, "source_format": "jpeg", "source_bytes": 90_000}


def store(matrix: np.typing.NDArray[np.float32], owners: Sequence[int]) -> list[uuid.UUID]:
    """Of unit vectors; rows alone, as a restored backup has them. The photos' ids."""
    ids = [uuid.uuid4() for _ in matrix]
    _insert(Photo(**FACTS, owner_id=0), ({"id": ids[n], "owner": owner} for n, owner in enumerate(owners)))
    _insert(PhotoVector(owner_id=0, space=memory.space_name(), vector=b""), _vectors(matrix, ids, owners))
    return ids


def _vectors(
    matrix: np.typing.NDArray[np.float32], ids: Sequence[uuid.UUID], owners: Sequence[int]
) -> Iterator[dict[str, Any]]:
    start = timezone.now()
    for n, (photo, owner) in enumerate(zip(ids, owners, strict=True)):
        vector = np.clip(np.round(matrix[n] * SCALE), -127, 127).astype(np.int8).tobytes()
        yield {"photo": photo, "owner": owner, "vector": vector, "made": start + timedelta(milliseconds=n)}


def _insert(template: models.Model, rows: Iterable[dict[str, Any]]) -> None:
    """Like the template, but for the fields of each row."""
    fields = template._meta.local_concrete_fields
    usual = {field.name: field.get_db_prep_save(getattr(template, field.attname), connection) for field in fields}
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(template._meta.db_table)

    def values(row: dict[str, Any]) -> list[Any]:
        return [_prepared(field, row[field.name]) if field.name in row else usual[field.name] for field in fields]

    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(values(row))
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", map(values, rows))


def _prepared(field: "models.Field[Any, Any]", value: Any) -> Any:
    return value if isinstance(value, bytes) else field.get_db_prep_save(value, connection)
