"""The library over HTTP: photos in pages, favourites, deleting with a minute to undo it."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from inference.photos import library, trash
from inference.photos.library import Cursor
from webapp.library import photo_facts
from webapp.library.schemas import (
    Deletion,
    Favourites,
    FilterQuery,
    LibraryDetails,
    LibraryPage,
    LibraryPhoto,
    Photos,
    PhotosQuery,
    Slots,
)
from webapp.live.errors import not_found
from webapp.live.http import change, operation
from webapp.live.moments import iso

router = Router(tags=["library"])


@router.get(
    "/photos",
    **operation(
        "read_library",
        "List your photos by day, newest first",
        {200: LibraryPage},
        {422: "`bad_cursor`: `before` is neither a moment nor `next` of a page."},
    ),
)
def read_library(request: HttpRequest, query: Query[PhotosQuery]) -> LibraryPage:
    before = Cursor.parse(query.before) if query.before else None
    page, following = library.read_page(library.rows(_person(request), query.filters()), before, query.limit)
    items = [LibraryPhoto.model_validate(photo_facts.row(photo)) for photo in page]
    return LibraryPage(items=items, next=str(following) if following else None)


@router.get("/slots", **operation("count_library", "Count your photos by when they were added", {200: Slots}))
def count_library(request: HttpRequest, query: Query[FilterQuery]) -> Slots:
    """In quarters of an hour, so that a page can group them into days of its own time zone, and read from any of them:
    `read_library` with the moment in which the quarter ends as `before`."""
    return Slots(slots=library.count_by_slot(library.rows(_person(request), query.filters())))


@router.get(
    "/photos/{uuid:photo}",
    **operation(
        "get_library_photo",
        "Read what the library knows about a photo",
        {200: LibraryDetails},
        {404: "`not_found`: no such photo of yours."},
    ),
)
def get_library_photo(request: HttpRequest, photo: UUID) -> LibraryDetails:
    row = library.own(_person(request), photo)
    if row is None:
        raise not_found("photo")
    return LibraryDetails.model_validate(photo_facts.details(row))


@router.post("/favourites", **change("mark_favourites", "Mark photos as favourites, or no longer", {200: Photos}))
def mark_favourites(request: HttpRequest, body: Favourites) -> Photos:
    return Photos(photos=library.mark_favourites(_person(request), body.photos, body.favourite))


@router.post("/keep", **change("keep_photos", "Keep photos that nobody asked about", {200: Photos}))
def keep_photos(request: HttpRequest, body: Photos) -> Photos:
    """A photo that was added to a question but never asked about is otherwise deleted after a day."""
    return Photos(photos=library.keep(_person(request), body.photos))


@router.post("/present", **change("find_present_photos", "Find which of these photos you still have", {200: Photos}))
def find_present_photos(request: HttpRequest, body: Photos) -> Photos:
    return Photos(photos=library.present(_person(request), body.photos))


@router.post("/delete", **change("delete_photos", "Delete photos, with a minute to undo it", {200: Deletion}))
def delete_photos(request: HttpRequest, body: Photos) -> Deletion:
    """They are hidden at once, and a minute later erased from the server and from every node. Questions about them keep
    their answers."""
    hidden = trash.hide(_person(request), body.photos)
    return Deletion(photos=hidden.photos, busy=hidden.busy, until=iso(hidden.until))


@router.post("/restore", **change("restore_photos", "Undo deleting photos", {200: Photos}))
def restore_photos(request: HttpRequest, body: Photos) -> Photos:
    """Within a minute. The answer has those that are there again."""
    return Photos(photos=trash.restore(_person(request), body.photos))


def _person(request: HttpRequest) -> int:
    return int(request.user.pk or 0)  # the API has checked that somebody is logged in
