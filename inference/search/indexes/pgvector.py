"""Vectors in PostgreSQL with its extension pgvector: half precision, in an index of lists (lists.py).

The column and its index are made by a migration where the extension is there, and by `index.rebuild` beside it (the command
`search --rebuild`) where it came later: Django's migrations cannot say "where the database has it".
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError

from inference.engine.mean_token.space import SIZE, Array
from inference.models import Photo
from inference.search.indexes import lists
from inference.search.indexes.index import Neighbour
from inference.search.indexes.lists import COLUMN, TABLE
from inference.search.models import FIELDS, PhotoVector

BATCH = 5000
LEAST = (0, 8)  # of pgvector: the first that goes on to further lists until enough photos fit what bounds a search
# The bytes of a vector in pgvector's type, which has no cast from bytes.
HALVES = (
    "ARRAY(SELECT mod(get_byte(vector, place) + 128, 256) - 128 "  # noqa: S608 - nothing in it is from outside
    f"FROM generate_series(0, {SIZE - 1}) AS place ORDER BY place)::halfvec({SIZE})"
)


def is_there(database: Any) -> bool:
    """Whether the column is, and the extension new enough, so that vectors can be searched with it."""
    if database.vendor != "postgresql":
        return False
    with database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s", [TABLE, COLUMN])
        return cursor.fetchone() is not None and _is_new_enough(cursor)


def _is_new_enough(cursor: Any) -> bool:
    cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    row = cursor.fetchone()
    return row is not None and tuple(map(int, row[0].split(".")[:2])) >= LEAST


def prepare(database: Any) -> bool:
    """Make the column. False where PostgreSQL lacks the extension or this user may not use it."""
    if database.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
            cursor.execute(f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS {COLUMN} halfvec({SIZE})")
    except DatabaseError:
        return False
    return True


class PgvectorIndex:
    name = "pgvector"

    def nearest(self, owner: int, vector: Array, limit: int, within: QuerySet[Photo] | None = None) -> list[Neighbour]:
        wanted, conditions, values = _text(vector.tolist()), "owner_id = %s", list[object]([owner])
        if within is not None:
            try:
                sql, parameters = within.values("pk").query.sql_with_params()
            except EmptyResultSet:
                return []
            conditions, values = f"{conditions} AND photo_id IN ({sql})", [*values, *parameters]
        query = (
            f"SELECT photo_id, 1 - ({COLUMN} <=> %s::halfvec) FROM {TABLE} WHERE {conditions} AND {COLUMN} IS NOT NULL "  # noqa: S608
            f"ORDER BY {COLUMN} <=> %s::halfvec LIMIT %s"
        )
        with transaction.atomic(), connection.cursor() as cursor:
            lists.begin_search()
            cursor.execute(query, [wanted, *values, wanted, limit])
            nearest = [Neighbour(photo, float(similarity)) for photo, similarity in cursor.fetchall()]
        return sorted(nearest, key=lambda one: -one.similarity)  # a search that goes on begins its order again

    def put(self, rows: Sequence[PhotoVector]) -> None:
        with transaction.atomic():
            PhotoVector.objects.bulk_create(rows, update_conflicts=True, unique_fields=["photo"], update_fields=FIELDS)
            _fill([row.pk for row in rows])

    def is_outgrown(self) -> bool:
        return lists.is_outgrown()

    def rebuild(self) -> int:
        """Searches go on meanwhile, in the index that is there."""
        count, last = 0, UUID(int=0)
        photos = PhotoVector.objects.order_by("pk").values_list("pk", flat=True)
        while batch := list(photos.filter(pk__gt=last)[:BATCH]):
            _fill(batch)
            count, last = count + len(batch), batch[-1]
        lists.rebuild(count)
        return count


def _fill(photos: Sequence[UUID]) -> None:
    """The column, where it differs from the bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {TABLE} SET {COLUMN} = {HALVES} "  # noqa: S608 - names of our own
            f"WHERE photo_id = ANY(%s) AND ({COLUMN} IS NULL OR {COLUMN} <> {HALVES})",
            [list(photos)],
        )


def _text(values: Sequence[float]) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"
