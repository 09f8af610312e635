"""Comparing a vector with all of a person's, kept in memory. Of later searches only what was added is read."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.engine.mean_token.space import SIZE, Array
from inference.models import Photo
from inference.search import memory
from inference.search.indexes.index import Neighbour
from inference.search.models import FIELDS, PhotoVector

ROWS = 2048  # compared at once: their floats, one megabyte, stay in the cache of a core
MOST_VECTORS = 4_000_000  # kept in memory, 148 bytes each; the person asked about longest ago is forgotten first
NEWEST = 50  # vectors by whose times a change is seen: one that is stored late may be older than the last, but not by many
TRIES = 3  # at choosing among photos of which some have been deleted, before all are read again
ID = "S16"  # bytes of a UUID; as an object each would take more than its vector
Newest = tuple[datetime, ...]


@dataclass(frozen=True)
class _Photos:
    newest: Newest  # when the last NEWEST of them were made
    ids: NDArray[np.bytes_]  # [N] ID
    vectors: NDArray[np.int8]  # [N, SIZE]
    lengths: Array  # [N]

    def pick(self, rows: NDArray[np.integer | np.bool_], newest: Newest) -> "_Photos":
        return _Photos(newest, self.ids[rows], self.vectors[rows], self.lengths[rows])


class ScanIndex:
    name = "scan"

    def __init__(self) -> None:
        self._of_owner: OrderedDict[int, _Photos] = OrderedDict()
        self._lock = Lock()

    def nearest(self, owner: int, vector: Array, limit: int, within: QuerySet[Photo] | None = None) -> list[Neighbour]:
        allowed = None if within is None else _as_ids(within.values_list("pk", flat=True))
        for attempt in range(TRIES + 1):
            photos = self._photos(owner, read_all=attempt == TRIES)
            best = _best(photos, vector, limit, allowed)
            missing = {one.photo for one in best} - _present(owner, best)
            if not missing:
                break
            self._forget(owner, photos, missing)
        return [one for one in best if one.photo not in missing]

    def put(self, rows: Sequence[PhotoVector]) -> None:
        PhotoVector.objects.bulk_create(rows, update_conflicts=True, unique_fields=["photo"], update_fields=FIELDS)

    def is_outgrown(self) -> bool:
        return False

    def rebuild(self) -> int:
        """Nothing but the table is needed."""
        with self._lock:
            self._of_owner.clear()
        return PhotoVector.objects.count()

    def _photos(self, owner: int, read_all: bool) -> _Photos:
        rows = PhotoVector.objects.filter(owner=owner, space=memory.space_name())
        newest: Newest = tuple(rows.order_by("-made").values_list("made", flat=True)[:NEWEST])  # from the index alone
        with self._lock:
            known = self._of_owner.get(owner)
            if known is None or read_all:
                known = self._of_owner[owner] = _read(rows, newest)
            elif known.newest != newest:
                known = self._of_owner[owner] = _updated(known, rows, newest)
            self._of_owner.move_to_end(owner)
            while len(self._of_owner) > 1 and sum(len(one.ids) for one in self._of_owner.values()) > MOST_VECTORS:
                self._of_owner.popitem(last=False)
        return known

    def _forget(self, owner: int, photos: _Photos, gone: set[UUID]) -> None:
        rest = photos.pick(~np.isin(photos.ids, _as_ids(gone)), photos.newest)
        with self._lock:
            if self._of_owner.get(owner) is photos:
                self._of_owner[owner] = rest


def _present(owner: int, neighbours: Sequence[Neighbour]) -> set[UUID]:
    rows = PhotoVector.objects.filter(owner=owner, space=memory.space_name(), pk__in=[one.photo for one in neighbours])
    return set(rows.values_list("pk", flat=True))


def _updated(known: _Photos, rows: QuerySet[PhotoVector], newest: Newest) -> _Photos:
    """With those that were made or made again since; those that were deleted may stay."""
    if len(known.newest) < NEWEST or not newest:
        return _read(rows, newest)
    changed = _read(rows.filter(made__gte=known.newest[-1]), newest)
    rest = known.pick(~np.isin(known.ids, changed.ids), newest)
    parts = (rest, changed)
    return _Photos(
        newest,
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )


def _read(rows: QuerySet[PhotoVector], newest: Newest) -> _Photos:
    ids, vectors = list[bytes](), list[bytes]()
    for photo, vector in rows.values_list("pk", "vector").iterator(chunk_size=20_000):
        ids.append(photo.bytes)
        vectors.append(bytes(vector))
    matrix = np.frombuffer(b"".join(vectors), np.int8).reshape(-1, SIZE)
    lengths = np.ones(len(matrix), np.float32)
    for start in range(0, len(matrix), ROWS):
        part = matrix[start : start + ROWS].astype(np.float32)
        lengths[start : start + ROWS] = np.maximum(1, np.linalg.norm(part, axis=1))
    return _Photos(newest, np.frombuffer(b"".join(ids), ID), matrix, lengths)


def _as_ids(photos: "QuerySet[Photo, UUID] | set[UUID]") -> NDArray[np.bytes_]:
    return np.frombuffer(b"".join(photo.bytes for photo in photos), ID)


def _best(photos: _Photos, vector: Array, limit: int, allowed: NDArray[np.bytes_] | None) -> list[Neighbour]:
    scores = _similarities(photos, vector)
    if allowed is not None:
        scores[~np.isin(photos.ids, allowed)] = -np.inf
    count = min(limit, int(np.isfinite(scores).sum()))
    first = np.argpartition(-scores, count - 1)[:count] if 0 < count < len(scores) else np.arange(len(scores))
    rows = [int(row) for row in first[np.argsort(-scores[first], kind="stable")][:count]]
    return [Neighbour(UUID(bytes=photos.ids[row : row + 1].tobytes()), float(scores[row])) for row in rows]


def _similarities(photos: _Photos, vector: Array) -> Array:
    scores = np.empty(len(photos.vectors), np.float32)
    for start in range(0, len(scores), ROWS):
        scores[start : start + ROWS] = photos.vectors[start : start + ROWS].astype(np.float32) @ vector
    return scores / photos.lengths
