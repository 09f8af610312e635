"""How many of a person's photos can be found, and how many wait to be indexed.

A database counts by reading an index to its end: here the narrowest ones, those of the owner alone, from whose numbers the few
exceptions are taken. With very many photos that still takes as long as the search itself, so their numbers are remembered for
some seconds.
"""

import time
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from inference.models import Photo
from inference.search import memory
from inference.search.models import PhotoVector

MANY = 50_000  # photos of one person, from which on their numbers are remembered
REMEMBERED_S = 10.0
_remembered = dict[int, tuple[float, "Counts"]]()  # by owner; until when, by time.monotonic()


@dataclass(frozen=True)
class Counts:
    """`searched`: photos with a vector; `waiting`: those without."""

    searched: int
    waiting: int


def of_person(owner: int) -> Counts:
    until, known = _remembered.get(owner, (0.0, None))
    if known is not None and time.monotonic() < until:
        return known
    counts = count(owner)
    if counts.searched + counts.waiting >= MANY:
        _remembered[owner] = time.monotonic() + REMEMBERED_S, counts
    return counts


def within(photos: QuerySet[Photo]) -> Counts:
    return _counts(photos.filter(vector__space=memory.space_name()).count(), photos.count())


def count(owner: int) -> Counts:
    space = memory.space_name()
    photos, vectors = Photo.objects.filter(owner=owner), PhotoVector.objects.filter(owner=owner)
    hidden = photos.filter(hidden_at__isnull=False)
    of_other_spaces = vectors.filter(Q(space__lt=space) | Q(space__gt=space)).count()
    hidden_vectors = vectors.filter(space=space, photo__in=hidden).count()
    return _counts(vectors.count() - of_other_spaces - hidden_vectors, photos.count() - hidden.count())


def _counts(searched: int, total: int) -> Counts:
    return Counts(searched, max(0, total - searched))
