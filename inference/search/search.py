"""Search by words or by an example photo: the nearest photos, which of them really fit, and why."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import get_language

from inference.engine.mean_token.space import SCALE, Array
from inference.models import Photo
from inference.search import counts, memory, naming, relevance, text, words
from inference.search.counts import Counts
from inference.search.indexes.index import Neighbour, index
from inference.search.models import PhotoVector
from inference.search.relevance import Closeness
from webapp.live.errors import UserError

LIMIT, MOST = 60, 500
MOST_NAMED = 500  # photos beside the nearest that are looked at because of their likeliest name
NO_WORDS = UserError(
    "no_words", "The search has no words about a photo.", "Type what the photo shows, for example: a dog on a beach."
)
NO_VECTOR = UserError(
    "not_indexed", "This photo has not been indexed yet.", "Wait until a device has looked at it, or search by words.", 409
)
SWITCHED_OFF = UserError(
    "search_off",
    "Searching photos is switched off on this server.",
    "Ask an administrator to remove ISTHMUS_SEARCH=0 and to start the server again.",
    409,
)
NO_WEIGHTS = UserError(
    "search_without_model",
    "This server lacks the model that searches photos.",
    "Ask an administrator to install Isthmus again, with the files of inference/search/weights.",
    409,
)


@dataclass(frozen=True)
class Hit:
    """`distance`: how far above photos that have nothing to do with the words, in standard deviations; of an example photo,
    the cosine. `closeness`: the same in a word."""

    photo: UUID
    similarity: float
    distance: float
    closeness: Closeness
    names: tuple[str, ...]  # of the classifier, that are among the words

    @property
    def why(self) -> str:
        return f"it shows {' and '.join(self.names)}" if self.names else "it looks like the words"


@dataclass(frozen=True)
class Found:
    """`hits`: what fits, best first. `nearest`: what comes nearest where nothing fits. `searched`: photos with a vector, of
    those that could be found; `waiting`: those without one yet."""

    about: str
    hits: list[Hit]
    nearest: list[Hit]
    searched: int
    waiting: int


def is_available() -> bool:
    return bool(settings.SEARCH) and _has_weights()


def by_words(owner: int, typed: str, limit: int = LIMIT, within: QuerySet[Photo] | None = None) -> Found:
    """Raises UserError where the text says nothing about a photo."""
    _require()
    about = words.about(typed, get_language() or "")
    if not about:
        raise NO_WORDS
    vector, things, numbers = text.bundled_text().unit(about), naming.things(about), _counted(owner, within)
    neighbours = index().nearest(owner, vector, min(limit, MOST), within)
    neighbours += _named(owner, vector, naming.classes(things), {one.photo for one in neighbours}, within)
    scale, names = relevance.of(vector), _visible_names(neighbours)
    least = relevance.FITS if naming.is_all(about, things) else relevance.limit(numbers.searched)
    hits = [
        _hit(one, scale.distance(one.similarity), least, naming.confirmed_by(names[one.photo], things))
        for one in neighbours
        if one.photo in names
    ]
    fitting = [hit for hit in hits if hit.names or hit.distance >= least]
    fitting.sort(key=lambda hit: -(hit.distance + relevance.NAMED * bool(hit.names)))
    return _found(about, fitting[:limit], [] if fitting else hits[: relevance.OFFERED], numbers)


def by_photo(owner: int, photo: Photo, limit: int = LIMIT, within: QuerySet[Photo] | None = None) -> Found:
    """Photos like this one, which is not among them. Raises UserError while it has no vector."""
    _require()
    row = PhotoVector.objects.filter(photo=photo, space=memory.space_name()).first()
    if row is None:
        raise NO_VECTOR
    vector = np.frombuffer(bytes(row.vector), np.int8).astype(np.float32) / SCALE
    neighbours = index().nearest(owner, vector / np.linalg.norm(vector), min(limit, MOST) + 1, within)
    shown = _visible_names(neighbours).keys() - {photo.pk}
    others = [one for one in neighbours if one.photo in shown]
    hits = [Hit(one.photo, one.similarity, one.similarity, relevance.likeness(one.similarity), ()) for one in others]
    alike = [hit for hit in hits if hit.similarity >= relevance.ALIKE]
    return _found("", alike[:limit], [] if alike else hits[: relevance.OFFERED], _counted(owner, within))


def _hit(neighbour: Neighbour, distance: float, least: float, names: tuple[str, ...]) -> Hit:
    return Hit(neighbour.photo, neighbour.similarity, distance, relevance.closeness(distance, least), names)


def _named(
    owner: int, vector: Array, classes: frozenset[int], nearest: Set[UUID], within: QuerySet[Photo] | None
) -> list[Neighbour]:
    """Photos that the classifier gave one of these names, and that are not among the nearest."""
    if not classes:
        return []
    rows = PhotoVector.objects.filter(owner=owner, likeliest__in=classes, space=memory.space_name())
    if within is not None:
        rows = rows.filter(photo__in=within)
    stored = dict(rows.values_list("pk", "vector")[: MOST_NAMED + len(nearest)])
    others = [photo for photo in stored if photo not in nearest][:MOST_NAMED]
    if not others:
        return []
    matrix = np.stack([np.frombuffer(bytes(stored[photo]), np.int8) for photo in others]).astype(np.float32)
    scores = (matrix @ vector) / np.maximum(1, np.linalg.norm(matrix, axis=1))
    return [Neighbour(photo, float(score)) for photo, score in zip(others, scores, strict=True)]


def _has_weights() -> bool:
    return bool(memory.space_name()) and text.FILE.exists() and relevance.FILE.exists()


def _require() -> None:
    if not settings.SEARCH:
        raise SWITCHED_OFF
    if not _has_weights():
        raise NO_WEIGHTS


def _visible_names(neighbours: Sequence[Neighbour]) -> dict[UUID, Sequence[tuple[str, float]]]:
    """What the classifier called each photo; without photos that are being deleted, and vectors of another space."""
    rows = PhotoVector.objects.filter(pk__in=[one.photo for one in neighbours], space=memory.space_name())
    return dict(rows.filter(photo__hidden_at__isnull=True).values_list("pk", "names"))


def _counted(owner: int, within: QuerySet[Photo] | None) -> Counts:
    return counts.of_person(owner) if within is None else counts.within(within)


def _found(about: str, hits: list[Hit], nearest: list[Hit], numbers: Counts) -> Found:
    return Found(about, hits, nearest, numbers.searched, numbers.waiting)
