"""Searching photos over HTTP: by words, and by an example."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from inference.photos import library
from webapp.library import finding
from webapp.library.schemas import FoundPhotos, SearchBounds, WordsQuery
from webapp.live.errors import not_found
from webapp.live.http import operation

router = Router(tags=["library"])
UNAVAILABLE = "`search_off`, `search_without_model`: this server searches no photos."


@router.get(
    "/search",
    **operation(
        "search_library",
        "Search your photos by words",
        {200: FoundPhotos},
        {400: "`no_words`: no words about a photo.", 409: UNAVAILABLE},
    ),
)
def search_library(request: HttpRequest, query: Query[WordsQuery]) -> FoundPhotos:
    """Nothing has to be tagged. Where nothing fits, `items` is empty and `nearest` has what comes nearest."""
    return finding.by_words(_person(request), query.q, query)


@router.get(
    "/photos/{uuid:photo}/alike",
    **operation(
        "find_alike",
        "Find photos that look like one of yours",
        {200: FoundPhotos},
        {404: "`not_found`: no such photo of yours.", 409: f"`not_indexed`: it has not been looked at yet. {UNAVAILABLE}"},
    ),
)
def find_alike(request: HttpRequest, photo: UUID, query: Query[SearchBounds]) -> FoundPhotos:
    """The photo itself is not among them."""
    row = library.own(_person(request), photo)
    if row is None:
        raise not_found("photo")
    return finding.by_photo(_person(request), row, query)


def _person(request: HttpRequest) -> int:
    return int(request.user.pk or 0)
