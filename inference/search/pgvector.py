"""Vectors in PostgreSQL with its extension pgvector: half precision, in a graph that is searched near the vector wanted.

The column and its index are made by `rebuild` (the command `search rebuild`, and a migration where the extension is there), as
Django's migrations cannot say "where the database has it".
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
from inference.search.index import Neighbour
from inference.search.models import PhotoVector

TABLE, COLUMN, GRAPH = PhotoVector._meta.db_table, "near", "vectors_nearest"
LINKS, BUILD_WIDTH, SEARCH_WIDTH = 16, 64, 200  # of the graph: per vector, while it is built, while it is searched
BATCH = 5000


def is_there(database: Any) -> bool:
    """Whether the column is, so that vectors can be searched with it."""
    if database.vendor != "postgresql":
        return False
    with database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s", [TABLE, COLUMN])
        return cursor.fetchone() is not None


def prepare(database: Any) -> bool:
    """Make the column and the graph. False where PostgreSQL lacks the extension or this user may not use it."""
    if database.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
            cursor.execute(f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS {COLUMN} halfvec({SIZE})")
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {GRAPH} ON {TABLE} USING hnsw ({COLUMN} halfvec_cosine_ops) "
                f"WITH (m = {LINKS}, ef_construction = {BUILD_WIDTH})"
            )
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
            # A person's photos may be few among many: the search goes on until it has enough of them.
            cursor.execute(f"SET LOCAL hnsw.ef_search = {SEARCH_WIDTH}")
            cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
            cursor.execute(query, [wanted, *values, wanted, limit])
            return [Neighbour(photo, float(similarity)) for photo, similarity in cursor.fetchall()]

    def put(self, rows: Sequence[PhotoVector]) -> None:
        with transaction.atomic():
            PhotoVector.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["photo"], update_fields=["space", "vector", "names", "made"]
            )
            _fill([(row.pk, bytes(row.vector)) for row in rows])

    def rebuild(self) -> int:
        prepare(connection)
        rows, count = PhotoVector.objects.order_by("pk").values_list("pk", "vector"), 0
        last: UUID | None = None
        while batch := [(pk, bytes(vector)) for pk, vector in (rows.filter(pk__gt=last) if last else rows)[:BATCH]]:
            _fill(batch)
            count, last = count + len(batch), batch[-1][0]
        return count


def _fill(rows: Sequence[tuple[UUID, bytes]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {TABLE} SET {COLUMN} = %s::halfvec WHERE photo_id = %s",  # noqa: S608 - names of our own
            [(_text(int(byte) - 256 if byte > 127 else int(byte) for byte in vector), pk) for pk, vector in rows],
        )


def _text(values: Any) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"
