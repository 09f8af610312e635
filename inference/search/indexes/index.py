"""Finding the nearest vectors: one protocol, and the choice between its two kinds.

`ScanIndex` compares a vector with every photo of a person, in memory: exact, and fast up to some hundred thousand photos.
`PgvectorIndex` lets PostgreSQL with its extension pgvector compare it with those of the nearest lists (IVFFlat).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from inference.engine.mean_token.space import Array
from inference.models import Photo
from inference.search.models import PhotoVector


@dataclass(frozen=True)
class Neighbour:
    photo: UUID
    similarity: float  # cosine, -1…1


class Index(Protocol):
    name: str

    def nearest(self, owner: int, vector: Array, limit: int, within: QuerySet[Photo] | None = None) -> list[Neighbour]:
        """The photos of a person nearest to a unit vector [SIZE], nearest first; only those that `within` has, if given."""

    def put(self, rows: Sequence[PhotoVector]) -> None:
        """Store vectors, in place of earlier ones of the same photos."""

    def is_outgrown(self) -> bool:
        """Whether it was made for far fewer vectors than there are, and should be rebuilt."""

    def rebuild(self) -> int:
        """Make whatever it needs besides the table of vectors. Returns for how many vectors."""


@cache
def index() -> Index:
    """Of this installation's database."""
    from inference.search.indexes import pgvector
    from inference.search.indexes.scan import ScanIndex

    return pgvector.PgvectorIndex() if pgvector.is_there(connection) else ScanIndex()


def rebuild() -> int:
    """Make the index again, from now on with pgvector where the database has it. Returns for how many vectors."""
    from inference.search.indexes import pgvector

    pgvector.prepare(connection)
    index.cache_clear()
    return index().rebuild()
