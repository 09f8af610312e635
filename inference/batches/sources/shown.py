"""What the library shows of a person's photos: those that its filters leave, or what a search within them finds."""

from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop

from inference.batches.sources import limit
from inference.models import Photo
from inference.photos import albums, library
from inference.photos.library import NEWEST_FIRST, Filters
from inference.search import search
from inference.search.search import Found
from webapp.live.errors import UserError, not_found

NARROWER = gettext_noop("Narrow it down, for example by dates or to an album.")
NOTHING_FITS = UserError("no_photos", "No photo fits.", "Search for something else, or filter less.", 422)


@dataclass(frozen=True)
class Shown:
    """Without `words` and `example`, everything that the filters leave, the newest first. A search finds what fits, best first,
    and at most `inference.search.search.MOST`; `example` is a photo whose like is wanted."""

    filters: Filters = field(default_factory=Filters)
    words: str | None = None
    example: UUID | None = None


@dataclass(frozen=True)
class Preview:
    """How many photos it is, and the first of them."""

    total: int
    photos: list[Photo]


def photos(owner: int, shown: Shown) -> list[Photo]:
    """Those that the person may see now, in the order of the library. Raises UserError where there is none, or more than fit
    into a batch."""
    return _read(owner, shown, settings.BATCH_PHOTOS).photos


def preview(owner: int, shown: Shown, count: int) -> Preview:
    """The first `count` of `photos`. Raises UserError as that does."""
    return _read(owner, shown, count)


def _read(owner: int, shown: Shown, count: int) -> Preview:
    if shown.filters.album:
        albums.own(owner, shown.filters.album)
    if shown.words is not None or shown.example:
        hits = [hit.photo for hit in _found(owner, shown).hits]
        total, first = len(hits), hits[:count]
        rows = Photo.visible.filter(owner=owner).in_bulk(first)
        chosen = [rows[pk] for pk in first if pk in rows]
    else:
        visible = library.rows(owner, shown.filters)
        total = visible.count()
        chosen = list(visible.order_by(*NEWEST_FIRST)[:count])
    if not total:
        raise NOTHING_FITS
    limit.check_count(total, NARROWER)
    return Preview(total, chosen)


def _found(owner: int, shown: Shown) -> Found:
    within = library.rows(owner, shown.filters) if shown.filters != Filters() else None
    if shown.words is not None:
        return search.by_words(owner, shown.words, search.MOST, within)
    example = library.own(owner, shown.example) if shown.example else None
    if example is None:
        raise not_found("photo")
    return search.by_photo(owner, example, search.MOST, within)
