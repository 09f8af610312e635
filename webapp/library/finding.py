"""What a search found, as the API, the page and the tools say it."""

from collections.abc import Sequence

from django.db.models import QuerySet

from inference.models import Photo
from inference.photos import library
from inference.photos.library import Filters
from inference.search import search
from inference.search.search import Found, Hit
from webapp.library import photo_facts
from webapp.library.schemas import FoundPhoto, FoundPhotos, SearchBounds, Why


def by_words(person: int, words: str, bounds: SearchBounds) -> FoundPhotos:
    """Raises UserError."""
    return _schema(person, search.by_words(person, words, bounds.limit, _within(person, bounds)))


def by_photo(person: int, photo: Photo, bounds: SearchBounds) -> FoundPhotos:
    """Raises UserError."""
    return _schema(person, search.by_photo(person, photo, bounds.limit, _within(person, bounds)))


def _within(person: int, bounds: SearchBounds) -> QuerySet[Photo] | None:
    """None where nothing is filtered, so that the photos need not be listed."""
    filters = bounds.filters()
    return library.rows(person, filters) if filters != Filters() else None


def _schema(person: int, found: Found) -> FoundPhotos:
    return FoundPhotos(
        about=found.about,
        items=_photos(person, found.hits),
        nearest=_photos(person, found.nearest),
        searched=found.searched,
        waiting=found.waiting,
    )


def _photos(person: int, hits: Sequence[Hit]) -> list[FoundPhoto]:
    rows = Photo.visible.filter(owner=person).in_bulk([hit.photo for hit in hits])
    return [
        FoundPhoto.model_validate({**photo_facts.row(rows[hit.photo]), "why": _why(hit)}) for hit in hits if hit.photo in rows
    ]


def _why(hit: Hit) -> Why:
    return Why(names=list(hit.names), distance=round(hit.distance, 3), closeness=hit.closeness)
