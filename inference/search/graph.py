"""The graph (HNSW) over pgvector's column: made beside the present one, which is searched until the new one is whole."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.utils import OperationalError

from inference.search.models import PhotoVector

TABLE, COLUMN, GRAPH = PhotoVector._meta.db_table, "near", "vectors_nearest"
UNFINISHED = f"{GRAPH}_unfinished"
LINKS, BUILD_WIDTH = 16, 64  # of the graph: per vector, while it is built
VECTOR_BYTES = 1100  # of memory that a vector with its links takes while the graph is built
MOST_MEMORY = 4 << 30  # bytes; what does not fit is added to the graph on disk, which takes many times as long


def definition(name: str = GRAPH, concurrently: bool = False) -> str:
    """The statement that makes it where it is missing."""
    return (
        f"CREATE INDEX {'CONCURRENTLY' if concurrently else ''} IF NOT EXISTS {name} ON {TABLE} "
        f"USING hnsw ({COLUMN} halfvec_cosine_ops) WITH (m = {LINKS}, ef_construction = {BUILD_WIDTH})"
    )


def drop() -> None:
    _execute(f"DROP INDEX IF EXISTS {GRAPH}")


def rebuild(vectors: int) -> None:
    """Vectors are searched and written meanwhile, except within a transaction."""
    _execute(f"DROP INDEX IF EXISTS {UNFINISHED}")  # of an attempt that was cut off
    with _memory_for(vectors):
        if connection.in_atomic_block:
            _execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table whose rows are still to be checked gets no index
            _execute(definition(UNFINISHED))
        else:
            _execute(f"VACUUM (ANALYZE) {TABLE}")  # rows that were replaced need no place in the graph
            _build_concurrently()
    with transaction.atomic():
        drop()
        _execute(f"ALTER INDEX {UNFINISHED} RENAME TO {GRAPH}")


def _build_concurrently() -> None:
    try:
        _execute(definition(UNFINISHED, concurrently=True))
    except OperationalError:
        # PostgreSQL's processes share the memory of a graph that they build together, and a container may lack it (/dev/shm).
        _execute(f"DROP INDEX IF EXISTS {UNFINISHED}")
        _execute("SET max_parallel_maintenance_workers = 0")
        _execute(definition(UNFINISHED, concurrently=True))


@contextmanager
def _memory_for(vectors: int) -> Iterator[None]:
    """Never less than the database's own setting."""
    needed = min(MOST_MEMORY, vectors * VECTOR_BYTES)
    _execute(
        "SELECT set_config('maintenance_work_mem', "
        f"greatest(pg_size_bytes(current_setting('maintenance_work_mem')) >> 10, {needed >> 10})::text || 'kB', false)"
    )
    yield
    _execute("RESET maintenance_work_mem")
    _execute("RESET max_parallel_maintenance_workers")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
