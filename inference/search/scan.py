"""Comparing a vector with all of a person's, kept in memory while they do not change."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

import numpy as np
from django.db.models import Max, QuerySet
from numpy.typing import NDArray

from inference.engine.mean_token.space import SIZE, Array
from inference.models import Photo
from inference.search import memory
from inference.search.index import Neighbour
from inference.search.models import PhotoVector

ROWS = 65_536  # compared at once, so that their floats stay in a processor's caches
MOST_VECTORS = 4_000_000  # kept in memory, 128 bytes each; the person asked about longest ago is forgotten first
State = tuple[int, datetime | None]


@dataclass(frozen=True)
class _Photos:
    state: State
    ids: NDArray[np.object_]
    vectors: NDArray[np.int8]  # [N, SIZE]
    lengths: Array  # [N]


class ScanIndex:
    name = "scan"

    def __init__(self) -> None:
        self._of_owner: OrderedDict[int, _Photos] = OrderedDict()
        self._lock = Lock()

    def nearest(self, owner: int, vector: Array, limit: int, within: QuerySet[Photo] | None = None) -> list[Neighbour]:
        photos = self._photos(owner)
        scores = _similarities(photos, vector)
        if within is not None:
            allowed = set(within.values_list("pk", flat=True))
            scores[[photo not in allowed for photo in photos.ids]] = -np.inf
        count = min(limit, int(np.isfinite(scores).sum()))
        first = np.argpartition(-scores, count - 1)[:count] if 0 < count < len(scores) else np.arange(len(scores))
        best = [int(row) for row in first[np.argsort(-scores[first], kind="stable")][:count]]
        return [Neighbour(photos.ids[row], float(scores[row])) for row in best]

    def put(self, rows: Sequence[PhotoVector]) -> None:
        PhotoVector.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["photo"], update_fields=["space", "vector", "names", "made"]
        )

    def rebuild(self) -> int:
        """Nothing but the table is needed."""
        with self._lock:
            self._of_owner.clear()
        return PhotoVector.objects.count()

    def _photos(self, owner: int) -> _Photos:
        rows = PhotoVector.objects.filter(owner=owner, space=memory.space_name())
        state: State = (rows.count(), rows.aggregate(last=Max("made"))["last"])  # both from the index alone
        with self._lock:
            known = self._of_owner.get(owner)
            if known is None or known.state != state:
                known = self._of_owner[owner] = _read(rows, state)
            self._of_owner.move_to_end(owner)
            while len(self._of_owner) > 1 and sum(len(one.ids) for one in self._of_owner.values()) > MOST_VECTORS:
                self._of_owner.popitem(last=False)
        return known


def _read(rows: QuerySet[PhotoVector], state: State) -> _Photos:
    ids, vectors = list[UUID](), list[bytes]()
    for photo, vector in rows.values_list("pk", "vector").iterator(chunk_size=20_000):
        ids.append(photo)
        vectors.append(bytes(vector))
    matrix = np.frombuffer(b"".join(vectors), np.int8).reshape(-1, SIZE)
    lengths = np.ones(len(matrix), np.float32)
    for start in range(0, len(matrix), ROWS):
        part = matrix[start : start + ROWS].astype(np.float32)
        lengths[start : start + ROWS] = np.maximum(1, np.linalg.norm(part, axis=1))
    return _Photos(state, np.array(ids, dtype=object), matrix, lengths)


def _similarities(photos: _Photos, vector: Array) -> Array:
    scores = np.empty(len(photos.vectors), np.float32)
    for start in range(0, len(scores), ROWS):
        scores[start : start + ROWS] = photos.vectors[start : start + ROWS].astype(np.float32) @ vector
    return scores / photos.lengths
