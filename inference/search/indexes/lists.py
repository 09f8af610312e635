"""pgvector's index: vectors in lists around centres (IVFFlat), of which a search compares those nearest to it.

Not the graph (HNSW), which pgvector has as well: photos come in groups of near-duplicates, and within a group that is larger
than a node has links, a graph loses its way to the other groups. Of 100,000 photos in 512 groups it found 0.64 of the ten
nearest, and lists 0.997 in the same time (docs/search.md).

The centres are those of the photos that were there when the index was made, and their number goes with the root of the
photos' (Johnson, Douze and Jégou 2017). So it is made again as they become more: beside the present one, which is searched
until the new one is whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt

from django.db import connection, transaction

from inference.search.models import PhotoVector

TABLE, COLUMN, INDEX = PhotoVector._meta.db_table, "near", "vectors_nearest"
UNFINISHED = f"{INDEX}_unfinished"
FEW, MOST_LISTS = 5000, 4000  # vectors up to which there is one list, all of which is compared
GROWTH = 2  # times as many lists as there are, from which on the index is made again
PROBES = 2.5  # times the root of the lists: how many of them are compared; at least LEAST
LEAST = 12
BUILD_BYTES = 240  # of memory for each vector, while the centres are sought: those of 50 distances to each centre
LOCK = 7_304_926_011  # of those who make it; any number that nothing else has
OF_INDEX = (
    "FROM pg_class, pg_options_to_table(pg_class.reloptions) AS options "
    f"WHERE pg_class.oid = to_regclass('{INDEX}') AND option_name = 'lists'"
)


def lists_for(vectors: int) -> int:
    return 1 if vectors < FEW else min(MOST_LISTS, round(sqrt(vectors)))


def definition(name: str, vectors: int, concurrently: bool = False) -> str:
    """The statement that makes it where it is missing."""
    return (
        f"CREATE INDEX {'CONCURRENTLY' if concurrently else ''} IF NOT EXISTS {name} ON {TABLE} "
        f"USING ivfflat ({COLUMN} halfvec_cosine_ops) WITH (lists = {lists_for(vectors)})"
    )


def begin_search() -> None:
    """For this transaction. A person's photos may be few among many: the search goes on until it has enough of them."""
    _execute("SET LOCAL ivfflat.iterative_scan = relaxed_order")
    _execute(
        "SELECT set_config('ivfflat.probes', least(option_value::int, "
        f"greatest({LEAST}, round({PROBES} * sqrt(option_value::int))))::int::text, true) {OF_INDEX}"
    )


def is_outgrown() -> bool:
    """Whether it is missing, or there are far more vectors than when it was made, by the database's own estimate."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT option_value::int {OF_INDEX}")
        row = cursor.fetchone()
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [TABLE])
        (vectors,) = cursor.fetchone()
    return row is None or lists_for(vectors) >= GROWTH * row[0]


def rebuild(vectors: int) -> None:
    """Vectors are searched and written meanwhile, except within a transaction. Does nothing while another process does it."""
    with _alone() as is_alone, _memory_for(vectors):
        if not is_alone:
            return
        _execute(f"DROP INDEX IF EXISTS {UNFINISHED}")  # of an attempt that was cut off
        if connection.in_atomic_block:
            _execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table whose rows are still to be checked gets no index
            _execute(definition(UNFINISHED, vectors))
        else:
            _execute(f"VACUUM (ANALYZE) {TABLE}")  # rows that were replaced need no place in it
            _execute(definition(UNFINISHED, vectors, concurrently=True))
        with transaction.atomic():
            _execute(f"DROP INDEX IF EXISTS {INDEX}")
            _execute(f"ALTER INDEX {UNFINISHED} RENAME TO {INDEX}")


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            _execute(f"SELECT pg_advisory_unlock({LOCK})")


@contextmanager
def _memory_for(vectors: int) -> Iterator[None]:
    """Never less than the database's own setting."""
    needed = (64 << 20) + BUILD_BYTES * min(vectors, MOST_LISTS**2)
    _execute(
        "SELECT set_config('maintenance_work_mem', "
        f"greatest(pg_size_bytes(current_setting('maintenance_work_mem')) >> 10, {needed >> 10})::text || 'kB', false)"
    )
    try:
        yield
    finally:
        _execute("RESET maintenance_work_mem")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
